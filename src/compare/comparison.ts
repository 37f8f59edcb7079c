// The report of a comparison: `pass` is known at once, the statistics are computed when first read.
import type { DType } from '../tensor/dtype.ts'

/** Position in a tensor, outermost axis first. */
export type Index = readonly number[]

export type FailureReason = 'shape' | 'dtype' | 'nonfinite' | 'values' | 'metric'

export interface NonFiniteCount {
  readonly nan: number
  readonly posInf: number
  readonly negInf: number
}

/** One element that misses its tolerance (or, in a passing comparison, comes closest to missing it). */
export interface ElementError {
  readonly index: Index
  readonly actual: number | bigint
  readonly reference: number | bigint
  /** `|actual - reference|`; NaN when either is not finite. */
  readonly diff: number
  /** `atol + rtol * |reference|`. */
  readonly allowed: number
  /** `diff / allowed`: above 1 fails; Infinity when nothing is allowed or a side is not finite. */
  readonly excess: number
}

export interface AbsoluteErrorStats {
  readonly max: number
  readonly at: Index | undefined
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly rmse: number
}

export interface RelativeErrorStats {
  /** Over non-zero references. */
  readonly max: number
  readonly at: Index | undefined
  readonly mean: number
  readonly p50: number
  readonly p99: number
  /** References that are zero: they have no relative error and are counted apart. */
  readonly zeroReferences: number
}

/** Counts of absolute errors per decade: `counts[i]` errors lie in [10^(first+i), 10^(first+i+1)); exact zeros are apart. */
export interface ErrorHistogram {
  readonly first: number
  readonly counts: readonly number[]
  readonly zeros: number
}

/** The tolerance that would have been enough, exactly: it passes, and the next smaller double fails. */
export interface RequiredTolerance {
  /** Least `atol` that passes with the given `rtol`; Infinity when no atol does (a non-finite mismatch). */
  readonly atolGivenRtol: number
  /** Least `rtol` that passes with the given `atol`; Infinity when no rtol does (a zero reference that is missed). */
  readonly rtolGivenAtol: number
}

/** The slice of one axis that carries most of the squared error. */
export interface WorstSlice {
  readonly axis: number
  readonly index: number
  /** Share of the whole squared error, 0..1. */
  readonly share: number
  readonly mismatched: number
}

export interface MetricValues {
  readonly cosine: number
  readonly snr: number
  readonly psnr: number
  readonly rmse: number
  readonly mae: number
  readonly maxAbs: number
  readonly maxRel: number
  readonly maxUlp: number
}

export interface FailedMetric {
  readonly name: keyof MetricValues
  readonly value: number
  readonly bound: number
}

/** A pattern that explains a mismatch, in words, with what to do about it. */
export interface Hint {
  readonly code: string
  readonly message: string
}

export interface SideSummary {
  readonly shape: readonly number[]
  readonly dtype: DType
  /** Euclidean norm of the raw values, before `normalize`, over the pairs of finite elements. */
  readonly norm: number
  /** Of the finite elements; NaN when there are none. */
  readonly min: number
  readonly max: number
  readonly nonFinite: NonFiniteCount
}

/** What {@link compareTensors} returns. Statistics are over pairs of finite elements, after `normalize`. */
export interface Comparison {
  readonly pass: boolean
  /** Why it failed; undefined when it passed. */
  readonly reason: FailureReason | undefined
  /** The tolerances in force and where they came from. With `metrics only`, `atol` is Infinity: only non-finite elements can miss it. */
  readonly tolerance: {
    readonly atol: number
    readonly rtol: number
    readonly source: 'options' | 'preset' | 'dtype' | 'metrics only'
  }
  /** Name of the normalization, or of the function. */
  readonly normalize: string | undefined
  /** The shape in which both sides were compared, after `layout`, `squeeze` and `normalize`; indices refer to it. */
  readonly shape: readonly number[]
  readonly total: number
  /** Elements that miss their tolerance, non-finite mismatches included. */
  readonly mismatched: number
  /** `mismatched / total`. */
  readonly ratio: number
  /**
   * How much of what is allowed was used: the greatest of `|a - r| / (atol + rtol * |r|)` over all elements and of the shares of the
   * metrics' bounds. 0.5 is half of the tolerance; above 1 fails, but for elements that `maxMismatch` excuses. Infinity when an
   * element misses although nothing is allowed, when a non-finite element misses, and when shapes differ.
   *
   * A metric's share is value / bound; `(1 - cosine) / (1 - bound)`; `10^((bound - value) / 20)`, the noise's amplitude, in decibels.
   */
  readonly margin: number
  readonly actual: SideSummary
  readonly reference: SideSummary
  readonly absDiff: AbsoluteErrorStats
  readonly relDiff: RelativeErrorStats
  readonly histogram: ErrorHistogram
  /** The five worst elements, by excess. */
  readonly worst: readonly ElementError[]
  readonly required: RequiredTolerance
  readonly cosine: number
  readonly snrDb: number
  /** `|actual| / |reference|` of the raw values: a gain error stays visible although normalization tolerates it. */
  readonly normRatio: number
  /** The comparison of the raw values, when `normalize` was given. */
  readonly raw: { readonly maxAbs: number; readonly cosine: number; readonly snrDb: number } | undefined
  readonly argmaxAgree: boolean
  readonly metrics: MetricValues
  readonly failedMetrics: readonly FailedMetric[]
  /** Per axis, the slice with most of the error; only axes where one slice stands out. */
  readonly worstSlices: readonly WorstSlice[]
  readonly hints: readonly Hint[]
  /** One line for a failure that is not one of numbers: which shapes or dtypes differ, which slice is all zero on one side only. */
  readonly mismatch: string | undefined
  /** A plain object with everything, for JSON. */
  toJSON(): Record<string, unknown>
}
