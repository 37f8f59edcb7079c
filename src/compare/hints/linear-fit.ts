// How well one sign, one gain or one offset explains the difference of two tensors.
import type { HintContext } from './context.ts'

/** A pattern explains a mismatch when what it leaves over is less than this share of the error (as root mean squares). */
export const mostLeftOver = 0.1

/** Below this many pairs any numbers look like a line. */
const leastPairs = 4

export interface LinearFit {
  /** Root mean square of actual. */
  readonly actual: number
  /** Standard deviation of the reference. */
  readonly deviation: number
  /** Root mean square of `actual - reference`. */
  readonly error: number
  readonly gain: number
  /** Root mean square of `actual - gain * reference`. */
  readonly afterGain: number
  readonly offset: number
  /** Root mean square of `actual - reference - offset`. */
  readonly afterOffset: number
  /** Root mean square of `actual + reference`. */
  readonly afterSignFlip: number
}

/** Fits of actual to the reference by least squares; undefined when there are too few pairs, a non-finite one, or only zeros. */
export function fitLine({ moments, pairs }: HintContext): LinearFit | undefined {
  const { count, meanActual: a, meanReference: r, varianceActual, varianceReference, covariance } = moments()
  if (count < leastPairs || count < pairs.length) return undefined
  const squareActual = varianceActual + a * a
  const squareReference = varianceReference + r * r
  const product = covariance + a * r
  if (!(squareReference > 0 && Number.isFinite(squareActual + squareReference))) return undefined
  const gain = product / squareReference
  const spread = Math.max(0, varianceActual + varianceReference - 2 * covariance)
  return {
    actual: Math.sqrt(squareActual),
    deviation: Math.sqrt(varianceReference),
    error: Math.sqrt(spread + (a - r) ** 2),
    gain,
    afterGain: Math.sqrt(Math.max(0, squareActual - gain * product)),
    offset: a - r,
    afterOffset: Math.sqrt(spread),
    afterSignFlip: Math.sqrt(Math.max(0, varianceActual + varianceReference + 2 * covariance) + (a + r) ** 2),
  }
}
