// Loads a graph into the built-in engine: looks up the layer types, checks the weights, puts them into memory.
import { createNcnnKernels } from '../../../../kernels/ncnn.ts'
import { NcnnError } from '../../error.ts'
import { describeLayer, type Graph, type GraphLayer } from '../../graph.ts'
import type { EngineOptions } from '../../options.ts'
import { type ParamSpecs, type ParamValues, readParams } from '../../params.ts'
import { locateWeights, readWeight, type WeightLocation, type WeightSpecs } from '../../weights.ts'
import { type Arena, createArena } from './arena.ts'
import { Blob } from './blob.ts'
import { customLayerType } from './custom-layer.ts'
import { type AnyLayerType, inputRange, type LoadedLayer } from './layer.ts'
import { layerTypes } from './layers/index.ts'
import { roundTo, type Storage16, storageOf, sumsInHalf } from './reduced-precision.ts'
import { explainUnknownLayers } from './unknown-layers.ts'
import { createWorkspace, type WorkspaceControl } from './workspace.ts'

/** A layer of the graph together with everything it needs to run. */
export interface RunnableLayer extends LoadedLayer<ParamSpecs, WeightSpecs, unknown> {
  readonly type: AnyLayerType
  /** The 16-bit type to which its inputs and outputs are rounded; undefined without. */
  readonly storage16: Storage16 | undefined
}

export interface LoadedNetwork {
  readonly arena: Arena
  readonly workspace: WorkspaceControl
  readonly layers: ReadonlyMap<GraphLayer, RunnableLayer>
}

/**
 * Checks everything about a model that can be checked without running it, then loads its weights.
 * @throws {NcnnError} on unknown layer types, wrong numbers of inputs, and a .bin that does not fit
 */
export function loadNetwork(graph: Graph, bin: Uint8Array, binName: string, options: EngineOptions): LoadedNetwork {
  const types = lookUpTypes(graph, options)
  const declared = graph.layers.map((layer) => declareLayer(layer, types.get(layer.type) as AnyLayerType))
  const located = locateWeights(declared, bin, binName)

  const arena = createArena(options.memoryLimit)
  const workspace = createWorkspace(arena, createNcnnKernels(arena.memory), options.precision)
  const layers = new Map<GraphLayer, RunnableLayer>()
  for (const [index, { layer, type, params }] of declared.entries()) {
    const storage16 = storageOf(layer, options.ncnn)
    const weights = loadWeights(arena, bin, located[index], (weight) => {
      if (storage16 !== undefined) roundTo(storage16, weight, workspace.workspace.kernels)
    })
    const unprepared = {
      graph: layer,
      params,
      weights,
      outputCount: layer.outputs.length,
      sumsInHalf: sumsInHalf(layer, options.ncnn),
    }
    layers.set(layer, {
      ...unprepared,
      type,
      storage16,
      prepared: explained(layer, () => type.prepare?.(unprepared, workspace.workspace)),
    })
    workspace.freeScratch()
  }
  return { arena, workspace, layers }
}

function lookUpTypes(graph: Graph, { customLayers }: EngineOptions): Map<string, AnyLayerType> {
  const types = new Map<string, AnyLayerType>()
  const unknown: GraphLayer[] = []
  for (const layer of graph.layers) {
    const custom = Object.hasOwn(customLayers, layer.type) ? customLayers[layer.type] : undefined
    const type = custom === undefined ? layerTypes.get(layer.type) : customLayerType(layer.type, custom)
    if (type === undefined) unknown.push(layer)
    else types.set(layer.type, type)
  }
  if (unknown.length > 0) throw new NcnnError(explainUnknownLayers(graph.source, unknown))
  return types
}

function declareLayer(
  layer: GraphLayer,
  type: AnyLayerType,
): { layer: GraphLayer; type: AnyLayerType; params: ParamValues<ParamSpecs>; weights: WeightSpecs } {
  const [min, max] = inputRange(type.inputs)
  const count = layer.inputs.length
  if (count < min || count > max) {
    const wanted = min === max ? `${min}` : max === Infinity ? `at least ${min}` : `${min} to ${max}`
    throw new NcnnError(`${describeLayer(layer)} has ${count} inputs, but ${layer.type} takes ${wanted}`)
  }
  const params = readParams(type.params, layer)
  return { layer, type, params, weights: explained(layer, () => type.weights?.(params, layer)) ?? {} }
}

/** Adds the layer's name to what goes wrong when it is loaded. */
function explained<Result>(layer: GraphLayer, load: () => Result): Result {
  try {
    return load()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new NcnnError(`${describeLayer(layer)} cannot be loaded: ${message}`, { cause: error })
  }
}

/** Puts a layer's weights into memory. `round` applies to tagged weights only: biases and norms stay float32 in ncnn. */
function loadWeights(
  arena: Arena,
  bin: Uint8Array,
  locations: readonly WeightLocation[],
  round: (weight: Blob) => void,
): Record<string, Blob> {
  const weights: Record<string, Blob> = {}
  for (const location of locations) {
    const blob = Blob.alloc(arena, [location.count], location.storage === 'int8' ? 'int8' : 'float32')
    readWeight(bin, location, blob.data as Float32Array | Int8Array)
    if (location.tagged) round(blob)
    weights[location.name] = blob
  }
  return weights
}
