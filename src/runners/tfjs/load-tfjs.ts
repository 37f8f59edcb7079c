// loadTfjs: a TensorFlow.js model behind the Model interface, in whatever TensorFlow.js the caller has.
import { createModel, firstLine } from '../create-model.ts'
import type { Model } from '../model.ts'
import { modelPath } from '../model-file.ts'
import { readArtifacts } from './artifacts.ts'
import { TfjsError } from './error.ts'
import { graphRunner } from './graph-model.ts'
import { layersRunner } from './layers-model.ts'
import type { Tf, TfNamespace } from './namespace.ts'

/**
 * Loads a TensorFlow.js model, a graph model or a layers model, into the TensorFlow.js that is handed over, on the backend that is
 * set there. Shapes are the model's own, batch axis included. Any node of a graph and any layer may be asked for and fed by its
 * name. A run leaves no tensors behind; `close` frees the weights.
 *
 * @param tf the namespace of `@tensorflow/tfjs` or `@tensorflow/tfjs-node`, or those of single packages as one object:
 *   `{ ...core, ...converter }` for graph models, `{ ...core, ...layers }` for layers models
 * @param source path of the `model.json`; the weight files lie beside it
 * @throws {TfjsError} naming the file that is missing or damaged, or the package that the model needs
 *
 * @example
 * import * as tf from '@tensorflow/tfjs'
 * const model = await loadTfjs(tf, 'model/model.json')
 */
export async function loadTfjs(tf: TfNamespace, source: string | URL): Promise<Model> {
  const namespace = checkNamespace(tf)
  const path = modelPath(source)
  const artifacts = await readArtifacts(path)
  await namespace.ready()
  const handler = { load: async () => artifacts }
  try {
    if (artifacts.nodes !== undefined) {
      const load = requireLoader(namespace.loadGraphModel, 'loadGraphModel', '@tensorflow/tfjs-converter', path)
      return createModel(graphRunner(path, namespace, await load(handler), artifacts.nodes), TfjsError)
    }
    const load = requireLoader(namespace.loadLayersModel, 'loadLayersModel', '@tensorflow/tfjs-layers', path)
    return createModel(layersRunner(path, namespace, await load(handler)), TfjsError)
  } catch (error) {
    if (error instanceof TfjsError) throw error
    throw new TfjsError(`${path}: TensorFlow.js refuses the model: ${firstLine(error)}`, {
      code: 'runtime-failed',
      cause: error,
    })
  }
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
