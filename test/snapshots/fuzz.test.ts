// Fuzzing of .snap files, with the snapshots of Vitest, of Jest, and of a runner that reads as much as it can: one that was edited anyhow never
// lets a model that drifted pass for one that is new, and loses no tensors.
// FUZZ_RUNS and FUZZ_SEED say how many edits are tried and which: `npm run test:fuzz` tries tens of thousands.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { UpdateMode } from '../../src/snapshots/runner-state.ts'
import { filesNamedIn } from '../../src/snapshots/snap-text.ts'
import { storedFile } from './fake-runner.ts'
import { runnersInProcess, type Start } from './real-runners.ts'

/** A tenth of what other fuzzers try: each edit is run in five ways. */
const runs = Math.ceil(Number(process.env.FUZZ_RUNS ?? 500) / 10)
const seed = Number(process.env.FUZZ_SEED ?? 7)

/** Stands for a byte that is not UTF-8. */
const noCharacter = '\uffff'

/** Somewhere, all places alike: fast-check draws doubles by their bits, nearly all of them next to 0. */
const place = fc.nat({ max: 9999 }).map((n) => n / 10_000)
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
  '\r',
  '\ufeff',
  noCharacter,
  'exports[`a 1`] = `\n1\n`;\n',
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
  fc.constantFrom(
    (text: string) => text.replaceAll('\n', '\r\n'),
    (text: string) => `\ufeff${text}`,
    () => '',
  ),
  fc.tuple(place, place).map(
    ([a, b]) =>
      (text: string) =>
        changeEntries(text, (entries) => swapped(entries, a, b)),
  ),
  place.map((at) => (text: string) => changeEntries(text, (entries) => entries.toSpliced(indexIn(entries, at), 1))),
  fc.tuple(place, place, fc.nat({ max: 7 })).map(
    ([a, b, marks]) =>
      (text: string) =>
        changeEntries(text, (entries) => conflict(entries, indexIn(entries, a), indexIn(entries, b), marks)),
  ),
  fc.tuple(place, place).map(([a, b]) => exchangeFiles(a, b)),
)

const indexIn = (list: readonly unknown[], at: number): number => Math.floor(at * list.length)

/** Entries and what stands between them. */
function changeEntries(text: string, change: (entries: readonly string[]) => readonly string[]): string {
  return change(text.split(/^(?=exports\[)/m)).join('')
}

function swapped(entries: readonly string[], a: number, b: number): readonly string[] {
  const [i, j] = [indexIn(entries, a), indexIn(entries, b)]
  return entries.with(i, entries[j]).with(j, entries[i])
}

/** What a merge leaves of two changes at one place, or of it when some of the markers were deleted. */
function conflict(entries: readonly string[], at: number, other: number, marks: number): readonly string[] {
  const marked = [
    marks & 1 ? '<<<<<<< HEAD\n' : '',
    entries[at],
    marks & 2 ? '||||||| base\n' : '',
    marks & 4 ? '=======\n' : '',
    entries[other],
    marks === 6 ? '' : '>>>>>>> branch\n',
  ]
  return entries.toSpliced(at, 1, ...marked)
}

/** Puts one tensor file's name where another's is. */
const exchangeFiles = (a: number, b: number) => (text: string) => {
  const files = [...filesNamedIn(text)]
  return files.length === 0 ? text : text.replaceAll(files[indexIn(files, a)], files[indexIn(files, b)])
}

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

/** What the model gives in each test: twice of one is what the next has stored. */
const values = { a: 1, b: 2, c: 4 }
const names = Object.keys(values)

/** Jest does not begin where the header is missing. */
const orNone = <T>(run: Promise<T>): Promise<T | undefined> => run.catch(() => undefined)

/** The tests that pass. */
async function runTests(start: Start, folder: string, mode: UpdateMode, gain: number): Promise<string[]> {
  const run = await orNone(start(folder, mode))
  if (run === undefined) return []
  run.text('text', 'one\ntwo')
  const passed = Object.entries(values).filter(([name, value]) => {
    try {
      return run.assert(name, Float32Array.of(value * gain, 2 * value * gain)) === undefined
    } catch {
      return false
    }
  })
  await run.finish()
  return passed.map(([name]) => name)
}

/** The file as it is written to disk. */
function bytesOf(text: string): Uint8Array {
  const parts = text.split(noCharacter).map((part) => Buffer.from(part))
  return Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.of(0xff), part])))
}

/** A run that stored what the model gives, in a folder of its own. */
async function storedBy(start: Start) {
  const folder = mkdtempSync(join(tmpdir(), 'expect-tensor-fuzz-'))
  expect(await runTests(start, folder, 'new', 1)).toEqual(names)
  const [snapPath, tensors] = [join(folder, 'x.snap'), join(folder, 'x.tensors')]
  const snap = readFileSync(snapPath, 'utf8')
  const stored = readdirSync(tensors)
  const fileOf = Object.fromEntries(names.map((name) => [name, basename(storedFile(folder, `${name} 1`))]))
  return { start, folder, snapPath, tensors, snap, stored, fileOf }
}

test(`${runs} edits`, async () => {
  const runners = await runnersInProcess()
  const baselines = await Promise.all(Object.values(runners).map(storedBy))
  await fc.assert(
    fc.asyncProperty(
      fc.array(edit, { minLength: 1, maxLength: 3 }),
      fc.nat({ max: baselines.length - 1 }),
      async (edits, runner) => {
        const { start, folder, snapPath, tensors, snap, stored, fileOf } = baselines[runner]
        for (const name of readdirSync(tensors)) if (!stored.includes(name)) rmSync(join(tensors, name))
        writeFileSync(snapPath, bytesOf(edits.reduce((text, apply) => apply(text), snap)))
        expect(await runTests(start, folder, 'none', 2), 'in CI').toEqual([])
        for (const _ of ['first', 'second']) {
          for (const name of await runTests(start, folder, 'new', 2)) {
            // as if the test had been renamed: what was stored is still there, under the other name
            expect(filesNamedIn(readFileSync(snapPath, 'latin1')), name).toContain(fileOf[name])
          }
          expect(readdirSync(tensors)).toEqual(expect.arrayContaining(stored))
        }
        writeFileSync(snapPath, snap)
        expect(await runTests(start, folder, 'none', 1), 'with the .snap restored').toEqual(names)
      },
    ),
    { numRuns: runs, seed },
  )
  for (const { folder } of baselines) rmSync(folder, { recursive: true })
}, 3_600_000)
