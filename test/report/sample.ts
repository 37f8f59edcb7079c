// A report of assertions as the matchers make them, without a test runner around them.
import { expect } from 'vitest'
import '../../src/vitest.ts'
import { listen, type Where } from '../../src/outcomes/index.ts'
import { assemble } from '../../src/report/assemble.ts'
import { type AssertionRecord, recordOf } from '../../src/report/record.ts'
import type { Report, Run } from '../../src/report/report.ts'
import { settle, type TestOutcome } from '../../src/report/settle.ts'

/** The record of one assertion, whatever comes of it. */
export function recordOfUse(assertion: () => unknown, where: Where = { test: ['a test'] }): AssertionRecord {
  const records: AssertionRecord[] = []
  const stop = listen((outcome) => records.push(recordOf({ ...outcome, where }, 0)))
  try {
    assertion()
  } catch {
    // what failed, or was used wrongly, was told before
  } finally {
    stop()
  }
  return records[0]
}

/** One in which `margin` of the tolerance is used. */
export function recordWith(margin: number, where?: Where): AssertionRecord {
  return recordOfUse(() => expect([1, 2 + margin]).toMatchTensor([1, 2], { atol: 1 }), where)
}

export const sampleRun: Run = {
  testRunner: { name: 'vitest', version: '4.1.12' },
  node: '20.19.0',
  os: 'linux',
  arch: 'x64',
  startedAt: '2026-11-29T00:00:00.000Z',
  durationMs: 1234,
  lostFiles: [],
}

export function reportOf(records: readonly AssertionRecord[], tests: readonly TestOutcome[] = []): Report {
  return assemble(sampleRun, settle([{ file: 'a.test.js', records, tests }]))
}
