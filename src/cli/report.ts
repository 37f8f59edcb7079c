// `expect-tensor report <action> report.json...`: what can be made of the reports of test runs.
import { writeFileSync } from 'node:fs'
import { columns } from '../explain/columns.ts'
import { describeGrowth, describeMargin, nameOfAssertion, nameOfTest } from '../report/describe.ts'
import { compareWithBaseline, defaultFactor, driftFailures, hasGrown } from '../report/drift.ts'
import { historyOf, lastMargin, sparkline } from '../report/history.ts'
import { renderPage } from '../report/html/page.ts'
import { reportMarkdown } from '../report/markdown.ts'
import { mergeReports } from '../report/merge.ts'
import { isGrowth } from '../report/options.ts'
import { readReport } from '../report/read-report.ts'
import type { Report } from '../report/report.ts'
import { describeSummary } from '../report/verdict.ts'
import { printReport } from '../report/write-report.ts'
import { defineCommand, type Invocation, type Options, UsageError } from './command.ts'

const options = {
  output: { type: 'string', value: '<path>', help: 'write to this file in place of standard output' },
  baseline: { type: 'string', value: '<report.json>', help: 'an earlier report to compare with' },
  factor: {
    type: 'string',
    value: '<number>',
    help: `growth of a margin that is reported; ${defaultFactor} by default`,
  },
  'fail-factor': { type: 'string', value: '<number>', help: 'growth of a margin that makes the exit code 1' },
} as const satisfies Options

type ReportInvocation = Invocation<typeof options>

interface Named {
  readonly name: string
  readonly report: Report
}

const mostRows = 50

const actions: Readonly<Record<string, (reports: readonly Named[], invocation: ReportInvocation) => number>> = {
  html(reports, invocation) {
    const report = only(reports, 'html', invocation)
    write(invocation, invocation.values.json ? printReport(report) : renderPage(report))
    return exitCodeOf(report, invocation)
  },
  markdown(reports, invocation) {
    const report = only(reports, 'markdown', invocation)
    write(invocation, invocation.values.json ? printReport(report) : reportMarkdown(report))
    return exitCodeOf(report, invocation)
  },
  merge(reports, invocation) {
    const report = withBaseline(mergeReports(reports), invocation)
    write(invocation, printReport(report))
    return exitCodeOf(report, invocation)
  },
  drift(reports, invocation) {
    if (invocation.values.baseline === undefined) throw new UsageError('report drift needs --baseline')
    const report = only(reports, 'drift', invocation)
    write(invocation, invocation.values.json ? JSON.stringify(report.drift, null, 2) : describeDrift(report))
    return exitCodeOf(report, invocation)
  },
  history(reports, invocation) {
    const { baseline } = invocation.values
    if (baseline !== undefined) throw new UsageError('report history takes no --baseline: give it as the first report')
    const rows = historyOf(reports.map(({ report }) => report))
    const table = rows.slice(0, mostRows).map((row) => [row.name, sparkline(row), lastMargin(row)])
    const more = rows.length > table.length ? [`and ${rows.length - table.length} more: --json has all`] : []
    const text = [...columns([['assertion', 'margins', 'last'], ...table], ['left', 'left', 'right']), ...more].join(
      '\n',
    )
    write(invocation, invocation.values.json ? JSON.stringify(rows, null, 2) : text)
    return 0
  },
}

export const report = defineCommand({
  summary: 'render, merge and compare the reports that the reporters write',
  positionals: `<${Object.keys(actions).join('|')}> <report.json...>`,
  description: `html      one page with everything, which needs no network
markdown  for a pull request or a job's summary; it ends with a hidden mark, by which a later comment can replace it
merge     one report of the parts of one run, such as Jest's shards
drift     what uses more of its tolerance than in --baseline, what is new and what is gone
history   the margins of each assertion over many reports, in the order given`,
  options,

  async run(invocation) {
    const [action = '', ...paths] = invocation.positionals
    if (!Object.hasOwn(actions, action)) throw new UsageError(`expected one of ${Object.keys(actions).join(', ')}`)
    if (paths.length === 0) throw new UsageError('expected the path of a report.json')
    const { baseline, factor, 'fail-factor': failFactor } = invocation.values
    if (baseline === undefined && (factor ?? failFactor) !== undefined) {
      throw new UsageError(`--${factor === undefined ? 'fail-factor' : 'factor'} needs --baseline`)
    }
    return actions[action](
      paths.map((name) => ({ name, report: readReport(name) })),
      invocation,
    )
  },
})

/** A report that says itself what drifted, by a reporter's `failFactor`, has failed its run already. */
const exitCodeOf = (report: Report, { values }: ReportInvocation): number =>
  values['fail-factor'] !== undefined && driftFailures(report).length > 0 ? 1 : 0

function only(reports: readonly Named[], action: string, invocation: ReportInvocation): Report {
  if (reports.length > 1) throw new UsageError(`report ${action} takes one report: merge them first`)
  return withBaseline(reports[0].report, invocation)
}

function withBaseline(report: Report, { values }: ReportInvocation): Report {
  const factor = parseFactor('factor', values.factor) ?? defaultFactor
  const failFactor = parseFactor('fail-factor', values['fail-factor'])
  return values.baseline === undefined
    ? report
    : compareWithBaseline(report, readReport(values.baseline), { factor, failFactor })
}

function parseFactor(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const factor = Number(text)
  if (!isGrowth(factor)) throw new UsageError(`--${name} ${text}: expected a number above 1, such as 2`)
  return factor
}

function write({ values, out, err }: ReportInvocation, text: string): void {
  if (values.output === undefined) {
    out(text.trimEnd())
  } else {
    writeFileSync(values.output, text)
    err(`Wrote ${values.output}`)
  }
}

function describeDrift(report: Report): string {
  const { assertions, drift } = report
  if (drift === undefined) return ''
  const grown = assertions.filter((assertion) => hasGrown(assertion, drift.factor))
  const rows = grown
    .sort((a, b) => Number(b.margin) - Number(a.margin) || 0)
    .map((assertion) => [
      describeMargin(Number(assertion.baseline?.margin)),
      describeMargin(Number(assertion.margin)),
      describeGrowth(Number(assertion.baseline?.growth)),
      `${nameOfTest(assertion)}: ${nameOfAssertion(assertion)}`,
    ])
  const gone = drift.removed.map((assertion) => `gone  ${nameOfTest(assertion)}: ${nameOfAssertion(assertion)}`)
  return [
    describeSummary(report),
    ...(rows.length > 0
      ? ['', ...columns([['before', 'now', 'growth', 'assertion'], ...rows], ['right', 'right', 'right', 'left'])]
      : []),
    ...(gone.length > 0 ? ['', ...gone] : []),
    '',
    `${drift.added.length} new, ${drift.removed.length} gone, ${drift.retuned.length} with another tolerance`,
  ].join('\n')
}
