// Unfold and Fold: windows of an image as columns of a matrix, and the sum of such columns back into an image.
import { NcnnError } from '../../../error.ts'
import { float, int, type ParamValues } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { type Geometry, maxSize } from '../operations/convolution/geometry.ts'
import { allRows, spreadRows, spreadTap } from '../operations/convolution/spread.ts'
import { copyStrided } from '../operations/strided-copy.ts'
import { checkRank, namedLengths } from '../shapes/axes.ts'
import { type Border, samePadding } from '../shapes/same-padding.ts'

const windowParams = {
  kernel_w: int(1),
  kernel_h: int(11, 'kernel_w'),
  dilation_w: int(2, 1),
  dilation_h: int(12, 'dilation_w'),
  stride_w: int(3, 1),
  stride_h: int(13, 'stride_w'),
  pad_left: int(4),
  pad_right: int(15, 'pad_left'),
  pad_top: int(14, 'pad_left'),
  pad_bottom: int(16, 'pad_top'),
} as const

/** The windows along one axis of the image: where they start and which of their elements lie inside it. */
interface Windows {
  readonly kernel: number
  readonly dilation: number
  readonly stride: number
  readonly padBefore: number
  /** Length of the image, and number of windows. */
  readonly length: number
  readonly count: number
}

/** Values of all four paddings that stand for TensorFlow's SAME, with the odd element behind or before. */
const sameUpper = -233
const sameLower = -234

/** y[c * kernel elements, windows] = for each window of x[c, h, w] its elements, `pad_value` outside */
export const Unfold = defineLayer({
  type: 'Unfold',
  inputs: '1',
  params: { ...windowParams, pad_value: float(18) },
  forward([x], { params }, workspace) {
    checkRank(x.shape, 1, 2, 3)
    const { c, h, w } = namedLengths(x.shape)
    const [borderH, borderW] = unfoldBorders(h, w, params)
    const alongH = imageWindows(h, params.kernel_h, params.dilation_h, params.stride_h, borderH)
    const alongW = imageWindows(w, params.kernel_w, params.dilation_w, params.stride_w, borderW)
    const elements = alongH.kernel * alongW.kernel
    const windows = alongH.count * alongW.count
    const y = workspace.alloc([c * elements, windows], x.dtype)
    y.data.fill(params.pad_value)
    for (let u = 0; u < alongH.kernel; u++) {
      const [top, rows] = insideWindows(alongH, u)
      for (let v = 0; v < alongW.kernel; v++) {
        const [left, columns] = insideWindows(alongW, v)
        const from = imagePosition(alongH, u, top) * w + imagePosition(alongW, v, left)
        const to = (u * alongW.kernel + v) * windows + top * alongW.count + left
        copyStrided(
          [c, rows, columns],
          { data: x.data, offset: from, strides: [h * w, alongH.stride * w, alongW.stride] },
          { data: y.data, offset: to, strides: [elements * windows, alongW.count, 1] },
          workspace.kernels,
        )
      }
    }
    return y
  },
})

/** y[c, output_h, output_w] = the sum of the windows in the columns of x[c * kernel elements, windows], each at its place */
export const Fold = defineLayer({
  type: 'Fold',
  inputs: '1',
  params: { ...windowParams, output_w: int(20), output_h: int(21, 'output_w') },
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

/** The padding around Unfold's image; ncnn ignores paddings of which none is positive, unless all ask for SAME. */
function unfoldBorders(h: number, w: number, params: ParamValues<typeof windowParams>): [h: Border, w: Border] {
  const { pad_top, pad_bottom, pad_left, pad_right } = params
  const pads = [pad_top, pad_bottom, pad_left, pad_right]
  if (pads.every((pad) => pad === sameUpper) || pads.every((pad) => pad === sameLower)) {
    const odd = pad_left === sameUpper ? 'behind' : 'before'
    const extentH = params.dilation_h * (params.kernel_h - 1) + 1
    const extentW = params.dilation_w * (params.kernel_w - 1) + 1
    const [borderH, borderW] = samePadding([
      { length: h, extent: extentH, stride: params.stride_h, odd },
      { length: w, extent: extentW, stride: params.stride_w, odd },
    ])
    return [borderH, borderW]
  }
  if (pads.every((pad) => pad <= 0)) {
    return [
      [0, 0],
      [0, 0],
    ]
  }
  if (pads.some((pad) => pad < 0)) throw new NcnnError(`a padding cannot be negative, found ${pads}`)
  return [
    [pad_top, pad_bottom],
    [pad_left, pad_right],
  ]
}

function imageWindows(
  length: number,
  kernel: number,
  dilation: number,
  stride: number,
  [padBefore, padAfter]: Border,
): Windows {
  if (kernel < 1 || dilation < 1 || stride < 1) {
    throw new NcnnError(`a kernel of ${kernel} with dilation ${dilation} and stride ${stride} is not possible`)
  }
  const extent = dilation * (kernel - 1) + 1
  const padded = length + padBefore + padAfter
  if (padded > maxSize) throw new NcnnError(`a padded image of ${padded} elements is too large`)
  if (extent > padded)
    throw new NcnnError(`a kernel over ${extent} elements is larger than the padded image, ${padded}`)
  return { kernel, dilation, stride, padBefore, length, count: Math.floor((padded - extent) / stride) + 1 }
}

/** Where element `k` of window `i` lies in the image. */
function imagePosition({ stride, dilation, padBefore }: Windows, k: number, i: number): number {
  return i * stride + k * dilation - padBefore
}

/** The windows whose element `k` lies inside the image: the first of them and how many there are. */
function insideWindows(
  { count, stride, dilation, padBefore, length }: Windows,
  k: number,
): [first: number, count: number] {
  const shift = padBefore - k * dilation
  const first = Math.min(Math.max(Math.ceil(shift / stride), 0), count)
  const end = Math.min(Math.max(Math.floor((length - 1 + shift) / stride) + 1, first), count)
  return [first, end - first]
}
