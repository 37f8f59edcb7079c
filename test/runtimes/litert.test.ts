// loadLitert in LiteRT.js and in the Python wheel. Runs in Vitest's forks and vmThreads pools.
import { describe, expect, test } from 'vitest'
import { tensor, tensorMatchers } from '../../src/index.ts'
import { type LitertKernels, loadLitert } from '../../src/runners/litert/index.ts'
import { chain, type LitertSpec, litertModel } from '../runners/litert/litert-model.ts'
import { hasPackages, pythonWith } from './present.ts'

expect.extend(tensorMatchers)

const python = pythonWith('ai_edge_litert')
const x = tensor([[-1, 2, -3]], undefined, 'float32')

describe.each(['web', 'python'] as const)('loadLitert with engine %s', (engine) => {
  const isPresent = engine === 'web' ? hasPackages('@litertjs/core') : python !== undefined
  const load = (spec: LitertSpec) => loadLitert(litertModel(spec), { engine, python })

  describe.skipIf(!isPresent)('when it is installed', () => {
    test('tells inputs, outputs, blobs, layers and what runs it', async () => {
      using model = await load(chain)
      expect(model.inputs).toEqual([{ name: 'x', shape: [-1, 3], dtype: 'float32' }])
      expect(model.outputs).toEqual([{ name: 'y', shape: [-1, 3], dtype: 'float32' }])
      expect(model.layers).toEqual([
        { name: 'relu', type: 'RELU', inputs: ['x'], outputs: ['relu'] },
        { name: 'sum', type: 'ADD', inputs: ['relu'], outputs: ['sum'] },
        { name: 'y', type: 'ABS', inputs: ['sum'], outputs: ['y'] },
      ])
      expect(model.runtime.options).toMatchObject({ kernels: 'xnnpack', threads: 1 })
    })

    test('axes of any length, from any tensor on', async () => {
      using model = await load(chain)
      for (const batch of [1, 2, 5, 2, 1]) {
        const sum = tensor(
          Float32Array.from({ length: 3 * batch }, (_, i) => 2 - i),
          [batch, 3],
        )
        const absolute = tensor(sum.data.map(Math.abs as never), [batch, 3])
        expect((await model.run({ sum })).y).toMatchTensor(absolute, { preset: 'exact' })
      }
      const all = await model.run(
        {
          x: [
            [-1, 2, -3],
            [1, 2, 3],
          ],
        },
        { outputs: 'all' },
      )
      expect(all.relu).toMatchTensor(
        tensor(
          [
            [0, 2, 0],
            [1, 2, 3],
          ],
          undefined,
          'float32',
        ),
      )
      expect(all.y).toMatchTensor(
        tensor(
          [
            [1, 0, 3],
            [2, 0, 6],
          ],
          undefined,
          'float32',
        ),
      )
    })

    test('weights can be asked for and fed', async () => {
      using model = await load(chain)
      expect(await model.run({}, { outputs: ['bias'] })).toMatchTensors({ bias: Float32Array.of(1, -2, 3) })
      const { bias, y } = await model.run({ x, bias: [7, 7, 7] }, { outputs: ['bias', 'y'] })
      expect(bias).toMatchTensor(Float32Array.of(7, 7, 7))
      expect(y).toMatchTensor(tensor([[7, 9, 7]], undefined, 'float32'))
    })

    test('an operator with one output fed and another computed', async () => {
      using model = await load({
        tensors: [
          { name: 'axis', shape: [], type: 'int32', data: Int32Array.of(0) },
          { name: 'x', shape: [4] },
          { name: 'left', shape: [2] },
          { name: 'right', shape: [2] },
          { name: 'y', shape: [2] },
        ],
        operators: [
          {
            type: 'SPLIT',
            inputs: [0, 1],
            outputs: [2, 3],
            options: { type: 35, fields: [{ id: 0, scalar: Uint8Array.of(2) }] },
          },
          { type: 'SUB', inputs: [2, 3], outputs: [4] },
        ],
        inputs: [1],
        outputs: [4],
      })
      const input = Float32Array.of(1, 2, 3, 4)
      expect((await model.run({ x: input })).y).toMatchTensor(Float32Array.of(-2, -2))
      expect((await model.run({ x: input, left: [10, 20] })).y).toMatchTensor(Float32Array.of(7, 16))
    })

    test('elements of every type', async () => {
      using model = await load({
        tensors: [
          { name: 'a', shape: [3], type: 'int8' },
          { name: 'n', shape: [3], type: 'int64' },
          { name: 'isPositive', shape: [3], type: 'bool' },
          { name: 'zero', shape: [1], type: 'int64', data: BigInt64Array.of(0n) },
          { name: 'b', shape: [3], type: 'uint8' },
        ],
        operators: [
          { type: 'CAST', inputs: [0], outputs: [1] },
          { type: 'GREATER', inputs: [1, 3], outputs: [2] },
          { type: 'CAST', inputs: [2], outputs: [4] },
        ],
        inputs: [0],
        outputs: [4],
      })
      const results = await model.run({ a: [-1, 0, 7] }, { outputs: 'all' })
      expect(results).toMatchTensors({
        a: Int8Array.of(-1, 0, 7),
        n: BigInt64Array.of(-1n, 0n, 7n),
        isPositive: [false, false, true],
        b: Uint8Array.of(0, 0, 1),
      })
      await expect(model.run({ a: [200, 0, 0] })).rejects.toThrow('element 0 is 200, which int8 cannot hold')
    })

    const positions: LitertSpec = {
      tensors: [
        { name: 'x', shape: [4] },
        { name: 'zero', shape: [1], data: Float32Array.of(0) },
        { name: 'positive', shape: [4], type: 'bool' },
        { name: 'where', shape: [1, 1], signature: [-1, 1], type: 'int64' },
      ],
      operators: [
        { type: 'GREATER', inputs: [0, 1], outputs: [2] },
        { type: 'WHERE', inputs: [2], outputs: [3] },
      ],
      inputs: [0],
      outputs: [3],
    }

    test('lengths that depend on values, 0 among them', async () => {
      using model = await load(positions)
      for (let run = 0; run < 2; run++) {
        expect((await model.run({ x: [-1, 5, 0, 7] })).where).toMatchTensor(tensor([[1n], [3n]]))
        expect((await model.run({ x: [1, 5, 1, 7] })).where).toMatchTensor(tensor([[0n], [1n], [2n], [3n]]))
        expect((await model.run({ x: [-1, -1, -1, -1] })).where).toHaveShape([0, 1])
      }
    })

    test.runIf(engine === 'web')('another number of axes is refused', async () => {
      using model = await load(chain)
      await expect(model.run({ sum: [1, 2, 3] })).rejects.toThrow('"sum" has 2 axes, as in [1, 3]; got [3]')
    })

    // LiteRT.js has no variables.
    test.runIf(engine === 'python')('a state begins anew with every run', async () => {
      // y = x + h, and h becomes y
      using model = await load({
        tensors: [
          { name: 'x', shape: [1, 1] },
          { name: 'weights', shape: [1, 1], data: Float32Array.of(1) },
          { name: 'recurrent weights', shape: [1, 1], data: Float32Array.of(1) },
          { name: 'bias', shape: [1], data: Float32Array.of(0) },
          { name: 'h', shape: [1, 1], isVariable: true },
          { name: 'y', shape: [1, 1] },
        ],
        operators: [
          {
            type: 'RNN',
            inputs: [0, 1, 2, 3, 4],
            outputs: [5],
            options: { type: 7, fields: [{ id: 0, scalar: Uint8Array.of(0) }] },
          },
        ],
        inputs: [0],
        outputs: [5],
      })
      for (let run = 0; run < 3; run++) {
        expect((await model.run({ x: [[2]] })).y).toMatchTensor(tensor([[2]], undefined, 'float32'))
      }
    })

    test('what LiteRT refuses is said in its words', async () => {
      using model = await load({ ...chain, operators: [{ type: 'Frobnicate', inputs: [0], outputs: [4] }] })
      await expect(model.run({ x })).rejects.toThrow(/the \.tflite model: .*Frobnicate/)
      using wrong = await load(chain)
      await expect(
        wrong.run({ sum: tensor(new Float32Array(4), [1, 4]), bias: [1] }, { outputs: ['relu'] }),
      ).rejects.toThrow('input "x" is needed but missing')
      expect((await wrong.run({ x })).y).toHaveShape([1, 3])
    })
  })
})

describe.skipIf(python === undefined)('kernels', () => {
  test.each<LitertKernels>(['xnnpack', 'builtin', 'reference'])('%s compute and are named', async (kernels) => {
    using model = await loadLitert(litertModel(chain), { python, kernels })
    expect(model.runtime).toMatchObject({ name: 'ai-edge-litert', options: { kernels } })
    expect((await model.run({ x })).y).toMatchTensor(tensor([[1, 0, 3]], undefined, 'float32'), { preset: 'exact' })
  })
})
