import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { printReport } from '../../src/report/write-report.ts'
import { recordWith, reportOf } from '../report/sample.ts'
import { runProgram } from './run-program.ts'

const folder = mkdtempSync(join(tmpdir(), 'expect-tensor-report-'))
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, margins: Readonly<Record<string, number>>): string {
  const path = join(folder, name)
  const records = Object.entries(margins).map(([test, margin]) => recordWith(margin, { test: [test] }))
  writeFileSync(path, printReport(reportOf(records)))
  return path
}

const before = write('before.json', { steady: 0.25, growing: 0.125, gone: 0.5 })
const now = write('now.json', { steady: 0.25, growing: 0.75 })
const other = write('other.json', { 'in another shard': 4 })

test('drift says what grew; it fails by --fail-factor only', async () => {
  const { code, out } = await runProgram('report', 'drift', now, '--baseline', before)
  expect(out).toMatchInlineSnapshot(`
    "All of 2 tensor assertions passed; 1 passed with more than half of the tolerance used; 1 grown since the baseline

    before  now  growth  assertion
       13%  75%   6.0 ×  growing: toMatchTensor

    gone  gone: toMatchTensor

    0 new, 1 gone, 0 with another tolerance"
  `)
  expect(code).toBe(0)
  expect(await runProgram('report', 'drift', now, '--baseline', before, '--fail-factor', '5')).toMatchObject({
    code: 1,
  })
  expect(await runProgram('report', 'drift', now, '--baseline', before, '--fail-factor', '7')).toMatchObject({
    code: 0,
  })
})

test('whatever is made of a report, --fail-factor fails it', async () => {
  for (const action of ['html', 'markdown', 'merge']) {
    const args = [action, now, '--baseline', before, '--output', join(folder, action)]
    expect(await runProgram('report', ...args)).toMatchObject({ code: 0 })
    expect(await runProgram('report', ...args, '--fail-factor', '5')).toMatchObject({ code: 1 })
    expect(readFileSync(join(folder, action), 'utf8')).not.toBe('')
  }
})

test('merge makes one report, html and markdown render it', async () => {
  const merged = join(folder, 'merged.json')
  expect(await runProgram('report', 'merge', now, other, '--output', merged)).toMatchObject({ code: 0, out: '' })
  expect(JSON.parse(readFileSync(merged, 'utf8')).summary).toMatchObject({ assertions: 3, failed: 1 })
  const page = await runProgram('report', 'html', merged)
  expect(page.out).toMatch(/^<!doctype html>[\s\S]*<title>1 of 3 tensor assertions failed<\/title>/)
  const markdown = await runProgram('report', 'markdown', merged)
  expect(markdown.out).toMatch(/^## 1 of 3 tensor assertions failed/)
})

test('a part that is given twice is not counted twice', async () => {
  expect(await runProgram('report', 'merge', now, other, now)).toMatchObject({
    code: 1,
    err: `expect-tensor report: ${now} is given twice: each part of a run is merged once`,
  })
})

test('a hundred shards of a hundred assertions are one report, in which nothing is lost', async () => {
  const sample = reportOf([recordWith(0.25, { test: ['passes'] }), recordWith(4, { test: ['fails'] })])
  const [passed, failed] = sample.assertions
  const idOf = (shard: number, i: number): string => (shard * 100 + i).toString(16).padStart(16, '0')
  const paths = Array.from({ length: 100 }, (_, shard) => {
    const assertions = Array.from({ length: 100 }, (_, i) => {
      return { ...(i === 0 ? failed : passed), id: idOf(shard, i), test: [`test ${i}`], file: `shard-${shard}.test.js` }
    })
    const run = { ...sample.run, shards: [{ index: shard + 1, count: 100 }] }
    const path = join(folder, `shard-${shard}.json`)
    writeFileSync(path, printReport({ ...sample, run, assertions }))
    return path
  })
  const merged = join(folder, 'all.json')
  expect(await runProgram('report', 'merge', ...[...paths].reverse(), '--output', merged)).toMatchObject({ code: 0 })
  const { run, summary, assertions } = JSON.parse(readFileSync(merged, 'utf8'))
  expect(summary).toEqual({ assertions: 10_000, failed: 100, near: 0, unattributed: 0, superseded: 0 })
  expect(run.shards.map(({ index }: { index: number }) => index)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
  expect(new Set(assertions.map(({ id }: { id: string }) => id)).size).toBe(10_000)
})

test('history has a line for each assertion', async () => {
  const { out } = await runProgram('report', 'history', before, now)
  expect(out).toMatchInlineSnapshot(`
    "assertion               margins  last
    growing: toMatchTensor  ▂▇        75%
    steady: toMatchTensor   ▃▃        25%
    gone: toMatchTensor     ▅         50%"
  `)
  const { out: json } = await runProgram('report', 'history', before, now, '--json')
  expect(JSON.parse(json)).toHaveLength(3)
})

test.each([
  [[], /expected one of html, markdown, merge, drift, history/],
  [['html'], /expected the path of a report\.json/],
  [['html', now, other], /report html takes one report: merge them first/],
  [['drift', now], /report drift needs --baseline/],
  [['drift', now, '--baseline', before, '--factor', 'much'], /--factor much: expected a number above 1/],
  [['markdown', now, '--fail-factor', '2'], /--fail-factor needs --baseline/],
  [['history', now, '--baseline', before], /report history takes no --baseline/],
])('report %j is a wrong command line', async (args, message) => {
  const { code, err } = await runProgram('report', ...args)
  expect(code).toBe(2)
  expect(err).toMatch(message)
})

test('what is no report fails by name', async () => {
  expect(await runProgram('report', 'html', 'package.json')).toMatchObject({
    code: 1,
    err: 'expect-tensor report: package.json is no report of expect-tensor',
  })
})
