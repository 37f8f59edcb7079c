// RotaryEmbed: positions as rotations of pairs of features.
import { formatShape } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { headShape } from '../operations/attention-inputs.ts'

/**
 * Rotates pairs of features: y1 = x1 cos - x2 sin, y2 = x1 sin + x2 cos; pairs are halves apart or, interleaved, neighbours. Where halves
 * are apart, tables as wide as the input have angles of their own for y2. A matrix is one head.
 */
export const RotaryEmbed = defineLayer({
  type: 'RotaryEmbed',
  binaryId: 109,
  inputs: '3',
  elements: 'float32',
  stores16: true,
  params: { interleaved: int(0) },
  forward([x, cos, sin], { params: { interleaved } }, workspace) {
    const [heads, steps, width] = headShape(x, 'the input')
    if (width % 2 !== 0) {
      throw new NcnnError(`the width must be even, found ${width}; ncnn leaves the last feature as its memory was`)
    }
    const pairs = width / 2
    const tableWidth = cos.shape[cos.shape.length - 1]
    const rows = [cos, sin].map(({ shape, length }) =>
      shape[shape.length - 1] === tableWidth ? length / tableWidth : 0,
    )
    if (tableWidth < pairs || rows.some((count) => count < steps)) {
      throw new NcnnError(
        `the tables must be [${steps}, ${pairs}] or longer, found cos ${formatShape(cos.shape)} and sin ${formatShape(sin.shape)}`,
      )
    }
    const y = workspace.alloc(x.shape)
    if ([x, cos, sin].every(({ dtype }) => dtype === 'float32')) {
      workspace.kernels.rotate({
        input: x.ptr,
        cosines: cos.ptr,
        sines: sin.ptr,
        output: y.ptr,
        heads,
        steps,
        width,
        tableWidth,
        interleaved,
      })
      return y
    }
    const [source, cosines, sines, target] = [x.data, cos.data, sin.data, y.data]
    const other = !interleaved && tableWidth === width ? pairs : 0
    for (let row = 0; row < heads * steps; row++) {
      const table = (row % steps) * tableWidth
      for (let pair = 0; pair < pairs; pair++) {
        const first = row * width + (interleaved ? 2 * pair : pair)
        const second = first + (interleaved ? 1 : pairs)
        const [x1, x2, at] = [source[first], source[second], table + pair]
        target[first] = x1 * cosines[at] - x2 * sines[at]
        target[second] = x1 * sines[at + other] + x2 * cosines[at + other]
      }
    }
    return y
  },
})
