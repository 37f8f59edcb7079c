// A region of interest of an image, cut into bins of whole elements.
import { NcnnError } from '../../../error.ts'
import { float, int } from '../../../params.ts'
import type { Blob } from '../memory/blob.ts'
import { asRank, namedLengths } from '../shapes/axes.ts'

export const pooledSize = { pooled_width: int(0), pooled_height: int(1), spatial_scale: float(2, 1) } as const

/** A bin along one axis: its first element and the one behind its last. */
export interface Bin {
  readonly start: number
  readonly end: number
}

export const isEmpty = ({ start, end }: Bin): boolean => !(end > start)

export function cutBin(start: number, end: number, length: number): Bin {
  return { start: Math.min(Math.max(start, 0), length), end: Math.min(Math.max(end, 0), length) }
}

/** Left, top, right, bottom: the first four elements of the second input. */
export function readRegion({ data, length }: Blob): number[] {
  if (length < 4)
    throw new NcnnError(`the second input must hold the 4 coordinates of a region, it has ${length} elements`)
  return Array.from(data.subarray(0, 4))
}

export function checkImage(
  x: Blob,
  pooled_width: number,
  pooled_height: number,
): readonly [channels: number, h: number, w: number] {
  if (pooled_width < 1 || pooled_height < 1) {
    throw new NcnnError(`pooled_width and pooled_height must be positive, found ${pooled_width} and ${pooled_height}`)
  }
  const { c, h, w } = namedLengths(asRank(x.shape, 3))
  return [c, h, w]
}

/** Rounds half away from zero, as C does. */
export const roundHalfAway = (value: number): number => Math.sign(value) * Math.floor(Math.abs(value) + 0.5)
