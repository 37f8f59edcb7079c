// Fuzzing of .snap files: one that was edited anyhow never lets a model that drifted pass for one that is new, and loses no tensors.
// FUZZ_RUNS and FUZZ_SEED say how many edits are tried and which: `npm run test:fuzz` tries tens of thousands.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { filesNamedIn } from '../../src/snapshots/snap-text.ts'
import { startRun, storedFile } from './fake-runner.ts'

const runs = Number(process.env.FUZZ_RUNS ?? 200)
const seed = Number(process.env.FUZZ_SEED ?? 7)

const place = fc.double({ min: 0, max: 1, noNaN: true })
const pieces = [
  '`',
  '\\',
  '${',
  '`;',
  '=======\n',
  '||||||| base\n',
  '<<<<<<< HEAD\n',
  '//',
  '/*',
  '"',
  '}',
  '\n',
  '\0',
  'a',
  '1',
]

/** What hands, merges and disks do to a text. */
const edit = fc.oneof(
  fc.tuple(place, fc.constantFrom(...pieces)).map(
    ([at, piece]) =>
      (text: string) =>
        splice(text, at, 0, piece),
  ),
  fc.tuple(place, place).map(
    ([at, share]) =>
      (text: string) =>
        splice(text, at, Math.ceil(share ** 4 * text.length), ''),
  ),
  place.map((at) => (text: string) => changeLines(text, at, () => [])),
  place.map((at) => (text: string) => changeLines(text, at, (line) => [line, line])),
  place.map((at) => (text: string) => text.slice(0, Math.floor(at * text.length))),
  fc.tuple(place, place).map(
    ([at, end]) =>
      (text: string) =>
        text + text.slice(...range(text, at, end)),
  ),
)

function splice(text: string, at: number, removed: number, piece: string): string {
  const begin = Math.floor(at * text.length)
  return text.slice(0, begin) + piece + text.slice(begin + removed)
}

function changeLines(text: string, at: number, change: (line: string) => string[]): string {
  const lines = text.split('\n')
  const changed = Math.min(lines.length - 1, Math.floor(at * lines.length))
  return lines.flatMap((line, index) => (index === changed ? change(line) : [line])).join('\n')
}

function range(text: string, a: number, b: number): [number, number] {
  return [Math.floor(Math.min(a, b) * text.length), Math.floor(Math.max(a, b) * text.length)]
}

const names = ['a', 'b', 'c']

/** The tests that pass. */
function runTests(folder: string, gain: number): string[] {
  const run = startRun(folder, 'new')
  run.text('text', 'one\ntwo')
  const passed = names.filter((name) => {
    try {
      return run.assert(name, Float32Array.of(gain, 2 * gain)) === undefined
    } catch {
      return false
    }
  })
  run.finish()
  return passed
}

test(`${runs} edits`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'expect-tensor-fuzz-'))
  const [snapPath, tensors] = [join(folder, 'x.snap'), join(folder, 'x.tensors')]
  try {
    expect(runTests(folder, 1)).toEqual(names)
    const snap = readFileSync(snapPath, 'utf8')
    const stored = readdirSync(tensors)
    const fileOf = Object.fromEntries(names.map((name) => [name, basename(storedFile(folder, `${name} 1`))]))
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        for (const name of readdirSync(tensors)) if (!stored.includes(name)) rmSync(join(tensors, name))
        writeFileSync(
          snapPath,
          edits.reduce((text, apply) => apply(text), snap),
        )
        for (const _ of ['first', 'second']) {
          for (const name of runTests(folder, 2)) {
            // as if the test had been renamed: what was stored is still there, under the other name
            expect(filesNamedIn(readFileSync(snapPath, 'utf8'))).toContain(fileOf[name])
          }
          expect(readdirSync(tensors)).toEqual(expect.arrayContaining(stored))
        }
      }),
      { numRuns: runs, seed },
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 3_600_000)
