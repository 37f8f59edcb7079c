import { expect, test } from 'vitest'
import { annotations } from '../../src/report/annotations.ts'
import { compareWithBaseline, driftFailures } from '../../src/report/drift.ts'
import { historyOf, sparkline } from '../../src/report/history.ts'
import { mergeReports } from '../../src/report/merge.ts'
import type { Report } from '../../src/report/report.ts'
import { recordOfUse, recordWith, reportOf } from './sample.ts'
import { schemaProblems } from './schema.ts'

/** A report of tests by name, with the margin of the one assertion of each. */
const reportWith = (margins: Readonly<Record<string, number>>): Report =>
  reportOf(Object.entries(margins).map(([name, margin]) => recordWith(margin, { test: [name], line: 7 })))

const growths = ({ assertions }: Report): Record<string, unknown> =>
  Object.fromEntries(assertions.map(({ test, baseline }) => [test?.[0], baseline?.growth]))

test('growth is measured from a floor of 1 % of the tolerance, so that noise is none', () => {
  const before = reportWith({ grown: 0.125, same: 0.25, noise: 1 / 4096, failed: 4, zero: 0 })
  const now = reportWith({ grown: 0.5, same: 0.25, noise: 1 / 128, failed: 4, zero: 0.5, added: 0.25 })
  const report = compareWithBaseline(now, before, { factor: 2, failFactor: 10 })
  expect(growths(report)).toEqual({ grown: 4, same: 1, noise: 1, failed: 1, zero: 50, added: undefined })
  expect(report.summary.grown).toBe(2)
  expect(driftFailures(report).map(({ test }) => test)).toEqual([['zero']])
  expect(schemaProblems(report)).toEqual([])
})

test('what is infinitely worse grew by infinity, and stays where it was', () => {
  const infinite = recordOfUse(() => expect([Number.NaN]).toMatchTensor([1]))
  const before = reportOf([recordOfUse(() => expect([1]).toMatchTensor([1]))])
  const [grown] = compareWithBaseline(reportOf([infinite]), before, { factor: 2 }).assertions
  const [same] = compareWithBaseline(reportOf([infinite]), reportOf([infinite]), { factor: 2 }).assertions
  expect([grown.baseline?.growth, same.baseline?.growth]).toEqual(['Infinity', 1])
})

test('what is new, gone, or held to another tolerance is listed', () => {
  const loosened = recordOfUse(() => expect([1.5]).toMatchTensor([1], { atol: 4 }), { test: ['retuned'] })
  const tight = recordOfUse(() => expect([1.5]).toMatchTensor([1], { atol: 1 }), { test: ['retuned'] })
  const before = reportOf([tight, recordWith(0.5, { test: ['gone'] })])
  const now = reportOf([loosened, recordWith(0.5, { test: ['new'] })])
  const { drift } = compareWithBaseline(now, before, { factor: 2 })
  expect(drift).toMatchObject({
    added: [now.assertions[1].id],
    removed: [{ test: ['gone'], matcher: 'toMatchTensor' }],
    retuned: [now.assertions[0].id],
  })
})

test('at most ten annotations, the greatest growth first, in the form of GitHub', () => {
  const names = Array.from({ length: 30 }, (_, i) => `test ${i}: 100%`)
  const before = reportWith(Object.fromEntries(names.map((name) => [name, 0.03125])))
  const now = reportWith(Object.fromEntries(names.map((name, i) => [name, i === 17 ? 0.75 : 0.125])))
  const lines = annotations(compareWithBaseline(now, before, { factor: 2, failFactor: 10 }))
  expect(lines).toHaveLength(10)
  expect(lines[0]).toBe(
    '::error file=a.test.js,line=7,title=Accuracy::test 17: 100%25: toMatchTensor uses 75%25 of its tolerance, 3.1%25 in the baseline',
  )
  expect(lines[1]).toMatch(/^::warning /)
})

test('parts of one run are merged; the same assertion twice is refused', () => {
  const [one, two] = [reportWith({ a: 0.25 }), reportWith({ b: 4 })]
  const shard = (report: Report, index: number): Report => ({
    ...report,
    run: { ...report.run, shards: [{ index, count: 2 }] },
  })
  const merged = mergeReports([
    { name: '2.json', report: shard(two, 2) },
    { name: '1.json', report: shard(one, 1) },
  ])
  expect(merged.summary).toMatchObject({ assertions: 2, failed: 1 })
  expect(merged.run.shards).toEqual([
    { index: 1, count: 2 },
    { index: 2, count: 2 },
  ])
  expect(() =>
    mergeReports([
      { name: 'x.json', report: one },
      { name: 'y.json', report: one },
    ]),
  ).toThrow(/^x\.json and y\.json both hold "a"/)
})

test('a history has a line for each assertion over the reports', () => {
  const rows = historyOf([reportWith({ a: 0.125, b: 0.5 }), reportWith({ a: 0.5 }), reportWith({ a: 2, b: 0.5 })])
  expect(rows.map(({ name, margins }) => [name, margins])).toEqual([
    ['a: toMatchTensor', [0.125, 0.5, 2]],
    ['b: toMatchTensor', [0.5, null, 0.5]],
  ])
  expect(rows.map(sparkline)).toEqual(['▂▅!', '▅ ▅'])
})
