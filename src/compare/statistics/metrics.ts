// Numbers that describe a whole tensor's error, and whether their bounds hold.
import type { DType } from '../../tensor/dtype.ts'
import type { FailedMetric, MetricValues } from '../comparison.ts'
import type { CheckedOptions } from '../options/check-options.ts'
import type { Pairs } from '../sides/pairs.ts'
import type { ElementRule } from '../verdict/element-rule.ts'
import type { SideStatistics, Statistics } from './statistics.ts'
import { coarserFloat, maxUlpDistance } from './ulp.ts'

/** Euclidean norm of one side, over pairs of finite elements. */
export function normOf(side: SideStatistics, { scale }: Statistics): number {
  return scale * Math.sqrt(side.sumOfSquares)
}

/**
 * Cosine similarity. Two zero vectors are alike (1), a zero vector and another are not (0). Computed from the difference,
 * `1 - cos = (|a - r|² - (|a| - |r|)²) / (2 |a| |r|)`, which keeps its digits where the dot product of nearly equal vectors loses them.
 */
export function cosineOf({ actual, reference, sumOfSquaredDiffs, scale, diffScale }: Statistics): number {
  const a = Math.sqrt(actual.sumOfSquares)
  const r = Math.sqrt(reference.sumOfSquares)
  if (a === 0 || r === 0) return a === r ? 1 : 0
  const d = Math.sqrt(sumOfSquaredDiffs) * (diffScale / scale)
  const distance = (d * d - (a - r) ** 2) / (2 * a * r)
  return Math.max(-1, Math.min(1, 1 - distance))
}

/** Signal-to-noise ratio in decibels, `20 log10(|reference| / |actual - reference|)`; Infinity without any noise. */
export function snrOf({ reference, sumOfSquaredDiffs, scale, diffScale }: Statistics): number {
  if (sumOfSquaredDiffs === 0) return Infinity
  return 10 * Math.log10(reference.sumOfSquares / sumOfSquaredDiffs) + 20 * Math.log10(scale / diffScale)
}

/** Peak signal-to-noise ratio in decibels: `20 log10(max |reference| / rmse)`. */
export function psnrOf(statistics: Statistics): number {
  const { min, max } = statistics.reference
  const noise = rmseOf(statistics)
  return noise === 0 ? Infinity : 20 * Math.log10(Math.max(Math.abs(min), Math.abs(max)) / noise)
}

export function rmseOf({ finitePairs, sumOfSquaredDiffs, diffScale }: Statistics): number {
  return finitePairs === 0 ? 0 : diffScale * Math.sqrt(sumOfSquaredDiffs / finitePairs)
}

export function maeOf({ finitePairs, sumOfDiffs, diffScale }: Statistics): number {
  return finitePairs === 0 ? 0 : diffScale * (sumOfDiffs / finitePairs)
}

/** What the metrics are computed from. */
export interface MetricSource {
  readonly pairs: Pairs
  readonly rule: ElementRule
  readonly statistics: () => Statistics
  /** The dtypes before normalisation: they say what a unit in the last place is. */
  readonly dtypes: readonly [actual: DType, reference: DType]
}

const computations: Readonly<Record<keyof MetricValues, (source: MetricSource) => number>> = {
  cosine: ({ statistics }) => cosineOf(statistics()),
  snr: ({ statistics }) => snrOf(statistics()),
  psnr: ({ statistics }) => psnrOf(statistics()),
  rmse: ({ statistics }) => rmseOf(statistics()),
  mae: ({ statistics }) => maeOf(statistics()),
  maxAbs: ({ statistics }) => statistics().maxAbs,
  maxRel: ({ statistics }) => statistics().maxRel,
  maxUlp: ({ pairs, rule, dtypes }) => maxUlpDistance(pairs, rule, coarserFloat(...dtypes)),
}

export const metricNames = Object.keys(computations) as readonly (keyof MetricValues)[]

export function computeMetric(name: keyof MetricValues, source: MetricSource): number {
  return computations[name](source)
}

/** Metrics of which more is better; of the others less is. */
const leastBounds: ReadonlySet<keyof MetricValues> = new Set(['cosine', 'snr', 'psnr'])

/** The metrics that miss their bound. */
export function findFailedMetrics(bounds: CheckedOptions['metrics'], source: MetricSource): FailedMetric[] {
  return bounds.flatMap(({ name, bound }) => {
    const value = computeMetric(name, source)
    const holds = leastBounds.has(name) ? value >= bound : value <= bound
    return holds ? [] : [{ name, value, bound }]
  })
}
