// `expect(actual).toMatchTensorSnapshot(hint?, options?)`: the numbers are those that were stored for this test, within tolerance.

import { describeUpdate, explainSnapshotFailure } from '../explain/snapshot.ts'
import { renderText } from '../explain/text.ts'
import { snapshotFiles } from '../snapshots/files/index.ts'
import { type Flow, isPromise, run } from '../snapshots/flow.ts'
import { matchSnapshot, type SnapshotResult } from '../snapshots/match-snapshot.ts'
import { checkSnapshotOptions, parseArguments, type SnapshotOptions } from '../snapshots/options.ts'
import { isOfUnknownTest, type SnapshotContext, type SnapshotEntry, snapshotEntry } from '../snapshots/runner-state.ts'
import { isTensorRecord } from '../tensor/tensor-record.ts'
import type { MatcherContext, MatcherResult } from './context.ts'
import { withDefaults } from './defaults.ts'

/** A promise in Vitest's browser mode only: no file can be read at once there. */
export function toMatchTensorSnapshot(
  this: MatcherContext,
  actual: unknown,
  hintOrOptions?: string | SnapshotOptions,
  options?: SnapshotOptions,
): MatcherResult | Promise<MatcherResult> {
  // the runners' own types hide what snapshot matchers of other packages use as well
  const context = this as SnapshotContext
  refuseUse(context)
  const given = parseArguments(hintOrOptions, options)
  const entry = snapshotEntry(context, given.hint)
  const result = run(assertion(entry, actual, given.options))
  const finish = (found: SnapshotResult): MatcherResult => conclude(entry.key, found, isTensorRecord(actual))
  return isPromise(result) ? result.then(finish) : finish(result)
}

/** Under `-u` Vitest would remove what a test that fails has stored. */
function* assertion(entry: SnapshotEntry, actual: unknown, options: SnapshotOptions | undefined): Flow<SnapshotResult> {
  try {
    return yield* matchSnapshot(entry, actual, checkSnapshotOptions(withDefaults(options)), snapshotFiles())
  } catch (error) {
    entry.abandon()
    throw error
  }
}

/** @param named whether the tensors have names that users know */
function conclude(key: string, result: SnapshotResult, named: boolean): MatcherResult {
  if (result.status === 'updated') console.log(describeUpdate(key, result))
  return {
    pass: result.pass,
    message: () => renderText(explainSnapshotFailure(key, result)),
    // under -u the old tensors are no reference any more
    ...(result.status !== 'updated' &&
      'judgements' in result && {
        comparisons: named ? result.judgements : result.judgements.map(({ name: _, ...judgement }) => judgement),
      }),
  }
}

/** Where a test is expected to fail, or tries until it does not, there is no telling what would be stored. */
function refuseUse(context: SnapshotContext): void {
  const { isNot, poll, task, testFailing } = context
  const [use, reason] = isNot
    ? ['.not', 'a snapshot says what a tensor is, not what it is not']
    : poll
      ? ['expect.poll', 'every attempt would be another snapshot. Wait for the tensor first, then take the snapshot']
      : task?.fails
        ? ['test.fails', 'what is expected to differ from the snapshot must not replace it']
        : testFailing
          ? ['test.failing', 'what is expected to differ from the snapshot must not replace it']
          : isOfUnknownTest(context)
            ? [
                'the global expect in a concurrent test or in afterAll',
                "there is no telling which test it is for. Use the test's own: test('...', ({ expect }) => ...)",
              ]
            : []
  if (use !== undefined) throw new Error(`toMatchTensorSnapshot cannot be used with ${use}: ${reason}`)
}
