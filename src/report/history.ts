// How much of its tolerance each assertion used, report by report: a line over releases.

import type { JsonNumber } from '../compare/json.ts'
import { jsonNumber } from '../compare/json.ts'
import { marginOf } from './counts.ts'
import { describeMargin, nameOfAssertion, nameOfTest } from './describe.ts'
import type { Assertion, Report } from './report.ts'

export interface HistoryRow {
  readonly id: string
  readonly name: string
  readonly file: string
  /** One for each report; null where the assertion is missing, or has no margin. */
  readonly margins: readonly (JsonNumber | null)[]
}

/** What grew most from the first to the last report comes first. */
export function historyOf(reports: readonly Report[]): HistoryRow[] {
  const rows = new Map<string, { assertion: Assertion; margins: (JsonNumber | null)[] }>()
  reports.forEach(({ assertions }, i) => {
    for (const assertion of assertions) {
      const margin = marginOf(assertion)
      if (assertion.superseded || Number.isNaN(margin)) continue
      const row = rows.get(assertion.id) ?? { assertion, margins: reports.map(() => null) }
      rows.set(assertion.id, { ...row, assertion })
      row.margins[i] = jsonNumber(margin)
    }
  })
  return [...rows.values()]
    .map(({ assertion, margins }) => ({
      id: assertion.id,
      name: `${nameOfTest(assertion)}: ${nameOfAssertion(assertion)}`,
      file: assertion.file,
      margins,
    }))
    .sort((a, b) => growthOf(b) - growthOf(a))
}

function growthOf({ margins }: HistoryRow): number {
  const known = margins.flatMap((margin) => (margin === null ? [] : [Number(margin)]))
  const [first = 0, last = 0] = [known.at(0), known.at(-1)]
  return Math.min(last, Number.MAX_VALUE) - Math.min(first, Number.MAX_VALUE)
}

const heights = '▁▂▃▄▅▆▇█'

/** A picture of the margins in a line of text: full is the whole tolerance, `!` more than that. */
export function sparkline({ margins }: HistoryRow): string {
  return margins
    .map((margin) => {
      if (margin === null) return ' '
      const share = Number(margin)
      return share > 1 ? '!' : heights[Math.min(heights.length - 1, Math.floor(share * heights.length))]
    })
    .join('')
}

/** Of the last report that has the assertion. */
export function lastMargin({ margins }: HistoryRow): string {
  return describeMargin(Number(margins.findLast((margin) => margin !== null)))
}
