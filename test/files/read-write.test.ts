import { execFile } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { replaceFile } from '../../src/files/file-system.ts'
import { readTensor, readTensors, TensorFileError, writeTensor, writeTensors } from '../../src/files/index.ts'
import { readTensorsSync } from '../../src/files/read-write.ts'
import { decodeSafetensors } from '../../src/files/safetensors.ts'
import { bundleProgram } from '../bundle-program.ts'
import { arrays, cube, fixturePath, withBfloat16 } from './fixture.ts'

const programs = mkdtempSync(join(tmpdir(), 'expect-tensor-programs-'))
afterAll(() => rmSync(programs, { recursive: true }))

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'expect-tensor-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

const row = { data: Float32Array.of(1, 2, 3), shape: [3], dtype: 'float32' } as const

describe('reading', () => {
  test.each(['fortran.npy', 'single.npz'])('%s, by path and by URL', async (name) => {
    const path = fixturePath(name)
    expect(await readTensor(path)).toEqual(cube)
    expect(await readTensor(pathToFileURL(path))).toEqual(cube)
    expect(await readTensor(pathToFileURL(path).href)).toEqual(cube)
  })

  test('the extension may be in capitals', async () => {
    await writeTensor(join(folder, 'A.NPY'), row)
    expect(await readTensor(join(folder, 'A.NPY'))).toEqual(row)
  })

  test('one tensor of many, by name', async () => {
    expect(await readTensor(fixturePath('deflated.npz'), { name: 'int16' })).toEqual(arrays.int16)
    expect(await readTensor(fixturePath('all.safetensors'), { name: 'bfloat16' })).toEqual(withBfloat16.bfloat16)
    expect(await readTensor(fixturePath('int16.npy'), { name: 'int16' })).toEqual(arrays.int16)
  })

  test('all tensors; the one of a .npy file is called like the file', async () => {
    expect(Object.keys(await readTensors(fixturePath('stored.npz')))).toEqual(Object.keys(arrays))
    expect(await readTensors(fixturePath('int16.npy'))).toEqual({ int16: arrays.int16 })
  })

  test('several tensors and no name: the error lists them and says how to choose', async () => {
    const path = fixturePath('stored.npz')
    await expect(readTensor(path)).rejects.toThrow(
      `${path}: holds 14 tensors: "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64" and 6 more. ` +
        'Choose one with readTensor(path, { name: "int8" }), on a command line ' +
        `${JSON.stringify(`${path}:int8`)}, or read them all with readTensors(path)`,
    )
  })

  test('a name that is not there', async () => {
    await expect(readTensor(fixturePath('single.npz'), { name: 'x' })).rejects.toThrow(
      'has no tensor "x"; found "arr_0"',
    )
    await expect(readTensor(fixturePath('fortran.npy'), { name: 'x' })).rejects.toThrow(
      'has no tensor "x"; found "fortran"',
    )
  })

  test('a file without tensors', async () => {
    await writeTensors(join(folder, 'none.safetensors'), {})
    await expect(readTensor(join(folder, 'none.safetensors'))).rejects.toThrow('none.safetensors: holds no tensor')
  })

  // A file of 6 GB with a hole, which Windows would fill.
  test.skipIf(process.platform === 'win32')('only what is asked for is read', async () => {
    const path = join(folder, 'big.safetensors')
    const header = Buffer.from(
      '{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},"b":{"dtype":"U8","shape":[6000000000],"data_offsets":[12,6000000012]}}',
    )
    const length = Buffer.alloc(8)
    length.writeUInt32LE(header.length)
    writeFileSync(path, Buffer.concat([length, header, Buffer.from(row.data.buffer)]))
    truncateSync(path, 8 + header.length + 6_000_000_012)
    const tensor = await readTensor(path, { name: 'a' })
    expect(tensor).toEqual(row)
    expect(tensor.data.buffer.byteLength).toBe(12)
  })

  test.each([
    ['missing.npy', /missing\.npy: no such file \(looked for .*missing\.npy\)/],
    ['tensor.pt', /expected a file name that ends in \.npy, \.npz, \.safetensors, found "\.pt"/],
    ['tensor', /expected a file name that ends in \.npy, \.npz, \.safetensors, found no extension/],
  ])('%s', async (name, message) => {
    await expect(readTensor(join(folder, name))).rejects.toThrow(message)
    await expect(readTensor(join(folder, name))).rejects.toBeInstanceOf(TensorFileError)
  })

  test.each([
    ['numbers.json', 'tensor(JSON.parse(text))'],
    ['raw.bin', 'tensor(new Float32Array(arrayBuffer), shape)'],
    ['weights.PT', 'safetensors.torch.save_file'],
    ['x.npy.gz', 'Decompress it first'],
  ])('%s: the way from there', async (name, words) => {
    await expect(readTensor(join(folder, name))).rejects.toThrow(words)
  })

  test('a folder', async () => {
    mkdirSync(join(folder, 'a.npy'))
    await expect(readTensor(join(folder, 'a.npy'))).rejects.toThrow('a.npy: is a folder')
  })

  test('a file that is a folder in the path', async () => {
    writeFileSync(join(folder, 'a'), '')
    await expect(readTensor(join(folder, 'a', 'b.npy'))).rejects.toThrow('a is not a folder')
  })

  test('a Git LFS pointer', async () => {
    await expect(readTensor(fixturePath('refused-lfs-pointer.npy'))).rejects.toThrow(
      'is a Git LFS pointer of 130 bytes; the file itself is not here yet: run "git lfs pull"',
    )
  })

  test.each([undefined, null, 3, '', new URL('https://example.com/a.npy'), {}])('%o is not a path', async (file) => {
    await expect(readTensor(file as string)).rejects.toThrow(/expected the path or file: URL of a tensor file, found/)
  })
})

describe('writing', () => {
  test.each(['npy', 'npz', 'safetensors'])('one tensor as .%s', async (extension) => {
    const path = join(folder, `row.${extension}`)
    await writeTensor(path, row)
    expect(await readTensor(path)).toEqual(row)
    expect(await readTensors(pathToFileURL(path))).toEqual({ row })
    expect(readdirSync(folder)).toEqual([`row.${extension}`])
  })

  test('under another name', async () => {
    await writeTensor(join(folder, 'a.npz'), row, { name: 'x' })
    expect(await readTensors(join(folder, 'a.npz'))).toEqual({ x: row })
  })

  test('named tensors, compressed or with metadata', async () => {
    await writeTensors(join(folder, 'a.npz'), { cube, row }, { compress: true })
    await writeTensors(join(folder, 'b.npz'), { cube, row })
    await writeTensors(join(folder, 'c.safetensors'), { cube, row }, { metadata: { model: 'v1' } })
    for (const name of ['a.npz', 'b.npz', 'c.safetensors'])
      expect(await readTensors(join(folder, name))).toEqual({ cube, row })
    expect(statSync(join(folder, 'a.npz')).size).toBeLessThan(statSync(join(folder, 'b.npz')).size)
    expect(decodeSafetensors(readFileSync(join(folder, 'c.safetensors'))).metadata).toEqual({ model: 'v1' })
  })

  test('anything tensor-like, part of a larger array', async () => {
    await writeTensor(join(folder, 'a.npy'), row.data.subarray(1))
    expect(await readTensor(join(folder, 'a.npy'))).toEqual({
      data: Float32Array.of(2, 3),
      shape: [2],
      dtype: 'float32',
    })
    await writeTensor(join(folder, 'b.npy'), [[1n, 2n]])
    expect(await readTensor(join(folder, 'b.npy'))).toEqual({
      data: BigInt64Array.of(1n, 2n),
      shape: [1, 2],
      dtype: 'int64',
    })
  })

  test.each([
    [
      'a.npy',
      { b: row },
      {},
      /holds one tensor, called like the file, "a"; asked to write "b"\. Use \.npz or \.safetensors/,
    ],
    ['a.npy', { a: row, b: row }, {}, /asked to write "a", "b"/],
    ['a.npy', { a: row }, { compress: true }, /only \.npz files can be written with `compress`/],
    ['a.npy', { a: row }, { metadata: {} }, /only \.safetensors files hold metadata/],
    ['a.npz', { a: row }, { metadata: {} }, /only \.safetensors files hold metadata/],
    ['a.safetensors', { a: row }, { compress: true }, /only \.npz files can be written with `compress`/],
    ['a.npz', { a: row, b: [[1], [2, 3]] }, {}, /a\.npz: .*tensor "b"/],
    [
      'a.npz',
      { a: { data: new Uint16Array(1), shape: [1], dtype: 'bfloat16' } },
      {},
      /has no bfloat16; write a \.safetensors/,
    ],
    ['a.pt', { a: row }, {}, /expected a file name that ends in/],
    ['missing/a.npy', { a: row }, {}, /the folder .*missing does not exist/],
  ])('%s refuses %o with %o and leaves nothing behind', async (name, tensors, options, message) => {
    writeFileSync(join(folder, 'a.npz'), 'precious')
    await expect(writeTensors(join(folder, name), tensors as never, options)).rejects.toThrow(message)
    expect(readdirSync(folder)).toEqual(['a.npz'])
    expect(readFileSync(join(folder, 'a.npz'), 'utf8')).toBe('precious')
  })

  test('a failure in the middle keeps the old file and removes the temporary one', () => {
    const path = join(folder, 'a.npy')
    writeFileSync(path, 'precious')
    expect(() => replaceFile(path, [new Uint8Array(1000), { length: 10 } as never])).toThrow(TensorFileError)
    expect(readdirSync(folder)).toEqual(['a.npy'])
    expect(readFileSync(path, 'utf8')).toBe('precious')
  })

  test('a folder in the way', async () => {
    mkdirSync(join(folder, 'a.npy'))
    await expect(writeTensor(join(folder, 'a.npy'), row)).rejects.toThrow('a.npy: is a folder')
    expect(readdirSync(folder)).toEqual(['a.npy'])
  })

  test.skipIf(process.platform === 'win32')('a symbolic link stays a link, permissions stay as they were', async () => {
    const [target, link] = [join(folder, 'target.npy'), join(folder, 'link.npy')]
    writeFileSync(target, 'old', { mode: 0o640 })
    symlinkSync('target.npy', link)
    await writeTensor(link, row)
    expect(await readTensors(link)).toEqual({ link: row })
    expect(await readTensor(target)).toEqual(row)
    expect(readdirSync(folder)).toEqual(['link.npy', 'target.npy'])
    expect(statSync(target).mode & 0o777).toBe(0o640)
  })

  test('two writers at once never mix, and a reader never sees a part', async () => {
    const path = join(folder, 'contested.safetensors')
    const code = `import { writeTensorsSync } from './src/files/read-write.ts'
      const [path, value] = process.argv.slice(2)
      const data = new Float32Array(100_000).fill(value)
      for (let i = 0; i < 20; i++) writeTensorsSync(path, { a: data, b: data })`
    const program = await bundleProgram(code, programs)
    const write = (value: number) => promisify(execFile)(process.execPath, [program, path, String(value)])
    let done = false
    let reads = 0
    const writers = Promise.all([write(1), write(2)]).finally(() => {
      done = true
    })
    while (!done) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      if (readdirSync(folder).includes('contested.safetensors')) {
        const { a, b } = readTensorsSync(path)
        const value = a?.data[0]
        expect(a?.data.every((element) => element === value)).toBe(true)
        expect(b?.data.every((element) => element === value)).toBe(true)
        reads++
      }
    }
    await writers
    expect(reads).toBeGreaterThan(0)
    expect(readdirSync(folder)).toEqual(['contested.safetensors'])
  })
})
