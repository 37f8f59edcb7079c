// What is left of a large tensor: enough to tell later, from a few kilobytes, whether another one is near to it.
import { toFloat64 } from '../../tensor/decode.ts'
import { type DType, isBigIntDType } from '../../tensor/dtype.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { summarizeAxes } from './axis-sums.ts'
import { makeSketch } from './sketch.ts'
import { findTop } from './top-values.ts'

/** Sums are over the finite elements, in the order of the elements, in float64. */
export interface Fingerprint {
  readonly dtype: DType
  readonly shape: readonly number[]
  /** SHA-256 of all elements, see {@link canonicalBytes}: equal for equal values. */
  readonly sha256: string
  readonly sumAbs: number
  readonly sumSquares: number
  readonly nonFinite: NonFinite
  /** See {@link makeSketch}. */
  readonly sketch: Float64Array
  /** See {@link summarizeAxes}; one array for each axis. */
  readonly axes: readonly Float64Array[]
  /** Positions of the elements of greatest magnitude, and their values. */
  readonly topAt: Float64Array
  readonly top: Float64Array
}

export interface NonFinite {
  readonly nan: number
  readonly posInf: number
  readonly negInf: number
  /** Differs when the same kinds stand in other places. */
  readonly places: number
}

/** A tensor of no more elements is stored as it is: it takes less. */
export const mostElementsInFull = 1024

/** @param sha256 of the tensor's {@link canonicalBytes} */
export function makeFingerprint(tensor: Tensor, sha256: string): Fingerprint {
  const { dtype, shape } = tensor
  const values = toFloat64(tensor)
  const nonFinite = extractNonFinite(values)
  let sumAbs = 0
  let sumSquares = 0
  for (const value of values) {
    sumAbs += Math.abs(value)
    sumSquares += value * value
  }
  const { at, top } = findTop(values)
  return {
    dtype,
    shape,
    sha256,
    sumAbs,
    sumSquares,
    nonFinite,
    sketch: makeSketch(values),
    axes: summarizeAxes(values, shape),
    topAt: at,
    top,
  }
}

/**
 * The bytes of the elements as float64 (64-bit integers as they are), with one kind of zero and one of NaN: tensors that are equal
 * element by element have the same, whatever their dtypes.
 */
export function canonicalBytes(tensor: Tensor): Uint8Array {
  const { data, dtype } = tensor
  if (isBigIntDType(dtype)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const values = toFloat64(tensor)
  // -0 + 0 is 0; NaN stays NaN, but of which bits is not said
  values.forEach((value, i) => {
    values[i] = Number.isNaN(value) ? Number.NaN : value + 0
  })
  return new Uint8Array(values.buffer)
}

/** Counts what is not finite, remembers where it was, and sets it to zero. */
function extractNonFinite(values: Float64Array): NonFinite {
  const kinds = { nan: 0, posInf: 0, negInf: 0 }
  let places = 0
  values.forEach((value, i) => {
    if (Number.isFinite(value)) return
    const kind = Number.isNaN(value) ? 'nan' : value > 0 ? 'posInf' : 'negInf'
    kinds[kind]++
    places = Math.imul(places ^ i, 0x01000193) ^ { nan: 1, posInf: 2, negInf: 3 }[kind]
    values[i] = 0
  })
  return { ...kinds, places: places >>> 0 }
}
