// Outcomes of snapshot assertions.
import { mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { listen, type Outcome } from '../../src/outcomes/index.ts'
import type { SnapshotOptions } from '../../src/snapshots/options.ts'
import type { UpdateMode } from '../../src/snapshots/runner-state.ts'
import { randomNumbers } from '../matchers/samples.ts'
import { startRun, storedFile } from '../snapshots/fake-runner.ts'

let folder: string
let outcomes: Outcome[] = []
let stop = () => {}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'expect-tensor-outcomes-'))
  outcomes = []
  stop = listen((outcome) => outcomes.push(outcome))
})
afterEach(() => {
  stop()
  rmSync(folder, { recursive: true, force: true })
  vi.restoreAllMocks()
})

/** The outcome of one assertion in a run of its own. */
function outcomeOf(mode: UpdateMode, actual: unknown, options?: SnapshotOptions): Outcome {
  const run = startRun(folder, mode)
  run.assert('test', actual, options)
  run.finish()
  return outcomes[outcomes.length - 1]
}

test('stored, matched, changed, and missing', () => {
  expect(outcomeOf('none', [1, 2])).toMatchObject({ status: 'failed', tensors: [] })
  expect(outcomeOf('new', [1, 2])).toMatchObject({ status: 'passed', tensors: [], where: { test: ['test'] } })
  expect(outcomeOf('none', [1, 2.5], { atol: 1 })).toMatchObject({
    matcher: 'toMatchTensorSnapshot',
    status: 'passed',
    given: { options: { atol: 1 } },
    tensors: [{ summary: { pass: true, margin: 0.5 } }],
  })
  const changed = outcomeOf('none', [1, 2.5])
  expect(changed).toMatchObject({ status: 'failed', tensors: [{ summary: { pass: false, maxAbs: 0.5 } }] })
  expect(changed.message()).toMatch(/^The tensor snapshot "test 1" does not match/)
})

test('an update is held to no reference', () => {
  vi.spyOn(console, 'log').mockReturnValue(undefined)
  outcomeOf('new', [1, 2])
  expect(outcomeOf('all', [1, 3])).toMatchObject({ status: 'passed', tensors: [] })
})

test('a record names its tensors', () => {
  outcomeOf('new', { a: [1], b: [2] })
  const { tensors } = outcomeOf('none', { a: [1], c: [2] })
  expect(tensors.map(({ name, summary, problem }) => [name, summary?.pass, problem])).toEqual([
    ['a', true, undefined],
    ['b', undefined, 'missing'],
    ['c', undefined, 'not in the snapshot'],
  ])
})

test('a fingerprint gives an estimate', () => {
  const data = Float32Array.from(randomNumbers(10_000, 5))
  outcomeOf('new', data, { storage: 'fingerprint' })
  const { status, tensors } = outcomeOf(
    'none',
    data.map((value) => 2 * value),
    { storage: 'fingerprint' },
  )
  expect(status).toBe('failed')
  expect(tensors).toEqual([
    {
      estimate: {
        pass: false,
        relativeChange: expect.closeTo(1, 0),
        allowedChange: expect.any(Number),
        cosine: expect.closeTo(1, 1),
      },
    },
  ])
})

test('what cannot be read fails without tensors, and wrong use is an error', () => {
  outcomeOf('new', [1, 2])
  truncateSync(storedFile(folder, 'test 1'), 10)
  expect(outcomeOf('none', [1, 2])).toMatchObject({ status: 'failed', tensors: [] })
  expect(() => outcomeOf('none', 'text')).toThrow()
  expect(outcomes.at(-1)).toMatchObject({ matcher: 'toMatchTensorSnapshot', status: 'error' })
})
