// `expect-tensor prune`: orphaned tensor files go, by the .snap files alone, and nothing else.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { pruneSnapshots } from '../../src/cli/prune-snapshots.ts'
import { startRun } from '../snapshots/fake-runner.ts'
import { runProgram } from './run-program.ts'

let folder: string
let snapshots: string
const orphan = 'gone-1-0123456789ab.safetensors'

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'expect-tensor-prune-'))
  snapshots = join(folder, 'src/__snapshots__')
  mkdirSync(snapshots, { recursive: true })
  const run = startRun(snapshots, 'new')
  run.assert('test', 1)
  run.assert('test', { out0: 2 })
  run.finish()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const tensors = () => readdirSync(join(snapshots, 'x.tensors'))
const put = (name: string) => writeFileSync(join(snapshots, 'x.tensors', name), 'x')

test('removes what no .snap names', () => {
  const stored = tensors()
  put(orphan)
  expect(pruneSnapshots(folder)).toEqual({ removed: [join(snapshots, 'x.tensors', orphan)], kept: 2, skipped: [] })
  expect(tensors()).toEqual(stored)
  expect(pruneSnapshots(folder)).toEqual({ removed: [], kept: 2, skipped: [] })
})

test('removes the folder of a .snap that is gone', () => {
  rmSync(join(snapshots, 'x.snap'))
  expect(pruneSnapshots(folder)).toMatchObject({ removed: [expect.any(String), expect.any(String)], kept: 0 })
  expect(existsSync(join(snapshots, 'x.tensors'))).toBe(false)
})

test("leaves alone what is not a snapshot's", () => {
  const kept = ['weights.safetensors', 'README.md', 'gone-1-0123456789ab.npy']
  for (const name of kept) put(name)
  mkdirSync(join(folder, 'node_modules/x.tensors'), { recursive: true })
  writeFileSync(join(folder, 'node_modules/x.tensors', orphan), 'x')
  writeFileSync(join(folder, orphan), 'x')
  expect(pruneSnapshots(folder).removed).toEqual([])
  expect(tensors()).toEqual(expect.arrayContaining(kept))
})

test('removes what a killed process left half-written, unless it may still be writing', () => {
  const temporary = `.${orphan}.01234567-89ab-cdef-0123-456789abcdef.tmp`
  put(temporary)
  expect(pruneSnapshots(folder).removed).toEqual([])
  utimesSync(join(snapshots, 'x.tensors', temporary), new Date(0), new Date(0))
  expect(pruneSnapshots(folder).removed).toEqual([join(snapshots, 'x.tensors', temporary)])
})

test('leaves a folder alone whose .snap is damaged', () => {
  put(orphan)
  writeFileSync(join(snapshots, 'x.snap'), '')
  expect(pruneSnapshots(folder)).toMatchObject({ removed: [], skipped: [{ path: join(snapshots, 'x.tensors') }] })
})

test('a folder that cannot be read is skipped, the others are not', () => {
  put(orphan)
  // what is to be a folder of tensors, and a tensor file that is a folder
  mkdirSync(join(folder, 'a.tensors', orphan), { recursive: true })
  expect(pruneSnapshots(folder)).toEqual({
    removed: [join(snapshots, 'x.tensors', orphan)],
    kept: 2,
    skipped: [{ path: join(folder, 'a.tensors'), reason: expect.stringContaining(orphan) }],
  })
})

test('the command says what it did', async () => {
  put(orphan)
  expect(await runProgram('prune', folder)).toEqual({
    code: 0,
    out: expect.stringMatching(/^removed {2}.*gone-1-.*\n1 removed, 2 in use$/),
    err: '',
  })
  expect(await runProgram('prune', join(folder, 'nowhere'))).toMatchObject({
    code: 2,
    err: expect.stringMatching(/nowhere is not a folder\nSee expect-tensor prune --help/),
  })
  writeFileSync(join(snapshots, 'x.snap'), '')
  expect(await runProgram('prune', folder)).toMatchObject({
    code: 1,
    out: expect.stringMatching(/^skipped .*its \.snap is empty/),
  })
})

test('the command says it in JSON', async () => {
  put(orphan)
  const { code, out } = await runProgram('prune', folder, '--json')
  expect(code).toBe(0)
  expect(JSON.parse(out)).toEqual({ removed: [join(snapshots, 'x.tensors', orphan)], kept: 2, skipped: [] })
})

test('--dry-run says what would be removed, and removes nothing', async () => {
  put(orphan)
  const before = tensors()
  const { code, out } = await runProgram('prune', folder, '--dry-run')
  expect(out).toMatch(/^would remove {2}.*gone-1-0123456789ab\.safetensors\n1 to be removed, 2 in use$/)
  expect(code).toBe(0)
  expect(tensors()).toEqual(before)
})
