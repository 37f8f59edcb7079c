// Fold: columns of a matrix added up as windows of an image.
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import type { Geometry } from '../operations/convolution/geometry.ts'
import { allRows, spreadRows, spreadTap } from '../operations/convolution/spread.ts'
import { checkWindow, imageWindows, type Windows, windowParams } from '../operations/image-windows.ts'
import { checkRank } from '../shapes/axes.ts'

/** y[c, output_h, output_w] = the sum of the windows in the columns of x[c * kernel elements, windows], each at its place */
export const Fold = defineLayer({
  type: 'Fold',
  binaryId: 95,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: { ...windowParams, output_w: int(20), output_h: int(21, 'output_w') },
  check: (params) => checkWindow(params),
  forward([x], { params }, workspace) {
    checkRank(x.shape, 2)
    const [rows, columns] = x.shape
    const { output_h: h, output_w: w } = params
    if (h < 1 || w < 1) throw new NcnnError(`the output would have ${h} rows and ${w} columns`)
    const { pad_top, pad_bottom, pad_left, pad_right } = params
    if ([pad_top, pad_bottom, pad_left, pad_right].some((pad) => pad < 0)) {
      throw new NcnnError('the paddings of Fold cannot be negative')
    }
    const alongH = imageWindows(h, params.kernel_h, params.dilation_h, params.stride_h, [pad_top, pad_bottom])
    const alongW = imageWindows(w, params.kernel_w, params.dilation_w, params.stride_w, [pad_left, pad_right])
    if (alongH.count * alongW.count !== columns) {
      throw new NcnnError(
        `the parameters describe ${alongH.count} x ${alongW.count} windows, the input has ${columns} columns`,
      )
    }
    const elements = alongH.kernel * alongW.kernel
    const channels = Math.floor(rows / elements)
    if (channels < 1) throw new NcnnError(`windows of ${elements} elements need as many rows, the input has ${rows}`)
    const y = workspace.alloc([channels, h, w])
    y.data.fill(0)
    const geometry = foldGeometry(alongH, alongW)
    if (x.dtype === 'float32' && y.dtype === 'float32') {
      const images = { source: x.ptr, channels, channelStride: elements * columns, tapStride: columns, weights: 0 }
      spreadRows(images, allRows(geometry), geometry, y.ptr, workspace)
      return y
    }
    for (let row = 0; row < channels * elements; row++) {
      const origin = Math.floor(row / elements) * h * w
      spreadTap(x.data, row * columns, 1, row % elements, geometry, y.data, origin)
    }
    return y
  },
})

/** Fold as a deconvolution: its input has a position for each window. */
function foldGeometry(alongH: Windows, alongW: Windows): Geometry {
  return {
    kernel: [1, alongH.kernel, alongW.kernel],
    stride: [1, alongH.stride, alongW.stride],
    dilation: [1, alongH.dilation, alongW.dilation],
    input: [1, alongH.count, alongW.count],
    output: [1, alongH.length, alongW.length],
    before: [0, alongH.padBefore, alongW.padBefore],
  }
}
