// Looks up the layer types of a graph: what parameters each layer has and which weights it reads.
import { reasonOf } from '../../../../host/reason.ts'
import { NcnnError } from '../../error.ts'
import { describeLayer, type Graph, type GraphLayer } from '../../graph.ts'
import type { CustomLayers } from '../../options.ts'
import { type ParamSpecs, type ParamValues, readParams } from '../../params.ts'
import type { WeightSpecs } from '../../weights.ts'
import { customLayerType } from './custom-layer.ts'
import { inputRange, type RunnableType } from './layer.ts'
import { layerTypes } from './layer-types.ts'
import { explainUnknownLayers } from './unknown-layers.ts'

export interface DeclaredLayer {
  readonly layer: GraphLayer
  readonly type: RunnableType
  readonly params: ParamValues<ParamSpecs>
  readonly weights: WeightSpecs
}

/**
 * Finds the type of every layer and reads its parameters.
 * @throws {NcnnError} on unknown layer types and wrong numbers of inputs
 */
export function declareLayers(graph: Graph, customLayers: CustomLayers): DeclaredLayer[] {
  const types = lookUpTypes(graph, customLayers)
  return graph.layers.map((layer) => declareLayer(layer, types.get(layer.type) as RunnableType))
}

function lookUpTypes(graph: Graph, customLayers: CustomLayers): Map<string, RunnableType> {
  const types = new Map<string, RunnableType>()
  const unknown: GraphLayer[] = []
  for (const layer of graph.layers) {
    const custom = Object.hasOwn(customLayers, layer.type) ? customLayers[layer.type] : undefined
    const type = custom === undefined ? layerTypes.get(layer.type) : customLayerType(layer.type, custom)
    if (type === undefined) unknown.push(layer)
    else types.set(layer.type, type)
  }
  if (unknown.length > 0) throw new NcnnError(explainUnknownLayers(graph.source, unknown), { code: 'unsupported' })
  return types
}

/** Types that take a list of inputs in ncnn, though one is enough. */
const listTypes = new Set(['BinaryOp', 'Slice'])

function declareLayer(layer: GraphLayer, type: RunnableType): DeclaredLayer {
  const [min, max] = inputRange(type.inputs)
  const count = layer.inputs.length
  // Layers that take a list of inputs do not look at those behind the ones they need.
  const takesList = min > 1 || listTypes.has(layer.type)
  if (count < min || (count > max && !takesList)) {
    const wanted = min === max ? `${min}` : max === Infinity ? `at least ${min}` : `${min} to ${max}`
    throw new NcnnError(`${describeLayer(layer)} has ${count} inputs, but ${layer.type} takes ${wanted}`)
  }
  if (type.inputs === '1' && !listTypes.has(layer.type) && layer.outputs.length !== 1 && layer.type !== 'Split') {
    throw new NcnnError(`${describeLayer(layer)} has ${layer.outputs.length} outputs, but ${layer.type} gives 1`)
  }
  const params = readParams(type.params, layer)
  explained(layer, () => {
    checkCommon(layer)
    type.check?.(params, layer)
  })
  return { layer, type, params, weights: explained(layer, () => type.weights?.(params, layer)) ?? {} }
}

/** The parameters of every layer: 30, a rank and lengths for each output, which are only hints, and 31, the feature mask. */
function checkCommon({ params, outputs }: GraphLayer): void {
  const [hints, mask] = [params.get(30), params.get(31)]
  if (mask !== undefined && (typeof mask === 'string' || mask.isArray || mask.type === 'float')) {
    throw new NcnnError('the feature mask (31) must be an integer')
  }
  if (hints === undefined) return
  const words = typeof hints !== 'string' && hints.isArray && hints.type !== 'float' ? hints.words : []
  const each = words.length / outputs.length
  const ranks = words.filter((_, i) => i % each === 0)
  if ((each !== 4 && each !== 5) || ranks.some((rank) => rank < 0 || rank > 4)) {
    throw new NcnnError(
      `the shape hints (30) must be 4 or 5 integers for each of ${outputs.length} outputs, a rank of 0 to 4 and lengths`,
    )
  }
}

/** Adds the layer's name to what goes wrong when it is loaded. */
export function explained<Result>(layer: GraphLayer, load: () => Result): Result {
  try {
    return load()
  } catch (error) {
    const code = error instanceof NcnnError ? error.code : 'malformed'
    throw new NcnnError(`${describeLayer(layer)} cannot be loaded: ${reasonOf(error)}`, { code, cause: error })
  }
}
