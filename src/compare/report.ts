// Assembles the report. `pass` is known; everything else is computed when it is first read, and kept.
import { elementAt } from '../tensor/decode.ts'
import type { DType } from '../tensor/dtype.ts'
import { unravelIndex } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type {
  AbsoluteErrorStats,
  Comparison,
  FailedMetric,
  FailureReason,
  Index,
  MetricValues,
  RelativeErrorStats,
  SideSummary,
} from './comparison.ts'
import type { ElementRule } from './element-rule.ts'
import { distributionOf } from './error-distribution.ts'
import { findHints } from './hints/index.ts'
import { toPlainJson } from './json.ts'
import { computeMetric, cosineOf, type MetricSource, maeOf, metricNames, normOf, rmseOf, snrOf } from './metrics.ts'
import { once } from './once.ts'
import type { Pairs } from './pairs.ts'
import { requiredTolerance } from './required.ts'
import { findWorstSlices } from './slices.ts'
import { gatherStatistics, type SideStatistics, type Statistics } from './statistics.ts'
import { resolveTolerance, type Tolerance } from './tolerance.ts'
import { findWorst } from './worst.ts'

/** What {@link reportOn} needs to know about a comparison of equal shapes. */
export interface Findings {
  readonly pass: boolean
  /** Why it failed, as far as that is known without statistics: `'elements'` is one of `nonfinite` and `values`. */
  readonly failure: 'dtype' | 'elements' | 'metric' | undefined
  readonly mismatch: string | undefined
  readonly tolerance: Tolerance
  readonly rule: ElementRule
  readonly allowedMisses: number
  readonly normalize: string | undefined
  /** As compared: after `layout`, `squeeze` and `normalize`. */
  readonly pairs: Pairs
  /** Before `normalize`; the same object without it. */
  readonly rawPairs: Pairs
  readonly statistics: () => Statistics
  readonly metricSource: MetricSource
  readonly failedMetrics: readonly FailedMetric[]
  /** As the user gave them. */
  readonly given: { readonly actual: Tensor; readonly reference: Tensor }
}

/** The worst elements a report lists. */
const WORST_LISTED = 5

export function reportOn(findings: Findings): Comparison {
  const { pass, pairs, rawPairs, rule, tolerance, statistics, given } = findings
  const { dtypes } = findings.metricSource
  const rawStatistics = rawPairs === pairs ? statistics : once(() => gatherStatistics(rawPairs, rule))
  const distribution = (kind: 'absolute' | 'relative', qs: readonly number[]) =>
    distributionOf(pairs, rule, kind, qs, statistics().scale === 1 && statistics().diffScale === 1)
  const absolute = once(() => distribution('absolute', [0.5, 0.9, 0.99]))
  const relative = once(() => distribution('relative', [0.5, 0.99]))
  const worst = once(() => findWorst(pairs, rule, WORST_LISTED))
  const worstSlices = once(() => findWorstSlices(pairs, rule))
  const required = once(() => requiredTolerance(pairs, toleranceAsked(findings), findings.allowedMisses))
  const actual = once(() => summarize(given.actual, rawStatistics().actual, rawStatistics()))
  const reference = once(() => summarize(given.reference, rawStatistics().reference, rawStatistics()))
  const metrics = once(() => lazyMetrics(findings.metricSource))
  const argmaxAgree = once(() => argmaxOf(pairs.actual) === argmaxOf(pairs.reference))
  const hints = once(() =>
    pass
      ? []
      : findHints({
          pairs,
          rule: ruleForHints(findings),
          normalized: rawPairs !== pairs,
          dtypes,
          statistics,
          relative,
          worstSlices,
        }),
  )
  const at = (position: number): Index | undefined => (position < 0 ? undefined : unravelIndex(position, pairs.shape))

  const absDiff: AbsoluteErrorStats = {
    get max() {
      return statistics().finitePairs === 0 ? Number.NaN : statistics().maxAbs
    },
    get at() {
      return at(statistics().maxAbsAt)
    },
    get mean() {
      return statistics().finitePairs === 0 ? Number.NaN : maeOf(statistics())
    },
    get p50() {
      return absolute().quantiles[0] ?? Number.NaN
    },
    get p90() {
      return absolute().quantiles[1] ?? Number.NaN
    },
    get p99() {
      return absolute().quantiles[2] ?? Number.NaN
    },
    get rmse() {
      return statistics().finitePairs === 0 ? Number.NaN : rmseOf(statistics())
    },
  }
  const relDiff: RelativeErrorStats = {
    get max() {
      return statistics().finitePairs === statistics().zeroReferences ? Number.NaN : statistics().maxRel
    },
    get at() {
      return at(statistics().maxRelAt)
    },
    get mean() {
      return relative().mean
    },
    get p50() {
      return relative().quantiles[0] ?? Number.NaN
    },
    get p99() {
      return relative().quantiles[1] ?? Number.NaN
    },
    get zeroReferences() {
      return statistics().zeroReferences
    },
  }
  return {
    pass,
    get reason(): FailureReason | undefined {
      if (findings.failure !== 'elements') return findings.failure
      return statistics().nonFiniteMismatched > 0 ? 'nonfinite' : 'values'
    },
    tolerance,
    normalize: findings.normalize,
    shape: pairs.shape,
    total: pairs.length,
    get mismatched() {
      return statistics().mismatched
    },
    get ratio() {
      return pairs.length === 0 ? 0 : statistics().mismatched / pairs.length
    },
    get actual() {
      return actual()
    },
    get reference() {
      return reference()
    },
    absDiff,
    relDiff,
    get histogram() {
      return absolute().histogram
    },
    get worst() {
      return worst()
    },
    get required() {
      return required()
    },
    get cosine() {
      return cosineOf(statistics())
    },
    get snrDb() {
      return snrOf(statistics())
    },
    get normRatio() {
      return actual().norm / reference().norm
    },
    get raw() {
      if (rawPairs === pairs) return undefined
      const raw = rawStatistics()
      return { maxAbs: raw.maxAbs, cosine: cosineOf(raw), snrDb: snrOf(raw) }
    },
    get argmaxAgree() {
      return argmaxAgree()
    },
    get metrics() {
      return metrics()
    },
    failedMetrics: findings.failedMetrics,
    get worstSlices() {
      return worstSlices()
    },
    get hints() {
      return hints()
    },
    mismatch: findings.mismatch,
    toJSON() {
      return toPlainJson(this) as Record<string, unknown>
    },
  }
}

/** Where metrics alone decide, each tolerance is what it would take without the other. */
function toleranceAsked({ rule, tolerance }: Findings): ElementRule {
  return tolerance.source === 'metrics only' ? { ...rule, atol: 0, rtol: 0 } : rule
}

/** Where metrics alone decide, a pattern has to meet the default tolerance. */
function ruleForHints({ rule, tolerance, metricSource }: Findings): ElementRule {
  if (tolerance.source !== 'metrics only') return rule
  const { atol, rtol } = resolveTolerance({}, false, ...metricSource.dtypes)
  return { ...rule, atol, rtol }
}

function summarize(given: Tensor, side: SideStatistics, statistics: Statistics): SideSummary {
  const { nan, posInf, negInf, min, max } = side
  const { shape, dtype } = given
  return { shape, dtype, norm: normOf(side, statistics), min, max, nonFinite: { nan, posInf, negInf } }
}

function lazyMetrics(source: MetricSource): MetricValues {
  const values = {}
  for (const name of metricNames) {
    const value = once(() => computeMetric(name, source))
    Object.defineProperty(values, name, { get: value, enumerable: true })
  }
  return values as MetricValues
}

/** Position of the greatest element, the first of equals; NaN is passed over. */
function argmaxOf(tensor: Tensor): number {
  let position = -1
  let greatest: number | bigint = -Infinity
  for (let i = 0; i < tensor.data.length; i++) {
    const value = elementAt(tensor, i)
    if (value > greatest || (position < 0 && value === -Infinity)) {
      greatest = value
      position = i
    }
  }
  return position
}

/** The report of two shapes that do not agree: nothing was compared, so every element counts as missed and no statistic exists. */
export function reportShapeMismatch(
  actual: Tensor,
  reference: Tensor,
  mismatch: string,
  tolerance: Tolerance,
  normalize: string | undefined,
): Comparison {
  const nothing = Number.NaN
  const side = ({ shape, dtype }: { shape: readonly number[]; dtype: DType }): SideSummary => ({
    shape,
    dtype,
    norm: nothing,
    min: nothing,
    max: nothing,
    nonFinite: { nan: 0, posInf: 0, negInf: 0 },
  })
  const total = reference.data.length
  return {
    pass: false,
    reason: 'shape',
    tolerance,
    normalize,
    shape: reference.shape,
    total,
    mismatched: total,
    ratio: total === 0 ? 0 : 1,
    actual: side(actual),
    reference: side(reference),
    absDiff: { max: nothing, at: undefined, mean: nothing, p50: nothing, p90: nothing, p99: nothing, rmse: nothing },
    relDiff: { max: nothing, at: undefined, mean: nothing, p50: nothing, p99: nothing, zeroReferences: 0 },
    histogram: { first: 0, counts: [], zeros: 0 },
    worst: [],
    required: { atolGivenRtol: Infinity, rtolGivenAtol: Infinity },
    cosine: nothing,
    snrDb: nothing,
    normRatio: nothing,
    raw: undefined,
    argmaxAgree: false,
    metrics: Object.fromEntries(metricNames.map((name) => [name, nothing])) as unknown as MetricValues,
    failedMetrics: [],
    worstSlices: [],
    hints: [],
    mismatch,
    toJSON() {
      return toPlainJson(this) as Record<string, unknown>
    },
  }
}
