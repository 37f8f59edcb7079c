// Loads a model of any runtime, which the name of its file tells. A runtime is imported when it is needed.
import { reasonOf } from '../host/reason.ts'
import type { Model } from './model.ts'
import { ModelError } from './model-error.ts'
import type { LoadNcnnOptions } from './ncnn/options.ts'
import { resolvePeer } from './peer.ts'

export interface LoadModelOptions {
  /** For `.param` files. */
  readonly ncnn?: Pick<LoadNcnnOptions, 'bin' | 'engine' | 'ncnn'>
}

type Load = (path: string, options: LoadModelOptions) => Promise<Model>

/** What loads a model in a test: `import { name } from entry`. */
export interface ModelLoader {
  readonly name: string
  readonly entry: string
}

/** The first whose pattern fits. */
const loaders: readonly (ModelLoader & { readonly pattern: RegExp; readonly load: Load })[] = [
  {
    pattern: /\.param(\.bin)?$/,
    name: 'loadNcnn',
    entry: 'expect-tensor/ncnn',
    load: async (path, { ncnn }) => (await import('./ncnn/index.ts')).loadNcnn(path, ncnn),
  },
  {
    pattern: /\.onnx$/,
    name: 'loadOnnx',
    entry: 'expect-tensor/onnx',
    load: async (path) => (await import('./onnx/index.ts')).loadOnnx(path),
  },
  { pattern: /\.json$/, name: 'loadTfjs', entry: 'expect-tensor/tfjs', load: loadTfjsModel },
  {
    pattern: /\.tflite$/,
    name: 'loadLitert',
    entry: 'expect-tensor/litert',
    load: async (path) => (await import('./litert/index.ts')).loadLitert(path),
  },
  {
    pattern: /(\.pt|\.pth|_pnnx\.py)$/,
    name: 'loadTorch',
    entry: 'expect-tensor/torch',
    load: async (path) => (await import('./torch/index.ts')).loadTorch(path),
  },
]

/** What {@link loadModel} can tell from the name of a file. */
export const modelFileNames = '.param, .onnx, .tflite, model.json, .pt or _pnnx.py'

/** @throws {ModelError} for a file whose name says nothing, and whatever the loader of the runtime throws */
export async function loadModel(path: string, options: LoadModelOptions = {}): Promise<Model> {
  return find(path).load(path, options)
}

/** @throws {ModelError} for a file whose name says nothing */
export function loaderOf(path: string): ModelLoader {
  const { name, entry } = find(path)
  return { name, entry }
}

function find(path: string): (typeof loaders)[number] {
  const loader = loaders.find(({ pattern }) => pattern.test(path))
  if (loader !== undefined) return loader
  throw new ModelError(`${path}: expected a model file, whose name ends in ${modelFileNames}`, { code: 'wrong-option' })
}

async function loadTfjsModel(path: string): Promise<Model> {
  const { loadTfjs } = await import('./tfjs/index.ts')
  return loadTfjs(await importTfjs(path), path)
}

async function importTfjs(path: string) {
  try {
    return await import(resolvePeer('@tensorflow/tfjs'))
  } catch (cause) {
    throw new ModelError(`${path} needs TensorFlow.js: npm install @tensorflow/tfjs (${reasonOf(cause)})`, {
      code: 'missing-dependency',
      cause,
    })
  }
}
