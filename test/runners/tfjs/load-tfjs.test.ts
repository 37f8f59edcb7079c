// What loadTfjs says before TensorFlow.js is needed. The runs themselves are in test/runtimes.
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type LoadedTfModel, loadTfjs, TfjsError } from '../../../src/runners/tfjs/index.ts'
import { graphModel, writeModel } from './model-files.ts'
import { writeSavedModel } from './saved-model-files.ts'

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

  test.each([
    [{ modelTopology: null }, 'modelTopology: expected an object, found null'],
    [{ modelTopology: 'graph' }, 'modelTopology: expected an object, found "graph"'],
    [{ modelTopology: { node: {} } }, 'modelTopology.node: expected a list, found {}'],
    [{ modelTopology: { node: [null] } }, 'modelTopology.node[0]: expected an object, found null'],
    [{ modelTopology: { node: [{ name: 'x' }] } }, 'modelTopology.node[0].op: expected text, found nothing'],
    [{ modelTopology: { node: [{ name: 'x', op: 'Relu', input: 'y' }] } }, 'node[0].input: expected a list, found "y"'],
    [{ modelTopology: {}, weightsManifest: {} }, 'weightsManifest: expected a list, found {}'],
    [{ modelTopology: {}, weightsManifest: [1] }, 'weightsManifest[0]: expected an object, found 1'],
    [{ modelTopology: {}, weightsManifest: [{ paths: [3], weights: [] }] }, 'paths[0]: expected text, found 3'],
    [{ modelTopology: {}, weightsManifest: [{ paths: [] }] }, 'weights: expected a list, found nothing'],
    [
      { modelTopology: {}, weightsManifest: [{ paths: [], weights: [{ name: 'w', shape: [-1], dtype: 'float32' }] }] },
      'weights[0].shape[0]: expected a whole number from 0, found -1',
    ],
  ])('a damaged model.json: %j', async (json, problem) => {
    const path = join(folder, 'model.json')
    await writeFile(path, JSON.stringify(json))
    const failure = loadTfjs(core, path)
    await expect(failure).rejects.toThrow(TfjsError)
    await expect(failure).rejects.toThrow(problem)
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

  test('a SavedModel that is not there', async () => {
    const path = join(folder, 'saved_model.pb')
    await expect(loadTfjs(core, path)).rejects.toThrow(`cannot read ${path} (the graph of a SavedModel)`)
  })

  test.each(['', 'saved_model.pb'])('a SavedModel (%j) in another TensorFlow.js than tfjs-node', async (name) => {
    await writeSavedModel(folder)
    await expect(loadTfjs(core, join(folder, name))).rejects.toThrow(
      'is a SavedModel of TensorFlow, which of all TensorFlow.js only @tensorflow/tfjs-node runs',
    )
  })

  test('a SavedModel with signatures of which none is the default', async () => {
    await writeSavedModel(folder)
    const signatureDefs = { first: {}, second: {} }
    const node = { getMetaGraphsFromSavedModel: async () => [{ tags: ['serve'], signatureDefs }] }
    await expect(loadTfjs({ ...core, node }, folder)).rejects.toThrow(
      `${folder} has the signatures "first", "second", and none is called "serving_default". Choose one`,
    )
  })

  test('a loaded model that is none of TensorFlow.js, and one that is not built', async () => {
    const predict = (): undefined => undefined
    const inputs: object[] = []
    await expect(loadTfjs(core, { predict, inputs, outputs: [] })).rejects.toThrow('expected a GraphModel')
    const sequential = { predict, name: 'sequential_1', layers: [], outputs: [] } as unknown as LoadedTfModel
    await expect(loadTfjs(core, sequential)).rejects.toThrow('the model "sequential_1" is not built')
  })
})

describe('loadTfjs reads', () => {
  test('paths as tfjs-node writes them', async () => {
    const { href } = pathToFileURL(join(folder, 'model.json'))
    await expect(loadTfjs(core, href)).rejects.toThrow(`cannot read ${join(folder, 'model.json')} (the model)`)
    await expect(loadTfjs(core, 'file://no/model.json')).rejects.toThrow('cannot read no/model.json (the model)')
  })
})
