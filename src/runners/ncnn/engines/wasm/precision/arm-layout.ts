// How ncnn's ARM code lays channels out, and which algorithms it may take: what the order of sums in half precision depends on.
import type { NcnnOptions } from '../../../options.ts'

/** Outputs per side of a tile of Winograd's algorithm. */
export type ArmTile = 2 | 4 | 6

export interface ArmLayout {
  /** `usePackingLayout`: channels lie in blocks of eight or four. */
  readonly packing: boolean
  /** `useSgemmConvolution`: convolutions are matrix products where that is faster. */
  readonly sgemm: boolean
  /** The tiles with which it may compute by Winograd's algorithm; none unless `useWinogradConvolution` asks for it. */
  readonly tiles: readonly ArmTile[]
}

export function armLayout(
  {
    usePackingLayout = false,
    useSgemmConvolution = false,
    useWinogradConvolution = false,
    useWinograd23Convolution = true,
    useWinograd43Convolution = true,
    useWinograd63Convolution = true,
  }: NcnnOptions,
  mayWinograd: boolean,
): ArmLayout {
  const wanted = { 2: useWinograd23Convolution, 4: useWinograd43Convolution, 6: useWinograd63Convolution }
  const tiles = useWinogradConvolution && mayWinograd ? ([2, 4, 6] as const).filter((size) => wanted[size]) : []
  return { packing: usePackingLayout, sgemm: useSgemmConvolution, tiles }
}

/** In blocks of how many a layer takes its channels; blocks of eight need arithmetic in half precision. */
export function packOf(channels: number, { packing }: ArmLayout, sumsInHalf = true): 8 | 4 | 1 {
  if (!packing) return 1
  if (sumsInHalf && channels % 8 === 0) return 8
  return channels % 4 === 0 ? 4 : 1
}
