// The verdict on a run, in one line: the title of its report.
import { countOf } from '../tensor/numbers.ts'
import type { Report } from './report.ts'

export function describeVerdict({ summary }: Pick<Report, 'summary'>): string {
  const { assertions, failed } = summary
  const all = countOf(assertions, 'tensor assertion')
  if (failed > 0) return `${failed} of ${all} failed`
  return assertions === 0 ? 'No tensor assertions' : `All of ${all} passed`
}

/** The verdict, and what else a terminal should say. */
export function describeSummary({ summary, run }: Pick<Report, 'summary' | 'run'>): string {
  const { near, grown = 0 } = summary
  return [
    describeVerdict({ summary }),
    ...(near > 0 ? [`${near} passed with more than half of the tolerance used`] : []),
    ...(grown > 0 ? [`${grown} grown since the baseline`] : []),
    ...(run.lostFiles.length > 0 ? [`nothing is known of ${countOf(run.lostFiles.length, 'test file')}`] : []),
  ].join('; ')
}
