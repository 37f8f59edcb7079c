// loadTfjs in real TensorFlow.js, on its plain and its WebAssembly backend, and in tfjs-node.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import util from 'node:util'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { tensor, tensorMatchers } from '../../src/index.ts'
import { readArtifacts } from '../../src/runners/tfjs/artifacts.ts'
import { loadTfjs, type TfNamespace } from '../../src/runners/tfjs/index.ts'
import { graphModel, positions, type WeightFiles, writeModel } from '../runners/tfjs/model-files.ts'
import { writeSavedModel } from '../runners/tfjs/saved-model-files.ts'
import { hasTfjs, hasTfjsNode, openTfjs, openTfjsNode } from './tensorflow.ts'

expect.extend(tensorMatchers)

/** Each backend with the packages that bring it. */
const backends = [
  {
    backend: 'cpu',
    isPresent: hasTfjs('@tensorflow/tfjs-backend-cpu'),
    open: (): TfNamespace => openTfjs('@tensorflow/tfjs-backend-cpu'),
  },
  {
    backend: 'wasm',
    isPresent: hasTfjs('@tensorflow/tfjs-backend-wasm'),
    open: (): TfNamespace => openTfjs('@tensorflow/tfjs-backend-wasm'),
  },
  { backend: 'tensorflow', isPresent: hasTfjsNode, open: openTfjsNode },
]

describe.each(backends)('loadTfjs on the $backend backend', ({ backend, isPresent, open }) => {
  describe.skipIf(!isPresent)('when it is installed', () => {
    let tf: TfNamespace
    let folder: string
    beforeAll(async () => {
      vi.spyOn(console, 'warn').mockImplementation(() => undefined)
      tf = open()
      await tf.setBackend(backend)
    })
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'expect-tensor-'))
      tensorsBefore = tf.memory().numTensors
    })
    let tensorsBefore = 0
    afterEach(async () => {
      await rm(folder, { recursive: true })
      expect(tf.memory().numTensors).toBe(tensorsBefore)
    })

    const x = tensor(
      [
        [1, 2],
        [5, 1],
      ],
      undefined,
      'float32',
    )
    // x w = [[-5, 10], [2, 14]]
    const hidden = tensor(
      [
        [0, 10],
        [2, 14],
      ],
      undefined,
      'float32',
    )

    describe('a graph model', () => {
      const load = async () => loadTfjs(tf, await writeModel(folder, graphModel.fields, graphModel.weights))

      test('tells inputs, outputs and blobs in execution order', async () => {
        using model = await load()
        expect(model.inputs).toEqual([{ name: 'x', shape: [-1, 2], dtype: 'float32' }])
        expect(model.outputs).toEqual([{ name: 'y' }])
        expect(model.blobs).toEqual(['x', 'product', 'hidden', 'halves', 'halves:1', 'y'])
        expect(model.layers).toEqual([
          { name: 'product', type: 'MatMul', inputs: ['x'], outputs: ['product'] },
          { name: 'hidden', type: 'Relu', inputs: ['product'], outputs: ['hidden'] },
          { name: 'halves', type: 'Split', inputs: ['hidden'], outputs: ['halves', 'halves:1'] },
          { name: 'y', type: 'Mul', inputs: ['halves', 'halves:1'], outputs: ['y'] },
        ])
      })

      test('computes outputs, any node, second outputs and weights', async () => {
        using model = await load()
        expect((await model.run({ x })).y).toMatchTensor([[0], [28]])
        const results = await model.run({ x }, { outputs: ['hidden', 'halves:1', 'w', 'x', 'y'] })
        expect(results.hidden).toMatchTensor(hidden, { preset: 'exact' })
        expect(results['halves:1']).toMatchTensor([[10], [14]])
        expect(results.w).toMatchTensor([
          [1, 2],
          [-3, 4],
        ])
        // A weight that was asked for is still there.
        expect((await model.run({ x })).y).toMatchTensor([[0], [28]])
        expect(Object.keys(await model.run({ x }, { outputs: 'all' }))).toEqual(model.blobs)
      })

      test('is fed any node', async () => {
        using model = await load()
        expect((await model.run({ hidden: tensor([[3, 4]], undefined, 'float32') })).y).toMatchTensor([[12]])
        expect((await model.run({ hidden: [[3, 4]] })).y).toMatchTensor([[12]])
        expect(Object.keys(await model.run({ hidden }, { outputs: 'all' }))).toEqual([
          'hidden',
          'halves',
          'halves:1',
          'y',
        ])
      })

      test('a hundred runs leave no tensor', async () => {
        using model = await load()
        await model.run({ x })
        const { numTensors } = tf.memory()
        for (let i = 0; i < 100; i++) await model.run({ x }, { outputs: 'all' })
        expect(tf.memory().numTensors).toBe(numTensors)
      })

      test('with results of unknown shape, which run asynchronously, leave no tensor either', async () => {
        using model = await loadTfjs(tf, await writeModel(folder, positions.fields, positions.weights))
        const { numTensors } = tf.memory()
        const results = await model.run({ x: [-1, 5, 0, 7] }, { outputs: ['where', 'positive', 'zero'] })
        expect(results.where).toMatchTensor(tensor([[1], [3]], undefined, 'int32'))
        expect(results.positive).toMatchTensor([false, true, false, true])
        expect((await model.run({ x: [1, -1] })).where).toMatchTensor(tensor([[0]], undefined, 'int32'))
        expect(tf.memory().numTensors).toBe(numTensors)
      })

      test('runs that fail leave no tensor, and say why', async () => {
        using model = await load()
        const { numTensors } = tf.memory()
        await expect(model.run({})).rejects.toThrow('input "x" is needed but missing')
        await expect(model.run({ z: x })).rejects.toThrow('has no tensor "z" to feed; its inputs are "x"')
        await expect(model.run({ x }, { outputs: ['nope'] })).rejects.toThrow('has no tensor "nope"')
        await expect(model.run({ x: [1, 2, 3] })).rejects.toThrow('input "x" must have shape [?, 2], got [3]')
        await expect(model.run({ product: [[1, 2, 3]] })).rejects.toThrow('TensorFlow.js cannot run it')
        expect(tf.memory().numTensors).toBe(numTensors)
      })
    })

    test('a GraphModel that is loaded already, which stays', async () => {
      const path = await writeModel(folder, graphModel.fields, graphModel.weights)
      const artifacts = await readArtifacts(path)
      const loaded = await tf.loadGraphModel({ load: async () => artifacts })
      const { numTensors } = tf.memory()
      const model = await loadTfjs(tf, loaded)
      expect(model.blobs).toEqual(['x', 'product', 'hidden', 'halves', 'halves:1', 'y'])
      expect((await model.run({ x }, { outputs: ['hidden'] })).hidden).toMatchTensor(hidden, { preset: 'exact' })
      model.close()
      expect(tf.memory().numTensors).toBe(numTensors)
      loaded.dispose()
    })

    test('a LayersModel that was made here, which stays', async () => {
      const made = tf.sequential({
        name: 'made',
        layers: [tf.layers.dense({ units: 1, kernelInitializer: 'ones', inputShape: [2], name: 'sum' })],
      })
      const model = await loadTfjs(tf, made)
      const [input] = model.inputs
      expect((await model.run({ [input.name]: x })).sum).toMatchTensor([[3], [6]])
      await expect(model.run({})).rejects.toThrow('the model "made": input')
      model.close()
      expect((await tf.tidy(() => made.predict(tf.ones([1, 2])).dataSync()))[0]).toBe(2)
      made.dispose()
    })

    test('closing frees the weights at once', async () => {
      const model = await loadTfjs(tf, await writeModel(folder, graphModel.fields, graphModel.weights))
      expect(tf.memory().numTensors).toBeGreaterThan(tensorsBefore)
      await model.run({ x })
      model.close()
      expect(tf.memory().numTensors).toBe(tensorsBefore)
    })

    describe('a layers model', () => {
      const save = async (model: { save(handler: unknown): Promise<unknown> }): Promise<string> => {
        let path = ''
        const handler = tf.io.withSaveHandler(
          async (artifacts: { weightSpecs: WeightFiles['specs']; weightData: ArrayBuffer }) => {
            const { weightSpecs, weightData, ...fields } = artifacts
            path = await writeModel(folder, fields, { specs: weightSpecs, bytes: new Uint8Array(weightData) })
            return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } }
          },
        )
        await model.save(handler)
        return path
      }
      /** Saves and loads what `build` makes, and returns what TensorFlow.js itself predicts besides. */
      // biome-ignore lint/suspicious/noExplicitAny: a model of whichever TensorFlow.js is installed
      const roundTrip = async (build: () => any, input: number[][]) => {
        const original = build()
        const expected = tf.tidy(() => {
          const prediction = original.predict(tf.tensor(input))
          return tensor(prediction.dataSync(), prediction.shape)
        })
        const path = await save(original)
        const weights = original.weights.map(({ val }: { val: unknown }) => val)
        original.dispose()
        // TensorFlow.js forgets those of layers that are called more than once.
        for (const weight of weights) if (!weight.isDisposed) weight.dispose()
        return { model: await loadTfjs(tf, path), expected }
      }

      test('of a sequence: outputs, layers by name, and layers that are fed', async () => {
        const build = () =>
          tf.sequential({
            layers: [
              tf.layers.dense({ units: 3, activation: 'tanh', inputShape: [2], name: 'first' }),
              tf.layers.dropout({ rate: 0.5, name: 'dropout' }),
              tf.layers.dense({ units: 2, name: 'second' }),
            ],
          })
        const { model, expected } = await roundTrip(build, [[1, 2]])
        const [input] = model.inputs
        expect(input).toMatchObject({ shape: [-1, 2], dtype: 'float32' })
        expect(model.blobs).toEqual([input.name, 'first', 'dropout', 'second'])
        const all = await model.run({ [input.name]: [[1, 2]] }, { outputs: 'all' })
        expect(all.second).toMatchTensor(expected, { preset: 'exact' })
        expect(all.dropout).toMatchTensor(all.first, { preset: 'exact' })
        const { second } = await model.run({ first: all.first })
        expect(second).toMatchTensor(all.second, { preset: 'exact' })
        await expect(model.run({})).rejects.toThrow(`input "${input.name}" is needed but missing`)
        model.close()
        await expect(model.run({ [input.name]: [[1, 2]] })).rejects.toThrow('the model was closed')
      })

      test('with branches, a shared layer and two outputs', async () => {
        const build = () => {
          const input = tf.input({ shape: [4], name: 'in' })
          const shared = tf.layers.dense({ units: 4, name: 'shared' })
          const once = shared.apply(input)
          const twice = shared.apply(once)
          const sum = tf.layers.add({ name: 'sum' }).apply([once, twice])
          return tf.model({
            inputs: input,
            outputs: tf.layers.activation({ activation: 'relu', name: 'relu' }).apply(sum),
          })
        }
        const { model, expected } = await roundTrip(build, [[1, -2, 3, -4]])
        expect(model.blobs).toEqual(['in', 'shared', 'shared:1', 'sum', 'relu'])
        expect(model.layers).toEqual([
          { name: 'shared', type: 'Dense', inputs: ['in'], outputs: ['shared'] },
          { name: 'shared:1', type: 'Dense', inputs: ['shared'], outputs: ['shared:1'] },
          { name: 'sum', type: 'Add', inputs: ['shared', 'shared:1'], outputs: ['sum'] },
          { name: 'relu', type: 'Activation', inputs: ['sum'], outputs: ['relu'] },
        ])
        const all = await model.run({ in: [[1, -2, 3, -4]] }, { outputs: 'all' })
        expect(all.relu).toMatchTensor(expected, { preset: 'exact' })
        const from = await model.run({ shared: all.shared }, { outputs: ['shared:1', 'relu'] })
        expect(from).toMatchTensors({ 'shared:1': all['shared:1'], relu: all.relu }, { preset: 'exact' })
        model.close()
      })

      test('with masks, as TensorFlow.js propagates them', async () => {
        const build = () =>
          tf.sequential({
            layers: [
              tf.layers.embedding({ inputDim: 6, outputDim: 3, maskZero: true, inputLength: 5, name: 'embedding' }),
              tf.layers.simpleRNN({ units: 4, recurrentInitializer: 'glorotUniform', name: 'rnn' }),
            ],
          })
        const { model, expected } = await roundTrip(build, [[3, 1, 0, 2, 0]])
        const [input] = model.inputs
        const { rnn } = await model.run({ [input.name]: [[3, 1, 0, 2, 0]] })
        expect(rnn).toMatchTensor(expected, { preset: 'exact' })
        model.close()
      })
    })

    test('its tensors are arguments of matchers, on either side', () => {
      const actual = tf.tensor2d([
        [1, 2],
        [3, 4],
      ])
      const integers = tf.tensor1d([1, 2, 3], 'int32')
      expect(actual).toMatchTensor(
        tensor(
          [
            [1, 2],
            [3, 4],
          ],
          undefined,
          'float32',
        ),
      )
      expect(
        tensor(
          [
            [1, 2],
            [3, 4],
          ],
          undefined,
          'float32',
        ),
      ).toMatchTensor(actual)
      expect(actual).not.toMatchTensor(tf.tidy(() => tensor(tf.neg(actual).dataSync(), [2, 2])))
      expect(integers).toHaveDtype('int32')
      expect(integers).toHaveShape([3])
      expect(tf.tidy(() => tensor(tf.greater(integers, 1).dataSync()))).toMatchTensor([0, 1, 1])
      actual.dispose()
      expect(() => expect(actual).toHaveShape([2, 2])).toThrow(/disposed/)
      integers.dispose()
    })
  })
})

describe.skipIf(!hasTfjsNode)('a SavedModel in tfjs-node', () => {
  let tf: TfNamespace
  let folder: string
  beforeAll(async () => {
    // It says of every int64 result that it is one.
    vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    tf = openTfjsNode()
    await tf.setBackend('tensorflow')
  })
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'expect-tensor-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  const x = Float32Array.of(1, 2, 3)
  const n = [1, 2, 3]

  test('computes its outputs, int64 among them', async () => {
    await writeSavedModel(folder)
    using model = await loadTfjs(tf, folder)
    expect(model.inputs).toContainEqual({ name: 'n', shape: [3], dtype: 'int64' })
    expect(model.layers).toMatchObject([{ type: 'SavedModel', outputs: ['count', 'twice'] }])
    const results = await model.run({ x, n })
    expect(results).toMatchTensors({
      twice: tensor([2, 4, 6], undefined, 'float32'),
      count: tensor([2, 4, 6], undefined, 'int64'),
    })
    expect(tf.memory().numTensors).toBe(0)
  })

  test('tells which TensorFlow runs it, and whether with oneDNN', async () => {
    await writeSavedModel(folder)
    const load = async (setting: string | undefined) => {
      vi.stubEnv('TF_ENABLE_ONEDNN_OPTS', setting)
      using model = await loadTfjs(tf, folder)
      return model.runtime
    }
    const options = { backend: 'tensorflow', tensorflow: expect.stringMatching(/^2\./) }
    expect(await load('0')).toMatchObject({ name: 'tfjs', options: { ...options, oneDnn: 'off' } })
    expect(await load('1')).toMatchObject({ options: { oneDnn: 'on' } })
    expect(await load(undefined)).toMatchObject({ options: { oneDnn: 'by processor' } })
    vi.unstubAllEnvs()
  })

  test.each(['a path', 'a URL'])(
    'is found by its saved_model.pb, %s, whatever its only signature is called',
    async (kind) => {
      await writeSavedModel(folder, 'double')
      const path = join(folder, 'saved_model.pb')
      using model = await loadTfjs(tf, kind === 'a URL' ? pathToFileURL(path) : path)
      expect((await model.run({ x, n })).twice).toMatchTensor(tensor([2, 4, 6], undefined, 'float32'))
    },
  )

  test('that is loaded already stays', async () => {
    await writeSavedModel(folder)
    const loaded = await tf.node.loadSavedModel(folder)
    const model = await loadTfjs(tf, loaded)
    expect((await model.run({ x, n })).twice).toMatchTensor(tensor([2, 4, 6], undefined, 'float32'))
    model.close()
    expect(tf.node.getNumOfSavedModels()).toBe(1)
    loaded.dispose()
  })

  test('is freed when it is closed', async () => {
    await writeSavedModel(folder)
    const model = await loadTfjs(tf, folder)
    expect(tf.node.getNumOfSavedModels()).toBe(1)
    model.close()
    expect(tf.node.getNumOfSavedModels()).toBe(0)
  })

  test('is refused when it is damaged, and says which file', async () => {
    await writeSavedModel(folder)
    const path = join(folder, 'saved_model.pb')
    await writeFile(path, 'no protobuf')
    await expect(loadTfjs(tf, folder)).rejects.toThrow(`${folder}: TensorFlow.js refuses the model`)
  })

  test('says what it was fed that does not fit', async () => {
    await writeSavedModel(folder)
    using model = await loadTfjs(tf, folder)
    await expect(model.run({ x })).rejects.toThrow('input "n" is needed but missing')
    await expect(model.run({ x, n: [1, -2, 3] })).rejects.toThrow('input "n" is int64 and has negative elements')
    await expect(model.run({ x, n: [2 ** 40, 0, 0] })).rejects.toThrow(
      'element 0 is 1099511627776, which int32 cannot hold',
    )
  })
})

describe.skipIf(!hasTfjsNode)('tfjs-node without what Node 23 removed', () => {
  test('says how to give it back', async () => {
    const tf = openTfjsNode()
    const folder = await mkdtemp(join(tmpdir(), 'expect-tensor-'))
    const { isNullOrUndefined } = util
    Object.assign(util, { isNullOrUndefined: undefined })
    try {
      using model = await loadTfjs(tf, await writeModel(folder, graphModel.fields, graphModel.weights))
      await expect(model.run({ x: [[1, 2]] })).rejects.toThrow('util.isNullOrUndefined ??= (value) => value == null')
    } finally {
      Object.assign(util, { isNullOrUndefined })
      await rm(folder, { recursive: true })
    }
  })
})
