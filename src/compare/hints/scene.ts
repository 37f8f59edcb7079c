// What hypotheses look at: both sides as float64, the size of the error, and a sample of positions to try ideas on.
import { toFloat64 } from '../../tensor/decode.ts'
import { type DType, isFloatDType } from '../../tensor/dtype.ts'
import { rowMajorStrides } from '../../tensor/shape.ts'
import { once } from '../once.ts'
import { largestFirst, type Sample, samplePositions } from './sample.ts'
import type { HintSource } from './source.ts'
import { aboutMeans, newCounts, sumUp } from './sums.ts'

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
  /** How many of them are 0 on both sides. */
  readonly zeros: number
  /** Sum of the squared errors. */
  readonly error: number
  /** How many elements share the error, `(Σd²)² / Σd⁴`: 1 when one has nearly all of it. */
  readonly errorSpread: number
  /** Sum of the products of both sides' distances from their means. */
  readonly codeviation: number
  /** Few positions, to try an idea on, and many, to measure what it explains. The few begin with the largest errors: what misses them is soon given up. */
  readonly few: Sample
  readonly many: () => Sample
  /** The share of the error that a finding may leave, to be better than those before. */
  readonly leftAtMost: number
}

/** In a smaller tensor plain JavaScript is as fast as the kernels, which need not be compiled for it. */
const leastForKernel = 4096

/** Positions of each kind in a sample. */
const few = 512
const many = 4096

export function setScene(source: HintSource): Scene {
  const { pairs, dtypes } = source
  return sceneOf(source, pairs.shape, dtypes, toFloat64(pairs.actual), toFloat64(pairs.reference))
}

/** A scene of the elements of both sides, which are those of the source or some of them. */
export function sceneOf(
  source: HintSource,
  shape: readonly number[],
  dtypes: readonly [actual: DType, reference: DType],
  a: Float64Array,
  r: Float64Array,
): Scene {
  const { length } = r
  const counts = newCounts(length)
  const sums = sumUp(a, r, counts, source.pairs.length >= leastForKernel)
  const strides = rowMajorStrides(shape)
  return {
    source,
    shape,
    axes: shape.flatMap((size, index) => (size > 1 ? [{ index, length: size, stride: strides[index] ?? 1 }] : [])),
    length,
    actual: {
      name: 'actual',
      dtype: dtypes[0],
      values: a,
      mean: sums.pivotActual + sums.sumActual / sums.count,
      min: sums.leastActual,
      max: sums.greatestActual,
      power: sums.powerActual,
      spread: Math.max(0, aboutMeans(sums.squaresActual, sums.sumActual, sums.sumActual, sums.count)),
      isWhole: once(() => a.every(Number.isInteger)),
    },
    reference: {
      name: 'reference',
      dtype: dtypes[1],
      values: r,
      mean: sums.pivotReference + sums.sumReference / sums.count,
      min: sums.leastReference,
      max: sums.greatestReference,
      power: sums.powerReference,
      spread: Math.max(0, aboutMeans(sums.squaresReference, sums.sumReference, sums.sumReference, sums.count)),
      isWhole: once(() => r.every(Number.isInteger)),
    },
    finitePairs: sums.count,
    differing: sums.differing,
    zeros: sums.zeros,
    error: sums.error,
    errorSpread: sums.count < length ? length : sums.error ** 2 / sums.fourths,
    codeviation: aboutMeans(sums.products, sums.sumActual, sums.sumReference, sums.count),
    few: largestFirst(a, r, samplePositions(a, r, sums, counts, few)),
    many: once(() => samplePositions(a, r, sums, counts, many)),
    leftAtMost: Infinity,
  }
}

/** All elements as one slice. */
export const wholeOf = ({ length }: Pick<Scene, 'length'>): Axis => ({ index: -1, length: 1, stride: length })

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
