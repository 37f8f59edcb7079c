// What is in an ncnn model: its layers, parameters, the formats in which they are stored, memory, and operations.
import { sizeOf } from '../../tensor/shape.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { typeReadFrom } from './blob-types.ts'
import { declareLayers } from './engines/wasm/declare.ts'
import { NcnnError } from './error.ts'
import type { GraphLayer } from './graph.ts'
import { loadFiles } from './load-ncnn.ts'
import type { NcnnFiles } from './options.ts'
import { parseParam } from './parse-param.ts'
import { type NcnnSource, withFiles } from './source.ts'
import { connect, type Topology } from './topology.ts'
import { locateWeights, storedBytes, type WeightStorage } from './weights.ts'

export interface InspectNcnnOptions {
  /** Path of the .bin; by default the one beside the .param. */
  readonly bin?: string | URL
  /** Shapes of the inputs, ncnn's, outermost first. Inputs whose shape the model declares can be left out. */
  readonly inputs?: Readonly<Record<string, readonly number[]>>
}

/** How many parameters are stored in each format. */
export type StorageCounts = Readonly<Record<WeightStorage, number>>

export interface LayerInspection {
  readonly type: string
  readonly name: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /** Elements of all its weights. */
  readonly parameters: number
  readonly storage: StorageCounts
  /** Bytes of its weights in the .bin. */
  readonly fileBytes: number
  /** When the shapes of the inputs are known: the shapes of its outputs. */
  readonly outputShapes?: readonly (readonly number[])[]
  /**
   * Floating-point operations, a multiplication and an addition being two. Only of layers made of products and sums (convolutions,
   * matrix products, recurrence, attention), and only when the shapes of the inputs are known.
   */
  readonly flops?: number
}

export interface NcnnInspection {
  /** In file order. */
  readonly layers: readonly LayerInspection[]
  /** How many layers there are of each type, most frequent first. */
  readonly layerCounts: Readonly<Record<string, number>>
  readonly parameters: number
  readonly storage: StorageCounts
  /** Size of the .bin. */
  readonly fileBytes: number
  /** Bytes of all weights in memory: int8 stays int8, everything else becomes float32. */
  readonly weightBytes: number
  /** Bytes of all blobs as float32, if none were freed; only when the shapes of the inputs are known. */
  readonly blobBytes?: number
  readonly flops?: number
  readonly inputs: readonly { readonly name: string; readonly shape?: readonly number[] }[]
  readonly outputs: readonly { readonly name: string; readonly shape?: readonly number[] }[]
}

/**
 * Looks into an ncnn model. When the shapes of all inputs are known, the model is run once on zeros to learn the others.
 * @param source path of the `.param` (the `.bin` lies beside it, or at `options.bin`), or `{ param, bin }` with the contents
 * @throws {NcnnError} as {@link loadNcnn} does, and on inputs that the model does not have
 */
export function inspectNcnn(source: NcnnSource, options: InspectNcnnOptions = {}): Promise<NcnnInspection> {
  return withFiles(source, options.bin, (files) => inspectFiles(files, options))
}

async function inspectFiles(files: NcnnFiles, options: InspectNcnnOptions): Promise<NcnnInspection> {
  const graph = parseParam(files)
  const topology = connect(graph)
  const declared = declareLayers(graph, {})
  const located = locateWeights(declared, files.bin)
  const { shapes, inputs } = await shapesOf(files, topology, graph.source, options.inputs ?? {})

  const layers = declared.map(({ layer, type, params }, index): LayerInspection => {
    const weights = located[index]
    const known = shapes && {
      inputs: layer.inputs.map((name) => shapes[name]),
      outputs: layer.outputs.map((name) => shapes[name]),
    }
    const counts = Object.fromEntries(weights.map(({ name, count }) => [name, count]))
    return {
      type: layer.type,
      name: layer.name,
      inputs: layer.inputs,
      outputs: layer.outputs,
      parameters: sum(weights.map(({ count }) => count)),
      storage: storageCounts(weights),
      fileBytes: sum(weights.map(({ storage, count, tagged }) => (tagged ? 4 : 0) + storedBytes(storage, count))),
      outputShapes: known?.outputs,
      flops: known && type.flops?.({ params, weights: counts, ...known }),
    }
  })
  const storage = storageCounts(located.flat())
  return {
    layers,
    layerCounts: countTypes(graph.layers),
    parameters: sum(layers.map(({ parameters }) => parameters)),
    storage,
    fileBytes: files.bin.size,
    weightBytes: 4 * (storage.fp32 + storage.fp16 + storage.bf16 + storage.lut8) + storage.int8,
    blobBytes: shapes && sum(Object.values(shapes).map((shape) => 4 * sizeOf(shape))),
    flops: shapes && sum(layers.map(({ flops }) => flops ?? 0)),
    inputs,
    outputs: topology.outputs.map((name) => ({ name, shape: shapes?.[name] })),
  }
}

/** The shape of every blob, if those of the inputs are given or declared in the model. */
async function shapesOf(
  files: NcnnFiles,
  topology: Topology,
  source: string,
  given: Readonly<Record<string, readonly number[]>>,
) {
  using model = await loadFiles(files)
  const unknown = Object.keys(given).filter((name) => !model.inputs.some((input) => input.name === name))
  if (unknown.length > 0) {
    const names = model.inputs.map(({ name }) => `"${name}"`).join(', ')
    throw new NcnnError(`${source} has no input "${unknown[0]}"; its inputs are ${names || 'none'}`, {
      code: 'wrong-input',
    })
  }
  const inputs = model.inputs.map(({ name, shape }) => ({ name, shape: given[name] ?? shape }))
  if (inputs.some(({ shape }) => shape === undefined)) return { shapes: undefined, inputs }
  const zeros = inputs.flatMap(({ name, shape }) => (shape ? [[name, zerosFor(name, shape, topology)] as const] : []))
  const blobs = await model.run(Object.fromEntries(zeros), { outputs: 'all' })
  return { shapes: Object.fromEntries(Object.entries(blobs).map(([name, { shape }]) => [name, shape])), inputs }
}

/** Indices are integers, because the layers that read them say so. */
function zerosFor(name: string, shape: readonly number[], topology: Topology): Tensor {
  const size = sizeOf(shape)
  return typeReadFrom(name, topology) === 'int32'
    ? { data: new Int32Array(size), shape, dtype: 'int32' }
    : { data: new Float32Array(size), shape, dtype: 'float32' }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, x) => total + x, 0)

function storageCounts(weights: readonly { readonly storage: WeightStorage; readonly count: number }[]): StorageCounts {
  const counts = { fp32: 0, fp16: 0, bf16: 0, int8: 0, lut8: 0 }
  for (const { storage, count } of weights) counts[storage] += count
  return counts
}

function countTypes(layers: readonly GraphLayer[]): Record<string, number> {
  const counts = new Map<string, number>()
  for (const { type } of layers) counts.set(type, (counts.get(type) ?? 0) + 1)
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a))
}
