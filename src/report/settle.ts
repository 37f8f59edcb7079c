// From the records of test files to the assertions of a report: which attempts count, and what each assertion is called.
import { createHash } from 'node:crypto'
import type { AssertionRecord } from './record.ts'
import type { Assertion } from './report.ts'

/** What one test file left. */
export interface FileRecords {
  readonly project?: string
  /** Relative to the root of the run, with slashes. */
  readonly file: string
  readonly records: readonly AssertionRecord[]
  readonly tests: readonly TestOutcome[]
}

export interface TestOutcome {
  /** Names from the outermost describe block to the test. */
  readonly names: readonly string[]
  readonly passed: boolean
}

/** One assertion for each tensor, in order. */
export function settle(files: readonly FileRecords[]): Assertion[] {
  return files.flatMap(settleFile)
}

function settleFile({ project, file, records, tests }: FileRecords): Assertion[] {
  const passed = passedTests(tests)
  const lastRetries = new Map<string, number>()
  for (const record of records) {
    const attempt = attemptOf(record)
    lastRetries.set(attempt, Math.max(record.retry ?? 0, lastRetries.get(attempt) ?? 0))
  }
  const ordinals = new Map<string, number>()
  return records.flatMap((record) => {
    const { test, matcher, label, line, not, soft, retry = 0, tensors } = record
    const superseded = retry < (lastRetries.get(attemptOf(record)) ?? 0)
    return tensors.map(({ key, ...found }): Assertion => {
      const name = JSON.stringify([project, file, test, matcher, label, key])
      const occurrence = `${name} ${retry}`
      const ordinal = ordinals.get(occurrence) ?? 0
      ordinals.set(occurrence, ordinal + 1)
      return {
        id: createHash('sha256').update(`${name} ${ordinal}`).digest('hex').slice(0, idLength),
        ...(project !== undefined && { project }),
        file,
        ...(line !== undefined && { line }),
        test,
        matcher,
        ...(label !== undefined && { label }),
        ...(key !== undefined && { key }),
        ...(not && { not }),
        ...(soft && { soft }),
        ...(retry > 0 && { retry }),
        ...(superseded && { superseded }),
        ...(found.status !== 'passed' && !superseded && passed.has(JSON.stringify(test)) && { caught: true }),
        ...found,
      }
    })
  })
}

/** Among 100 000 assertions two have the same with a probability of 3e-10. */
const idLength = 16

/** A retry takes the place of the attempt before; repetitions all count. */
function attemptOf({ test, repeat = 0 }: AssertionRecord): string {
  return `${JSON.stringify(test)} ${repeat}`
}

/** By their names as JSON; of several tests with the same names, all. */
function passedTests(tests: readonly TestOutcome[]): ReadonlySet<string> {
  const passed = new Set<string>()
  const failed = new Set<string>()
  for (const test of tests) (test.passed ? passed : failed).add(JSON.stringify(test.names))
  for (const names of failed) passed.delete(names)
  return passed
}
