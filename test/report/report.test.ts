// The file: what is in it, that the schema says the same, and what is refused.
import { expect, test } from 'vitest'
import { assemble } from '../../src/report/assemble.ts'
import { parseReport } from '../../src/report/read-report.ts'
import type { Assertion } from '../../src/report/report.ts'
import { printReport } from '../../src/report/write-report.ts'
import { recordOfUse, recordWith, reportOf, sampleRun } from './sample.ts'
import { schemaProblems } from './schema.ts'

const report = reportOf(
  [
    recordWith(0.25),
    recordWith(0.75, { test: ['near'], line: 3, soft: true, retry: 1 }),
    recordWith(4, { test: ['fails'] }),
    recordWith(9, { test: ['fails on purpose'] }),
    recordWith(0.5, {}),
    recordOfUse(() => expect([9]).not.toMatchTensor([1], { atol: 1 })),
    recordOfUse(() => expect([Number.NaN]).toMatchTensor([1], { normalize: 'max', maxMismatch: 3 })),
    recordOfUse(() => expect([1]).toMatchTensor([2], { atol: -1 })),
    recordOfUse(() =>
      expect({ a: [1], b: [[1]] }).toMatchTensors({ a: [1], b: [1], c: [3] }, { metrics: { cosine: 1 } }),
    ),
  ],
  [{ names: ['fails on purpose'], passed: true }],
)

test('the summary counts what counts', () => {
  expect(report.summary).toEqual({ assertions: 11, failed: 5, near: 1, unattributed: 1, superseded: 0 })
})

test('report.json is what report.schema.json says', () => {
  expect(schemaProblems(report)).toEqual([])
  const [first] = report.assertions
  expect(schemaProblems({ ...report, assertions: [{ ...first, margin: null, more: 1 }] })).toEqual(
    ['report.assertions[0].margin: none of anyOf, got null', 'report.assertions[0].more is not in the schema'].map(
      (problem) => problem.replace('report', ''),
    ),
  )
})

test('what is written can be read, and every assertion has a line', () => {
  const text = printReport(report)
  expect(parseReport(text, 'report.json')).toEqual(report)
  expect(text.split('\n').filter((line) => line.startsWith('    {"id"'))).toHaveLength(report.assertions.length)
})

test.each([
  ['no JSON', '{', /report\.json is no report: .*JSON/],
  ['another file', '{"schema":"https://json-schema.org/"}', /^report\.json is no report of expect-tensor$/],
  ['a list', '[]', /^report\.json is no report of expect-tensor$/],
  [
    'another version',
    '{"schema":"expect-tensor/report@2"}',
    /^report\.json is a report of another version, expect-tensor\/report@2: this version of expect-tensor reads expect-tensor\/report@1$/,
  ],
])('%s is refused', (_, text, message) => {
  expect(() => parseReport(text, 'report.json')).toThrow(message)
})

test('of very many failures the worst keep their charts and messages', () => {
  const [failed] = reportOf([recordWith(4)]).assertions
  const many = Array.from({ length: 1500 }, (_, i): Assertion => ({ ...failed, id: String(i), margin: 2 + i }))
  const { assertions } = assemble(sampleRun, many)
  expect(assertions.filter(({ failure }) => failure?.pictures)).toEqual(many.slice(-200))
  expect(assertions.filter(({ failure }) => failure?.message)).toHaveLength(1000)
  expect(assertions.map(({ failure }) => failure?.reason)).toEqual(many.map(() => 'values'))
})
