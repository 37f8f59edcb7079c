// The files of a model: what is read, when the .bin is closed, and what is said when it cannot be read.
import { execFileSync } from 'node:child_process'
import { readdirSync, readlinkSync } from 'node:fs'
import fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadNcnn } from '../../../src/runners/ncnn/index.ts'
import { withFiles } from '../../../src/runners/ncnn/source.ts'

let folder: string
let param: string
const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i)

beforeAll(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), 'expect-tensor-'))
  param = join(folder, 'net.param')
  await fs.writeFile(param, '7767517\n2 2\nInput in 0 1 x\nInnerProduct fc 1 1 x out 0=1 2=2\n')
})
afterAll(() => fs.rm(folder, { recursive: true }))

const binFile = async (name: string, content: Uint8Array): Promise<string> => {
  const path = join(folder, name)
  await fs.writeFile(path, content)
  return path
}

test('a .bin is read where it is asked for, into the memory of who asks', async () => {
  const path = await binFile('thousand.bin', bytes)
  await withFiles(param, path, async ({ bin }) => {
    expect([bin.name, bin.size]).toEqual([path, 1000])
    const target = new Uint8Array(10)
    bin.read(500, target.subarray(2, 5))
    expect([...target]).toEqual([0, 0, 500 % 256, 501 % 256, 502 % 256, 0, 0, 0, 0, 0])
    expect(bin.readAll()).toEqual(bytes)
  })
})

test.each([false, true])('it is read into the memory of WebAssembly, shared: %s', async (shared) => {
  const path = await binFile('thousand.bin', bytes)
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared })
  await withFiles(param, path, async ({ bin }) => bin.read(0, new Uint8Array(memory.buffer, 64, 1000)))
  memory.grow(1)
  expect(Uint8Array.from(new Uint8Array(memory.buffer, 64, 1000))).toEqual(bytes)
})

test('both files may be given as file: URLs, as objects or as strings', async () => {
  const bin = pathToFileURL(await binFile('url.bin', new Uint8Array(12)))
  for (const [source, weights] of [
    [pathToFileURL(param), bin],
    [pathToFileURL(param).href, bin.href],
  ]) {
    const model = await loadNcnn(source, { bin: weights })
    expect(model.inputs).toEqual([{ name: 'x' }])
  }
})

test.skipIf(process.platform === 'win32')('a pipe is refused, without waiting for its other end', async () => {
  const pipe = join(folder, 'pipe.bin')
  execFileSync('mkfifo', [pipe, join(folder, 'pipe.param')])
  await expect(loadNcnn(param, { bin: pipe })).rejects.toMatchObject({
    message: `cannot read ${pipe} (the weights of ${param}): is not a regular file`,
    code: 'unreadable',
  })
  await expect(loadNcnn(join(folder, 'pipe.param'))).rejects.toThrow('is not a regular file')
})

test.skipIf(process.platform === 'win32')('a device is refused', async () => {
  const link = join(folder, 'zero.param')
  await fs.symlink('/dev/zero', link)
  await expect(loadNcnn(link)).rejects.toThrow(`cannot read ${link} (the network): is not a regular file`)
})

/** The open files of this process that lie in the folder. */
const openFiles = (): string[] =>
  readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${descriptor}`)
      return path.startsWith(folder) ? [path] : []
    } catch {
      return []
    }
  })

test.runIf(process.platform === 'linux')('the .bin is closed, whether or not the model can be loaded', async () => {
  const good = await binFile('good.bin', new Uint8Array(12))
  await withFiles(param, good, async () => expect(openFiles()).toEqual([good]))
  await loadNcnn(param, { bin: good })
  const short = await binFile('short.bin', new Uint8Array(11))
  await expect(loadNcnn(param, { bin: short })).rejects.toThrow(/needs bytes 4 to 12.*the file ends at 11/)
  const pointer = await binFile('pointer.bin', new TextEncoder().encode('version https://git-lfs.github.com/spec/v1'))
  await expect(loadNcnn(param, { bin: pointer })).rejects.toThrow(
    /pointer\.bin \(the weights of .*\): is a Git LFS pointer.*git lfs pull/,
  )
  expect(openFiles()).toEqual([])
})

test('a file that becomes shorter while it is read is an error that says so', async () => {
  const path = await binFile('shrinking.bin', bytes)
  const reading = withFiles(param, path, async ({ bin }) => {
    await fs.truncate(path, 600)
    bin.read(500, new Uint8Array(200))
  })
  await expect(reading).rejects.toThrow(
    /^cannot read .*shrinking\.bin \(the weights of .*net\.param\): ended at byte 600 while it was being read; another process changed it/,
  )
})

test('a folder is no .bin', async () => {
  await expect(loadNcnn(param, { bin: folder })).rejects.toThrow(
    /cannot read .* \(the weights of .*net\.param\): is a folder/,
  )
})
