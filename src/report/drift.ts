// What changed since an earlier report: how much of its tolerance each assertion uses now, and used then.
import { jsonNumber } from '../compare/json.ts'
import { summarize } from './counts.ts'
import type { Assertion, Drift, Report } from './report.ts'

export interface DriftOptions {
  /** A margin that grew to this many times what it was is reported. */
  readonly factor: number
  /** One that grew to this many times fails the run. */
  readonly failFactor?: number
}

export const defaultFactor = 2

/** Below this share of the tolerance, growth is noise: margins count as no less. */
const floor = 0.01

/** The report, held against the baseline: assertions are matched by their ids. */
export function compareWithBaseline(report: Report, baseline: Report, { factor, failFactor }: DriftOptions): Report {
  const before = new Map(countedOf(baseline).map((assertion) => [assertion.id, assertion]))
  const now = new Set(countedOf(report).map(({ id }) => id))
  const assertions = report.assertions.map((assertion) => withBaseline(assertion, before.get(assertion.id)))
  const counted = assertions.filter(({ superseded }) => !superseded)
  const { startedAt, commit } = baseline.run
  const drift: Drift = {
    baseline: { startedAt, ...(commit && { commit }) },
    factor,
    ...(failFactor !== undefined && { failFactor }),
    added: counted.filter(({ id }) => !before.has(id)).map(({ id }) => id),
    removed: [...before.values()]
      .filter(({ id }) => !now.has(id))
      .map(({ id, project, file, test, matcher, label, key }) => ({
        id,
        ...(project !== undefined && { project }),
        file,
        test,
        matcher,
        ...(label !== undefined && { label }),
        ...(key !== undefined && { key }),
      })),
    retuned: counted.filter((assertion) => isRetuned(assertion, before.get(assertion.id))).map(({ id }) => id),
  }
  return {
    ...report,
    summary: { ...summarize(assertions), grown: counted.filter((assertion) => hasGrown(assertion, factor)).length },
    drift,
    assertions,
  }
}

const countedOf = ({ assertions }: Report): Assertion[] => assertions.filter(({ superseded }) => !superseded)

function withBaseline({ baseline: _, ...assertion }: Assertion, before: Assertion | undefined): Assertion {
  if (before?.margin === undefined || assertion.margin === undefined || assertion.not || assertion.superseded)
    return assertion
  const [margin, earlier] = [Number(assertion.margin), Number(before.margin)]
  const growth = margin === earlier ? 1 : Math.max(margin, floor) / Math.max(earlier, floor)
  return { ...assertion, baseline: { margin: before.margin, growth: jsonNumber(growth) } }
}

export const hasGrown = ({ baseline }: Assertion, factor: number): boolean =>
  baseline !== undefined && Number(baseline.growth) >= factor

/** A margin is a share of the tolerance: one that was loosened hides an error that grew. */
function isRetuned(assertion: Assertion, before: Assertion | undefined): boolean {
  if (before?.comparison === undefined || assertion.comparison === undefined) return false
  return JSON.stringify(assertion.comparison.criterion) !== JSON.stringify(before.comparison.criterion)
}

/** Those that grew by so much that the run fails. */
export function driftFailures({ drift, assertions }: Report): Assertion[] {
  const failFactor = drift?.failFactor
  return failFactor === undefined ? [] : assertions.filter((assertion) => hasGrown(assertion, failFactor))
}
