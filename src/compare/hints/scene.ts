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
  /** Few positions, to try an idea on, and many, to measure what it explains. */
  readonly few: Sample
  readonly many: Sample
}

/** Positions of pairs of finite elements: some that are equal, some that differ. */
export interface Sample {
  readonly equal: Int32Array
  readonly differing: Int32Array
  /** Sum of the squared errors of those that differ. */
  readonly error: number
}

/** Positions of each kind. */
const few = 512
const many = 4096

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
    few: samplePositions(a, r, sums, few),
    many: samplePositions(a, r, sums, many),
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

/** Whether a side takes several values: what turns into one of two is easily explained. */
export function isVaried({ values }: Side, { few, length }: Scene): boolean {
  const wanted = Math.max(4, Math.min(8, length / 4))
  const found = new Set<number>()
  for (const positions of [few.differing, few.equal]) {
    for (const position of positions) if (found.add(values[position]).size >= wanted) return true
  }
  return false
}

/** A function that is called often is optimized sooner than one that loops for long. */
const blockLength = 4096

interface Sums {
  count: number
  differing: number
  actual: number
  reference: number
  error: number
  fourths: number
  leastActual: number
  greatestActual: number
  leastReference: number
  greatestReference: number
}

function sumUp(a: Float64Array, r: Float64Array): Sums {
  const sums: Sums = {
    count: 0,
    differing: 0,
    actual: 0,
    reference: 0,
    error: 0,
    fourths: 0,
    leastActual: Infinity,
    greatestActual: -Infinity,
    leastReference: Infinity,
    greatestReference: -Infinity,
  }
  for (let start = 0; start < a.length; start += blockLength) {
    addBlock(sums, a, r, start, Math.min(start + blockLength, a.length))
  }
  return sums
}

function addBlock(sums: Sums, a: Float64Array, r: Float64Array, start: number, end: number): void {
  for (let i = start; i < end; i++) {
    const x = a[i]
    const y = r[i]
    // NaN and Infinity minus themselves are NaN
    if (x - x !== 0 || y - y !== 0) continue
    const square = (x - y) * (x - y)
    sums.count++
    sums.actual += x
    sums.reference += y
    sums.error += square
    sums.fourths += square * square
    if (x !== y) sums.differing++
    if (x < sums.leastActual) sums.leastActual = x
    if (x > sums.greatestActual) sums.greatestActual = x
    if (y < sums.leastReference) sums.leastReference = y
    if (y > sums.greatestReference) sums.greatestReference = y
  }
}

interface Squares {
  powerActual: number
  powerReference: number
  spreadActual: number
  spreadReference: number
  codeviation: number
}

function sumSquares(a: Float64Array, r: Float64Array, meanActual: number, meanReference: number): Squares {
  const sums: Squares = { powerActual: 0, powerReference: 0, spreadActual: 0, spreadReference: 0, codeviation: 0 }
  for (let start = 0; start < a.length; start += blockLength) {
    addSquares(sums, a, r, meanActual, meanReference, start, Math.min(start + blockLength, a.length))
  }
  return sums
}

function addSquares(
  sums: Squares,
  a: Float64Array,
  r: Float64Array,
  meanActual: number,
  meanReference: number,
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) {
    const x = a[i]
    const y = r[i]
    if (x - x !== 0 || y - y !== 0) continue
    const u = x - meanActual
    const v = y - meanReference
    sums.powerActual += x * x
    sums.powerReference += y * y
    sums.spreadActual += u * u
    sums.spreadReference += v * v
    sums.codeviation += u * v
  }
}

/** Evenly spread, but out of step with the axes. */
function samplePositions(
  a: Float64Array,
  r: Float64Array,
  sums: { readonly count: number; readonly differing: number },
  most: number,
): Sample {
  const differing = newChoice(sums.differing, most)
  const equal = newChoice(sums.count - sums.differing, most)
  for (let start = 0; start < a.length; start += blockLength) {
    offerBlock(differing, equal, a, r, start, Math.min(start + blockLength, a.length))
  }
  const error = differing.chosen.reduce((sum, i) => sum + (a[i] - r[i]) * (a[i] - r[i]), 0)
  return { equal: equal.chosen, differing: differing.chosen, error }
}

/** `most` of `total` positions that are offered in order, or all. */
interface Choice {
  readonly chosen: Int32Array
  readonly step: number
  count: number
  offered: number
  /** How many are passed over before the next is chosen. */
  next: number
}

function newChoice(total: number, most: number): Choice {
  return {
    chosen: new Int32Array(Math.min(total, most)),
    step: Math.max(1, total / most),
    count: 0,
    offered: 0,
    next: 0,
  }
}

function offerBlock(
  differing: Choice,
  equal: Choice,
  a: Float64Array,
  r: Float64Array,
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) {
    const x = a[i]
    const y = r[i]
    if (x === y) {
      // an infinity is no finite pair
      if (x - x === 0 && equal.offered++ >= equal.next) choose(equal, i)
    } else if (x - y - (x - y) === 0 && differing.offered++ >= differing.next) choose(differing, i)
  }
}

function choose(choice: Choice, position: number): void {
  const { chosen, step } = choice
  if (choice.count === chosen.length) return
  choice.chosen[choice.count++] = position
  choice.next = step === 1 ? 0 : Math.floor((choice.count + 0.99 * ((choice.count * 0.6180339887498949) % 1)) * step)
}
