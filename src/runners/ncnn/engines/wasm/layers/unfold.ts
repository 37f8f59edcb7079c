// Unfold: windows of an image as columns of a matrix.
import { NcnnError } from '../../../error.ts'
import { float, type ParamValues } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { checkWindow, imageWindows, type Windows, windowParams } from '../operations/image-windows.ts'
import { copyStrided } from '../operations/strided-copy.ts'
import { asRank, namedLengths } from '../shapes/axes.ts'
import { type Border, samePadding } from '../shapes/same-padding.ts'

/** Values of all four paddings that stand for TensorFlow's SAME, with the odd element behind or before. */
const sameUpper = -233

const sameLower = -234

/** y[c * kernel elements, windows] = for each window of x[c, h, w] its elements, `pad_value` outside */
export const Unfold = defineLayer({
  type: 'Unfold',
  binaryId: 96,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: { ...windowParams, pad_value: float(18) },
  check: (params) => checkWindow(params),
  forward([x], { params }, workspace) {
    const { c, h, w } = namedLengths(asRank(x.shape, 3))
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
