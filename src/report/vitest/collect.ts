// In a test file under Vitest: hands what each assertion found to the reporter, as the file's metadata.
import { afterAll, aroundEach, type RunnerTestCase as RunningTest } from 'vitest'
import { nodeModule } from '../../host/node-modules.ts'
import { shared } from '../../host/shared.ts'
import { attemptOf, listen, type Outcome, type VitestTest, type Where } from '../../outcomes/index.ts'
import { drawScatter } from '../charts/scatter.ts'
import { type AssertionRecord, keepRecord, recordOf } from '../record.ts'
import type { ReportRequest } from './channel.ts'

/** Each is a message to the main process. */
const mostAnnotations = 100

/**
 * Of the test file that runs. Without isolation one process runs many: the listener of the file before has to go. And that of the same file, where
 * the matchers are listed twice, by the plugin and in `setupFiles`.
 */
const listening = shared('report.listening', (): { stop?: () => void; records: AssertionRecord[] } => ({ records: [] }))

/** To be called by each test file, where hooks may be added. */
export function collect({ shard, annotate }: ReportRequest): void {
  const records: AssertionRecord[] = []
  let failures = 0
  const testAround = trackTests()
  listening.stop?.()
  listening.records = records
  listening.stop = listen((outcome) => {
    const test = testAround()
    const record = recordOf(attribute(outcome, test), failures)
    if (annotate && test !== undefined && !record.poll && failures < mostAnnotations) annotateFailures(record, test)
    failures += record.tensors.filter(({ failure }) => failure).length
    keepRecord(records, record)
  })
  // the array itself, to which hooks that run later may add
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads from the pattern which fixtures are wanted
  afterAll(({}, file) => {
    file.meta.expectTensor = { records: listening.records, ...(shard && { shard }) }
  })
}

/** A picture beside the failure, where the test runner shows some. It waits for them before the test ends. */
function annotateFailures({ matcher, tensors }: AssertionRecord, test: RunningTest): void {
  for (const { key, comparison, failure } of tensors) {
    if (comparison === undefined || failure?.pictures === undefined) continue
    const body = drawScatter(failure.pictures.scatter, comparison.criterion)
    const words = `${matcher}${key === undefined ? '' : ` ${key}`}: |error| against |reference|`
    void test.context.annotate(words, 'expect-tensor', { contentType: 'image/svg+xml', body, bodyEncoding: 'utf-8' })
  }
}

/** Which test is calling, whatever runs beside it; undefined where the host cannot tell, as in a browser. */
function trackTests(): () => RunningTest | undefined {
  const { AsyncLocalStorage } = nodeModule('node:async_hooks')
  if (AsyncLocalStorage === undefined) return () => undefined
  const tests = new AsyncLocalStorage<RunningTest>()
  aroundEach((runTest, { task }) => tests.run(task, runTest))
  return () => tests.getStore()
}

/** Vitest's own `expect` takes the test that was started last for its own: where several run at once, that may be wrong. */
function attribute(outcome: Outcome, test: VitestTest | undefined): Outcome {
  const { where } = outcome
  if (test !== undefined) return { ...outcome, where: { ...where, ...attemptOf(test) } }
  if (!where.concurrent) return outcome
  const { test: _, retry: __, repeat: ___, ...certain }: Where = where
  return { ...outcome, where: certain }
}
