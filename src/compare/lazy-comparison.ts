// Assembles the report. `pass` is known; everything else is computed when it is first read, and kept.
import { elementAt } from '../tensor/decode.ts'
import type { DType } from '../tensor/dtype.ts'
import { unravelIndex } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type {
  AbsoluteErrorStats,
  Comparison,
  ElementError,
  ErrorHistogram,
  FailedMetric,
  FailureReason,
  Hint,
  Index,
  MetricValues,
  RelativeErrorStats,
  RequiredTolerance,
  SideSummary,
  WorstSlice,
} from './comparison.ts'
import { findHints } from './hints/index.ts'
import { toPlainJson } from './json.ts'
import { once } from './once.ts'
import { resolveTolerance, type Tolerance } from './options/tolerance.ts'
import type { Pairs } from './sides/pairs.ts'
import { cosineOf } from './statistics/cosine.ts'
import { distributionOf, type ErrorDistribution } from './statistics/error-distribution.ts'
import {
  type BoundedMetric,
  computeMetric,
  holdsBound,
  type MetricSource,
  maeOf,
  metricNames,
  normOf,
  rmseOf,
  shareOfBound,
  snrOf,
} from './statistics/metrics.ts'
import { requiredTolerance } from './statistics/required.ts'
import { findWorstSlices } from './statistics/slices.ts'
import { gatherStatistics, type Statistics } from './statistics/statistics.ts'
import { findWorst } from './statistics/worst.ts'
import type { ElementRule } from './verdict/element-rule.ts'

/** What {@link reportOn} needs to know about a comparison of equal shapes. */
export interface Findings {
  /** Why it failed, undefined when it passed; as far as that is known without statistics: `'elements'` is one of `nonfinite` and `values`. */
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
  /** The metrics that were given a bound, whether it holds or not. */
  readonly boundedMetrics: readonly BoundedMetric[]
  /** As the user gave them. */
  readonly given: { readonly actual: Tensor; readonly reference: Tensor }
}

/** The worst elements a report lists. */
const worstListed = 5

/** The report of a comparison of equal shapes. */
export function reportOn(findings: Findings): Comparison {
  return new LazyReport(findings)
}

/** The pairs of elements behind a comparison, and the rule they were held to; undefined when shapes did not agree. */
export function comparedPairs(comparison: Comparison): Pick<Findings, 'pairs' | 'rule'> | undefined {
  return LazyReport.findingsOf(comparison)
}

/** Both tensors of a comparison, as they were given. */
export function givenTensors(comparison: Comparison): Findings['given'] | undefined {
  return LazyReport.findingsOf(comparison)?.given ?? misshapen.get(comparison)
}

/** Makes `describe` say in words what a comparison found, as its `toString`. */
export function describeWith(comparison: Comparison, describe: (comparison: Comparison) => string): Comparison {
  if (LazyReport.setDescription(comparison, describe)) return comparison
  return Object.defineProperty(comparison, 'toString', { value: () => describe(comparison) })
}

/** What was not compared, because the shapes do not agree. */
const misshapen = new WeakMap<Comparison, Findings['given']>()

/** What any object says of itself, until there is a description. */
const saysNothing: (comparison: Comparison) => string = () => '[object Object]'

/** A class, because most reports are thrown away unread: its getters cost nothing until then, those of a literal 20 µs each time. */
class LazyReport implements Comparison {
  readonly pass: boolean
  readonly tolerance: Tolerance
  readonly normalize: string | undefined
  readonly shape: readonly number[]
  readonly total: number
  readonly failedMetrics: readonly FailedMetric[]
  readonly mismatch: string | undefined
  readonly #findings: Findings
  readonly #kept = new Map<string, unknown>()
  #describe = saysNothing

  constructor(findings: Findings) {
    this.pass = findings.failure === undefined
    this.tolerance = findings.tolerance
    this.normalize = findings.normalize
    this.shape = findings.pairs.shape
    this.total = findings.pairs.length
    this.failedMetrics = findings.boundedMetrics.filter((metric) => !holdsBound(metric))
    this.mismatch = findings.mismatch
    this.#findings = findings
  }

  /** False for another kind of comparison. */
  static setDescription(comparison: object, describe: (comparison: Comparison) => string): boolean {
    if (!(#findings in comparison)) return false
    comparison.#describe = describe
    return true
  }

  static findingsOf(comparison: object): Findings | undefined {
    return #findings in comparison ? comparison.#findings : undefined
  }

  get reason(): FailureReason | undefined {
    const { failure } = this.#findings
    if (failure !== 'elements') return failure
    return this.#statistics.nonFiniteMismatched > 0 ? 'nonfinite' : 'values'
  }

  get mismatched(): number {
    return this.#statistics.mismatched
  }

  get ratio(): number {
    return this.total === 0 ? 0 : this.mismatched / this.total
  }

  get margin(): number {
    const { nonFiniteMismatched, maxExcess } = this.#statistics
    const ofElements = nonFiniteMismatched > 0 ? Infinity : maxExcess
    return Math.max(ofElements, ...this.#findings.boundedMetrics.map(shareOfBound))
  }

  get actual(): SideSummary {
    return this.#once('actual', () => sideSummary(this.#findings.given.actual, 'actual', () => this.#rawStatistics))
  }

  get reference(): SideSummary {
    return this.#once('reference', () =>
      sideSummary(this.#findings.given.reference, 'reference', () => this.#rawStatistics),
    )
  }

  get absDiff(): AbsoluteErrorStats {
    return this.#once('absDiff', () => absoluteErrors(this.#statistics, () => this.#absolute, this.shape))
  }

  get relDiff(): RelativeErrorStats {
    return this.#once('relDiff', () => relativeErrors(this.#statistics, () => this.#relative, this.shape))
  }

  get histogram(): ErrorHistogram {
    return this.#absolute.histogram
  }

  get worst(): readonly ElementError[] {
    const { pairs, rule } = this.#findings
    return this.#once('worst', () => findWorst(pairs, rule, worstListed))
  }

  get required(): RequiredTolerance {
    const { pairs, allowedMisses } = this.#findings
    return this.#once('required', () => requiredTolerance(pairs, toleranceAsked(this.#findings), allowedMisses))
  }

  get cosine(): number {
    const { pairs, rule } = this.#findings
    return this.#once('cosine', () => cosineOf(pairs, rule, this.#statistics))
  }

  get snrDb(): number {
    return snrOf(this.#statistics)
  }

  get normRatio(): number {
    return this.actual.norm / this.reference.norm
  }

  get raw(): Comparison['raw'] {
    const { pairs, rawPairs, rule } = this.#findings
    if (rawPairs === pairs) return undefined
    const statistics = this.#rawStatistics
    const cosine = this.#once('rawCosine', () => cosineOf(rawPairs, rule, statistics))
    return { maxAbs: statistics.maxAbs, cosine, snrDb: snrOf(statistics) }
  }

  get argmaxAgree(): boolean {
    const { actual, reference } = this.#findings.pairs
    return this.#once('argmaxAgree', () => argmaxOf(actual) === argmaxOf(reference))
  }

  get metrics(): MetricValues {
    return this.#once('metrics', () => lazyMetrics(this.#findings.metricSource))
  }

  get worstSlices(): readonly WorstSlice[] {
    return this.#once('worstSlices', () => findWorstSlices(this.#findings.pairs, this.#findings.rule))
  }

  get hints(): readonly Hint[] {
    if (this.pass) return []
    const { pairs, rawPairs, metricSource } = this.#findings
    return this.#once('hints', () =>
      findHints({
        pairs,
        rule: ruleForHints(this.#findings),
        normalized: rawPairs !== pairs,
        dtypes: metricSource.dtypes,
        statistics: () => this.#statistics,
        relative: () => this.#relative,
        worstSlices: () => this.worstSlices,
      }),
    )
  }

  /** A method, because to define a property of each comparison takes a quarter of the time of a small one. */
  toString(): string {
    return this.#describe(this)
  }

  toJSON(): Record<string, unknown> {
    return toPlainJson(Object.fromEntries(reportFields.map((name) => [name, this[name]]))) as Record<string, unknown>
  }

  /** What `console.log` shows in Node: the numbers, not the getters. */
  [Symbol.for('nodejs.util.inspect.custom')](): unknown {
    return this.toJSON()
  }

  get #statistics(): Statistics {
    return this.#findings.statistics()
  }

  get #rawStatistics(): Statistics {
    const { pairs, rawPairs, rule } = this.#findings
    return rawPairs === pairs ? this.#statistics : this.#once('rawStatistics', () => gatherStatistics(rawPairs, rule))
  }

  get #absolute(): ErrorDistribution {
    const { pairs, rule } = this.#findings
    return this.#once('absolute', () => distributionOf(pairs, rule, 'absolute', [0.5, 0.9, 0.99], this.#statistics))
  }

  get #relative(): ErrorDistribution {
    const { pairs, rule } = this.#findings
    return this.#once('relative', () => distributionOf(pairs, rule, 'relative', [0.5, 0.99], this.#statistics))
  }

  #once<Result>(name: string, compute: () => Result): Result {
    if (!this.#kept.has(name)) this.#kept.set(name, compute())
    return this.#kept.get(name) as Result
  }
}

/** What JSON holds, in this order. */
const reportFields = [
  'pass',
  'reason',
  'mismatch',
  'tolerance',
  'normalize',
  'shape',
  'total',
  'mismatched',
  'ratio',
  'margin',
  'actual',
  'reference',
  'absDiff',
  'relDiff',
  'histogram',
  'worst',
  'required',
  'cosine',
  'snrDb',
  'normRatio',
  'raw',
  'argmaxAgree',
  'metrics',
  'failedMetrics',
  'worstSlices',
  'hints',
] as const satisfies readonly Exclude<keyof Comparison, 'toJSON'>[]

function indexAt(position: number, shape: readonly number[]): Index | undefined {
  return position < 0 ? undefined : unravelIndex(position, shape)
}

/** Quantiles take passes of their own: they wait until they are read. */
function absoluteErrors(
  statistics: Statistics,
  distribution: () => ErrorDistribution,
  shape: readonly number[],
): AbsoluteErrorStats {
  const none = statistics.finitePairs === 0
  return {
    max: none ? Number.NaN : statistics.maxAbs,
    at: indexAt(statistics.maxAbsAt, shape),
    mean: none ? Number.NaN : maeOf(statistics),
    get p50() {
      return distribution().quantiles[0] ?? Number.NaN
    },
    get p90() {
      return distribution().quantiles[1] ?? Number.NaN
    },
    get p99() {
      return distribution().quantiles[2] ?? Number.NaN
    },
    rmse: none ? Number.NaN : rmseOf(statistics),
  }
}

function relativeErrors(
  statistics: Statistics,
  distribution: () => ErrorDistribution,
  shape: readonly number[],
): RelativeErrorStats {
  const none = statistics.finitePairs === statistics.zeroReferences
  return {
    max: none ? Number.NaN : statistics.maxRel,
    at: indexAt(statistics.maxRelAt, shape),
    get mean() {
      return distribution().mean
    },
    get p50() {
      return distribution().quantiles[0] ?? Number.NaN
    },
    get p99() {
      return distribution().quantiles[1] ?? Number.NaN
    },
    zeroReferences: statistics.zeroReferences,
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

/** Shape and dtype are known without a pass over the elements. */
function sideSummary(
  { shape, dtype }: Tensor,
  name: 'actual' | 'reference',
  statistics: () => Statistics,
): SideSummary {
  return {
    shape,
    dtype,
    get norm() {
      return normOf(statistics()[name])
    },
    get min() {
      return statistics()[name].min
    },
    get max() {
      return statistics()[name].max
    },
    get nonFinite() {
      const { nan, posInf, negInf } = statistics()[name]
      return { nan, posInf, negInf }
    },
  }
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
  const report: Comparison = {
    pass: false,
    reason: 'shape',
    tolerance,
    normalize,
    shape: reference.shape,
    total,
    mismatched: total,
    ratio: total === 0 ? 0 : 1,
    margin: Infinity,
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
  misshapen.set(report, { actual, reference })
  return report
}
