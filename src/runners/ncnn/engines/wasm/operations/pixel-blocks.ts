// Two views of the same elements: blocks of pixels, and a channel for each pixel of a block.
import type { Blob } from '../memory/blob.ts'
import { type StridedView, viewOf } from './strided-copy.ts'

/** A blob of large images, indexed [channel, row in block, column in block, block row, block column]. */
export function pixelsOfBlocks(image: Blob, blockSize: number): StridedView {
  const [channel, row] = viewOf(image).strides
  return { data: image.data, offset: 0, strides: [channel, row, 1, row * blockSize, blockSize] }
}

/** A blob that has one channel for each pixel of a block, indexed likewise. */
export function channelsOfBlocks(
  blob: Blob,
  [channels, blockH, blockW, h, w]: readonly number[],
  mode: number,
): StridedView {
  const size = h * w
  const inner = mode === 0 ? [blockH * blockW, blockW, 1] : [1, blockW * channels, channels]
  return { data: blob.data, offset: 0, strides: [...inner.map((stride) => stride * size), w, 1] }
}
