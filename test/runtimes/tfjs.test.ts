// loadTfjs in real TensorFlow.js, on its plain and its WebAssembly backend.
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { tensor, tensorMatchers } from '../../src/index.ts'
import { loadTfjs, type TfNamespace } from '../../src/runners/tfjs/index.ts'
import { graphModel, positions, type WeightFiles, writeModel } from '../runners/tfjs/model-files.ts'
import { hasPackages } from './present.ts'

expect.extend(tensorMatchers)

const require = createRequire(import.meta.url)
const isPresent = hasPackages('@tensorflow/tfjs-core', '@tensorflow/tfjs-converter', '@tensorflow/tfjs-layers')

describe.each(['cpu', 'wasm'] as const)('loadTfjs on the %s backend', (backend) => {
  describe.skipIf(!isPresent || !hasPackages(`@tensorflow/tfjs-backend-${backend}`))('when it is installed', () => {
    let tf: TfNamespace
    let folder: string
    beforeAll(async () => {
      vi.spyOn(console, 'warn').mockImplementation(() => undefined)
      const core = require('@tensorflow/tfjs-core')
      require(`@tensorflow/tfjs-backend-${backend}`)
      tf = { ...core, ...require('@tensorflow/tfjs-converter'), ...require('@tensorflow/tfjs-layers') }
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
