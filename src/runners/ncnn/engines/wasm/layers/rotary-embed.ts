// RotaryEmbed: positions as rotations of pairs of features.
import { formatShape } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { headShape } from '../operations/attention-inputs.ts'

/** Rotates pairs of features: y1 = x1 cos - x2 sin, y2 = x1 sin + x2 cos; pairs are halves apart or, interleaved, neighbours. */
export const RotaryEmbed = defineLayer({
  type: 'RotaryEmbed',
  binaryId: 109,
  inputs: '3',
  elements: 'float32',
  stores16: true,
  params: { interleaved: int(0) },
  forward([x, cos, sin], { params: { interleaved } }, workspace) {
    const [heads, steps, width] = headShape(x, 'the input')
    const pairs = Math.floor(width / 2)
    const tableWidth = cos.shape[cos.shape.length - 1]
    if (cos.length !== sin.length || tableWidth < pairs || cos.length < steps * tableWidth) {
      throw new NcnnError(
        `the tables must be [${steps}, ${pairs}], found cos ${formatShape(cos.shape)} and sin ${formatShape(sin.shape)}`,
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
    for (let row = 0; row < heads * steps; row++) {
      const table = (row % steps) * tableWidth
      for (let pair = 0; pair < pairs; pair++) {
        const first = row * width + (interleaved ? 2 * pair : pair)
        const second = first + (interleaved ? 1 : pairs)
        const [x1, x2, c, s] = [source[first], source[second], cosines[table + pair], sines[table + pair]]
        target[first] = x1 * c - x2 * s
        target[second] = x1 * s + x2 * c
      }
    }
    return y
  },
})
