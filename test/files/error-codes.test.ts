// Which code an error about a tensor file has: each of them, by the shortest way there.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TensorFileErrorCode, tensorFileErrorCodes } from '../../src/files/error.ts'
import { encodeNpy, encodeNpz, encodeSafetensors, readTensor, writeTensor } from '../../src/files/index.ts'
import { allocateBytes } from '../../src/files/source.ts'
import { tensor } from '../../src/tensor/to-tensor.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'expect-tensor-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const row = tensor(Float32Array.of(1, 2, 3))

async function read(name: string, content: string | Uint8Array, options?: { name: string }): Promise<unknown> {
  const path = join(folder, name)
  writeFileSync(path, content)
  return readTensor(path, options)
}

/** A .npy of another element type. */
const npyOf = (descr: string): Uint8Array =>
  Buffer.from(Buffer.from(encodeNpy(row)).toString('latin1').replace('<f4', descr), 'latin1')

const npz = () => encodeNpz({ a: row, b: row })
const safetensors = () => encodeSafetensors({ a: row })

const cases: readonly (readonly [TensorFileErrorCode, string, () => Promise<unknown>])[] = [
  ['not-found', 'no file', () => readTensor(join(folder, 'absent.npy'))],
  [
    'not-found',
    'a file in the path',
    async () => {
      writeFileSync(join(folder, 'file'), '')
      return readTensor(join(folder, 'file', 'a.npy'))
    },
  ],
  [
    'unreadable',
    'a folder',
    async () => {
      mkdirSync(join(folder, 'folder.npy'))
      return readTensor(join(folder, 'folder.npy'))
    },
  ],
  ['git-lfs', 'a pointer', () => read('pointer.npy', 'version https://git-lfs.github.com/spec/v1\n')],
  ['unknown-format', 'another extension', () => readTensor(join(folder, 'a.pt'))],
  ['malformed', 'text instead of .npy', () => read('text.npy', 'hello')],
  ['malformed', 'text instead of .npz', () => read('text.npz', 'hello')],
  ['malformed', 'text instead of .safetensors', () => read('text.safetensors', `\u0002${'\0'.repeat(7)}[]`)],
  ['truncated', 'a part of a .npy', () => read('part.npy', encodeNpy(row).subarray(0, -1))],
  ['truncated', 'a part of the header of a .npy', () => read('part.npy', encodeNpy(row).subarray(0, 20))],
  ['truncated', 'a part of a .npz', () => read('part.npz', npz().subarray(0, -30))],
  ['truncated', 'a part of a .safetensors', () => read('part.safetensors', safetensors().subarray(0, -1))],
  [
    'truncated',
    'a part of the header of a .safetensors',
    () => read('part.safetensors', safetensors().subarray(0, 20)),
  ],
  ['unsupported', 'complex numbers', () => read('complex.npy', npyOf('<c8'))],
  ['unsupported', 'objects', () => read('objects.npy', npyOf('|O8'))],
  ['no-such-tensor', 'another name', () => read('a.safetensors', safetensors(), { name: 'b' })],
  ['no-such-tensor', 'several', () => read('several.npz', npz())],
  ['too-large', 'more than an array can hold', async () => allocateBytes(2 ** 53 - 1, 'a.npy')],
  [
    'cannot-hold',
    'bfloat16 in .npy',
    () => writeTensor(join(folder, 'a.npy'), tensor(Uint16Array.of(1), [1], 'bfloat16')),
  ],
  ['cannot-hold', 'metadata in .npy', () => writeTensor(join(folder, 'a.npy'), row, { metadata: { a: 'b' } })],
  ['cannot-hold', 'what is no tensor', () => writeTensor(join(folder, 'a.npy'), 'text' as never)],
  ['unwritable', 'no folder', () => writeTensor(join(folder, 'absent', 'a.npy'), row)],
]

test.each(cases)('%s: %s', async (code, _, act) => {
  await expect(act()).rejects.toMatchObject({ name: 'TensorFileError', code })
})

test('every code occurs', () => {
  expect([...new Set(cases.map(([code]) => code))]).toEqual([...tensorFileErrorCodes])
})
