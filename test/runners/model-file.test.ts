// What all loaders have in common: how a model's file is named, and which files are refused.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadRecording } from '../../src/recordings/load-recording.ts'
import { loadLitert } from '../../src/runners/litert/index.ts'
import { loadNcnn } from '../../src/runners/ncnn/index.ts'
import { loadOnnx } from '../../src/runners/onnx/index.ts'
import { loadTfjs } from '../../src/runners/tfjs/index.ts'
import { loadTorch } from '../../src/runners/torch/index.ts'

/** As much of TensorFlow.js as is asked before a model is read. */
const tf = { ready: async () => undefined, tidy: (task: () => void) => task() }

const loaders: readonly [name: string, file: string, load: (file: string | URL) => Promise<unknown>][] = [
  ['loadNcnn', 'net.param', loadNcnn],
  ['loadOnnx', 'net.onnx', loadOnnx],
  ['loadTorch', 'net.pt', loadTorch],
  ['loadLitert', 'net.tflite', loadLitert],
  ['loadTfjs', 'model.json', (file) => loadTfjs(tf, file)],
  ['loadRecording', 'net.safetensors', loadRecording],
]

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'expect-tensor-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(loaders)('%s', (name, file, load) => {
  test('takes a path, a file: URL, and that URL as a string', async () => {
    const path = join(folder, `absent-${file}`)
    for (const source of [path, pathToFileURL(path), pathToFileURL(path).href]) {
      const error: unknown = await load(source).catch((error: unknown) => error)
      expect(error).toMatchObject({ code: 'not-found', message: expect.stringContaining(path) })
    }
  })

  test.each([null, undefined, 3, '', 'file:%', new URL('https://example.com/net')])('refuses %o', async (source) => {
    await expect(load(source as string)).rejects.toThrow(/^(load\w+: )?expected the path or file: URL of a .+, found/)
  })

  test('refuses a Git LFS pointer', async () => {
    const path = join(folder, `pointer-${file}`)
    writeFileSync(path, 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n')
    const error: unknown = await load(path).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'git-lfs', message: expect.stringContaining('git lfs pull') })
  })

  test.skipIf(process.platform === 'win32')('refuses a folder, a pipe and a device at once', async () => {
    const paths = ['folder', 'pipe', 'device'].map((kind) => join(folder, `${kind}-${name}-${file}`))
    mkdirSync(paths[0])
    execFileSync('mkfifo', [paths[1]])
    symlinkSync('/dev/zero', paths[2])
    for (const path of paths) {
      const error: unknown = await load(path).catch((error: unknown) => error)
      expect(error).toMatchObject({
        code: 'unreadable',
        message: expect.stringMatching(/is a folder|is not a regular file/),
      })
    }
  })
})
