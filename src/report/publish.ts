// What a reporter does with the report of its run: files, lines for the terminal, and what GitHub shows.
import { appendFileSync, existsSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { countOf } from '../tensor/numbers.ts'
import { annotations } from './annotations.ts'
import { compareWithBaseline, defaultFactor, driftFailures } from './drift.ts'
import { renderPage } from './html/page.ts'
import { reportMarkdown } from './markdown.ts'
import type { ReporterOptions } from './options.ts'
import { readReport } from './read-report.ts'
import type { Report } from './report.ts'
import { describeSummary } from './verdict.ts'
import { printReport, writeText } from './write-report.ts'

export interface Published {
  readonly lines: readonly string[]
  /** Why the run fails although its tests may have passed. */
  readonly failure?: string
}

/** Writes the report, and says what to print. */
export function publish(found: Report, root: string, options: ReporterOptions, env = process.env): Published {
  const { outputDir = 'expect-tensor-report', factor = defaultFactor, failFactor } = options
  const folder = resolve(root, outputDir)
  const baseline = options.baseline === undefined ? undefined : resolve(root, options.baseline)
  const isThere = baseline !== undefined && existsSync(baseline)
  const report = isThere ? compareWithBaseline(found, readReport(baseline), { factor, failFactor }) : found
  writeText(join(folder, 'report.json'), printReport(report))
  writeText(join(folder, 'report.html'), renderPage(report))
  if (env.GITHUB_STEP_SUMMARY) appendFileSync(env.GITHUB_STEP_SUMMARY, reportMarkdown(report))
  const drifted = driftFailures(report).length
  const failure = `${countOf(drifted, 'tensor assertion')} used ${failFactor} times as much of the tolerance as in the baseline, or more`
  return {
    lines: [
      describeSummary(report),
      ...(baseline !== undefined && !isThere ? [`No baseline yet: ${relative(root, baseline)} does not exist`] : []),
      ...(drifted > 0 ? [failure] : []),
      ...(env.GITHUB_ACTIONS ? annotations(report) : []),
      `Report: ${join(folder, 'report.html')}`,
    ],
    ...(drifted > 0 && { failure }),
  }
}
