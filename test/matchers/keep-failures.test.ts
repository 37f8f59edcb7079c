// The tensors of a failed assertion are kept as a file where that was asked for, under a name of its test, and never otherwise.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import '../../src/vitest.ts'
import { readFileSync } from 'node:fs'
import { decodeSafetensors, readTensors } from '../../src/files/index.ts'
import { messageOf } from './message-of.ts'

let folder: string
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'expect-tensor-')), 'failures')
})
afterEach(() => rmSync(join(folder, '..'), { recursive: true }))

const [actual, reference] = [Float32Array.of(1, 2), Float32Array.of(1, 3)]
const kept = (): string[] => (existsSync(folder) ? readdirSync(folder) : [])

test('as one file, named after the test, whose path is printed', async () => {
  const message = messageOf(() => expect(actual).toMatchTensor(reference, { saveFailures: folder }))
  const [name] = kept()
  expect(name).toMatch(/^as-one-file-named-after-the-test-whose-path-is-printed-[0-9a-f]{12}\.safetensors$/)
  expect(message.split('\n').at(-1)).toBe(`The tensors were saved in ${join(folder, name)}`)
  expect(await readTensors(join(folder, name))).toEqual({
    actual: { data: actual, shape: [2], dtype: 'float32' },
    reference: { data: reference, shape: [2], dtype: 'float32' },
  })
  expect(decodeSafetensors(readFileSync(join(folder, name))).metadata).toEqual({
    matcher: 'toMatchTensor',
    test: expect.stringMatching(/as one file, named after the test/),
    file: join('test', 'matchers', 'keep-failures.test.ts'),
  })
})

test('those of a record that fail', async () => {
  const record = { a: [1], b: { c: actual }, d: [[1]] }
  messageOf(() => expect(record).toMatchTensors({ ...record, b: { c: reference }, d: [1] }, { saveFailures: folder }))
  const tensors = await readTensors(join(folder, kept()[0]))
  expect(Object.keys(tensors).sort()).toEqual(['actual/b.c', 'actual/d', 'reference/b.c', 'reference/d'])
})

test('one file for each of several failures, and one for the same twice', () => {
  const fail = (value: number) => messageOf(() => expect([value]).toMatchTensor([0], { saveFailures: folder }))
  fail(1)
  fail(2)
  fail(2)
  expect(kept()).toHaveLength(2)
})

test.each(['ü/../../etc', '🙂'.repeat(300), 'CON'])('under a name that every file system takes: %j', () => {
  messageOf(() => expect(actual).toMatchTensor(reference, { saveFailures: folder }))
  expect(kept()).toEqual([expect.stringMatching(/^[a-z0-9-]{1,80}\.safetensors$/)])
})

describe('where the environment names the folder', () => {
  beforeEach(() => void vi.stubEnv('EXPECT_TENSOR_SAVE_FAILURES', folder))
  afterEach(() => void vi.unstubAllEnvs())

  test('of every matcher that compares', () => {
    messageOf(() => expect(actual).toMatchTensor(reference))
    messageOf(() => expect({ actual }).toMatchTensors({ actual: reference }))
    expect(kept()).toHaveLength(2)
  })

  test('but in the folder of the assertion', () => {
    const other = join(folder, 'other')
    messageOf(() => expect(actual).toMatchTensor(reference, { saveFailures: other }))
    expect(readdirSync(other)).toHaveLength(1)
    expect(kept()).toEqual(['other'])
  })

  test('nothing of what passes, of .not, of tolerances that nobody missed, and of names that are missing', () => {
    expect(actual).toMatchTensor(actual)
    expect(actual).not.toMatchTensor(reference)
    messageOf(() => expect(actual).not.toMatchTensor(actual))
    expect(() => expect({}).toMatchTensors({ a: [1] })).toThrow()
    messageOf(() => expect({ a: [1] }).toMatchTensors({ a: [1], b: [1] }))
    expect(kept()).toEqual([])
  })
})

test('nothing when nobody asked', () => {
  expect(messageOf(() => expect(actual).toMatchTensor(reference))).not.toContain('saved')
  expect(kept()).toEqual([])
})

test('a folder that cannot be made is told, beside the failure', () => {
  writeFileSync(folder, '')
  const message = messageOf(() => expect(actual).toMatchTensor(reference, { saveFailures: folder }))
  expect(message).toMatch(/^Tensors do not match/)
  expect(message).toMatch(/\n\nThe tensors could not be saved: .*failures/)
})
