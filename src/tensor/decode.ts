// Reads the elements of a tensor as numbers, whatever its dtype: in blocks of float64, or one at a time.
import { bfloat16ToFloat32, float16ToFloat32 } from './half.ts'
import type { Tensor } from './tensor.ts'

/**
 * Writes elements `start` to `start + count` into `out` as float64. Exact for every dtype but the 64-bit integers beyond 2^53,
 * which are rounded to the nearest double.
 */
export function decodeInto(out: Float64Array, { data, dtype }: Tensor, start: number, count: number): void {
  switch (dtype) {
    case 'float16':
      decodeFloat16(out, data as Uint16Array, start, count)
      return
    case 'bfloat16':
      decodeBfloat16(out, data as Uint16Array, start, count)
      return
    case 'int64':
    case 'uint64':
      decodeBigInts(out, data as BigInt64Array, start, count)
      return
    default:
      out.set((data as Float32Array).subarray(start, start + count))
  }
}

function decodeFloat16(out: Float64Array, data: Uint16Array, start: number, count: number): void {
  for (let i = 0; i < count; i++) out[i] = float16ToFloat32(data[start + i])
}

function decodeBfloat16(out: Float64Array, data: Uint16Array, start: number, count: number): void {
  for (let i = 0; i < count; i++) out[i] = bfloat16ToFloat32(data[start + i])
}

function decodeBigInts(out: Float64Array, data: BigInt64Array | BigUint64Array, start: number, count: number): void {
  for (let i = 0; i < count; i++) out[i] = Number(data[start + i])
}

/** All elements as float64, in an array of their own. */
export function toFloat64(tensor: Tensor): Float64Array {
  const out = new Float64Array(tensor.data.length)
  decodeInto(out, tensor, 0, out.length)
  return out
}

/** One element: a bigint for 64-bit integers, a number for every other dtype. */
export function elementAt({ data, dtype }: Tensor, position: number): number | bigint {
  const stored = data[position]
  if (stored === undefined) throw new RangeError(`element ${position} of a tensor with ${data.length} elements`)
  if (dtype === 'float16') return float16ToFloat32(Number(stored))
  if (dtype === 'bfloat16') return bfloat16ToFloat32(Number(stored))
  return stored
}
