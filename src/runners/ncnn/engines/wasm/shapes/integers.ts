// Integers that a blob carries for a layer to steer by: offsets, lengths, indices.
import { NcnnError } from '../../../error.ts'
import type { Blob } from '../memory/blob.ts'

const smallestNormal = 2 ** -126

/**
 * Reads a blob of integers. ncnn keeps them as the bits of its 4-byte elements, and a constant from a .bin file is float32 by
 * name: what would be a denormal number is such an integer.
 */
export function readIntegers(blob: Blob): number[] {
  if (blob.dtype !== 'float32' && blob.dtype !== 'float64') return Array.from(blob.data)
  return Array.from(blob.data, (value) => {
    if (Math.abs(value) < smallestNormal) return new Int32Array(Float32Array.of(value).buffer)[0]
    if (!Number.isInteger(value)) throw new NcnnError(`expected an integer, found ${value}`)
    return value
  })
}
