// compareTensors: from two tensor-likes and options to a verdict, and a report that explains it.
import type { DType } from '../tensor/dtype.ts'
import { isFloatDType } from '../tensor/dtype.ts'
import type { Tensor, TensorLike } from '../tensor/tensor.ts'
import { toTensor } from '../tensor/to-tensor.ts'
import type { Comparison } from './comparison.ts'
import { reportOn, reportShapeMismatch } from './lazy-comparison.ts'
import { once } from './once.ts'
import { type CheckedOptions, checkOptions } from './options/check-options.ts'
import type { CompareOptions } from './options/options.ts'
import { resolveTolerance, type Tolerance } from './options/tolerance.ts'
import { align } from './sides/align.ts'
import { nameOfNormalization, normalizeSides } from './sides/normalize-sides.ts'
import { type Pairs, pairUp } from './sides/pairs.ts'
import { holdsBound, type MetricSource, measureBounded } from './statistics/metrics.ts'
import { countMisses, gatherStatistics } from './statistics/statistics.ts'
import type { ElementRule } from './verdict/element-rule.ts'
import { allClose } from './verdict/verdict.ts'

/**
 * Compares `actual` with `reference`: what the public function of this name does, which src/explain has, but for words.
 *
 * @throws TypeError or RangeError, naming the argument or option, for anything that is not a tensor, a wrong option, or a slice
 *   that `normalize` cannot scale.
 */
export function compareTensors(actual: TensorLike, reference: TensorLike, options?: CompareOptions): Comparison {
  const checked = checkOptions(options)
  const given = { actual: toTensor(actual, { name: 'actual' }), reference: toTensor(reference, { name: 'reference' }) }
  const tolerance = toleranceFor(checked, given, { actual, reference })
  const normalize = checked.normalize === undefined ? undefined : nameOfNormalization(checked.normalize)
  const aligned = align(given.actual, given.reference, checked)
  if (aligned.mismatch !== undefined) {
    return reportShapeMismatch(given.actual, given.reference, aligned.mismatch, tolerance, normalize)
  }
  const rawPairs = pairUp(aligned.actual, aligned.reference)
  const { pairs, problem } =
    checked.normalize === undefined
      ? { pairs: rawPairs, problem: undefined }
      : normalizeSides(rawPairs, checked.normalize, checked.axes)
  const rule: ElementRule = { atol: tolerance.atol, rtol: tolerance.rtol, equalNaN: checked.equalNaN }
  const statistics = once(() => gatherStatistics(pairs, rule))
  const dtypes = [given.actual.dtype, given.reference.dtype] as const
  const metricSource: MetricSource = { pairs, rule, statistics, dtypes }
  const { failure, mismatch, boundedMetrics } = decide(checked, pairs, metricSource, problem)
  return reportOn({
    failure,
    mismatch,
    boundedMetrics,
    tolerance,
    rule,
    allowedMisses: checked.allowedMisses(pairs.length),
    normalize,
    pairs,
    rawPairs,
    statistics,
    metricSource,
    given,
  })
}

/**
 * After normalization integers are fractions: then they get the tolerance of float64, not that of exact integers. Whole numbers that
 * are written out beside integers are integers, too.
 */
function toleranceFor(checked: CheckedOptions, given: Sides<Tensor>, written: Sides<TensorLike>): Tolerance {
  const dtypeOf = ({ dtype }: Tensor): DType =>
    checked.normalize === undefined || isFloatDType(dtype) ? dtype : 'float64'
  const [a, r] = [dtypeOf(given.actual), dtypeOf(given.reference)]
  return resolveTolerance(
    checked,
    checked.metrics.length > 0,
    !isFloatDType(r) && isWholeLiteral(written.actual, given.actual) ? r : a,
    !isFloatDType(a) && isWholeLiteral(written.reference, given.reference) ? a : r,
  )
}

interface Sides<Side> {
  readonly actual: Side
  readonly reference: Side
}

/** Whether a tensor was written as plain numbers, all of them whole: its dtype is float64 only because JavaScript has no other. */
function isWholeLiteral(written: TensorLike, { data, dtype }: Tensor): boolean {
  return dtype === 'float64' && isLiteral(written) && Array.prototype.every.call(data, Number.isInteger)
}

function isLiteral(written: unknown): boolean {
  if (typeof written === 'number') return true
  if (Array.isArray(written)) return written.length > 0 && isLiteral(written[0])
  if (typeof written !== 'object' || written === null || ArrayBuffer.isView(written)) return false
  const { data, dtype, type } = written as { data?: unknown; dtype?: unknown; type?: unknown }
  return dtype === undefined && type === undefined && Array.isArray(data)
}

/** Everything that must hold, in the order in which failures are reported. */
function decide(checked: CheckedOptions, pairs: Pairs, source: MetricSource, problem: string | undefined) {
  const dtypeMismatch = checked.checkDtype ? explainDtypeMismatch(source.dtypes) : undefined
  const elementsMatch = problem === undefined && isWithin(pairs, source.rule, checked.allowedMisses(pairs.length))
  const boundedMetrics = measureBounded(checked.metrics, source)
  const metricsHold = boundedMetrics.every(holdsBound)
  const failure =
    dtypeMismatch !== undefined ? 'dtype' : !elementsMatch ? 'elements' : !metricsHold ? 'metric' : undefined
  return { failure, mismatch: dtypeMismatch ?? problem, boundedMetrics } as const
}

function explainDtypeMismatch([actual, reference]: MetricSource['dtypes']): string | undefined {
  return actual === reference ? undefined : `dtypes differ: actual ${actual}, reference ${reference}`
}

/** Whether few enough elements miss the rule. A non-finite element that misses it is never excused. */
function isWithin(pairs: Pairs, rule: ElementRule, allowedMisses: number): boolean {
  if (allowedMisses === 0) return allClose(pairs, rule)
  const { mismatched, nonFiniteMismatched } = countMisses(pairs, rule)
  return nonFiniteMismatched === 0 && mismatched <= allowedMisses
}
