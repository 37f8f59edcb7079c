// The reporter for Vitest: gathers what the test files found and writes the report.
import { relative, sep } from 'node:path'
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node'
import { assemble } from '../assemble.ts'
import { checkReporterOptions, type ReporterOptions } from '../options.ts'
import { publish } from '../publish.ts'
import type { Report } from '../report.ts'
import { describeRun } from '../run.ts'
import { settle } from '../settle.ts'
import type { ReportRequest } from './channel.ts'

export interface VitestReporterOptions extends ReporterOptions {
  /** Annotate each failed assertion with a picture, which Vitest's UI and its HTML report show. Default: false. */
  readonly annotate?: boolean
}

/** `reporters: ['default', 'expect-tensor/vitest-reporter']`. Matchers report while it is there; without it they do nothing for it. */
export default class TensorReporter implements Reporter {
  readonly #options: VitestReporterOptions
  #vitest: Vitest | undefined
  #startedAt = Date.now()

  constructor(options: VitestReporterOptions = {}) {
    checkReporterOptions(options, 'expect-tensor/vitest-reporter', { annotate: 'boolean' })
    this.#options = options
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
    const { shard } = vitest.config
    const request: ReportRequest = { ...(shard && { shard }), ...(this.#options.annotate && { annotate: true }) }
    for (const project of vitest.projects) project.provide('expectTensor', request)
  }

  onTestRunStart(): void {
    this.#startedAt = Date.now()
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const vitest = this.#vitest
    if (vitest === undefined) return
    const { root } = vitest.config
    const report = reportOf(modules, root, vitest.version, this.#startedAt)
    const { lines, failure } = publish(report, root, this.#options)
    for (const line of lines) vitest.logger.log(line)
    if (failure !== undefined) process.exitCode = 1
  }
}

function reportOf(modules: readonly TestModule[], root: string, version: string, startedAt: number): Report {
  const files = modules.map((module) => ({
    module,
    file: pathFrom(root, module.moduleId),
    found: module.meta().expectTensor,
  }))
  const shards = new Map(
    files.flatMap(({ found }) => (found?.shard ? [[found.shard.index, found.shard] as const] : [])),
  )
  return assemble(
    describeRun({
      testRunner: { name: 'vitest', version },
      startedAt,
      lostFiles: files.filter(({ module, found }) => found === undefined && isLost(module)).map(({ file }) => file),
      ...(shards.size > 0 && { shards: [...shards.values()].sort((a, b) => a.index - b.index) }),
    }),
    settle(
      files.map(({ module, file, found }) => ({
        ...(module.project.name && { project: module.project.name }),
        file,
        records: found?.records ?? [],
        tests: Array.from(module.children.allTests(), (test) => ({ names: namesOf(test), passed: test.ok() })),
      })),
    ),
  )
}

/** A file without records may have had none to make: it used no matchers of this package. */
function isLost(module: TestModule): boolean {
  const state = module.state()
  return state === 'pending' || state === 'queued' || (state === 'failed' && module.errors().length > 0)
}

function namesOf({ name, parent }: TestCase | TestSuite): string[] {
  return parent.type === 'module' ? [name] : [...namesOf(parent), name]
}

function pathFrom(root: string, file: string): string {
  return relative(root, file).split(sep).join('/')
}
