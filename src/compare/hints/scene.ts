// What hypotheses look at: both sides as float64, the size of the error, and a sample of positions to try ideas on.
import { toFloat64 } from '../../tensor/decode.ts'
import { type DType, isFloatDType } from '../../tensor/dtype.ts'
import { rowMajorStrides } from '../../tensor/shape.ts'
import { once } from '../once.ts'
import type { HintSource } from './source.ts'

export interface Side {
  readonly name: 'actual' | 'reference'
  readonly dtype: DType
  readonly values: Float64Array
  /** Over the pairs of finite elements, as are the sums below. */
  readonly mean: number
  readonly min: number
  readonly max: number
  /** Sum of the squares. */
  readonly power: number
  /** Sum of the squared distances from the mean. */
  readonly spread: number
  /** Whether all elements are whole numbers. */
  readonly isWhole: () => boolean
}

/** An axis longer than 1. */
export interface Axis {
  readonly index: number
  readonly length: number
  /** Elements from one index to the next. */
  readonly stride: number
}

export interface Scene {
  readonly source: HintSource
  readonly shape: readonly number[]
  readonly axes: readonly Axis[]
  readonly length: number
  readonly actual: Side
  readonly reference: Side
  /** Pairs of finite elements. */
  readonly finitePairs: number
  /** How many of them differ. */
  readonly differing: number
  /** Sum of the squared errors. */
  readonly error: number
  /** How many elements share the error, `(Σd²)² / Σd⁴`: 1 when one has nearly all of it. */
  readonly errorSpread: number
  /** Sum of the products of both sides' distances from their means. */
  readonly codeviation: number
  /** Positions, half of them anywhere, half where the sides differ. */
  readonly sample: Int32Array
}

/** Half of the positions of a sample. */
const halfSample = 512

export function setScene(source: HintSource): Scene {
  const { pairs, dtypes } = source
  const [a, r] = [toFloat64(pairs.actual), toFloat64(pairs.reference)]
  const sums = sumUp(a, r)
  const moments = sumSquares(a, r, sums.actual / sums.count, sums.reference / sums.count)
  const strides = rowMajorStrides(pairs.shape)
  return {
    source,
    shape: pairs.shape,
    axes: pairs.shape.flatMap((length, index) => (length > 1 ? [{ index, length, stride: strides[index] ?? 1 }] : [])),
    length: pairs.length,
    actual: {
      name: 'actual',
      dtype: dtypes[0],
      values: a,
      mean: sums.actual / sums.count,
      min: sums.leastActual,
      max: sums.greatestActual,
      power: moments.powerActual,
      spread: moments.spreadActual,
      isWhole: once(() => a.every(Number.isInteger)),
    },
    reference: {
      name: 'reference',
      dtype: dtypes[1],
      values: r,
      mean: sums.reference / sums.count,
      min: sums.leastReference,
      max: sums.greatestReference,
      power: moments.powerReference,
      spread: moments.spreadReference,
      isWhole: once(() => r.every(Number.isInteger)),
    },
    finitePairs: sums.count,
    differing: sums.differing,
    error: sums.error,
    errorSpread: sums.count < pairs.length ? pairs.length : sums.error ** 2 / sums.fourths,
    codeviation: moments.codeviation,
    sample: samplePositions(a, r, sums.differing),
  }
}

/** Whether both sides are floating-point numbers as they were given. */
export function areFloats({ actual, reference }: Scene): boolean {
  return isFloatDType(actual.dtype) && isFloatDType(reference.dtype)
}

/** Both ways of making one side from the other. */
export function directions({ actual, reference }: Scene): readonly { readonly from: Side; readonly to: Side }[] {
  return [
    { from: actual, to: reference },
    { from: reference, to: actual },
  ]
}

/** `the reference`, `actual`: how messages call a side. */
export function nameOf({ name }: Side): string {
  return name === 'reference' ? 'the reference' : name
}

function sumUp(a: Float64Array, r: Float64Array) {
  let [count, differing, actual, reference, error, fourths] = [0, 0, 0, 0, 0, 0]
  let [leastActual, greatestActual, leastReference, greatestReference] = [Infinity, -Infinity, Infinity, -Infinity]
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i], r[i]]
    const d = x - y
    // NaN and Infinity minus themselves are NaN
    if (x - x !== 0 || y - y !== 0) continue
    count++
    actual += x
    reference += y
    error += d * d
    fourths += d ** 4
    if (d !== 0) differing++
    if (x < leastActual) leastActual = x
    if (x > greatestActual) greatestActual = x
    if (y < leastReference) leastReference = y
    if (y > greatestReference) greatestReference = y
  }
  return {
    count,
    differing,
    actual,
    reference,
    error,
    fourths,
    leastActual,
    greatestActual,
    leastReference,
    greatestReference,
  }
}

function sumSquares(a: Float64Array, r: Float64Array, meanActual: number, meanReference: number) {
  let [powerActual, powerReference, spreadActual, spreadReference, codeviation] = [0, 0, 0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i], r[i]]
    if (x - x !== 0 || y - y !== 0) continue
    const [u, v] = [x - meanActual, y - meanReference]
    powerActual += x * x
    powerReference += y * y
    spreadActual += u * u
    spreadReference += v * v
    codeviation += u * v
  }
  return { powerActual, powerReference, spreadActual, spreadReference, codeviation }
}

function samplePositions(a: Float64Array, r: Float64Array, differing: number): Int32Array {
  const length = a.length
  if (length <= 2 * halfSample) return Int32Array.from({ length }, (_, i) => i)
  const positions = new Int32Array(halfSample + Math.min(differing, halfSample))
  let count = 0
  // spread by the golden ratio: even, and out of step with the axes
  for (; count < halfSample; count++) positions[count] = Math.floor(((count * 0.6180339887498949) % 1) * length)
  const step = Math.max(1, differing / halfSample)
  let next = 0
  for (let i = 0, seen = 0; i < length && count < positions.length; i++) {
    if (a[i] === r[i] || a[i] - a[i] !== 0 || r[i] - r[i] !== 0) continue
    if (seen++ < next) continue
    positions[count] = i
    next = Math.floor((count + 1 - halfSample + ((count * 0.6180339887498949) % 1)) * step)
    count++
  }
  return positions.subarray(0, count)
}
