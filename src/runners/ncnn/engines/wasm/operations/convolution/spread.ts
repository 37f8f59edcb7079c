// Spreading: what deconvolutions and Fold do with elements, adding them to all the places under a kernel.
import type { Workspace } from '../../layer.ts'
import type { BlobArray } from '../../memory/blob.ts'
import type { Geometry } from './geometry.ts'

/** Images to be spread over as many channels, by their addresses: one for each channel and tap, these strides apart. */
export interface SpreadImages {
  readonly source: number
  readonly channels: number
  readonly channelStride: number
  readonly tapStride: number
  /** [channels][taps]; 0 for none. */
  readonly weights: number
}

/** Rows of an image, counted through all its planes. */
export interface Rows {
  readonly first: number
  readonly count: number
}

export const allRows = ({ input: [depth, height] }: Geometry): Rows => ({ first: 0, count: depth * height })

/** Adds some rows of the images to the channels from address `target` on, in float32 by the kernel. */
export function spreadRows(
  images: SpreadImages,
  { first, count }: Rows,
  { input, output, kernel, stride, dilation, before }: Geometry,
  target: number,
  { kernels, scratch }: Workspace,
): void {
  const [d, h, w] = input
  const [outD, outH, outW] = output
  const [kernelD, kernelH, kernelW] = kernel
  const [strideD, strideH, strideW] = stride
  const [dilationD, dilationH, dilationW] = dilation
  const [front, top, left] = before
  kernels.spread({
    ...images,
    d,
    h,
    w,
    firstRow: first,
    rowCount: count,
    target,
    outD,
    outH,
    outW,
    kernelD,
    kernelH,
    kernelW,
    strideD,
    strideH,
    strideW,
    dilationD,
    dilationH,
    dilationW,
    front,
    top,
    left,
    scratch: scratch([kernels.spreadScratchBytes({ outW, kernelW, strideW })], 'uint8').ptr,
  })
}

/**
 * Adds `weight` times an input image, which lies dense from `start` on, to the places in an output channel under one tap.
 * @param origin index of the output channel's first element
 */
export function spreadTap(
  source: BlobArray,
  start: number,
  weight: number,
  tap: number,
  { kernel, stride, dilation, input, output, before }: Geometry,
  target: BlobArray,
  origin: number,
): void {
  const [inD, inH, inW] = input
  const [outD, outH, outW] = output
  const kx = tap % kernel[2]
  const ky = Math.floor(tap / kernel[2]) % kernel[1]
  const kz = Math.floor(tap / (kernel[1] * kernel[2]))
  const shift = kx * dilation[2] - before[2]
  const first = Math.max(Math.ceil(-shift / stride[2]), 0)
  const end = Math.min(Math.ceil((outW - shift) / stride[2]), inW)
  for (let row = 0; row < inD * inH; row++, start += inW) {
    const oz = Math.floor(row / inH) * stride[0] + kz * dilation[0] - before[0]
    const oy = (row % inH) * stride[1] + ky * dilation[1] - before[1]
    if (oz < 0 || oz >= outD || oy < 0 || oy >= outH) continue
    let at = origin + (oz * outH + oy) * outW + first * stride[2] + shift
    for (let ix = first; ix < end; ix++, at += stride[2]) target[at] += weight * source[start + ix]
  }
}
