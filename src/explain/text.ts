// An explanation as text for a terminal: in at most 25 lines of 110 columns, the least important gives way.
import { printable } from '../host/printable.ts'
import { columns } from './columns.ts'
import type { Explanation, Fact, Table } from './explanation.ts'
import { drawHistogram } from './histogram.ts'
import { wrap } from './wrap.ts'

/** Longest message: what fits a terminal window beside the test runner's own code frame. */
const maxLines = 25
const maxWidth = 110
const labelWidth = 11

/** What the details get in any case. */
const fewestLines = 14
/** The table of the worst elements shrinks to this when a message gets too long. */
const fewestRows = 2

type Lines = readonly string[]

/** The first line is the verdict: summaries show no more than that. */
export function renderText(explanation: Explanation): string {
  const { verdict, tensors, findings, details, origin, advice } = explanation
  const head = [[verdict], drawTable(tensors), indented(findings)]
  const foot = [origin?.flatMap(labelled) ?? [], indented(advice)]
  const title = details === undefined ? [] : [`${details.title}:`]
  const subject = details?.explanation ?? explanation
  const nested = details === undefined ? [] : [indented(subject.findings)]
  const others = joinBlocks(...head, title, ...foot).split('\n').length
  const body = renderBody(subject, Math.max(maxLines - others - 1, fewestLines))
  return printable(joinBlocks(...head, title, ...nested, ...body, ...foot))
}

/** To fit into `limit` lines (at least 14), the rows of the table give way first, then the hints, then the slices. */
function renderBody(explanation: Explanation, limit: number): Lines[] {
  const { table, histogram, wouldPass = [] } = explanation
  const facts = (explanation.facts ?? []).flatMap(labelled)
  const spread = histogram === undefined ? undefined : drawHistogram(histogram, histogram.atol)
  const errors = [
    ...(explanation.errors ?? []).flatMap(labelled),
    ...labelled({ label: 'by decade', text: spread ?? '' }),
    ...(explanation.overall ?? []).flatMap(labelled),
  ]
  const required = labelled({ label: 'would pass', text: wouldPass.join(' or ') })
  const hints = (explanation.hints ?? []).map(({ message }) => labelled({ label: 'hint', text: message }))
  // three blocks follow the first, an empty line before each, and the table has a heading
  const room = limit - facts.length - errors.length - required.length - 3
  const slices = takeWhole((explanation.slices ?? []).map(labelled), room - 1 - fewestRows)
  const rows = Math.max(fewestRows, room - slices.length - 1 - hints.flat().length)
  const worst = drawTable(table && { ...table, rows: table.rows.slice(0, rows) })
  return [facts, worst, [...errors, ...slices, ...required], takeWhole(hints, room - slices.length - worst.length)]
}

/** As many of the leading blocks as fit into `room` lines. */
function takeWhole(blocks: readonly Lines[], room: number): Lines {
  const lines: string[] = []
  for (const block of blocks) {
    if (lines.length + block.length > room) break
    lines.push(...block)
  }
  return lines
}

function drawTable(table: Table | undefined): Lines {
  if (table === undefined || table.rows.length === 0) return []
  const headings = table.columns.map(({ heading }) => heading)
  const headed = headings.some((heading) => heading !== '')
  const alignments = table.columns.map(({ alignment }) => alignment)
  const lines = columns(headed ? [headings, ...table.rows] : table.rows, alignments)
  return indented(table.more === undefined ? lines : [...lines, table.more])
}

function indented(lines: Lines = []): Lines {
  return lines.map((line) => `  ${line}`)
}

/** An indented line (or paragraph) with its label; none when there is no text. */
function labelled({ label, text }: Fact): Lines {
  if (text === '') return []
  const indent = ' '.repeat(labelWidth + 3)
  return wrap(text, maxWidth - indent.length).map((line, index) =>
    index === 0 ? `  ${label.padEnd(labelWidth)} ${line}` : `${indent}${line}`,
  )
}

/** Joins the blocks that have lines, an empty line between them. */
function joinBlocks(...blocks: readonly Lines[]): string {
  return blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')
}
