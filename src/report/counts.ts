// Which assertions count as what, and in which order they matter.
import type { Assertion, Summary } from './report.ts'

/** A passing assertion is near its limit when it used more than this share of its tolerance. */
const nearLimit = 0.5

export function summarize(assertions: readonly Assertion[]): Summary {
  const counted = assertions.filter(({ superseded }) => !superseded)
  return {
    assertions: counted.length,
    failed: counted.filter(isFailed).length,
    near: counted.filter(isNear).length,
    unattributed: counted.filter(({ test }) => test === null).length,
    superseded: assertions.length - counted.length,
  }
}

/** And not excused. */
export const isFailed = ({ status, superseded, caught }: Assertion): boolean =>
  status !== 'passed' && !superseded && !caught

export const isNear = (assertion: Assertion): boolean =>
  assertion.status === 'passed' && !assertion.superseded && marginOf(assertion) > nearLimit

/** NaN where there is none, and where it says nothing, under `.not`. */
export const marginOf = ({ margin, not }: Assertion): number => (not || margin === undefined ? NaN : Number(margin))

/** Failures first, then by the share of the tolerance that was used; what has none comes last. */
export function byWorst(a: Assertion, b: Assertion): number {
  return Number(isFailed(b)) - Number(isFailed(a)) || rankOf(b) - rankOf(a) || 0
}

/** JavaScript's Infinity - Infinity is NaN: equal ranks must be 0 apart. */
const rankOf = (assertion: Assertion): number => {
  const margin = marginOf(assertion)
  return Number.isNaN(margin) ? -1 : Math.min(margin, Number.MAX_VALUE)
}
