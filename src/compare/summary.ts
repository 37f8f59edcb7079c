// A comparison in a few plain numbers: what layer tables, reports, drift and shards keep of it.
import { describeValue } from '../arguments/describe.ts'
import { isRecord } from '../arguments/options.ts'
import type { DType } from '../tensor/dtype.ts'
import type { Comparison, FailedMetric, FailureReason, RequiredTolerance } from './comparison.ts'
import { type JsonNumber, jsonNumber } from './json.ts'

/**
 * Survives `JSON.stringify` and every other channel as it is: numbers that are not finite are the strings `'NaN'`, `'Infinity'` and
 * `'-Infinity'`, which `Number()` reads, and what does not apply is left out. Statistics are over pairs of finite elements, after
 * `normalize`; they are `'NaN'` when there are none and when shapes differ.
 */
export interface ComparisonSummary {
  /** Of this format. */
  readonly version: 1
  readonly pass: boolean
  /** Why it failed. */
  readonly reason?: FailureReason
  /** What differs, in one line, when shapes or dtypes do. */
  readonly mismatch?: string
  /** In which both sides were compared; the reference's when shapes differ. */
  readonly shape: readonly number[]
  readonly dtypes: readonly [actual: DType, reference: DType]
  /** With `metrics only`, `atol` is `'Infinity'`. */
  readonly tolerance: {
    readonly atol: JsonNumber
    readonly rtol: number
    readonly source: Comparison['tolerance']['source']
  }
  /** Name of the normalization, or of the function. */
  readonly normalize?: string
  readonly total: number
  readonly mismatched: number
  /** The share of what is allowed that was used: {@link Comparison.margin}. */
  readonly margin: JsonNumber
  readonly maxAbs: JsonNumber
  readonly rmse: JsonNumber
  readonly mae: JsonNumber
  readonly cosine: JsonNumber
  /** In decibels. */
  readonly snr: JsonNumber
  /** The metrics that missed their bound. */
  readonly failedMetrics?: readonly {
    readonly name: FailedMetric['name']
    readonly value: JsonNumber
    readonly bound: number
  }[]
  /** When elements are what failed: the tolerance that would have been enough, as in {@link RequiredTolerance}. */
  readonly required?: { readonly [Name in keyof RequiredTolerance]: JsonNumber }
}

/**
 * What is worth keeping of a comparison, without its tensors. Costs one pass over them; the search for the required tolerance is made
 * for failures only.
 */
export function summarize(comparison: Comparison): ComparisonSummary {
  if (!isRecord(comparison) || !('absDiff' in comparison)) {
    throw new TypeError(
      `summarize: expected what compareTensors returns, got ${describeValue(comparison)}: summarize(compareTensors(actual, reference))`,
    )
  }
  const { pass, reason, mismatch, shape, tolerance, normalize, total, mismatched, absDiff, failedMetrics } = comparison
  return {
    version: 1,
    pass,
    ...(reason !== undefined && { reason }),
    ...(mismatch !== undefined && { mismatch }),
    shape: [...shape],
    dtypes: [comparison.actual.dtype, comparison.reference.dtype],
    tolerance: { atol: jsonNumber(tolerance.atol), rtol: tolerance.rtol, source: tolerance.source },
    ...(normalize !== undefined && { normalize }),
    total,
    mismatched,
    margin: jsonNumber(comparison.margin),
    maxAbs: jsonNumber(absDiff.max),
    rmse: jsonNumber(absDiff.rmse),
    mae: jsonNumber(absDiff.mean),
    cosine: jsonNumber(comparison.cosine),
    snr: jsonNumber(comparison.snrDb),
    ...(failedMetrics.length > 0 && {
      failedMetrics: failedMetrics.map(({ name, value, bound }) => ({ name, value: jsonNumber(value), bound })),
    }),
    ...(reason === 'values' && {
      required: {
        atolGivenRtol: jsonNumber(comparison.required.atolGivenRtol),
        rtolGivenAtol: jsonNumber(comparison.required.rtolGivenAtol),
      },
    }),
  }
}
