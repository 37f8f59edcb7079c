// How ncnn's ARM code lays channels out, and which algorithms it may take: what the order of sums in half precision depends on.
import type { NcnnOptions } from '../../../options.ts'

export interface ArmLayout {
  /** `usePackingLayout`: channels lie in blocks of eight or four. */
  readonly packing: boolean
  /** `useSgemmConvolution`: convolutions are matrix products where that is faster. */
  readonly sgemm: boolean
}

export function armLayout({ usePackingLayout = false, useSgemmConvolution = false }: NcnnOptions): ArmLayout {
  return { packing: usePackingLayout, sgemm: useSgemmConvolution }
}

/** In blocks of how many a layer takes its channels; blocks of eight need arithmetic in half precision. */
export function packOf(channels: number, { packing }: ArmLayout, sumsInHalf = true): 8 | 4 | 1 {
  if (!packing) return 1
  if (sumsInHalf && channels % 8 === 0) return 8
  return channels % 4 === 0 ? 4 : 1
}
