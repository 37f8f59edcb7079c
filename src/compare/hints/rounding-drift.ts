// Whether an error is of the size, and spread the way, that rounding to a short floating-point format leaves behind.
import { isFloatDType } from '../../tensor/dtype.ts'
import { rmseOf, snrOf } from '../statistics/metrics.ts'
import type { HintContext } from './context.ts'

/** Fewer elements say nothing about a typical error. */
const leastElements = 8

/** Share of the elements that must be off: rounding spares few. */
const leastDiffering = 0.5

/** How far the relative error of the tensor as a whole may be from that of the median element. */
const mostUneven = 8

/** Whether floating-point tensors without non-finite elements are compared, enough of them to speak of a typical error. */
export function canDrift({ pairs, dtypes, statistics }: HintContext): boolean {
  return dtypes.every(isFloatDType) && pairs.length >= leastElements && statistics().finitePairs === pairs.length
}

/** Whether every element of actual is its reference, rounded. */
export function isRoundedReference({ values, statistics }: HintContext, round: (value: number) => number): boolean {
  const both = values()
  if (both === undefined || statistics().maxAbs === 0) return false
  return both.actual.every((value, i) => value === round(both.reference[i]))
}

/**
 * The median relative error, or NaN when the error is not spread as rounding spreads it: over most elements, without a common shift,
 * and with a root mean square, relative to that of the reference, of about the same size.
 */
export function typicalDrift({ moments, relative, statistics }: HintContext): number {
  const { count, differing, meanActual, meanReference } = moments()
  if (differing < leastDiffering * count) return Number.NaN
  if (Math.abs(meanActual - meanReference) > 0.5 * rmseOf(statistics())) return Number.NaN
  const median = relative().quantiles[0] ?? Number.NaN
  const overall = 10 ** (-snrOf(statistics()) / 20)
  return overall > median / mostUneven && overall < median * mostUneven ? median : Number.NaN
}
