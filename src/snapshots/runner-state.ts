// The runner's own snapshot state, Vitest's or Jest's: it numbers snapshots, counts them, decides what is written, and saves the .snap.
import { type Flow, run } from './flow.ts'

/** When snapshots are written: changed and new ones (`-u`), new ones only, or none (CI). */
export type UpdateMode = 'all' | 'new' | 'none'

/** The parts of both runners' `SnapshotState` that are used here. */
interface SnapshotState {
  match(options: object): { readonly pass: boolean }
  save(): unknown
  markSnapshotsAsCheckedForTest(testName: string): void
  readonly snapshotPath?: string
  /** Vitest: looks a snapshot up without counting it. */
  probeExpectedSnapshot?(options: object): { readonly key: string; readonly data?: string; markAsChecked(): void }
  // The runners keep these to themselves. Other packages' snapshot matchers rely on them as well.
  readonly _snapshotPath?: string
  readonly _snapshotData?: Readonly<Record<string, string | undefined>>
  readonly _counters?: ReadonlyMap<string, number>
  readonly _updateSnapshot?: UpdateMode
}

/** `this` of a snapshot matcher, in either runner. */
export interface SnapshotContext {
  readonly isNot?: boolean
  readonly snapshotState?: SnapshotState
  readonly currentTestName?: string
  readonly error?: unknown
  // Vitest
  readonly poll?: boolean
  readonly task?: {
    readonly id: string
    readonly fullTestName?: string
    readonly fails?: boolean
    readonly concurrent?: boolean
    /** The argument of the test's function. `_local` is private: whether the test has taken its own `expect` from it. */
    readonly context?: { readonly _local?: boolean }
  }
  // Jest
  readonly testFailing?: boolean
  currentConcurrentTestName?(): string | undefined
  currentTestIdentity?(): unknown
  dontThrow?(): void
}

/** One snapshot of the running test, as the runner sees it. */
export interface SnapshotEntry {
  /** The runner's name of the snapshot: test, hint and number. */
  readonly key: string
  /** The text that the .snap has under this name. */
  readonly stored: string | undefined
  readonly mode: UpdateMode
  readonly snapPath: string
  /** The same object for all snapshots of a test file. */
  readonly state: object
  /** Hands the text over, to be compared, counted and, as the mode says, written. True when the runner accepts it. */
  settle(text: string): boolean
  /** In place of `settle` where an error ends the assertion: what is stored for this test stays stored, also with `-u`. */
  abandon(): void
  /** Whether the runner read a snapshot of this name in the .snap. */
  isRead(key: string): boolean
  /** Has something done whenever the runner saves the .snap. */
  wrapSaving(wrap: (save: () => unknown) => Flow<unknown>): void
}

const isOfVitest = (state: SnapshotState): boolean => state.probeExpectedSnapshot !== undefined

/**
 * Vitest's global `expect` does not know which of several concurrent tests calls it: it has no task, or that of the test that started last.
 */
export function isOfUnknownTest({ snapshotState, task }: SnapshotContext): boolean {
  if (snapshotState === undefined || !isOfVitest(snapshotState)) return false
  return task === undefined || (task.concurrent === true && task.context?._local === false)
}

/** @throws Error outside of a test */
export function snapshotEntry(context: SnapshotContext, hint: string | undefined): SnapshotEntry {
  const state = context.snapshotState
  if (state === undefined) {
    throw new Error('toMatchTensorSnapshot works within a test of Vitest or Jest: here there is no snapshot state')
  }
  const inVitest = isOfVitest(state)
  const test = inVitest
    ? (context.task?.fullTestName ?? context.currentTestName)
    : (context.currentConcurrentTestName?.() ?? context.currentTestName)
  if (test === undefined) {
    throw new Error('toMatchTensorSnapshot works within a test: here, in a hook such as beforeAll, none is running')
  }
  const testName = hint ? `${test}${inVitest ? ' > ' : ': '}${hint}` : test
  const testId = context.task?.id ?? testName
  const probe = state.probeExpectedSnapshot?.({ testName, testId, isInline: false })
  const key = probe?.key ?? `${testName} ${(state._counters?.get(testName) ?? 0) + 1}`
  const snapPath = state.snapshotPath ?? state._snapshotPath
  const mode = state._updateSnapshot
  const read = state._snapshotData
  if (snapPath === undefined || mode === undefined || read === undefined) {
    throw new Error('toMatchTensorSnapshot does not know this version of the test runner')
  }
  return {
    key,
    stored: inVitest ? probe?.data : read[key],
    mode,
    snapPath,
    state,
    settle(text) {
      context.dontThrow?.()
      const { pass } = state.match({
        testName,
        testId,
        testIdentity: context.currentTestIdentity?.(),
        received: verbatim(text),
        isInline: false,
        error: context.error,
        assertionName: 'toMatchTensorSnapshot',
      })
      return pass
    },
    abandon() {
      // Jest keeps the snapshots of a failed test by itself
      probe?.markAsChecked()
      state.markSnapshotsAsCheckedForTest(test)
    },
    isRead: (name) => read[name] !== undefined,
    wrapSaving(wrap) {
      const save = state.save
      state.save = () => run(wrap(() => save.call(state)))
    },
  }
}

/** Printed as it is, without quotes, by the serializer that every `expect` has for asymmetric matchers. */
function verbatim(text: string): object {
  return { $$typeof: Symbol.for('jest.asymmetricMatcher'), toAsymmetricMatcher: () => text, toString: () => text }
}
