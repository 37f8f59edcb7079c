import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { publish } from '../../src/report/publish.ts'
import { printReport } from '../../src/report/write-report.ts'
import { recordWith, reportOf } from './sample.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'expect-tensor-publish-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const reportAt = (margin: number) => reportOf([recordWith(margin)])

test('two files, the verdict and the path', () => {
  const { lines, failure } = publish(reportAt(0.75), root, {}, {})
  expect(lines).toEqual([
    'All of 1 tensor assertion passed; 1 passed with more than half of the tolerance used',
    `Report: ${join(root, 'expect-tensor-report/report.html')}`,
  ])
  expect(failure).toBeUndefined()
  expect(existsSync(join(root, 'expect-tensor-report/report.json'))).toBe(true)
})

test('a baseline, one that is not there yet, and growth that fails the run', () => {
  const options = { outputDir: 'out', baseline: 'main.json', failFactor: 5 }
  expect(publish(reportAt(0.75), root, options, {}).lines).toContain('No baseline yet: main.json does not exist')
  writeFileSync(join(root, 'main.json'), printReport(reportAt(0.125)))
  const { lines, failure } = publish(reportAt(0.75), root, options, {})
  expect(failure).toBe('1 tensor assertion used 5 times as much of the tolerance as in the baseline, or more')
  expect(lines).toContain(failure)
  expect(JSON.parse(readFileSync(join(root, 'out/report.json'), 'utf8')).summary.grown).toBe(1)
})

test('on GitHub the summary is appended to, and growth is annotated', () => {
  const summary = join(root, 'summary.md')
  writeFileSync(summary, 'of another step\n')
  writeFileSync(join(root, 'main.json'), printReport(reportAt(0.125)))
  const env = { GITHUB_STEP_SUMMARY: summary, GITHUB_ACTIONS: 'true' }
  const { lines } = publish(reportAt(0.75), root, { baseline: 'main.json' }, env)
  expect(lines.filter((line) => line.startsWith('::warning '))).toHaveLength(1)
  expect(readFileSync(summary, 'utf8')).toMatch(/^of another step\n## All of 1 tensor assertion passed/)
})
