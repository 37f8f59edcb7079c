// Values that hold for a whole channel: one for all, or one each.
import { NcnnError } from '../../../error.ts'
import type { Blob, BlobArray } from '../memory/blob.ts'

/**
 * The value for each element of the outermost axis: one for all, or one each. A vector has one outermost element, for ncnn gives
 * it a single scale.
 */
export function perChannel(
  values: BlobArray | undefined,
  absent: number,
  x: Blob,
  name: string,
): (channel: number) => number {
  if (values === undefined) return () => absent
  if (values.length === 1 || x.shape.length === 1) return () => values[0]
  if (values.length !== x.shape[0])
    throw new NcnnError(`${name} has ${values.length} values for ${x.shape[0]} channels`)
  return (channel) => values[channel]
}

/** Calls `visit` for each channel with the range of its elements. */
export function forEachChannel(x: Blob, visit: (channel: number, start: number, end: number) => void): void {
  const channels = x.shape.length === 1 ? 1 : x.shape[0]
  const size = x.length / channels
  for (let channel = 0; channel < channels; channel++) visit(channel, channel * size, (channel + 1) * size)
}
