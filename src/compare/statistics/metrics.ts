// Numbers that describe a whole tensor's error, and whether their bounds hold.
import type { DType } from '../../tensor/dtype.ts'
import type { MetricValues } from '../comparison.ts'
import type { CheckedOptions } from '../options/check-options.ts'
import type { Pairs } from '../sides/pairs.ts'
import type { ElementRule } from '../verdict/element-rule.ts'
import { cosineOf } from './cosine.ts'
import type { SideStatistics, Statistics } from './statistics.ts'
import { coarserFloat, maxUlpDistance } from './ulp.ts'

/** Euclidean norm of one side, over pairs of finite elements. */
export function normOf({ sumOfSquares, scale }: SideStatistics): number {
  return scale * Math.sqrt(sumOfSquares)
}

/** Signal-to-noise ratio in decibels, `20 log10(|reference| / |actual - reference|)`; Infinity without any noise. */
export function snrOf({ reference, sumOfSquaredDiffs, diffScale }: Statistics): number {
  if (sumOfSquaredDiffs === 0) return Infinity
  return (
    10 * Math.log10(reference.sumOfSquares / sumOfSquaredDiffs) +
    20 * (Math.log10(reference.scale) - Math.log10(diffScale))
  )
}

/** Peak signal-to-noise ratio in decibels: `20 log10(max |reference| / rmse)`. */
function psnrOf(statistics: Statistics): number {
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
  /** The dtypes before normalization: they say what a unit in the last place is. */
  readonly dtypes: readonly [actual: DType, reference: DType]
}

/** A metric: how it is computed and what a bound on it means. */
interface Metric {
  compute(source: MetricSource): number
  /** Whether the bound is the least that is required, not the most that is allowed. */
  readonly least: boolean
  readonly unit: '' | ' dB'
  /** The share of what the bound allows that the error uses: above 1 when it does not hold. */
  share(value: number, bound: number): number
}

function error(compute: Metric['compute']): Metric {
  return { compute, least: false, unit: '', share: (value, bound) => (value === 0 ? 0 : value / bound) }
}

/** A ratio in decibels. Its share is that of the noise's amplitude. */
function signalToNoise(compute: Metric['compute']): Metric {
  return { compute, least: true, unit: ' dB', share: (value, bound) => 10 ** ((bound - value) / 20) }
}

/** What counts is the distance from 1. */
function similarity(compute: Metric['compute']): Metric {
  return { compute, least: true, unit: '', share: (value, bound) => (value === 1 ? 0 : (1 - value) / (1 - bound)) }
}

const metrics: Readonly<Record<keyof MetricValues, Metric>> = {
  cosine: similarity(({ pairs, rule, statistics }) => cosineOf(pairs, rule, statistics())),
  snr: signalToNoise(({ statistics }) => snrOf(statistics())),
  psnr: signalToNoise(({ statistics }) => psnrOf(statistics())),
  rmse: error(({ statistics }) => rmseOf(statistics())),
  mae: error(({ statistics }) => maeOf(statistics())),
  maxAbs: error(({ statistics }) => statistics().maxAbs),
  maxRel: error(({ statistics }) => statistics().maxRel),
  maxUlp: error(({ pairs, rule, dtypes }) => maxUlpDistance(pairs, rule, coarserFloat(...dtypes))),
}

export const metricNames = Object.keys(metrics) as readonly (keyof MetricValues)[]

export function computeMetric(name: keyof MetricValues, source: MetricSource): number {
  return metrics[name].compute(source)
}

/** What a bound on a metric means, for those who write about it. */
export function meaningOf(name: keyof MetricValues): Pick<Metric, 'least' | 'unit'> {
  return metrics[name]
}

/** A metric that was given a bound. */
export interface BoundedMetric {
  readonly name: keyof MetricValues
  readonly value: number
  readonly bound: number
}

export function measureBounded(bounds: CheckedOptions['metrics'], source: MetricSource): BoundedMetric[] {
  return bounds.map(({ name, bound }) => ({ name, value: computeMetric(name, source), bound }))
}

export function holdsBound({ name, value, bound }: BoundedMetric): boolean {
  return metrics[name].least ? value >= bound : value <= bound
}

/** The share of what its bound allows that a metric uses; Infinity for a metric that has no value. */
export function shareOfBound({ name, value, bound }: BoundedMetric): number {
  return Number.isNaN(value) ? Infinity : metrics[name].share(value, bound)
}
