// loadTfjs: a TensorFlow.js model behind the Model interface, in whatever TensorFlow.js the caller has.
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { quoteNames } from '../../tensor/quote-names.ts'
import { createModel, type Runner } from '../create-model.ts'
import type { Model } from '../model.ts'
import { modelPath, readModelFile } from '../model-file.ts'
import { readArtifacts } from './artifacts.ts'
import { TfjsError } from './error.ts'
import { graphRunner } from './graph-model.ts'
import { layersRunner } from './layers-model.ts'
import {
  explainTf,
  type LoadedTfModel,
  type Tf,
  type TfGraphModel,
  type TfLayersModel,
  type TfNamespace,
  type TfSavedModel,
} from './namespace.ts'
import { savedModelRunner } from './saved-model.ts'

/**
 * Loads a TensorFlow.js model, a graph model or a layers model, into the TensorFlow.js that is handed over, on the backend that is
 * set there. Shapes are the model's own, batch axis included. Any node of a graph and any layer may be asked for and fed by its
 * name. A run leaves no tensors behind; `close` frees the weights.
 *
 * tfjs-node also runs SavedModels of TensorFlow, whose inputs and outputs alone have names.
 *
 * @param tf the namespace of `@tensorflow/tfjs` or `@tensorflow/tfjs-node`, or those of single packages as one object:
 *   `{ ...core, ...converter }` for graph models, `{ ...core, ...layers }` for layers models
 * @param source path of the `model.json`; the weight files lie beside it. With tfjs-node also the folder of a SavedModel, or its
 *   `saved_model.pb`. Or a model that TensorFlow.js has loaded or made, which stays the caller's: `close` does not dispose it
 * @throws {TfjsError} naming the file that is missing or damaged, or the package that the model needs
 *
 * @example
 * import * as tf from '@tensorflow/tfjs'
 * const model = await loadTfjs(tf, 'model/model.json')
 */
export async function loadTfjs(tf: TfNamespace, source: string | URL | LoadedTfModel): Promise<Model> {
  const namespace = checkNamespace(tf)
  if (typeof source === 'object' && source !== null && 'predict' in source) {
    await namespace.ready()
    return createModel({ ...runnerOf(namespace, source), close: () => undefined }, TfjsError)
  }
  const path = pathOf(source)
  return createModel(await (isSavedModel(path) ? openSavedModel : openModelJson)(namespace, path), TfjsError)
}

/** tfjs-node's own `file://` takes relative paths. */
function pathOf(source: string | URL): string {
  const isRelative = typeof source === 'string' && /^file:\/\/[^/]/.test(source)
  return isRelative ? source.slice('file://'.length) : modelPath(source, 'loadTfjs', 'a model.json or a SavedModel')
}

async function openModelJson(tf: Tf, path: string): Promise<Runner> {
  const artifacts = await readArtifacts(path)
  await tf.ready()
  const handler = { load: async () => artifacts }
  if (artifacts.nodes !== undefined) {
    const load = requireLoader(tf.loadGraphModel, 'loadGraphModel', '@tensorflow/tfjs-converter', path)
    return graphRunner(path, tf, await accepted(path, load(handler)), artifacts.nodes)
  }
  const load = requireLoader(tf.loadLayersModel, 'loadLayersModel', '@tensorflow/tfjs-layers', path)
  return layersRunner(path, tf, await accepted(path, load(handler)))
}

async function accepted<Loaded>(path: string, loading: Promise<Loaded>): Promise<Loaded> {
  try {
    return await loading
  } catch (error) {
    throw new TfjsError(`${path}: TensorFlow.js refuses the model: ${explainTf(error)}`, {
      code: 'runtime-failed',
      cause: error,
    })
  }
}

const savedModelFile = 'saved_model.pb'

const isSavedModel = (path: string): boolean =>
  basename(path) === savedModelFile || existsSync(join(path, savedModelFile))

const savedModelTags = ['serve']

async function openSavedModel(tf: Tf, path: string): Promise<Runner> {
  const folder = basename(path) === savedModelFile ? dirname(path) : path
  readModelFile(join(folder, savedModelFile), 'the graph of a SavedModel', TfjsError)
  if (tf.node === undefined) {
    throw new TfjsError(
      `${path} is a SavedModel of TensorFlow, which of all TensorFlow.js only @tensorflow/tfjs-node runs. Hand that to loadTfjs, or convert the model: pip install tensorflowjs, tensorflowjs_converter --input_format=tf_saved_model ${folder} OUTPUT_FOLDER`,
      { code: 'missing-dependency' },
    )
  }
  await tf.ready()
  const graphs = await accepted(path, tf.node.getMetaGraphsFromSavedModel(folder))
  const signature = chooseSignature(
    path,
    graphs.find(({ tags }) => String(tags) === String(savedModelTags))?.signatureDefs,
  )
  return savedModelRunner(
    path,
    tf,
    await accepted(path, tf.node.loadSavedModel(folder, [...savedModelTags], signature)),
  )
}

/** The one that TensorFlow serves by default, or the only one. */
function chooseSignature(path: string, signatures: object = {}): string {
  const names = Object.keys(signatures)
  if (names.includes('serving_default')) return 'serving_default'
  if (names.length === 1) return names[0]
  const found = names.length === 0 ? 'no signature under the tag "serve"' : `the signatures ${quoteNames(names)}`
  throw new TfjsError(
    `${path} has ${found}, and none is called "serving_default". Choose one: loadTfjs(tf, await tf.node.loadSavedModel(folder, tags, signature)); tf.node.getMetaGraphsFromSavedModel(folder) lists them`,
    { code: 'unsupported' },
  )
}

/** A model that TensorFlow.js has loaded. */
function runnerOf(tf: Tf, loaded: LoadedTfModel): Runner {
  const model: Partial<TfGraphModel & TfLayersModel & TfSavedModel> = loaded as object
  if (model.signature !== undefined) return savedModelRunner('the SavedModel', tf, model as TfSavedModel)
  if (Array.isArray(model.layers)) {
    if (model.inputs !== undefined) return layersRunner(`the model "${model.name}"`, tf, model as TfLayersModel)
    throw new TfjsError(`the model "${model.name}" is not built: give its first layer an inputShape`, {
      code: 'wrong-option',
    })
  }
  const nodes = model.artifacts?.modelTopology?.node
  if (nodes !== undefined) return graphRunner('the GraphModel', tf, model as TfGraphModel, nodes)
  throw new TfjsError(
    'loadTfjs: expected a GraphModel, a LayersModel or a TFSavedModel, or the path of one: this object has neither a graph, nor layers, nor a signature',
    { code: 'wrong-option' },
  )
}

/** An import of a CommonJS package may have everything under `default`. */
function checkNamespace(tf: TfNamespace): Tf {
  const candidates = [tf, tf?.default] as (Partial<Tf> | undefined)[]
  const found = candidates.find(
    (candidate) => typeof candidate?.tidy === 'function' && typeof candidate.ready === 'function',
  )
  if (found !== undefined) return found as Tf
  throw new TfjsError(
    "loadTfjs: the first argument must be TensorFlow.js: import * as tf from '@tensorflow/tfjs', then loadTfjs(tf, 'model.json')",
    { code: 'wrong-option' },
  )
}

function requireLoader<Loader>(loader: Loader | undefined, name: string, peer: string, path: string): Loader {
  if (loader !== undefined) return loader
  throw new TfjsError(
    `${path} needs tf.${name}, which the namespace handed to loadTfjs lacks. It comes with ${peer}: loadTfjs({ ...core, ...rest }, path), rest being import * as rest from '${peer}'`,
    { code: 'missing-dependency' },
  )
}
