// What is in an ncnn model: its layers, parameters, the formats in which they are stored, memory, and operations.

import { describeValue } from '../../arguments/describe.ts'
import { checkOptionNames, isRecord, type OptionsOf } from '../../arguments/options.ts'
import { formatBytesAtLeast } from '../../tensor/numbers.ts'
import { quoteNames } from '../../tensor/quote-names.ts'
import { formatShape, sizeOf } from '../../tensor/shape.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { callerOf } from '../check-arguments.ts'
import { typeReadFrom } from './blob-types.ts'
import { type DeclaredLayer, declareLayers } from './engines/wasm/declare.ts'
import { layerTypes } from './engines/wasm/layer-types.ts'
import { maxMemoryBytes } from './engines/wasm/memory/kernel-memory.ts'
import { explainUnknownLayers } from './engines/wasm/unknown-layers.ts'
import { NcnnError } from './error.ts'
import type { Graph, GraphLayer } from './graph.ts'
import { loadFiles } from './load-ncnn.ts'
import type { NcnnFiles } from './options.ts'
import { parseParam } from './parse-param.ts'
import { inputInfo } from './runner.ts'
import { type NcnnSource, withFiles } from './source.ts'
import { connect, type Topology } from './topology.ts'
import type { WeightSource } from './weight-source.ts'
import { currentFormat, locateWeights, storedBytes, type WeightLocation, type WeightStorage } from './weights.ts'

export interface InspectNcnnOptions {
  /** Path of the .bin; by default the one beside the .param. */
  readonly bin?: string | URL
  /** Shapes of the inputs, ncnn's, outermost first. Inputs whose shape the model declares can be left out. */
  readonly inputs?: Readonly<Record<string, readonly number[]>>
}

const inspectNcnnOptions = { bin: 'any', inputs: 'any' } as const satisfies OptionsOf<InspectNcnnOptions>

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
  /** What is odd about the files, what is missing here and why. */
  readonly notes: readonly string[]
}

/**
 * Looks into an ncnn model, also into one that no engine runs: what cannot be told is left out, and `notes` say why. When the shapes of
 * all inputs are known, the model is run once on zeros to learn the others.
 * @param source path of the `.param` (the `.bin` lies beside it, or at `options.bin`), or `{ param, bin }` with the contents
 * @throws {NcnnError} on a `.param` that is none, on inputs that the model does not have, and when it cannot run on the shapes that are given
 */
export async function inspectNcnn(source: NcnnSource, options: InspectNcnnOptions = {}): Promise<NcnnInspection> {
  checkOptionNames(options, inspectNcnnOptions, callerOf('inspectNcnn', NcnnError))
  checkShapes(options.inputs)
  return withFiles(source, options.bin, (files) => inspectFiles(files, options))
}

function checkShapes(inputs: unknown = {}): void {
  const problem = isRecord(inputs)
    ? Object.entries(inputs).flatMap(([name, shape]) =>
        Array.isArray(shape) && shape.every((length) => Number.isInteger(length) && length > 0)
          ? []
          : `inputs.${name} must be a shape such as [3, 224, 224], got ${describeValue(shape)}`,
      )[0]
    : `inputs must be shapes by name, such as { in0: [3, 224, 224] }, got ${describeValue(inputs)}`
  if (problem !== undefined) throw new NcnnError(`inspectNcnn: ${problem}`, { code: 'wrong-option' })
}

async function inspectFiles(files: NcnnFiles, options: InspectNcnnOptions): Promise<NcnnInspection> {
  const graph = parseParam(files)
  const topology = connect(graph)
  const unknown = graph.layers.filter(({ type }) => !layerTypes.has(type))
  const notes = [...graph.notes, ...(unknown.length > 0 ? [explainUnknownLayers(graph.source, unknown)] : [])]
  const declared = declareEach(graph, notes)
  const declaredBy = new Map(declared.map((entry) => [entry.layer, entry]))
  const located = locateEach(declared, files.bin, graph, unknown.length > 0, notes)
  const isComplete = located.size === graph.layers.length
  const { shapes, inputs } = await shapesOf(files, graph, topology, options.inputs ?? {}, isComplete, notes)

  const layers = graph.layers.map((layer): LayerInspection => {
    const own = declaredBy.get(layer)
    const weights = (own && located.get(own)) ?? []
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
      flops: known && own?.type.flops?.({ params: own.params, weights: counts, ...known }),
    }
  })
  const storage = storageCounts([...located.values()].flat())
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
    notes,
  }
}

/** The layers whose types are known and whose parameters make sense; why others do not is noted. */
function declareEach(graph: Graph, notes: string[]): DeclaredLayer[] {
  return graph.layers.flatMap((layer) => {
    if (!layerTypes.has(layer.type)) return []
    try {
      return declareLayers({ ...graph, layers: [layer] }, {})
    } catch (error) {
      notes.push(`${graph.source}: ${noteOf(error)}`)
      return []
    }
  })
}

/** The weights of each layer, as far as they can be found: those of unknown layers, if they have any, displace all behind them. */
function locateEach(
  declared: readonly DeclaredLayer[],
  bin: WeightSource,
  { isPartial }: Graph,
  hasUnknown: boolean,
  notes: string[],
): ReadonlyMap<DeclaredLayer, readonly WeightLocation[]> {
  try {
    const located = locateWeights(declared, bin, { ...currentFormat, isPartial })
    return new Map(declared.map((layer, index) => [layer, located[index]]))
  } catch (error) {
    const reason = hasUnknown ? 'the weights are not listed, for those of unknown layers are among them: ' : ''
    notes.push(`${reason}${noteOf(error)}`)
    return new Map()
  }
}

/** Rethrows what is no error about the model. */
function noteOf(error: unknown): string {
  if (error instanceof NcnnError) return error.message
  throw error
}

interface KnownShapes {
  readonly shapes: Readonly<Record<string, readonly number[]>> | undefined
  readonly inputs: NcnnInspection['inputs']
}

/** The shape of every blob, if those of the inputs are given or declared in the model, and the model runs on them. */
async function shapesOf(
  files: NcnnFiles,
  { source }: Graph,
  topology: Topology,
  given: Readonly<Record<string, readonly number[]>>,
  isComplete: boolean,
  notes: string[],
): Promise<KnownShapes> {
  const unknown = Object.keys(given).filter((name) => !topology.inputs.includes(name))
  if (unknown.length > 0) {
    throw new NcnnError(`${source} has no input "${unknown[0]}"; its inputs are ${quoteNames(topology.inputs)}`, {
      code: 'wrong-input',
    })
  }
  const inputs = topology.inputs.map((name) => ({
    name,
    shape: given[name] ?? inputInfo(name, topology.producers.get(name), false).shape,
  }))
  if (!isComplete || inputs.some(({ shape }) => shape === undefined)) return { shapes: undefined, inputs }
  try {
    const zeros = inputs.flatMap(({ name, shape }) => (shape ? [[name, zerosFor(name, shape, topology)] as const] : []))
    using model = await loadFiles(files, (use) => use(files))
    const blobs = await model.run(Object.fromEntries(zeros), { outputs: 'all' })
    return { shapes: Object.fromEntries(Object.entries(blobs).map(([name, { shape }]) => [name, shape])), inputs }
  } catch (error) {
    if (Object.keys(given).length > 0) throw error
    const shapes = inputs.map(({ name, shape }) => `${name} ${formatShape(shape ?? [])}`).join(', ')
    notes.push(
      `${source} does not run on the shapes that its Input layers declare, ${shapes}, which ncnn does not look at: ${noteOf(error)}`,
    )
    return { shapes: undefined, inputs }
  }
}

/** Indices are integers, because the layers that read them say so. */
function zerosFor(name: string, shape: readonly number[], topology: Topology): Tensor {
  const size = sizeOf(shape)
  if (4 * size > maxMemoryBytes) {
    throw new NcnnError(
      `input "${name}" of shape ${formatShape(shape)} takes ${formatBytesAtLeast(4 * size)}; the built-in engine has ${formatBytesAtLeast(maxMemoryBytes)}`,
      { code: 'out-of-memory' },
    )
  }
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
