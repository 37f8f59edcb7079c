// Loads a graph into the built-in engine: looks up the layer types, checks the weights, puts them into memory.
import type { NcnnKernels } from '../../../../kernels/ncnn.ts'
import { formatBytesAtLeast } from '../../../../tensor/numbers.ts'
import { elementsOf } from '../../blob-types.ts'
import { NcnnError } from '../../error.ts'
import type { Graph, GraphLayer } from '../../graph.ts'
import type { EngineOptions } from '../../options.ts'
import type { ParamSpecs } from '../../params.ts'
import type { WeightSource } from '../../weight-source.ts'
import { locateWeights, readHalves, readWeight, type WeightLocation, type WeightSpecs } from '../../weights.ts'
import { declareLayers, explained } from './declare.ts'
import type { Elements, LoadedLayer, RunnableType } from './layer.ts'
import { type Arena, createArena } from './memory/arena.ts'
import { Blob } from './memory/blob.ts'
import { maxMemoryBytes, takeKernelMemory } from './memory/kernel-memory.ts'
import { createWorkspace, type WorkspaceControl } from './memory/workspace.ts'
import { decodeHalf } from './precision/half-weights.ts'
import { layerOptions } from './precision/layer-options.ts'
import { roundTo, type Storage16 } from './precision/reduced-precision.ts'

/** A layer of the graph together with everything it needs to run. */
export interface RunnableLayer extends LoadedLayer<ParamSpecs, WeightSpecs, unknown> {
  readonly type: RunnableType
  /** The 16-bit type to which its inputs and outputs are rounded; undefined without. */
  readonly storage16: Storage16 | undefined
  /** What it takes its inputs for. */
  readonly elements: Elements
}

export interface LoadedNetwork {
  readonly arena: Arena
  readonly workspace: WorkspaceControl
  readonly layers: ReadonlyMap<GraphLayer, RunnableLayer>
  /** Gives the memory back; the network must not run any more. */
  release(): void
}

/**
 * Checks everything about a model that can be checked without running it, then loads its weights.
 * @throws {NcnnError} on unknown layer types, wrong numbers of inputs, and a .bin that does not fit
 */
export async function loadNetwork(
  graph: Graph,
  bin: WeightSource,
  options: EngineOptions,
  arenaOver: typeof createArena = createArena,
): Promise<LoadedNetwork> {
  const declared = declareLayers(graph, options.customLayers)
  const located = locateWeights(declared, bin, { release: options.release, isPartial: graph.isPartial })
  const weightBytes = bytesInMemory(bin, located.flat())

  const kernelMemory = await takeKernelMemory(options, weightBytes)
  try {
    const { memory, firstFree, release } = kernelMemory
    const arena = arenaOver(memory, options.memoryLimit, firstFree)
    arena.expect(weightBytes)
    return { ...loadLayers(declared, located, bin, arena, kernelMemory.kernels, options), release }
  } catch (error) {
    kernelMemory.release()
    throw error
  }
}

/**
 * Bytes that the weights take in memory; packed ones take no less.
 * @throws {NcnnError} when that is more than any memory has: at once, not when most of it has been loaded
 */
function bytesInMemory(bin: WeightSource, weights: readonly WeightLocation[]): number {
  const bytes = weights.reduce((sum, { storage, count }) => sum + (storage === 'int8' ? count : 4 * count), 0)
  if (bytes <= maxMemoryBytes) return bytes
  throw new NcnnError(
    `${bin.name}: the weights take ${formatBytesAtLeast(bytes)} of memory (float32), but WebAssembly addresses ${formatBytesAtLeast(maxMemoryBytes)}. ` +
      'Divide the model into several, or take an engine of the real ncnn if the file has at most 2 GiB',
    { code: 'out-of-memory' },
  )
}

function loadLayers(
  declared: ReturnType<typeof declareLayers>,
  located: readonly (readonly WeightLocation[])[],
  bin: WeightSource,
  arena: Arena,
  kernels: NcnnKernels,
  options: EngineOptions,
): Omit<LoadedNetwork, 'release'> {
  const workspace = createWorkspace(arena, kernels, options.precision)
  const layers = new Map<GraphLayer, RunnableLayer>()
  for (const [index, { layer, type, params }] of declared.entries()) {
    const settings = layerOptions(layer, type, options.ncnn)
    const { storage16, sumsInHalf, layout, winograd } = settings
    const packs = options.precision === 'float32' && storage16 !== 'bfloat16' && !sumsInHalf
    const keepHalf = packs ? (type.packsHalf ?? []) : []
    const rounding = explained(layer, () => type.keepsFloatWeights?.(params, settings)) ? undefined : storage16
    const weights = loadWeights(arena, bin, located[index], keepHalf, { storage16: rounding, kernels })
    const unprepared = {
      graph: layer,
      params,
      weights,
      outputCount: layer.outputs.length,
      sumsInHalf,
      storage16,
      layout,
      winograd,
    }
    layers.set(layer, {
      ...unprepared,
      type,
      elements: elementsOf(layer),
      prepared: explained(layer, () => type.prepare?.(unprepared, workspace.workspace)),
    })
    workspace.freeScratch()
  }
  return { arena, workspace, layers }
}

/**
 * Puts a layer's weights into memory; those in `keepHalf` stay as they are when they are stored in 16 bits. Only tagged weights are
 * rounded: biases and norms stay float32 in ncnn.
 */
function loadWeights(
  arena: Arena,
  bin: WeightSource,
  locations: readonly WeightLocation[],
  keepHalf: readonly string[],
  { storage16, kernels }: { readonly storage16: Storage16 | undefined; readonly kernels: NcnnKernels },
): Record<string, Blob> {
  const weights: Record<string, Blob> = {}
  for (const location of locations) {
    const { name, count, storage, tagged } = location
    if (storage === 'fp16') {
      const half = Blob.alloc(arena, [count], 'float16')
      readHalves(bin, location, half.data as Uint16Array)
      weights[name] = keepHalf.includes(name) ? half : decodeHalf(half, Blob.alloc(arena, [count], 'float32'), kernels)
    } else {
      weights[name] = Blob.alloc(arena, [count], storage === 'int8' ? 'int8' : 'float32')
      readWeight(bin, location, weights[name].data as Float32Array | Int8Array)
    }
    if (tagged && storage16 !== undefined) roundTo(storage16, weights[name], kernels)
  }
  return weights
}
