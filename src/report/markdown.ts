// Reports as Markdown: for a pull request, for the summary of a CI job, and for whoever is asked about a failure.
import { byWorst, isFailed, isNear, marginOf } from './counts.ts'
import {
  describeCriterion,
  describeError,
  describeGrowth,
  describeMargin,
  nameOfAssertion,
  nameOfTest,
  placeOf,
} from './describe.ts'
import { hasGrown } from './drift.ts'
import type { Assertion, Report } from './report.ts'
import { describeVerdict } from './verdict.ts'

/** A comment that has it is replaced by the next one, in place of a second comment. */
export const marker = '<!-- expect-tensor-report -->'

/** GitHub cuts comments at 65 536 characters. */
const mostCharacters = 60_000
const mostRows = 20
const mostMessages = 3

/** The whole report, shortened to what a reader of a pull request wants. */
export function reportMarkdown(report: Report): string {
  const { assertions, drift, summary } = report
  const failed = assertions.filter(isFailed).sort(byWorst)
  const near = assertions.filter(isNear).sort(byWorst)
  const grown =
    drift === undefined ? [] : assertions.filter((assertion) => hasGrown(assertion, drift.factor)).sort(byGrowth)
  const sections = [
    `## ${escapeMarkdown(describeVerdict(report))}`,
    `${summary.assertions} assertions · ${summary.failed} failed · ${summary.near} passed with more than half of the tolerance used${summary.grown === undefined ? '' : ` · ${summary.grown} grown ${drift?.factor} × since the baseline`}`,
    ...section('Failed', failed),
    ...failed.slice(0, mostMessages).flatMap(details),
    ...section('Grown since the baseline', grown),
    ...section('More than half of the tolerance used', near),
    ...(drift === undefined ? [] : changes(report)),
    ...(report.run.lostFiles.length > 0 ? [`Nothing is known of ${report.run.lostFiles.map(code).join(', ')}.`] : []),
  ]
  return `${cut(sections)}\n\n${marker}\n`
}

/** One failure with all that was found, to be pasted somewhere. */
export function assertionMarkdown(assertion: Assertion): string {
  const { comparison, failure, baseline } = assertion
  const facts = [
    `- ${code(nameOfAssertion(assertion))} ${assertion.status} in ${code(placeOf(assertion))}`,
    ...(comparison
      ? [
          `- margin: ${describeMargin(Number(assertion.margin))} of the tolerance (${describeCriterion(comparison.criterion)}), greatest error ${describeError(Number(comparison.maxAbs))}`,
          `- compared: ${comparison.dtypes.join(' with ')}, shape [${comparison.shape.join(', ')}]`,
        ]
      : []),
    ...(baseline ? [`- in the baseline: ${describeMargin(Number(baseline.margin))}`] : []),
    ...(failure?.hints ?? []).map(({ message }) => `- hint: ${message}`),
  ]
  return [
    `### ${escapeMarkdown(nameOfTest(assertion))}`,
    facts.join('\n'),
    ...(failure?.message === undefined ? [] : [fence(failure.message)]),
  ].join('\n\n')
}

function section(title: string, assertions: readonly Assertion[]): string[] {
  if (assertions.length === 0) return []
  const rows = assertions.slice(0, mostRows).map((assertion) => {
    const { comparison, baseline, margin } = assertion
    const cells = [
      margin === undefined ? assertion.status : describeMargin(marginOf(assertion)),
      baseline === undefined ? '' : describeGrowth(Number(baseline.growth)),
      comparison === undefined ? '' : describeError(Number(comparison.maxAbs)),
      escapeMarkdown(nameOfTest(assertion)),
      code(nameOfAssertion(assertion)),
      code(placeOf(assertion)),
    ]
    return `| ${cells.join(' | ')} |`
  })
  const more = assertions.length - rows.length
  return [
    [
      `**${title}**`,
      '',
      '| margin | growth | max error | test | assertion | where |',
      '| ---: | ---: | ---: | --- | --- | --- |',
      ...rows,
      ...(more > 0 ? ['', `and ${more} more`] : []),
    ].join('\n'),
  ]
}

function details(assertion: Assertion): string[] {
  const { failure } = assertion
  if (failure?.message === undefined) return []
  return [
    `<details><summary>${escapeMarkdown(nameOfTest(assertion))}</summary>\n\n${fence(failure.message)}\n\n</details>`,
  ]
}

function changes({ drift }: Report): string[] {
  if (drift === undefined) return []
  const { added, removed, retuned } = drift
  const names = removed
    .slice(0, mostRows)
    .map((assertion) => code(`${nameOfTest(assertion)}: ${nameOfAssertion(assertion)}`))
  const parts = [
    ...(added.length > 0 ? [`${added.length} assertions are new.`] : []),
    ...(retuned.length > 0 ? [`${retuned.length} have another tolerance than before.`] : []),
    ...(removed.length > 0
      ? [`${removed.length} are gone: ${names.join(', ')}${removed.length > names.length ? ', ...' : ''}.`]
      : []),
  ]
  return parts.length > 0 ? [parts.join(' ')] : []
}

const byGrowth = (a: Assertion, b: Assertion): number => growthOf(b) - growthOf(a)
const growthOf = ({ baseline }: Assertion): number => Math.min(Number(baseline?.growth ?? 0), Number.MAX_VALUE)

/** As many of the leading sections as fit. */
function cut(sections: readonly string[]): string {
  let text = ''
  for (const part of sections) {
    if (text.length + part.length > mostCharacters) return `${text}\n\n(shortened)`
    text += text === '' ? part : `\n\n${part}`
  }
  return text
}

/** Names come from everywhere: no markup, no mentions, no end of a table's cell. */
function escapeMarkdown(words: string): string {
  return words
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_{}[\]()#+!|~-]/g, '\\$&')
    .replace(/[<>&]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replaceAll('@', '@\u200b')
}

function code(words: string): string {
  const ticks = '`'.repeat(longestRun(words) + 1)
  return `${ticks} ${words.replace(/\s+/g, ' ').replaceAll('|', '\\|')} ${ticks}`
}

function fence(words: string): string {
  const ticks = '`'.repeat(Math.max(3, longestRun(words) + 1))
  return `${ticks}text\n${words}\n${ticks}`
}

const longestRun = (words: string): number => Math.max(0, ...(words.match(/`+/g) ?? []).map((run) => run.length))
