// The reporter for Jest: gathers what the test files left and writes the report.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { assemble } from '../assemble.ts'
import { groupBy } from '../group-by.ts'
import { checkReporterOptions, type ReporterOptions } from '../options.ts'
import { publish } from '../publish.ts'
import { describeRun } from '../run.ts'
import { type FileRecords, settle } from '../settle.ts'
import { readSpool } from './spool.ts'
import { spoolVariable } from './spool-entry.ts'

/** The parts of Jest's types that are read here: `@jest/reporters` need not be installed. */
interface GlobalConfig {
  readonly rootDir: string
  readonly shard?: { readonly shardIndex: number; readonly shardCount: number }
}

interface TestResult {
  readonly testFilePath: string
  readonly testExecError?: unknown
  readonly testResults: readonly {
    readonly ancestorTitles: readonly string[]
    readonly title: string
    readonly status: string
  }[]
}

interface AggregatedResult {
  readonly startTime: number
  readonly testResults: readonly TestResult[]
}

/** `reporters: ['default', 'expect-tensor/jest-reporter']`. Matchers report while it is there; without it they do nothing for it. */
export default class TensorReporter {
  readonly #config: GlobalConfig
  readonly #options: ReporterOptions
  readonly #spool: string
  #failure: string | undefined

  constructor(config: GlobalConfig, options: ReporterOptions = {}) {
    checkReporterOptions(options, 'expect-tensor/jest-reporter')
    this.#config = config
    this.#options = options
    // workers are started later, and inherit it
    this.#spool = mkdtempSync(join(tmpdir(), 'expect-tensor-report-'))
    process.env[spoolVariable] = this.#spool
  }

  onRunStart(): void {
    // in watch mode there was a run before
    rmSync(this.#spool, { recursive: true, force: true })
    mkdirSync(this.#spool)
  }

  onRunComplete(_contexts: unknown, { startTime, testResults }: AggregatedResult): void {
    const { rootDir, shard } = this.#config
    const report = assemble(
      describeRun({
        testRunner: { name: 'jest', ...versionOfJest(rootDir) },
        startedAt: startTime,
        lostFiles: testResults
          .filter(({ testExecError }) => testExecError)
          .map(({ testFilePath }) => pathFrom(rootDir, testFilePath)),
        ...(shard && { shards: [{ index: shard.shardIndex, count: shard.shardCount }] }),
      }),
      settle(filesOf(this.#spool, rootDir, testResults)),
    )
    rmSync(this.#spool, { recursive: true, force: true })
    const { lines, failure } = publish(report, rootDir, this.#options)
    for (const line of lines) process.stdout.write(`${line}\n`)
    this.#failure = failure
  }

  /** Jest asks for it when the run is complete, and fails when there is one. */
  getLastError(): Error | undefined {
    return this.#failure === undefined ? undefined : new Error(this.#failure)
  }
}

function filesOf(spool: string, rootDir: string, results: readonly TestResult[]): FileRecords[] {
  const byFile = groupBy(readSpool(spool), ({ file }) => file)
  const known = new Map(results.map((result) => [result.testFilePath, result]))
  return [...byFile].map(([file, entries]) => {
    const tests = known.get(file)?.testResults ?? []
    return {
      file: pathFrom(rootDir, file),
      records: entries.map(({ record }) => record),
      tests: tests.map(({ ancestorTitles, title, status }) => ({
        names: [...ancestorTitles, title],
        passed: status === 'passed',
      })),
    }
  })
}

function pathFrom(root: string, file: string): string {
  return relative(root, file).split(sep).join('/')
}

/** Jest does not say its version; one that was not installed by the project is not asked. */
function versionOfJest(rootDir: string): { readonly version?: string } {
  try {
    const { version } = createRequire(join(rootDir, 'package.json'))('jest/package.json')
    return { version }
  } catch {
    return {}
  }
}
