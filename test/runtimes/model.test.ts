// What a Model must do, whatever runs it: one suite over every engine and runtime that is here.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { tensor, tensorMatchers } from '../../src/index.ts'
import { loadRecording, type Model, recordActivations } from '../../src/model-analysis.ts'
import { type LoadLitertOptions, loadLitert } from '../../src/runners/litert/index.ts'
import { wasmEngine } from '../../src/runners/ncnn/engines/wasm/index.ts'
import {
  type EmscriptenFactory,
  emscriptenEngine,
  loadNcnn,
  type NcnnEngine,
  nativeEngine,
  pythonEngine,
} from '../../src/runners/ncnn/index.ts'
import { loadOnnx } from '../../src/runners/onnx/index.ts'
import { loadTfjs, type TfNamespace } from '../../src/runners/tfjs/index.ts'
import { loadTorch } from '../../src/runners/torch/index.ts'
import { originOf } from '../../src/tensor/origin.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import { chain as litertChain, litertModel } from '../runners/litert/litert-model.ts'
import { network } from '../runners/ncnn/engines/real/model-suite.ts'
import { chain, onnxModel } from '../runners/onnx/onnx-model.ts'
import { graphModel, writeModel } from '../runners/tfjs/model-files.ts'
import { hasPackages, pythonWith } from './present.ts'
import { hasTfjs, hasTfjsNode, openTfjs, openTfjsNode } from './tensorflow.ts'

expect.extend(tensorMatchers)

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'expect-tensor-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const require = createRequire(import.meta.url)
const float32 = (values: readonly (readonly number[])[]): Tensor => tensor(values, undefined, 'float32')

/** A small model in a runtime. */
interface Subject {
  readonly name: string
  /** Why it cannot be tested here. */
  readonly missing: string | undefined
  readonly load: () => Promise<Model>
  readonly inputs: Readonly<Record<string, Tensor>>
  readonly output: string
  readonly expected: Tensor
  /** A blob from which alone the output follows. */
  readonly middle: string
  /** The name of `model.runtime`. */
  readonly runtime: string
}

// x -> relu -> sum = relu + [1, -2, 3] -> y = |sum|, in ncnn and in ONNX
const sums = {
  inputs: { x: float32([[-1, 2, -3]]) },
  output: 'y',
  expected: float32([[1, 0, 3]]),
  middle: 'sum',
}

const ncnnChain = {
  param: network([
    'Input in 0 1 x',
    'ReLU relu 1 1 x relu',
    'MemoryData bias 0 1 bias 0=3 1=1',
    'BinaryOp add 2 1 relu bias sum 0=0',
    'AbsVal abs 1 1 sum y',
  ]),
  bin: new Uint8Array(Float32Array.of(1, -2, 3).buffer),
}

const ncnn = (name: string, missing: string | undefined, engine: () => NcnnEngine): Subject => ({
  ...sums,
  name: `ncnn, ${name}`,
  missing,
  load: () => loadNcnn(ncnnChain, { engine: engine() }),
  runtime: engine().name,
})

const wasmModule = process.env.NCNN_WASM_MODULE
/** One instance for all tests. */
const emscripten = emscriptenEngine((options) => {
  const path = wasmModule ?? ''
  const wasm = path.replace(/\.[^.]*$/, '.wasm')
  const wasmBinary = existsSync(wasm) ? readFileSync(wasm) : undefined
  return (require(path) as EmscriptenFactory)({ ...options, ...(wasmBinary && { wasmBinary }) })
})

const onnx = (engine: 'web' | 'node'): Subject => ({
  ...sums,
  name: `onnxruntime-${engine}`,
  missing: hasPackages(`onnxruntime-${engine}`) ? undefined : 'not installed',
  load: () => loadOnnx(onnxModel(chain), { engine }),
  runtime: `onnxruntime-${engine}`,
})

const tfjs = (backend: string, isPresent: boolean, open: () => TfNamespace): Subject => ({
  name: `tfjs, ${backend}`,
  missing: isPresent ? undefined : 'not installed',
  async load() {
    const tf = open()
    await tf.setBackend(backend)
    return loadTfjs(tf, await writeModel(folder, graphModel.fields, graphModel.weights))
  },
  // hidden = relu(x w), y the product of its halves
  inputs: { x: float32([[5, 1]]) },
  output: 'y',
  expected: float32([[28]]),
  middle: 'hidden',
  runtime: 'tfjs',
})

const litertPython = pythonWith('ai_edge_litert')
const litert = (options: LoadLitertOptions): Subject => ({
  ...sums,
  name: `litert, ${Object.values(options).join(', ')}`,
  missing: (options.engine === 'web' ? hasPackages('@litertjs/core') : litertPython) ? undefined : 'not installed',
  load: () => loadLitert(litertModel(litertChain), { ...options, python: litertPython }),
  runtime: options.engine === 'web' ? '@litertjs/core' : 'ai-edge-litert',
})

const torchPython = pythonWith('torch')
const torch = (file: string, names: Pick<Subject, 'inputs' | 'output' | 'middle'>): Subject => ({
  ...names,
  name: `torch, ${file}`,
  missing: torchPython === undefined ? 'no Python has it' : undefined,
  async load() {
    const script = fileURLToPath(new URL('torch_models.py', import.meta.url))
    if (!existsSync(join(folder, file))) {
      execFileSync(torchPython ?? '', [script, folder], { stdio: ['ignore', 'pipe', 'ignore'] })
    }
    return loadTorch(join(folder, file), { python: torchPython })
  },
  // y = |relu(x) + [1, -2, 3]|
  expected: sums.expected,
  runtime: 'torch',
})

const recording: Subject = {
  ...sums,
  name: 'a recording',
  missing: undefined,
  async load() {
    const path = join(folder, 'chain.safetensors')
    await recordActivations(await loadNcnn(ncnnChain), sums.inputs, path)
    return loadRecording(path)
  },
  runtime: 'wasm',
}

const subjects: Subject[] = [
  ncnn('built in', undefined, () => wasmEngine),
  ncnn('wheel', pythonWith('ncnn') === undefined ? 'no Python has it' : undefined, () =>
    pythonEngine({ python: pythonWith('ncnn') }),
  ),
  ncnn('shared library', process.env.NCNN_LIBRARY ? undefined : 'NCNN_LIBRARY names none', () => nativeEngine()),
  ncnn('Emscripten module', wasmModule ? undefined : 'NCNN_WASM_MODULE names none', () => emscripten),
  onnx('web'),
  onnx('node'),
  tfjs('cpu', hasTfjs('@tensorflow/tfjs-backend-cpu'), () => openTfjs('@tensorflow/tfjs-backend-cpu')),
  tfjs('wasm', hasTfjs('@tensorflow/tfjs-backend-wasm'), () => openTfjs('@tensorflow/tfjs-backend-wasm')),
  tfjs('tensorflow', hasTfjsNode, openTfjsNode),
  litert({ engine: 'web' }),
  litert({ engine: 'python' }),
  litert({ engine: 'python', kernels: 'builtin' }),
  litert({ engine: 'python', kernels: 'reference' }),
  torch('chain.pt', { inputs: sums.inputs, output: 'out0', middle: 'add' }),
  torch('chain_scripted.pt', { inputs: sums.inputs, output: 'out0', middle: 'add' }),
  torch('chain_pnnx.py', { inputs: { in0: sums.inputs.x }, output: 'out0', middle: 'v_2' }),
  recording,
]

describe.each(subjects)('$name', ({ name, missing, load, inputs, output, expected, middle, runtime }) => {
  const isRecording = name === recording.name
  describe.skipIf(missing !== undefined)(missing === undefined ? 'a model' : `[skipped: ${missing}]`, () => {
    let model: Model
    beforeEach(async () => {
      model = await load()
    })
    afterEach(() => model.close())

    test('tells its inputs, outputs, blobs and what runs it', () => {
      expect(model.inputs.map((info) => info.name)).toEqual(Object.keys(inputs))
      expect(model.outputs.map((info) => info.name)).toEqual([output])
      expect(model.blobs).toContain(middle)
      expect(new Set(model.blobs).size).toBe(model.blobs.length)
      expect(model.runtime).toMatchObject({ name: runtime, version: expect.stringMatching(/\d/) })
      expect(JSON.parse(JSON.stringify(model.runtime))).toEqual(model.runtime)
    })

    test('tells its layers, each of which runs alone', async () => {
      const all = await model.run(inputs, { outputs: 'all' })
      const known = new Set(model.inputs.map(({ name }) => name))
      for (const layer of model.layers) {
        for (const name of layer.inputs) expect(known).toContain(name)
        for (const name of layer.outputs) known.add(name)
      }
      expect([...known].sort()).toEqual([...model.blobs].sort())
      if (isRecording) return
      // TensorFlow.js takes one output of a node, not two.
      for (const layer of model.layers.filter((layer) => !layer.inputs.includes('halves:1'))) {
        const alone = await model.run(Object.fromEntries(layer.inputs.map((name) => [name, all[name]])), {
          outputs: layer.outputs,
        })
        for (const name of layer.outputs) expect(alone[name]).toMatchTensor(all[name], { preset: 'exact' })
      }
    })

    test('computes its outputs, one blob, and all blobs in execution order', async () => {
      expect(await model.run(inputs)).toMatchTensors({ [output]: expected }, { preset: 'exact' })
      const all = await model.run(inputs, { outputs: 'all' })
      expect(Object.keys(all)).toEqual(model.blobs)
      expect(all[output]).toMatchTensor(expected, { preset: 'exact' })
      const some = await model.run(inputs, { outputs: [output, middle, middle] })
      expect(Object.keys(some)).toEqual([output, middle])
      expect(some[middle]).toMatchTensor(all[middle], { preset: 'exact' })
    })

    test.skipIf(isRecording)('goes on from any blob', async () => {
      const { [middle]: fed } = await model.run(inputs, { outputs: [middle] })
      expect((await model.run({ [middle]: fed }))[output]).toMatchTensor(expected, { preset: 'exact' })
      const rest = await model.run({ [middle]: fed }, { outputs: 'all' })
      expect(Object.keys(rest)).toContain(output)
      for (const input of Object.keys(inputs)) expect(Object.keys(rest)).not.toContain(input)
    })

    test('takes what can be read as a tensor, and leaves it alone', async () => {
      const [[input, { data, shape }]] = Object.entries(inputs)
      const numbers = [Array.from(data as Float32Array)]
      expect(shape).toHaveLength(2)
      expect((await model.run({ [input]: numbers }))[output]).toMatchTensor(expected, { preset: 'exact' })
      const before = data.slice()
      const results = await model.run(inputs, { outputs: 'all' })
      for (const [blob, result] of Object.entries(results)) if (!(blob in inputs)) result.data.fill(7 as never)
      expect(data).toEqual(before)
      expect((await model.run(inputs))[output]).toMatchTensor(expected, { preset: 'exact' })
    })

    test('hands tensors over one by one, and keeps none', async () => {
      const all = await model.run(inputs, { outputs: 'all' })
      const taken: Record<string, Tensor> = {}
      const onTensor = (name: string, tensor: Tensor): void => {
        expect(taken).not.toHaveProperty([name])
        taken[name] = tensor
      }
      expect(await model.run(inputs, { outputs: 'all', onTensor })).toEqual({})
      expect(taken).toMatchTensors(all, { preset: 'exact' })
      expect(originOf(taken[output].data)).toEqual(model.runtime)
    })

    test('rejects with what the taker of a tensor throws, and runs on', async () => {
      const error = new RangeError('no more')
      const onTensor = (): never => {
        throw error
      }
      await expect(model.run(inputs, { outputs: 'all', onTensor })).rejects.toBe(error)
      expect((await model.run(inputs))[output]).toMatchTensor(expected, { preset: 'exact' })
    })

    test.skipIf(isRecording)('copies what it is fed when it is called', async () => {
      const [[input, { data, shape, dtype }]] = Object.entries(inputs)
      const buffer = new Float32Array(data.length)
      const scaled = (factor: number) => Float32Array.from(data as Float32Array, (value) => value * factor)
      const expectations = await Promise.all(
        [1, 2, 3].map((factor) => model.run({ [input]: { data: scaled(factor), shape, dtype } })),
      )
      const runs = [1, 2, 3].map((factor) => {
        buffer.set(scaled(factor))
        return model.run({ [input]: { data: buffer, shape, dtype } }, { outputs: [output, input] })
      })
      for (const [i, run] of runs.entries()) {
        const results = await run
        expect(results[output]).toMatchTensor(expectations[i][output], { preset: 'exact' })
        results[input].data.fill(0 as never)
        expect(buffer).toEqual(scaled(3))
      }
    })

    test('answers many runs at once', async () => {
      const runs = await Promise.all(Array.from({ length: 12 }, () => model.run(inputs)))
      for (const result of runs) expect(result[output]).toMatchTensor(expected, { preset: 'exact' })
    })

    test('says what is missing or unknown, and runs on', async () => {
      await expect(model.run({})).rejects.toThrow(/input "\w+" is needed but missing/)
      await expect(model.run({ nope: [1] })).rejects.toThrow(/has no tensor "nope" to feed; its inputs are "/)
      await expect(model.run(inputs, { outputs: ['nope'] })).rejects.toThrow(/has no tensor "nope"/)
      expect((await model.run(inputs))[output]).toMatchTensor(expected, { preset: 'exact' })
    })

    test('marks what it computed with what runs it, and not what it was fed', async () => {
      const [input] = Object.keys(inputs)
      const results = await model.run(inputs, { outputs: [output, input] })
      expect(originOf(results[output].data)).toEqual(model.runtime)
      expect(originOf(inputs[input].data)).toBeUndefined()
    })

    test.skipIf(isRecording)('can be recorded', async () => {
      const path = join(folder, 'recorded.safetensors')
      await recordActivations(model, inputs, path)
      using recorded = await loadRecording(path)
      expect(recorded.runtime).toEqual(model.runtime)
      expect(await recorded.run(inputs, { outputs: 'all' })).toMatchTensors(
        await model.run(inputs, { outputs: 'all' }),
        {
          preset: 'exact',
        },
      )
    })

    test('refuses to run once it is closed', async () => {
      model.close()
      model.close()
      await expect(model.run(inputs)).rejects.toThrow('the model was closed')
    })
  })
})
