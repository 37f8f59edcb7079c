// Every public function that takes options refuses those that it does not have, and every call that cannot be right gets a sentence.
import '../../src/vitest.ts'
import { describe, expect, test } from 'vitest'
import {
  decodeNpy,
  encodeNpy,
  encodeNpz,
  encodeSafetensors,
  readTensor,
  writeTensor,
  writeTensors,
} from '../../src/files/index.ts'
import { compareTensors, modelFrom, summarize } from '../../src/index.ts'
import JestReporter from '../../src/jest-reporter.ts'
import {
  compareModels,
  diagnose,
  loadRecording,
  recordActivations,
  repairModel,
  suggestTolerance,
} from '../../src/model-analysis.ts'
import { loadLitert } from '../../src/runners/litert/index.ts'
import {
  engineCases,
  findEngines,
  inspectNcnn,
  loadNcnn,
  nativeEngine,
  presentEngines,
  pythonEngine,
} from '../../src/runners/ncnn/index.ts'
import { loadOnnx } from '../../src/runners/onnx/index.ts'
import { loadTfjs } from '../../src/runners/tfjs/index.ts'
import { loadTorch } from '../../src/runners/torch/index.ts'
import VitestReporter from '../../src/vitest-reporter.ts'

const relu = { param: '7767517\n2 2\nInput in0 0 1 in0\nReLU act 1 1 in0 out0\n', bin: new Uint8Array(0) }
const load = () => loadNcnn(relu)
const x = Float32Array.of(1, -1)
const doubled = { inputs: ['x'], outputs: ['y'], runtime: { name: 'f' }, run: () => ({ y: x }) }
const wrong = (value: unknown) => value as never

/** What a call does that may throw or reject. */
const problemOf = async (call: () => unknown): Promise<unknown> => {
  try {
    await call()
  } catch (error) {
    return error
  }
  return undefined
}

describe('an option that does not exist', () => {
  test.each<[string, () => unknown, string]>([
    [
      'loadNcnn',
      () => loadNcnn(relu, wrong({ precison: 'float64' })),
      "loadNcnn: unknown option 'precison' (did you mean 'precision'?)",
    ],
    ['loadNcnn, batched', () => loadNcnn(relu, wrong({ batch: true })), "(did you mean 'batched'?)"],
    [
      'loadNcnn, a switch of ncnn',
      () => loadNcnn(relu, wrong({ numThreads: 4 })),
      'numThreads belongs into ncnn: { numThreads: ... }',
    ],
    [
      'loadNcnn, in ncnn',
      () => loadNcnn(relu, { ncnn: wrong({ useFp16Storge: true }) }),
      "(did you mean 'ncnn.useFp16Storage'?)",
    ],
    [
      'loadNcnn, contents',
      () => loadNcnn(wrong({ ...relu, precision: 'float64' })),
      'loadNcnn: precision stands beside the contents: loadNcnn({ param, bin }, { precision: ... })',
    ],
    [
      'run',
      async () => (await load()).run({ in0: x }, wrong({ output: 'all' })),
      "param: run: unknown option 'output' (did you mean 'outputs'?)",
    ],
    [
      'variant',
      async () => (await load()).variant?.(wrong({ ncn: {} })),
      "variant: unknown option 'ncn' (did you mean 'ncnn'?)",
    ],
    [
      'engineCases',
      () => engineCases(['wasm'], wrong({ option: [] })),
      "engineCases: unknown option 'option' (did you mean 'options'?)",
    ],
    [
      'engineCases, a set',
      () => engineCases(['wasm'], { options: { mine: wrong({ use_fp16_storage: true }) } }),
      "(did you mean 'mine.useFp16Storage'?)",
    ],
    [
      'engineCases, load',
      () => engineCases(['wasm'])[0].load(relu, wrong({ engine: 'python' })),
      "load: unknown option 'engine'",
    ],
    [
      'inspectNcnn',
      () => inspectNcnn(relu, wrong({ input: {} })),
      "inspectNcnn: unknown option 'input' (did you mean 'inputs'?)",
    ],
    [
      'pythonEngine',
      () => pythonEngine(wrong({ pyton: 'python3' })),
      "pythonEngine: unknown option 'pyton' (did you mean 'python'?)",
    ],
    [
      'nativeEngine',
      () => nativeEngine(wrong({ lib: 'libncnn.so' })),
      "nativeEngine: unknown option 'lib' (did you mean 'library'?)",
    ],
    [
      'loadOnnx',
      () => loadOnnx('a.onnx', wrong({ engin: 'web' })),
      "loadOnnx: unknown option 'engin' (did you mean 'engine'?)",
    ],
    [
      'loadLitert',
      () => loadLitert('a.tflite', wrong({ kernel: 'builtin' })),
      "loadLitert: unknown option 'kernel' (did you mean 'kernels'?)",
    ],
    [
      'loadTorch',
      () => loadTorch('a.pt', wrong({ pyhton: 'python3' })),
      "loadTorch: unknown option 'pyhton' (did you mean 'python'?)",
    ],
    [
      'recordActivations',
      async () => recordActivations(await load(), { in0: x }, 'a.safetensors', wrong({ output: [] })),
      "recordActivations: unknown option 'output'",
    ],
    [
      'compareModels',
      async () => compareModels(await load(), await load(), wrong({ input: { in0: x } })),
      "compareModels: unknown option 'input' (did you mean 'inputs'?)",
    ],
    [
      'diagnose',
      async () => diagnose(await load(), await load(), wrong({ inputs: { in0: x }, pair: {} })),
      "diagnose: unknown option 'pair' (did you mean 'pairs'?)",
    ],
    [
      'repairModel',
      async () => repairModel(await load(), await load(), wrong({ inputs: { in0: x }, atl: 1 })),
      "repairModel: unknown option 'atl' (did you mean 'atol'?)",
    ],
    [
      'suggestTolerance',
      async () => suggestTolerance(await load(), await load(), [{ in0: x }], wrong({ pair: {} })),
      "suggestTolerance: unknown option 'pair'",
    ],
    [
      'readTensor',
      () => readTensor('a.npz', wrong({ nmae: 'x' })),
      "readTensor: unknown option 'nmae' (did you mean 'name'?)",
    ],
    ['writeTensor', () => writeTensor('a.npz', x, wrong({ compres: true })), "writeTensor: unknown option 'compres'"],
    [
      'writeTensors',
      () => writeTensors('a.npz', { x }, wrong({ metdata: {} })),
      "writeTensors: unknown option 'metdata'",
    ],
    ['encodeNpz', () => encodeNpz({}, wrong({ compres: true })), "encodeNpz: unknown option 'compres'"],
    [
      "Vitest's reporter",
      () => new VitestReporter(wrong({ outputdir: 'accuracy' })),
      "expect-tensor/vitest-reporter: unknown option 'outputdir' (did you mean 'outputDir'?)",
    ],
    [
      "Jest's reporter",
      () => new JestReporter(wrong({}), wrong({ failfactor: 3 })),
      "expect-tensor/jest-reporter: unknown option 'failfactor' (did you mean 'failFactor'?)",
    ],
    [
      'compareTensors',
      () => compareTensors(x, x, wrong({ cosine: 0.9 })),
      'cosine belongs into metrics: { cosine: ... }',
    ],
    [
      'toMatchModel',
      async () => expect(await load()).toMatchModel(await load(), wrong({ inputs: { in0: x }, pair: {} })),
      "toMatchModel: unknown option 'pair' (did you mean 'pairs'?)",
    ],
  ])('%s', async (_, call, message) => {
    expect(await problemOf(call)).toHaveProperty('message', expect.stringContaining(message))
  })
})

describe('a call that cannot be right', () => {
  test.each<[string, () => unknown, string]>([
    [
      'loadNcnn(null)',
      () => loadNcnn(wrong(null)),
      'loadNcnn: expected the path or file: URL of a .param file, or { param, bin } with the contents, found null',
    ],
    [
      'loadNcnn(param, bin)',
      () => loadNcnn('a.param', wrong('a.bin')),
      'loadNcnn: the options must be an object such as { bin: ... }, got the string "a.bin"',
    ],
    [
      'loadNcnn, paths as contents',
      () => loadNcnn(wrong({ param: 'a.param', bin: 'a.bin' })),
      'loadNcnn: `bin` must be the bytes of a .bin file (a Uint8Array), got the string "a.bin"',
    ],
    [
      'loadNcnn, half of the contents',
      () => loadNcnn(wrong({ bin: new Uint8Array(0) })),
      'loadNcnn: `param` must be the text or the bytes of a .param file, got undefined',
    ],
    [
      'loadNcnn(promise)',
      () => loadNcnn(wrong(Promise.resolve('a.param'))),
      'or { param, bin } with the contents, found a Promise: await it first',
    ],
    [
      'batched, a name that there is not',
      () => loadNcnn(relu, { batched: ['in1'] }),
      'loadNcnn: batched names "in1", which param does not have; its inputs are "in0"',
    ],
    [
      'variant()',
      async () => (await load()).variant?.(wrong(undefined)),
      'variant: the options must be an object such as { precision: ... }, got null',
    ],
    [
      'variant, a parameter of another kind',
      async () => (await load()).variant?.({ layers: { act: { params: { slope: '0.5' } } } }),
      'slope of layer "act" (ReLU, line 4) must be a number, got the string "0.5"',
    ],
    ['loadNcnn, bin twice', () => loadNcnn(relu, { bin: 'a.bin' }), 'loadNcnn: `bin` is given twice'],
    [
      'customLayers: null',
      () => loadNcnn(relu, { customLayers: wrong(null) }),
      'loadNcnn: customLayers must be an object such as { MyLayer: (inputs) => [...] }, got null',
    ],
    [
      'a custom layer that is null',
      () => loadNcnn(relu, { customLayers: { ReLU: wrong(null) } }),
      'customLayers["ReLU"] must be a function (inputs, params, weights) => Tensor[], or an object with a function `forward`',
    ],
    [
      'engine: null',
      () => loadNcnn(relu, { engine: wrong(null) }),
      "expected the engine 'wasm', 'python' or 'native', or an engine object such as pythonEngine() returns, got null",
    ],
    [
      'loadOnnx(undefined)',
      () => loadOnnx(wrong(undefined)),
      'loadOnnx: expected the path or file: URL of a .onnx file, or its bytes, found undefined',
    ],
    [
      'loadTorch(3)',
      () => loadTorch(wrong(3)),
      'loadTorch: expected the path or file: URL of a .pt file, or of a _pnnx.py, found number',
    ],
    [
      'loadTfjs(tf)',
      () => loadTfjs(wrong({ tidy: () => 0, ready: () => 0 }), wrong(undefined)),
      'loadTfjs: expected the path or file: URL of a model.json or a SavedModel, found undefined',
    ],
    ['loadTfjs(null)', () => loadTfjs(wrong(null), 'model.json'), 'loadTfjs: the first argument must be TensorFlow.js'],
    [
      'loadRecording(null)',
      () => loadRecording(wrong(null)),
      'expected the path or file: URL of a tensor file, found null',
    ],
    [
      'run()',
      async () => (await load()).run(wrong(undefined)),
      'param: run: expected the tensors to feed by name, such as { in0: tensor }, got undefined',
    ],
    ['run(image)', async () => (await load()).run(wrong(x)), 'such as { in0: tensor }, got a Float32Array'],
    [
      'run(tensor)',
      async () => (await load()).run(wrong({ data: x, shape: [2], dtype: 'float32' })),
      'such as { in0: tensor }, got an object with the keys data, shape, dtype',
    ],
    [
      'run(promise)',
      async () => (await load()).run(wrong(Promise.resolve({ in0: x }))),
      'got a Promise: await it first',
    ],
    ['run(list)', async () => (await load()).run(wrong([x])), 'such as { in0: tensor }, got an array'],
    [
      'run, one output',
      async () => (await load()).run({ in0: x }, { outputs: wrong('out0') }),
      `param: run: outputs must be a list of names or 'all', got the string "out0": write outputs: ['out0']`,
    ],
    [
      'run, outputs: null',
      async () => (await load()).run({ in0: x }, { outputs: wrong(null) }),
      "outputs must be a list of names or 'all', got null",
    ],
    [
      'run, options',
      async () => (await load()).run({ in0: x }, wrong('all')),
      'run: the options must be an object such as { outputs: ... }, got the string "all"',
    ],
    [
      'findEngines()',
      () => findEngines(wrong(undefined)),
      "findEngines: expected a list of engines, such as ['wasm', 'python'], got undefined",
    ],
    [
      'presentEngines(name)',
      () => presentEngines(wrong('wasm')),
      "presentEngines: expected a list of engines, such as ['wasm', 'python'], got the string \"wasm\"",
    ],
    [
      'engineCases(name)',
      () => engineCases(wrong('wasm')),
      "engineCases: expected a list of engines, such as ['wasm', 'python'], got the string \"wasm\"",
    ],
    [
      'engineCases, one set',
      () => engineCases(['wasm'], { options: wrong('default') }),
      'engineCases: options must be a list of names or an object of option sets, got the string "default"',
    ],
    ['inspectNcnn(undefined)', () => inspectNcnn(wrong(undefined)), 'expected the path or file: URL of a .param file'],
    [
      'inspectNcnn, a shape',
      () => inspectNcnn(relu, { inputs: { in0: wrong(3) } }),
      'inspectNcnn: inputs.in0 must be a shape such as [3, 224, 224], got the number 3',
    ],
    [
      'compareModels()',
      () => compareModels(wrong(undefined), wrong(undefined), wrong({})),
      'compareModels: the model must be a model, such as loadNcnn or loadRecording return, got undefined',
    ],
    [
      'compareModels, a promise',
      async () => compareModels(await load(), wrong(load()), { inputs: { in0: x } }),
      'compareModels: the reference is a Promise: await it first',
    ],
    [
      'compareModels, no options',
      async () => compareModels(await load(), await load(), wrong(undefined)),
      'compareModels: give what the models are fed, such as { inputs: { in0: tensor } }',
    ],
    [
      'diagnose, null',
      async () => diagnose(await load(), await load(), wrong(null)),
      'diagnose: the options must be an object such as { inputs: ... }, got null',
    ],
    [
      'suggestTolerance, one input',
      async () => suggestTolerance(await load(), await load(), wrong({ in0: x })),
      'inputs: expected a list of what the models are fed',
    ],
    [
      'recordActivations, a path',
      () => recordActivations(wrong('a.param'), { in0: x }, 'a.safetensors'),
      'recordActivations: the model must be a model, such as loadNcnn or loadRecording return, got the string "a.param"',
    ],
    [
      'recordActivations, an image',
      async () => recordActivations(await load(), wrong(x), 'a.safetensors'),
      'recordActivations: expected the tensors to feed by name, such as { in0: tensor }, got a Float32Array',
    ],
    [
      'writeTensors, a tensor',
      () => writeTensors('a.npz', wrong(x)),
      'writeTensors: expected tensors by name, such as { in0: tensor }, got a Float32Array',
    ],
    [
      'writeTensor, to another format',
      () => writeTensor('a.txt', x),
      'a.txt: expected a file name that ends in .npy, .npz, .safetensors, found ".txt"',
    ],
    [
      'encodeNpy, data that do not fit',
      () => encodeNpy({ data: x, shape: [3], dtype: 'float32' }),
      '.npy bytes: the tensor: the shape [3] needs 3 elements, but the data has 2',
    ],
    ['encodeNpy(promise)', () => encodeNpy(wrong(Promise.resolve(x))), '.npy bytes: the tensor is a Promise'],
    [
      'encodeNpz, a tensor',
      () => encodeNpz(wrong({ data: x, shape: [2], dtype: 'float32' })),
      'encodeNpz: expected tensors by name, such as { in0: tensor }, got an object with the keys data, shape, dtype',
    ],
    [
      'encodeSafetensors, what is no tensor',
      () => encodeSafetensors({ a: wrong('x') }),
      '.safetensors bytes: tensor "a" must be a tensor',
    ],
    [
      'summarize, two tensors',
      () => (summarize as (...sides: unknown[]) => unknown)(x, x),
      'summarize: expected what compareTensors returns, got a Float32Array',
    ],
    [
      'compareTensors, an axis of nothing',
      () => compareTensors(x, x, { axis: 0 }),
      "axis is where 'l2', 'softmax' and their like work",
    ],
    [
      'modelFrom, a dtype',
      () => modelFrom({ ...doubled, inputs: [{ name: 'x', dtype: wrong('i64') }] }),
      'modelFrom: inputs: the dtype of "x" must be one of float32,',
    ],
    [
      'modelFrom, a shape',
      () => modelFrom({ ...doubled, outputs: [{ name: 'y', shape: wrong(3) }] }),
      'modelFrom: outputs: the shape of "y" must be a list of lengths, -1 for one that varies, got the number 3',
    ],
    [
      'toMatchModel, one tensor',
      async () => expect(await load()).toMatchModel(await load(), { inputs: wrong({ data: x, shape: [2] }) }),
      'toMatchModel: inputs: expected the tensors to feed by name, such as { in0: tensor }, got an object with the keys data, shape',
    ],
    [
      'toMatchModel, a blob that there is not',
      async () => expect(await load()).toMatchModel(await load(), { inputs: { in0: x }, pairs: { out1: 'out0' } }),
      'pairs: the model has no blob "out1"',
    ],
    [
      'toMatchTensors, two lists of typed arrays',
      () => expect([x, x]).toMatchTensors([x, x]),
      'got an array of numbers or typed arrays, which is a single tensor: use toMatchTensor',
    ],
    ['toAgreeOnTopK, options', () => expect(x).toAgreeOnTopK(x, wrong({ k: 1 })), 'got an object with the key k'],
    [
      "Vitest's reporter, a factor",
      () => new VitestReporter({ factor: 1 }),
      'expect-tensor/vitest-reporter: factor must be a number above 1, such as 2, got 1',
    ],
    ['readTensor(null)', () => readTensor(wrong(null)), 'expected the path or file: URL of a tensor file, found null'],
    [
      'decodeNpy(path)',
      () => decodeNpy(wrong('a.npy')),
      '.npy bytes: expected the bytes of a file (a Uint8Array or an ArrayBuffer), got the string "a.npy"',
    ],
    [
      'toMatchTensor, a record',
      async () => expect(await (await load()).run({ in0: x })).toMatchTensor(x),
      'actual must be a tensor, got an object with the key out0: take its out0, or compare all with toMatchTensors',
    ],
    [
      'toMatchTensor, a record as reference',
      async () => expect(x).toMatchTensor(wrong(await (await load()).run({ in0: x }))),
      'reference must be a tensor, got an object with the key out0: take its out0, or compare all with toMatchTensors',
    ],
    [
      'toHaveShape, a record',
      async () => expect(await (await load()).run({ in0: x })).toHaveShape([2]),
      'got an object with the key out0: take its out0',
    ],
  ])('%s', async (_, call, message) => {
    expect(await problemOf(call)).toHaveProperty('message', expect.stringContaining(message))
  })
})
