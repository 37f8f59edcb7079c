// The snapshots of Vitest and of Jest, as the runners themselves keep them, without their processes.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { tensorMatchers } from '../../src/matchers/index.ts'
import type { SnapshotContext, UpdateMode } from '../../src/snapshots/runner-state.ts'
import { type Run, startRun } from './fake-runner.ts'

type State = NonNullable<SnapshotContext['snapshotState']>

interface VitestState extends State {
  pack(): Promise<unknown>
}

interface VitestSnapshots {
  readonly SnapshotState: { create(testFile: string, options: object): Promise<VitestState> }
}

interface VitestEnvironment {
  readonly NodeSnapshotEnvironment: new () => object
}

interface JestState extends State {
  getUncheckedCount(): number
  removeUncheckedKeys(): void
}

interface JestSnapshots {
  readonly SnapshotState: new (path: string, options: object) => JestState
}

/** What a package that is installed here has installed for itself. */
const requireOf = (name: string) => createRequire(createRequire(import.meta.url).resolve(`${name}/package.json`))
const load = (path: string): Promise<unknown> => import(pathToFileURL(path).href)

const snapshotFormat = { printBasicPrototype: false, escapeString: false }

/** A run whose end may have to be awaited. */
export type AnyRun = Omit<Run, 'finish'> & { finish(): unknown }

export type Start = (folder: string, mode: UpdateMode) => Promise<AnyRun>

/** Each is a run over the test file whose .snap is `x.snap` in `folder`. */
export async function runnersInProcess(): Promise<Readonly<Record<'vitest' | 'jest' | 'fake', Start>>> {
  const [ofVitest, ofJest] = [requireOf('vitest'), requireOf('jest')]
  const { SnapshotState: ForVitest } = (await load(ofVitest.resolve('@vitest/snapshot'))) as VitestSnapshots
  const environmentOf = (await load(ofVitest.resolve('@vitest/snapshot/environment'))) as VitestEnvironment
  const { SnapshotState: ForJest } = createRequire(ofJest.resolve('@jest/core'))('jest-snapshot') as JestSnapshots

  return {
    fake: async (folder, mode) => startRun(folder, mode),
    async vitest(folder, mode) {
      const snapshotEnvironment = Object.assign(new environmentOf.NodeSnapshotEnvironment(), {
        resolvePath: async () => join(folder, 'x.snap'),
      })
      const options = { snapshotEnvironment, updateSnapshot: mode, snapshotFormat }
      const state = await ForVitest.create(join(folder, 'x.test.js'), options)
      return runOver(state, () => state.pack())
    },
    async jest(folder, mode) {
      const state = new ForJest(join(folder, 'x.snap'), { updateSnapshot: mode, snapshotFormat, rootDir: folder })
      return runOver(state, () => {
        // as jest-circus does when the file has run
        if (state.getUncheckedCount() > 0) state.removeUncheckedKeys()
        state.save()
      })
    },
  }
}

function runOver(state: State, end: () => unknown): AnyRun {
  return {
    assert(currentTestName, actual, options) {
      const context = { isNot: false, snapshotState: state, currentTestName, task: { id: currentTestName } }
      const result = tensorMatchers.toMatchTensorSnapshot.call(context, actual, options)
      if (result instanceof Promise) throw new Error('the matcher is asynchronous in Node')
      return result.pass ? undefined : result.message()
    },
    text(testName, received) {
      return state.match({ testName, testId: testName, received, isInline: false }).pass
    },
    finish: end,
  }
}
