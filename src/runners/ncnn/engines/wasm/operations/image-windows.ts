// The windows of a kernel that slides over an image, as Fold and Unfold describe them.
import { NcnnError } from '../../../error.ts'
import { int, type ParamValues } from '../../../params.ts'
import { atLeast } from '../param-checks.ts'
import type { Border } from '../shapes/same-padding.ts'
import { maxSize } from './convolution/geometry.ts'

/** The kernel, and how it slides. */
export const windowParams = {
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

/** Refuses windows with which ncnn does not load the layer. */
export function checkWindow(params: ParamValues<typeof windowParams>): void {
  const { kernel_w, kernel_h, dilation_w, dilation_h, stride_w, stride_h } = params
  atLeast(1, { kernel_w, kernel_h, dilation_w, dilation_h, stride_w, stride_h })
}

/** The windows along one axis of the image: where they start and which of their elements lie inside it. */
export interface Windows {
  readonly kernel: number
  readonly dilation: number
  readonly stride: number
  readonly padBefore: number
  /** Length of the image, and number of windows. */
  readonly length: number
  readonly count: number
}

/** @throws {NcnnError} on a kernel that does not fit the padded image */
export function imageWindows(
  length: number,
  kernel: number,
  dilation: number,
  stride: number,
  [padBefore, padAfter]: Border,
): Windows {
  const extent = dilation * (kernel - 1) + 1
  const padded = length + padBefore + padAfter
  if (padded > maxSize) throw new NcnnError(`a padded image of ${padded} elements is too large`)
  if (extent > padded)
    throw new NcnnError(`a kernel over ${extent} elements is larger than the padded image, ${padded}`)
  return { kernel, dilation, stride, padBefore, length, count: Math.floor((padded - extent) / stride) + 1 }
}
