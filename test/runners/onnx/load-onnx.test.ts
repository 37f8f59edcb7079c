// What loadOnnx says before any runtime is needed. The runs themselves are in test/runtimes.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LoadOnnxOptions, loadOnnx } from '../../../src/runners/onnx/index.ts'
import { chain, externalInitializer, onnxModel } from './onnx-model.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'expect-tensor-'))
})
afterAll(() => rm(folder, { recursive: true }))

const withWeightsIn = (file: string) => onnxModel({ ...chain, initializers: [externalInitializer('bias', [3], file)] })

describe('loadOnnx refuses', () => {
  test('a file that is not there', async () => {
    const path = join(folder, 'nope.onnx')
    await expect(loadOnnx(path)).rejects.toThrow(`cannot read ${path} (the model)`)
  })

  test('a Git LFS pointer', async () => {
    const path = join(folder, 'pointer.onnx')
    await writeFile(path, 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n')
    await expect(loadOnnx(path)).rejects.toThrow('git lfs pull')
  })

  test('weights that are not beside the model', async () => {
    const path = join(folder, 'model.onnx')
    await writeFile(path, withWeightsIn('model.onnx.data'))
    await expect(loadOnnx(path)).rejects.toThrow(`cannot read ${join(folder, 'model.onnx.data')} (weights of ${path})`)
  })

  test.each(['../secret', '/etc/passwd', 'a/../../secret'])(
    'weights outside the folder of the model: %s',
    async (file) => {
      const path = join(folder, 'model.onnx')
      await writeFile(path, withWeightsIn(file))
      await expect(loadOnnx(path)).rejects.toThrow(`refers to weights outside its folder: ${file}`)
    },
  )

  test('bytes whose weights lie in a file', async () => {
    await expect(loadOnnx(withWeightsIn('model.onnx.data'))).rejects.toThrow(
      /weights lie in model\.onnx\.data: load it by its path/,
    )
  })

  test('an engine that does not exist', async () => {
    await expect(loadOnnx(onnxModel(chain), { engine: 'gpu' } as unknown as LoadOnnxOptions)).rejects.toThrow(
      "engine must be 'web' or 'node', got the string \"gpu\"",
    )
  })

  test.each([
    [
      { graphOptimizationLevel: 'most' },
      'graphOptimizationLevel must be one of disabled, basic, extended, layout, all',
    ],
    [{ executionProviders: [] }, 'executionProviders must be a list of names, or of objects with a name, got []'],
    [{ executionProviders: 'cpu' }, 'executionProviders must be a list of names, or of objects with a name, got "cpu"'],
    [{ executionProviders: [{ device: 1 }] }, 'or of objects with a name, got [{"device":1}]'],
    [{ intraOpNumThreads: 0 }, 'intraOpNumThreads must be a positive whole number, got 0'],
  ])('session options %j', async (options, message) => {
    await expect(loadOnnx(onnxModel(chain), options as LoadOnnxOptions)).rejects.toThrow(message)
  })
})

const isInstalled = (name: string): boolean => {
  try {
    return createRequire(import.meta.url).resolve(name) !== ''
  } catch {
    return false
  }
}

test.skipIf(isInstalled('onnxruntime-node'))('says what to install where there is no runtime', async () => {
  await expect(loadOnnx(onnxModel(chain), { engine: 'node' })).rejects.toThrow(
    /loadOnnx needs onnxruntime-node.*npm install --save-dev onnxruntime-node/,
  )
})
