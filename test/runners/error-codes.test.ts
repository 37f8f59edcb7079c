// Which code an error about a model has, by the shortest way there. Those of worker processes are tested with them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadLitert } from '../../src/runners/litert/index.ts'
import { type ModelErrorCode, modelErrorCodes } from '../../src/runners/model-error.ts'
import { type LoadNcnnOptions, loadNcnn, type Model, pythonEngine } from '../../src/runners/ncnn/index.ts'
import { loadOnnx } from '../../src/runners/onnx/index.ts'
import { loadTfjs } from '../../src/runners/tfjs/index.ts'
import { loadTorch } from '../../src/runners/torch/index.ts'
import { chain as litertChain, litertModel } from './litert/litert-model.ts'
import { chain, externalInitializer, onnxModel } from './onnx/onnx-model.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'expect-tensor-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const param = (...layers: string[]): string => ['7767517', `${layers.length} 10`, ...layers].join('\n')
const load = (text: string, options?: LoadNcnnOptions, bin = new Uint8Array(0)): Promise<Model> =>
  loadNcnn({ param: text, bin }, options)

const input = 'Input in 0 1 x'
const relu = param(input, 'ReLU relu 1 1 x y')
/** As much of TensorFlow.js as is asked before a model is read. */
const tf = { ready: async () => undefined, tidy: (task: () => void) => task() }

const ncnn: readonly (readonly [ModelErrorCode, string, () => Promise<unknown>])[] = [
  ['not-found', 'no .bin', () => loadNcnn(file('alone.param', relu))],
  ['unreadable', 'a folder', () => loadNcnn(file('folder.param', relu), { bin: folder })],
  ['git-lfs', 'a pointer', () => loadNcnn(file('lfs.param', 'version https://git-lfs.github.com/spec/v1\n'))],
  ['malformed', 'no .param', () => load('hello')],
  ['malformed', 'a blob that is made twice', () => load(param(input, 'ReLU relu 1 1 x x'))],
  ['malformed', 'parameters that contradict each other', () => load(param(input, 'BatchNorm bn 1 1 x y 0=-4'))],
  ['malformed', 'a .bin that is too long', () => load(relu, {}, new Uint8Array(8))],
  ['truncated', 'a part of a .param', () => load(relu.slice(0, relu.lastIndexOf('\n')))],
  ['truncated', 'a part of a .bin', () => load(param(input, 'InnerProduct fc 1 1 x y 0=1 2=2'), {}, new Uint8Array(4))],
  ['unsupported', 'an unknown layer', () => load(param(input, 'Mystery m 1 1 x y'))],
  ['wrong-option', 'an unknown engine', () => load(relu, { engine: 'gpu' as 'wasm' })],
  ['wrong-option', 'a precision', () => load(relu, { precision: 'float8' as 'float32' })],
  ['wrong-option', 'a switch', () => load(relu, { ncnn: { useVulkanCompute: true } })],
  ['wrong-option', 'a name', () => loadNcnn(join(folder, 'net.onnx'))],
  ['wrong-input', 'a missing input', async () => (await load(relu)).run({})],
  ['wrong-input', 'an unknown input', async () => (await load(relu)).run({ z: [1] })],
  ['wrong-input', 'an unknown output', async () => (await load(relu)).run({ x: [1] }, { outputs: ['z'] })],
  ['wrong-input', 'too many axes', async () => (await load(relu)).run({ x: [[[[[1]]]]] })],
  [
    'wrong-input',
    'a shape that a layer cannot take',
    async () =>
      (await load(param('Input a 0 1 a', 'Input b 0 1 b', 'Eltwise e 2 1 a b y 0=1'))).run({ a: [1], b: [1, 2] }),
  ],
  ['missing-dependency', 'no Python', () => load(relu, { engine: pythonEngine({ python: 'no-such-python' }) })],
  [
    'out-of-memory',
    'a limit',
    async () => (await load(relu, { memoryLimit: 2 ** 20 })).run({ x: new Float32Array(2 ** 20) }),
  ],
  [
    'closed',
    'a closed model',
    async () => {
      const model = await load(relu)
      model.close()
      return model.run({ x: [1] })
    },
  ],
]

describe('NcnnError', () => {
  test.each(ncnn)('%s: %s', async (code, _, act) => {
    await expect(act()).rejects.toMatchObject({ name: 'NcnnError', code })
  })

  test('every code occurs, but those of a runtime at work', () => {
    const elsewhere: readonly ModelErrorCode[] = ['runtime-failed', 'crashed', 'timeout']
    const expected = modelErrorCodes.filter((code) => !elsewhere.includes(code))
    expect([...new Set(ncnn.map(([code]) => code))]).toEqual(expected)
  })
})

test.each<readonly [string, ModelErrorCode, () => Promise<unknown>]>([
  ['OnnxError', 'malformed', () => loadOnnx(new TextEncoder().encode('hello'))],
  ['OnnxError', 'wrong-option', () => loadOnnx(onnxModel(chain), { engine: 'gpu' as 'web' })],
  [
    'OnnxError',
    'wrong-option',
    () => loadOnnx(onnxModel({ ...chain, initializers: [externalInitializer('bias', [3], 'weights')] })),
  ],
  ['TfjsError', 'wrong-option', () => loadTfjs({}, 'model.json')],
  ['TfjsError', 'malformed', () => loadTfjs(tf, file('model.json', '{}'))],
  ['TfjsError', 'missing-dependency', () => loadTfjs(tf, file('layers.json', '{"modelTopology": {}}'))],
  ['LitertError', 'malformed', () => loadLitert(new TextEncoder().encode('hello'))],
  ['LitertError', 'truncated', () => loadLitert(litertModel(litertChain).subarray(0, 200))],
  ['LitertError', 'wrong-option', () => loadLitert('model.tflite', { engine: 'tpu' as 'web' })],
  ['LitertError', 'unsupported', () => loadLitert(litertModel(litertChain), { engine: 'web', kernels: 'reference' })],
  [
    'LitertError',
    'missing-dependency',
    () => loadLitert(litertModel(litertChain), { engine: 'python', python: 'no-such-python' }),
  ],
  ['TorchError', 'malformed', () => loadTorch(file('train.py', 'class Network: pass'))],
  ['TorchError', 'wrong-option', () => loadTorch('model.pt', { state: 'testing' as 'eval' })],
  ['TorchError', 'missing-dependency', () => loadTorch(file('model.pt', ''), { python: 'no-such-python' })],
])('%s: %s', async (name, code, act) => {
  await expect(act()).rejects.toMatchObject({ name, code })
})
