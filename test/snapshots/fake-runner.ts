// A test runner reduced to its snapshots, as Jest keeps them: numbers, counts, update modes, a .snap that is saved at the end.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { tensorMatchers } from '../../src/matchers/index.ts'
import type { SnapshotOptions } from '../../src/snapshots/options.ts'
import type { UpdateMode } from '../../src/snapshots/runner-state.ts'

export interface Run {
  /** One assertion in the test `name`. Returns what it would print, or undefined when it passes. */
  assert(name: string, actual: unknown, options?: SnapshotOptions): string | undefined
  /** An ordinary snapshot, of a text. Returns whether it passes. */
  text(name: string, value: string): boolean
  /** Ends the run: saves the .snap. */
  finish(): void
}

interface Printed {
  toAsymmetricMatcher(): string
}

/** Writes a .snap; on a full disk it leaves a part and throws. */
type Write = (path: string, text: string) => void

/** A run over the test file whose .snap is `x.snap` in `folder`. A .snap that is damaged it reads as far as it can, as runners do. */
export function startRun(folder: string, mode: UpdateMode, write: Write = writeFileSync): Run {
  const snapPath = join(folder, 'x.snap')
  const data: Record<string, string | undefined> = existsSync(snapPath) ? parse(readFileSync(snapPath, 'utf8')) : {}
  const unchecked = new Set(Object.keys(data))
  const counters = new Map<string, number>()
  const state = {
    _snapshotPath: snapPath,
    _snapshotData: data,
    _counters: counters,
    _updateSnapshot: mode,
    match({ testName, received }: { testName: string; received: Printed }) {
      const count = (counters.get(testName) ?? 0) + 1
      counters.set(testName, count)
      const key = `${testName} ${count}`
      unchecked.delete(key)
      const text = `\n${received.toAsymmetricMatcher()}\n`
      const pass = data[key] === text
      const writes = mode === 'all' || (mode === 'new' && data[key] === undefined)
      if (writes) data[key] = text
      return { pass: pass || writes }
    },
    markSnapshotsAsCheckedForTest(testName: string) {
      for (const key of unchecked) if (key.replace(/ \d+$/, '') === testName) unchecked.delete(key)
    },
    save() {
      if (mode === 'none') return
      if (mode === 'all') for (const key of unchecked) delete data[key]
      if (Object.keys(data).length > 0) write(snapPath, print(data))
      else if (mode === 'all') rmSync(snapPath, { force: true })
    },
  }
  return {
    assert(currentTestName, actual, options) {
      const context = { isNot: false, snapshotState: state, currentTestName }
      const result = tensorMatchers.toMatchTensorSnapshot.call(context, actual, options)
      if (result instanceof Promise) throw new Error('the matcher is asynchronous in Node')
      return result.pass ? undefined : result.message()
    },
    text(testName, value) {
      const received = { toAsymmetricMatcher: () => value }
      return state.match({ testName, received }).pass
    },
    finish: () => state.save(),
  }
}

function print(data: Readonly<Record<string, string | undefined>>): string {
  const escaped = (text: string) => text.replace(/`|\\|\$\{/g, '\\$&')
  const entries = Object.entries(data).map(
    ([key, text]) => `exports[\`${escaped(key)}\`] = \`${escaped(text ?? '')}\`;`,
  )
  return `// Snapshot v1\n\n${entries.join('\n\n')}\n`
}

function parse(text: string): Record<string, string | undefined> {
  const data = {}
  try {
    new Function('exports', text)(data)
  } catch {
    // as far as it can be read
  }
  return data
}

/** The file that a snapshot's tensors lie in, by the .snap. */
export function storedFile(folder: string, key: string): string {
  const text = parse(readFileSync(join(folder, 'x.snap'), 'utf8'))[key] ?? ''
  const file = /"file": "(.*)"/.exec(text)?.[1] ?? ''
  return join(folder, 'x.tensors', basename(file))
}
