// Reads model.json and its weight files, as TensorFlow.js itself can only in browsers and with tfjs-node.
import { dirname, isAbsolute, join } from 'node:path'
import { concatenate } from '../../files/format.ts'
import { count, listOf, objectOf, optional, text } from '../../host/json-form.ts'
import { decodeText } from '../../host/utf8.ts'
import { readModelFile } from '../model-file.ts'
import { TfjsError } from './error.ts'
import type { ModelArtifacts } from './namespace.ts'

/** A node of a GraphDef. */
export interface GraphNode {
  readonly name: string
  readonly op: string
  /** `name`, `name:1` for its second output, `^name` for one that only has to run before. */
  readonly input?: readonly string[]
}

/** The contents of a model.json, with the weights. */
export interface Artifacts extends ModelArtifacts {
  /** The nodes of a graph model; undefined for a layers model. */
  readonly nodes?: readonly GraphNode[]
}

interface WeightSpec {
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: string
  readonly quantization?: { readonly dtype: string }
}

interface ModelJson {
  readonly modelTopology?: { readonly node?: readonly GraphNode[] }
  readonly weightsManifest?: readonly { readonly paths: readonly string[]; readonly weights: readonly WeightSpec[] }[]
}

/** What is relied on here and in the runners; the rest is TensorFlow.js's. */
const modelForm = objectOf({
  modelTopology: objectOf({
    node: optional(listOf(objectOf({ name: text, op: text, input: optional(listOf(text)) }))),
  }),
  weightsManifest: optional(
    listOf(
      objectOf({
        paths: listOf(text),
        weights: listOf(
          objectOf({
            name: text,
            shape: listOf(count),
            dtype: text,
            quantization: optional(objectOf({ dtype: text })),
          }),
        ),
      }),
    ),
  ),
})

/**
 * Reads a model.json and the weight files it names.
 * @throws {TfjsError} naming the file that is missing, damaged or of another size than the model.json says
 */
export async function readArtifacts(path: string): Promise<Artifacts> {
  const json = parse(readModelFile(path, 'the model', TfjsError), path)
  const { modelTopology, weightsManifest = [], ...rest } = json
  if (modelTopology === undefined) {
    throw new TfjsError(`${path} is not a TensorFlow.js model: it has no modelTopology`)
  }
  const problem = modelForm({ modelTopology, weightsManifest }, '')
  if (problem !== undefined) throw new TfjsError(`${path} is damaged: ${problem}`)
  const groups = await Promise.all(weightsManifest.map((group) => readGroup(group, path)))
  return {
    ...rest,
    modelTopology,
    weightSpecs: weightsManifest.flatMap(({ weights }) => weights),
    weightData: concatenate(groups.flat()).buffer,
    ...(Array.isArray(modelTopology.node) && { nodes: modelTopology.node }),
  }
}

function parse(bytes: Uint8Array, path: string): ModelJson {
  try {
    const json: unknown = JSON.parse(decodeText(bytes))
    if (typeof json === 'object' && json !== null) return json
  } catch (error) {
    throw new TfjsError(`${path} is not the model.json of a TensorFlow.js model: ${(error as Error).message}`)
  }
  throw new TfjsError(`${path} is not the model.json of a TensorFlow.js model`)
}

async function readGroup(
  { paths, weights }: NonNullable<ModelJson['weightsManifest']>[number],
  path: string,
): Promise<Uint8Array[]> {
  const files = await Promise.all(
    paths.map(async (file) => {
      if (isAbsolute(file) || file.split(/[\\/]/).includes('..')) {
        throw new TfjsError(`${path} refers to weights outside its folder: ${file}`)
      }
      return readModelFile(join(dirname(path), file), `weights of ${path}`, TfjsError)
    }),
  )
  const declared = weights.reduce((sum, weight) => sum + bytesOf(weight), 0)
  const found = files.reduce((sum, { length }) => sum + length, 0)
  if (!Number.isNaN(declared) && declared !== found) {
    throw new TfjsError(`${path} declares ${declared} bytes of weights, but ${paths.join(', ')} have ${found}`, {
      code: found < declared ? 'truncated' : 'malformed',
    })
  }
  return files
}

const elementBytes: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  complex64: 8,
  bool: 1,
  uint8: 1,
  uint16: 2,
  float16: 2,
}

/** NaN for strings, whose size the specification does not tell. */
const bytesOf = ({ shape, dtype, quantization }: WeightSpec): number =>
  shape.reduce((product, length) => product * length, elementBytes[quantization?.dtype ?? dtype] ?? Number.NaN)
