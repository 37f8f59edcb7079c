// What a reporter does with the report of its run.
import { join, resolve } from 'node:path'
import { countOf } from '../tensor/numbers.ts'
import type { Report } from './report.ts'
import { printReport, writeText } from './write-report.ts'

export interface ReporterOptions {
  /** The folder that the report is written to, relative to the root of the run. Default: `expect-tensor-report`. */
  readonly outputDir?: string
}

/** Writes the report, and returns the lines to print. */
export function publish(
  report: Report,
  root: string,
  { outputDir = 'expect-tensor-report' }: ReporterOptions,
): string[] {
  const folder = resolve(root, outputDir)
  writeText(join(folder, 'report.json'), printReport(report))
  return [describeSummary(report), `Report of tensor assertions: ${join(folder, 'report.json')}`]
}

/** The verdict in one line. */
export function describeSummary({ summary, run }: Report): string {
  const { assertions, failed, near } = summary
  const verdict =
    failed > 0
      ? `${failed} of ${countOf(assertions, 'tensor assertion')} failed`
      : assertions === 0
        ? 'No tensor assertions'
        : `All of ${countOf(assertions, 'tensor assertion')} passed`
  return [
    verdict,
    ...(near > 0 ? [`${near} passed with more than half of the tolerance used`] : []),
    ...(run.lostFiles.length > 0 ? [`nothing is known of ${countOf(run.lostFiles.length, 'test file')}`] : []),
  ].join('; ')
}
