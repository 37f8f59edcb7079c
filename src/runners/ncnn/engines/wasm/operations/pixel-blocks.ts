// Two views of the same elements: blocks of pixels, and a channel for each pixel of a block.
import type { Blob } from '../memory/blob.ts'
import type { StridedView } from './strided-copy.ts'

/** A blob of large images, h x w, indexed [channel, row in block, column in block, block row, block column]. */
export function pixelsOfBlocks({ data }: Blob, h: number, w: number, blockSize: number): StridedView {
  return { data, offset: 0, strides: [h * w, w, 1, w * blockSize, blockSize] }
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
