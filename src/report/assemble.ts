// Makes a report of assertions.
import packageJson from '../../package.json' with { type: 'json' }
import { type Assertion, type Report, type Run, reportSchema, type Summary } from './report.ts'

/** What a run keeps of its failures; those that miss their tolerance by most come first. */
const mostPictures = 200
const mostMessages = 1000

export function assemble(run: Run, assertions: readonly Assertion[]): Report {
  return {
    schema: reportSchema,
    tool: { name: 'expect-tensor', version: packageJson.version },
    run,
    summary: summarize(assertions),
    assertions: trimFailures(assertions),
  }
}

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

/** Thousands of failures have few causes: most of them go without pictures, and many without their message. */
function trimFailures(assertions: readonly Assertion[]): readonly Assertion[] {
  const failures = assertions.filter(({ failure }) => failure !== undefined)
  if (failures.length <= mostPictures) return assertions
  const ranks = new Map(failures.sort(byWorst).map((assertion, rank) => [assertion, rank]))
  return assertions.map((assertion) => {
    const { failure } = assertion
    const rank = ranks.get(assertion)
    if (failure === undefined || rank === undefined || rank < mostPictures) return assertion
    const { reason, message, hints } = failure
    return {
      ...assertion,
      failure: {
        ...(reason && { reason }),
        ...(rank < mostMessages && { ...(message && { message }), ...(hints && { hints }) }),
      },
    }
  })
}

/** Failures first, then by the share of the tolerance that was used; what has none comes last. */
export function byWorst(a: Assertion, b: Assertion): number {
  return Number(isFailed(b)) - Number(isFailed(a)) || rankOf(b) - rankOf(a) || 0
}

/** JavaScript's Infinity - Infinity is NaN: equal ranks must be 0 apart. */
const rankOf = (assertion: Assertion): number => {
  const margin = marginOf(assertion)
  return Number.isNaN(margin) ? -1 : Math.min(margin, Number.MAX_VALUE)
}
