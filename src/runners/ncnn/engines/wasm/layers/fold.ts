// Unfold and Fold: windows of an image as columns of a matrix, and the sum of such columns back into an image.
import { NcnnError } from '../../../error.ts'
import { float, int } from '../../../params.ts'
import { checkRank, namedLengths } from '../axes.ts'
import { defineLayer } from '../layer.ts'
import { copyStrided } from '../strided-copy.ts'

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
    const pads = [params.pad_left, params.pad_right, params.pad_top, params.pad_bottom]
    const same = [sameUpper, sameLower].find((mode) => pads.every((pad) => pad === mode))
    const padded = same === undefined && pads.some((pad) => pad > 0)
    const alongH = imageWindows(h, params.kernel_h, params.dilation_h, params.stride_h, (extent) =>
      same ? samePadding(h, extent, params.stride_h, same) : padded ? [params.pad_top, params.pad_bottom] : [0, 0],
    )
    const alongW = imageWindows(w, params.kernel_w, params.dilation_w, params.stride_w, (extent) =>
      same ? samePadding(w, extent, params.stride_w, same) : padded ? [params.pad_left, params.pad_right] : [0, 0],
    )
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
    const alongH = imageWindows(h, params.kernel_h, params.dilation_h, params.stride_h, () => [
      params.pad_top,
      params.pad_bottom,
    ])
    const alongW = imageWindows(w, params.kernel_w, params.dilation_w, params.stride_w, () => [
      params.pad_left,
      params.pad_right,
    ])
    if (alongH.count * alongW.count !== columns) {
      throw new NcnnError(
        `the parameters describe ${alongH.count} x ${alongW.count} windows, the input has ${columns} columns`,
      )
    }
    const elements = alongH.kernel * alongW.kernel
    const channels = Math.floor(rows / elements)
    if (channels < 1) throw new NcnnError(`windows of ${elements} elements need as many rows, the input has ${rows}`)
    const y = workspace.alloc([channels, h, w])
    const [source, target] = [x.data, y.data]
    target.fill(0)
    for (let row = 0; row < channels * elements; row++) {
      const [u, v] = [Math.floor((row % elements) / alongW.kernel), row % alongW.kernel]
      const [top, height] = insideWindows(alongH, u)
      const [left, width] = insideWindows(alongW, v)
      const channel = Math.floor(row / elements) * h * w
      for (let i = top; i < top + height; i++) {
        let from = row * columns + i * alongW.count + left
        let to = channel + imagePosition(alongH, u, i) * w + imagePosition(alongW, v, left)
        for (let j = 0; j < width; j++, from++, to += alongW.stride) target[to] += source[from]
      }
    }
    return y
  },
})

function imageWindows(
  length: number,
  kernel: number,
  dilation: number,
  stride: number,
  padding: (extent: number) => readonly [before: number, after: number],
): Windows {
  if (kernel < 1 || dilation < 1 || stride < 1) {
    throw new NcnnError(`a kernel of ${kernel} with dilation ${dilation} and stride ${stride} is not possible`)
  }
  const extent = dilation * (kernel - 1) + 1
  const [padBefore, padAfter] = padding(extent)
  if (padBefore < 0 || padAfter < 0)
    throw new NcnnError(`a padding cannot be negative, found ${padBefore}, ${padAfter}`)
  const padded = length + padBefore + padAfter
  if (extent > padded)
    throw new NcnnError(`a kernel over ${extent} elements is larger than the padded image, ${padded}`)
  return { kernel, dilation, stride, padBefore, length, count: Math.floor((padded - extent) / stride) + 1 }
}

function samePadding(length: number, extent: number, stride: number, mode: number): [before: number, after: number] {
  const pad = Math.max(extent + Math.floor((length - 1) / stride) * stride - length, 0)
  const [less, more] = [Math.floor(pad / 2), Math.ceil(pad / 2)]
  return mode === sameUpper ? [less, more] : [more, less]
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
