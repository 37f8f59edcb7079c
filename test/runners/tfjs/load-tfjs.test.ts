// What loadTfjs says before TensorFlow.js is needed. The runs themselves are in test/runtimes.
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadTfjs } from '../../../src/runners/tfjs/index.ts'
import { graphModel, writeModel } from './model-files.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'expect-tensor-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** As much of TensorFlow.js as is asked before a model is read. */
const core = { ready: async () => undefined, tidy: (task: () => void) => task() }

describe('loadTfjs refuses', () => {
  test('what is not TensorFlow.js', async () => {
    await expect(loadTfjs({}, 'model.json')).rejects.toThrow("import * as tf from '@tensorflow/tfjs'")
  })

  test('a file that is not there', async () => {
    const path = join(folder, 'model.json')
    await expect(loadTfjs(core, path)).rejects.toThrow(`cannot read ${path} (the model)`)
  })

  test.each([
    ['text', 'hello'],
    ['a number', '1'],
    ['null', 'null'],
    ['another JSON', '{"name": "package"}'],
  ])('%s instead of a model.json', async (_, content) => {
    const path = join(folder, 'model.json')
    await writeFile(path, content)
    await expect(loadTfjs(core, path)).rejects.toThrow(
      /model\.json is not (the model\.json of )?a TensorFlow\.js model/,
    )
  })

  test('a missing weight file', async () => {
    const path = await writeModel(folder, graphModel.fields, graphModel.weights)
    const shard = join(folder, 'weights-2of2.bin')
    await rm(shard)
    await expect(loadTfjs(core, path)).rejects.toThrow(`cannot read ${shard} (weights of ${path})`)
  })

  test('a truncated weight file', async () => {
    const path = await writeModel(folder, graphModel.fields, graphModel.weights)
    await truncate(join(folder, 'weights-2of2.bin'), 3)
    await expect(loadTfjs(core, path)).rejects.toThrow(
      'declares 20 bytes of weights, but weights-1of2.bin, weights-2of2.bin have 13',
    )
  })

  test('weights outside the folder of the model', async () => {
    const path = join(folder, 'model.json')
    await writeFile(
      path,
      JSON.stringify({ modelTopology: {}, weightsManifest: [{ paths: ['../secret'], weights: [] }] }),
    )
    await expect(loadTfjs(core, path)).rejects.toThrow('refers to weights outside its folder: ../secret')
  })

  test('a model whose package is not part of the namespace', async () => {
    const path = await writeModel(folder, graphModel.fields, graphModel.weights)
    await expect(loadTfjs(core, path)).rejects.toThrow(/lacks\. It comes with @tensorflow\/tfjs-converter/)
    const layers = await writeModel(folder, { modelTopology: { model_config: {} } }, graphModel.weights)
    await expect(loadTfjs(core, layers)).rejects.toThrow(/lacks\. It comes with @tensorflow\/tfjs-layers/)
  })
})
