// modelFrom: a function behind the Model interface, checked as every runtime is.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import '../../src/vitest.ts'
import { loadRecording, recordActivations } from '../../src/model-analysis.ts'
import { type ModelFunction, modelFrom } from '../../src/runners/model-from.ts'
import { loadNcnn } from '../../src/runners/ncnn/index.ts'
import { originOf } from '../../src/tensor/origin.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'

const twice: ModelFunction = {
  inputs: ['x'],
  outputs: ['y', 'sum'],
  runtime: { name: 'doubler', version: '1.2', options: { threads: 1 } },
  run: ({ x }) => ({
    y: Float32Array.from(x.data as Float32Array, (value) => 2 * value),
    sum: { data: [(x.data as Float32Array).reduce((a, b) => a + b, 0)], dims: [], type: 'float32' },
  }),
}
const x = Float32Array.of(1, -2, 3)

describe('the model', () => {
  test('computes what it was asked for, and says what runs it', async () => {
    const model = modelFrom(twice)
    expect(await model.run({ x })).toEqual({
      y: { data: Float32Array.of(2, -4, 6), shape: [3], dtype: 'float32' },
      sum: { data: Float32Array.of(2), shape: [], dtype: 'float32' },
    })
    expect(Object.keys(await model.run({ x }, { outputs: ['sum'] }))).toEqual(['sum'])
    expect(Object.keys(await model.run({ x }, { outputs: 'all' }))).toEqual(['x', 'y', 'sum'])
    expect(model).toMatchObject({
      inputs: [{ name: 'x' }],
      outputs: [{ name: 'y' }, { name: 'sum' }],
      blobs: ['x', 'y', 'sum'],
      layers: [{ name: 'doubler', type: 'doubler', inputs: ['x'], outputs: ['y', 'sum'] }],
    })
    expect(originOf((await model.run({ x })).y.data)).toEqual(twice.runtime)
  })

  test('converts to the declared dtype and checks the declared shape', async () => {
    const seen: Tensor[] = []
    const model = modelFrom({
      ...twice,
      inputs: [{ name: 'x', dtype: 'int64', shape: [1, -1] }],
      outputs: ['y'],
      run: ({ x }) => {
        seen.push(x)
        return { y: x }
      },
    })
    await model.run({ x: [[1, 2]] })
    expect(seen).toEqual([{ data: BigInt64Array.of(1n, 2n), shape: [1, 2], dtype: 'int64' }])
    await expect(model.run({ x: [1, 2] })).rejects.toThrow(
      'the model of doubler: input "x" must have shape [1, ?], got [2]',
    )
  })

  test('runs one call after the other, each on tensors of its own', async () => {
    let running = 0
    const memory = new Float32Array(1)
    const model = modelFrom({
      ...twice,
      outputs: ['y'],
      async run({ x }) {
        expect(++running).toBe(1)
        await Promise.resolve()
        memory[0] = Number(x.data[0])
        running--
        return { y: memory }
      },
    })
    const buffer = new Float32Array(1)
    const runs = [1, 2, 3].map((value) => {
      buffer[0] = value
      return model.run({ x: buffer })
    })
    expect((await Promise.all(runs)).map(({ y }) => y.data[0])).toEqual([1, 2, 3])
  })

  test('closes once, and runs no more', async () => {
    let closed = 0
    const model = modelFrom({ ...twice, close: () => closed++ })
    model.close()
    model.close()
    expect(closed).toBe(1)
    await expect(model.run({ x })).rejects.toMatchObject({ code: 'closed' })
  })
})

describe('beside other models', () => {
  const relu = { param: '7767517\n2 2\nInput in0 0 1 in0\nReLU act 1 1 in0 out0\n', bin: new Uint8Array(0) }
  const rectifier = (gain: number) =>
    modelFrom({
      inputs: ['pixels'],
      outputs: ['rectified'],
      runtime: { name: 'by hand' },
      run: ({ pixels }) => ({
        rectified: Float32Array.from(pixels.data as Float32Array, (value) => gain * Math.max(0, value)),
      }),
    })

  test('toMatchModel compares it, on either side', async () => {
    const ncnn = await loadNcnn(relu)
    await expect(ncnn).toMatchModel(rectifier(1), { inputs: { in0: x } })
    await expect(rectifier(1)).toMatchModel(ncnn, { inputs: { pixels: x } })
    await expect(expect(ncnn).toMatchModel(rectifier(2), { inputs: { in0: x } })).rejects.toThrow(/Models do not match/)
    await expect(expect(rectifier(2)).toMatchModel(ncnn, { inputs: { pixels: x } })).rejects.toThrow(
      /Models do not match/,
    )
  })

  describe('a recording', () => {
    let folder: string
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'expect-tensor-'))
    })
    afterAll(() => rmSync(folder, { recursive: true }))

    test('keeps what it computed and what ran it', async () => {
      const path = join(folder, 'doubler.safetensors')
      await recordActivations(modelFrom(twice), { x }, path)
      const recording = await loadRecording(path)
      expect(recording.runtime).toEqual(twice.runtime)
      expect(await recording.run({ x })).toEqual(await modelFrom(twice).run({ x }))
    })
  })
})

describe('refuses', () => {
  test.each<[string, unknown, string]>([
    ['no definition', undefined, 'expected { inputs, outputs, runtime, run }, got undefined'],
    ['a function alone', () => ({}), 'expected { inputs, outputs, runtime, run }, got a function'],
    ['a misspelt option', { ...twice, ouputs: [] }, "unknown option 'ouputs' (did you mean 'outputs'?)"],
    [
      'one name for a list',
      { ...twice, inputs: 'x' },
      'inputs must be a list of names, such as [\'x\'], got the string "x"',
    ],
    ['what is no name', { ...twice, outputs: [3] }, 'outputs must be names, or objects such as'],
    ['an empty name', { ...twice, outputs: [''] }, 'outputs must be names'],
    ['a misspelt property', { ...twice, inputs: [{ name: 'x', dtpye: 'int64' }] }, "(did you mean 'dtype'?)"],
    ['a name twice', { ...twice, outputs: ['x'] }, 'the name "x" is given twice among inputs and outputs'],
    ['no runtime', { ...twice, runtime: undefined }, 'runtime is missing'],
    ['a runtime without a name', { ...twice, runtime: { version: '1' } }, 'runtime is missing'],
    ['no function', { ...twice, run: undefined }, 'run is missing'],
    ['what is no function', { ...twice, run: 'x' }, 'run must be a function, got the string "x"'],
  ])('%s', (_, definition, message) => {
    expect(() => modelFrom(definition as ModelFunction)).toThrow(`modelFrom: ${message}`.replace('modelFrom: (', '('))
    expect(() => modelFrom(definition as ModelFunction)).toThrow(expect.objectContaining({ code: 'wrong-option' }))
  })

  test.each<[string, () => unknown, string]>([
    ['no tensors by name', () => x, 'run must return tensors by name, such as { y: tensor }, got a Float32Array'],
    ['nothing', () => undefined, 'run must return tensors by name, such as { y: tensor }, got undefined'],
    [
      'not all outputs',
      () => ({ y: x, Sum: x }),
      'run returned no tensor "sum", which is among its outputs; it returned "y", "Sum"',
    ],
    ['what is no tensor', () => ({ y: 'x', sum: 1 }), 'output "y" must be a tensor'],
    ['an error', () => Promise.reject(new Error('no connection')), 'the model of doubler: no connection'],
  ])('a run that gives %s', async (_, run, message) => {
    await expect(modelFrom({ ...twice, run: run as ModelFunction['run'] }).run({ x })).rejects.toThrow(message)
  })
})
