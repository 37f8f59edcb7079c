// The structure behind the messages: any renderer must find everything in it, without undoing the layout of the terminal's.
import { describe, expect, test } from 'vitest'
import { compareTensors } from '../../src/compare/compare-tensors.ts'
import { comparePairs, pairUp } from '../../src/compare/records.ts'
import { findTopKDisagreements } from '../../src/compare/top-k.ts'
import { explainMismatch } from '../../src/explain/comparison.ts'
import type { Explanation, Fact, Table } from '../../src/explain/explanation.ts'
import { explainRecord } from '../../src/explain/record.ts'
import { explainSnapshotFailure } from '../../src/explain/snapshot.ts'
import { explainTopK } from '../../src/explain/top-k.ts'
import { toTensor } from '../../src/tensor/to-tensor.ts'
import { embeddingWithFp16Weights, imageWithBadChannel } from '../matchers/samples.ts'

const { actual, reference } = embeddingWithFp16Weights()
const mismatch = compareTensors(actual, reference, { atol: 1e-5, normalize: 'l2' })
const image = imageWithBadChannel()
const pairs = pairUp({ a: [1], b: actual, c: [1] }, { a: [1], b: reference, d: [2] })
const outputs = comparePairs(pairs, () => ({ atol: 1e-5 }))
const ranking = [
  toTensor([
    [1, 2, 3],
    [3, 2, 1],
  ]),
  toTensor([
    [1, 3, 2],
    [3, 2, 1],
  ]),
] as const

const explanations: [string, Explanation][] = [
  ['a comparison', explainMismatch(mismatch)],
  ['an image', explainMismatch(compareTensors(image.actual, image.reference))],
  ['a record', explainRecord(outputs)],
  ['rankings', explainTopK(findTopKDisagreements(...ranking, 1, { atol: 0, rtol: 0 }), 2, 1, ...ranking)],
  [
    'a snapshot',
    explainSnapshotFailure('test 1', {
      status: 'changed',
      pass: false,
      judgements: outputs,
      path: 'a/long/path'.repeat(12),
    }),
  ],
]

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : []
}

test.each(explanations)('%s: texts are neither wrapped nor padded', (_, explanation) => {
  const texts = textsOf(explanation)
  expect(texts.length).toBeGreaterThan(5)
  for (const text of texts) expect(text).not.toMatch(/\n| {2}|^ | $/)
})

test.each(explanations)('%s: survives JSON', (_, explanation) => {
  expect(JSON.parse(JSON.stringify(explanation))).toEqual(explanation)
})

test('a comparison names what the message shows', () => {
  const { facts, table, histogram, wouldPass, hints } = explainMismatch(mismatch)
  expect(facts?.map(({ label }) => label)).toEqual(['compared', 'normalized', 'tolerance'])
  expect(table?.rows).toHaveLength(5)
  expect(histogram).toEqual({ ...mismatch.histogram, atol: 1e-5 })
  expect(wouldPass).toHaveLength(2)
  expect(hints).toEqual(mismatch.hints)
})

describe('another renderer', () => {
  const cell = (text: string) => text.replaceAll('|', '\\|')
  const row = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  const list = (facts: readonly Fact[] = []) => facts.map(({ label, text }) => `- **${label}** ${text}`)
  const grid = ({ columns, rows }: Table = { columns: [], rows: [] }) =>
    [columns.map(({ heading }) => heading), columns.map(() => '---'), ...rows].map(row)

  function toMarkdown(explanation: Explanation): string {
    const { verdict, tensors, facts, table, errors, overall, details } = explanation
    const below = details === undefined ? '' : `### ${details.title}\n${toMarkdown(details.explanation)}`
    return [
      `**${verdict}**`,
      ...grid(tensors),
      ...list(facts),
      ...grid(table),
      ...list(errors),
      ...list(overall),
      below,
    ]
      .filter((line) => line !== '|  |')
      .join('\n')
  }

  test('needs nothing else', () => {
    const markdown = toMarkdown(explainRecord(outputs))
    expect(markdown).toContain('**Tensors do not match: b, d, c (3 of 4 tensors)**')
    expect(markdown).toContain('| d |  | missing |')
    expect(markdown).toContain('### b\n**170 of 192 elements')
    expect(markdown).toContain('- **tolerance** atol 1e-5, rtol 0 (as given)')
    expect(markdown).toMatch(/\| \[5\] \| 0\.47891992 \| 0\.47870705 \| 2\.13e-4 \| 1e-5 \| 21x \|/)
  })
})
