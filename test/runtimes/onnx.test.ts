// loadOnnx in ONNX Runtime, as WebAssembly and native. Runs in Vitest's forks and vmThreads pools.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tensor, tensorMatchers } from '../../src/index.ts'
import { loadOnnx } from '../../src/runners/onnx/index.ts'
import {
  chain,
  elemType,
  externalInitializer,
  graph,
  graphAttribute,
  initializer,
  intAttribute,
  type ModelSpec,
  onnxModel,
  value,
} from '../runners/onnx/onnx-model.ts'
import { hasPackages } from './present.ts'

expect.extend(tensorMatchers)

const x = tensor([[-1, 2, -3]], undefined, 'float32')

describe.each(['web', 'node'] as const)('loadOnnx with engine %s', (engine) => {
  const load = (spec: ModelSpec) => loadOnnx(onnxModel(spec), { engine })

  describe.skipIf(!hasPackages(`onnxruntime-${engine}`))('when it is installed', () => {
    test('tells inputs, outputs and blobs in execution order', async () => {
      using model = await load(chain)
      expect(model.inputs).toEqual([{ name: 'x', shape: [-1, 3], dtype: 'float32' }])
      expect(model.outputs).toEqual([{ name: 'y', shape: [-1, 3], dtype: 'float32' }])
      expect(model.blobs).toEqual(['x', 'relu', 'sum', 'y'])
    })

    test('computes outputs, any intermediate, and weights', async () => {
      using model = await load(chain)
      const { y } = await model.run({ x })
      expect(y).toMatchTensor(tensor([[1, 0, 3]], undefined, 'float32'), { rtol: 0 })
      expect(await model.run({ x }, { outputs: 'all' })).toMatchTensors({
        x,
        relu: tensor([[0, 2, 0]], undefined, 'float32'),
        sum: tensor([[1, 0, 3]], undefined, 'float32'),
        y,
      })
      const { bias, relu } = await model.run({ x }, { outputs: ['bias', 'relu'] })
      expect(bias).toMatchTensor([1, -2, 3])
      expect(relu).toMatchTensor([[0, 2, 0]])
    })

    test('is fed intermediates and weights', async () => {
      using model = await load(chain)
      const sum = Float32Array.of(-4, -5)
      expect((await model.run({ sum })).y).toMatchTensor([4, 5])
      expect(Object.keys(await model.run({ sum }, { outputs: 'all' }))).toEqual(['sum', 'y'])
      expect((await model.run({ x, bias: Float32Array.of(7, 7, 7) })).y).toMatchTensor([[7, 9, 7]])
    })

    test('a node with one output fed and another computed', async () => {
      using model = await load({
        nodes: [
          { op: 'Split', inputs: ['x'], outputs: ['left', 'right'], attributes: [intAttribute('axis', 0)] },
          { op: 'Sub', inputs: ['left', 'right'], outputs: ['y'] },
        ],
        inputs: [value('x', 'float32', [4])],
        outputs: [value('y')],
        opset: 13,
      })
      const input = Float32Array.of(1, 2, 3, 4)
      expect((await model.run({ x: input })).y).toMatchTensor([-2, -2])
      expect((await model.run({ x: input, left: Float32Array.of(10, 20) })).y).toMatchTensor([7, 16])
    })

    test('axes of any length', async () => {
      using model = await load(chain)
      for (const batch of [1, 2, 5]) {
        const { y } = await model.run({ x: tensor(new Float32Array(batch * 3), [batch, 3]) })
        expect(y).toHaveShape([batch, 3])
      }
    })

    test.each(['int64', 'int32', 'uint8', 'int8', 'bool', 'float64', 'float32'] as const)(
      '%s in and out',
      async (dtype) => {
        using model = await load({
          nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
          inputs: [value('x', dtype, [3])],
          outputs: [value('y', dtype, [3])],
        })
        const { y } = await model.run({ x: [1, 0, 1] })
        expect(y).toHaveDtype(dtype)
        expect(y).toMatchTensor(tensor([1, 0, 1], undefined, dtype))
      },
    )

    test('int64 is exact beyond 2^53', async () => {
      using model = await load({
        nodes: [{ op: 'Add', inputs: ['x', 'one'], outputs: ['y'] }],
        inputs: [value('x', 'int64', [1])],
        outputs: [value('y', 'int64', [1])],
        initializers: [initializer('one', 'int64', [1], BigInt64Array.of(1n))],
      })
      const { y } = await model.run({ x: BigInt64Array.of(2n ** 62n) })
      expect(y.data[0]).toBe(2n ** 62n + 1n)
    })

    test('float16 in and out, as bits', async () => {
      using model = await load({
        nodes: [
          { op: 'Cast', inputs: ['x'], outputs: ['wide'], attributes: [intAttribute('to', elemType.float32)] },
          { op: 'Cast', inputs: ['wide'], outputs: ['y'], attributes: [intAttribute('to', elemType.float16)] },
        ],
        inputs: [value('x', 'float16', [3])],
        outputs: [value('y', 'float16', [3])],
      })
      const half = tensor([0.1, -2, 65504], undefined, 'float16')
      const { y, wide } = await model.run({ x: half }, { outputs: ['y', 'wide'] })
      expect(y).toEqual(half)
      expect(wide).toMatchTensor(tensor([0.0999755859375, -2, 65504], undefined, 'float32'), { preset: 'exact' })
      expect((await model.run({ x: [0.1, -2, 65504] })).y).toEqual(half)
    })

    test('branches that capture tensors from around them', async () => {
      const branch = (op: string) =>
        graph({ nodes: [{ op, inputs: ['relu'], outputs: ['local'] }], outputs: [value('local')] })
      using model = await load({
        nodes: [
          { op: 'Relu', inputs: ['x'], outputs: ['relu'] },
          {
            op: 'If',
            inputs: ['condition'],
            outputs: ['y'],
            attributes: [
              graphAttribute('then_branch', branch('Neg')),
              graphAttribute('else_branch', branch('Identity')),
            ],
          },
        ],
        inputs: [value('x'), value('condition', 'bool', [])],
        outputs: [value('y')],
      })
      expect((await model.run({ x, condition: true })).y).toMatchTensor([[0, -2, 0]], { equalNaN: true })
      expect((await model.run({ x, condition: false })).y).toMatchTensor([[0, 2, 0]])
    })

    test('the same bits whichever tensors are asked for', async () => {
      using model = await loadOnnx(new URL('../../examples/voiceprint/models/ecapa.onnx', import.meta.url), { engine })
      const [input] = model.inputs
      const [output] = model.outputs
      const features = tensor(
        Float32Array.from({ length: 200 * 80 }, (_, i) => ((i * 7919) % 1009) / 500 - 1),
        [1, 200, 80],
      )
      const alone = await model.run({ [input.name]: features })
      const all = await model.run({ [input.name]: features }, { outputs: 'all' })
      expect(Object.keys(all).length).toBeGreaterThan(100)
      expect(all[output.name]).toMatchTensor(alone[output.name], { preset: 'exact' })
      // From an intermediate in the middle the rest is the same, too.
      const middle = model.blobs[Math.floor(model.blobs.length / 2)]
      const upstream = new Set(model.blobs.slice(0, model.blobs.indexOf(middle) + 1))
      const cut = Object.fromEntries(Object.entries(all).filter(([name]) => upstream.has(name)))
      expect((await model.run(cut))[output.name]).toMatchTensor(alone[output.name], { preset: 'exact' })
    })

    describe('weights in a file of their own', () => {
      let folder: string
      beforeAll(async () => {
        folder = await mkdtemp(join(tmpdir(), 'expect-tensor-'))
      })
      afterAll(() => rm(folder, { recursive: true }))
      const spec = { ...chain, initializers: [externalInitializer('bias', [3], 'bias.data')] }

      test('are read from beside the model', async () => {
        await writeFile(join(folder, 'model.onnx'), onnxModel(spec))
        await writeFile(join(folder, 'bias.data'), new Uint8Array(Float32Array.of(10, 20, 30).buffer))
        using model = await loadOnnx(join(folder, 'model.onnx'), { engine })
        expect((await model.run({ x })).y).toMatchTensor([[10, 22, 30]])
      })
    })

    test('session options are honoured and named', async () => {
      const options = { graphOptimizationLevel: 'all', executionProviders: [{ name: 'cpu' }] } as const
      using model = await loadOnnx(onnxModel(chain), { engine, ...options })
      expect(model.runtime.options).toEqual({
        graphOptimization: 'all',
        threads: 1,
        executionProviders: [{ name: 'cpu' }],
      })
      expect((await model.run({ x })).y).toMatchTensor(tensor([[1, 0, 3]], undefined, 'float32'))
    })

    test('an execution provider that is not there is refused, even beside one that is', async () => {
      await expect(loadOnnx(onnxModel(chain), { engine, executionProviders: ['qnn', 'cpu'] })).rejects.toThrow(
        `loadOnnx: onnxruntime-${engine} has not the execution provider "qnn" here`,
      )
    })

    test.runIf(engine === 'node')('threads are named', async () => {
      using model = await loadOnnx(onnxModel(chain), { engine, intraOpNumThreads: 2 })
      expect(model.runtime.options).toEqual({ graphOptimization: 'disabled', threads: 2 })
      expect((await model.run({ x })).y).toMatchTensor(tensor([[1, 0, 3]], undefined, 'float32'))
    })

    test.runIf(engine === 'web')('threads are refused', async () => {
      await expect(loadOnnx(onnxModel(chain), { engine, intraOpNumThreads: 2 })).rejects.toThrow(
        "intraOpNumThreads needs the engine 'node'",
      )
    })

    test('runs that are started at once do not disturb each other', async () => {
      using model = await load(chain)
      const runs = Array.from({ length: 8 }, (_, i) => model.run({ x: tensor([[i, i, i]], undefined, 'float32') }))
      const results = await Promise.all(runs)
      results.forEach(({ y }, i) => {
        expect(y).toMatchTensor([[i + 1, Math.abs(i - 2), i + 3]])
      })
    })

    test('what the runtime refuses is said in its words', async () => {
      using unknown = await load({ ...chain, nodes: [{ op: 'Frobnicate', inputs: ['x'], outputs: ['y'] }] })
      await expect(unknown.run({ x })).rejects.toThrow(/refuses the model: .*Frobnicate/)
      using model = await load(chain)
      await expect(model.run({ relu: Float32Array.of(1, 2) })).rejects.toThrow(/cannot run it/)
      expect((await model.run({ x })).y).toHaveShape([1, 3])
    })

    test('refuses wrong names, shapes and values before anything runs', async () => {
      using model = await load(chain)
      await expect(model.run({ z: x })).rejects.toThrow('has no tensor "z" to feed; its inputs are "x"')
      await expect(model.run({ x }, { outputs: ['nope'] })).rejects.toThrow('has no tensor "nope"; it has "x", "relu"')
      await expect(model.run({ x: [[1, 2]] })).rejects.toThrow('input "x" must have shape [?, 3], got [1, 2]')
      await expect(model.run({})).rejects.toThrow('input "x" is needed but missing')
    })

    test('a closed model refuses to run', async () => {
      const model = await load(chain)
      await model.run({ x })
      model.close()
      model.close()
      await expect(model.run({ x })).rejects.toThrow('the model was closed')
    })
  })
})
