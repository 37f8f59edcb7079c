// Loads a layer into the built-in engine: puts its weights into memory and prepares them for the kernels.
import type { NcnnKernels } from '../../../../kernels/ncnn.ts'
import { elementsOf } from '../../blob-types.ts'
import type { EngineOptions } from '../../options.ts'
import type { ParamSpecs } from '../../params.ts'
import type { WeightSource } from '../../weight-source.ts'
import { readHalves, readWeight, type WeightLocation, type WeightSpecs } from '../../weights.ts'
import { type DeclaredLayer, explained } from './declare.ts'
import type { Elements, LoadedLayer, RunnableType } from './layer.ts'
import type { Arena } from './memory/arena.ts'
import { Blob } from './memory/blob.ts'
import type { WorkspaceControl } from './memory/workspace.ts'
import { decodeHalf } from './precision/half-weights.ts'
import { layerOptions } from './precision/layer-options.ts'
import { roundTo, type Storage16 } from './precision/reduced-precision.ts'

/** A layer of the graph together with everything it needs to run. */
export interface RunnableLayer extends LoadedLayer<ParamSpecs, WeightSpecs, unknown> {
  readonly type: RunnableType
  /** The 16-bit type to which its outputs are rounded; undefined without. */
  readonly outputStorage16: Storage16 | undefined
  /** What it takes its inputs for. */
  readonly elements: Elements
}

/** A layer and where its weights lie. */
export interface LocatedLayer extends DeclaredLayer {
  readonly located: readonly WeightLocation[]
}

/** Where weights are put, and by whom they are prepared. */
export interface LayerMemory {
  readonly arena: Arena
  readonly workspace: WorkspaceControl
}

/** @throws {NcnnError} when its parameters and weights do not fit together */
export function loadLayer(
  { layer, type, params, located }: LocatedLayer,
  bin: WeightSource,
  { arena, workspace: { workspace, freeScratch } }: LayerMemory,
  options: EngineOptions,
): RunnableLayer {
  const settings = layerOptions(layer, type, params, options.ncnn)
  const { storage16, sumsInHalf } = settings
  const packs = options.precision === 'float32' && storage16 !== 'bfloat16' && !sumsInHalf
  const keepHalf = packs ? (type.packsHalf ?? []) : []
  const rounding = explained(layer, () => type.keepsFloatWeights?.(params, settings)) ? undefined : storage16
  const weights = loadWeights(arena, bin, located, keepHalf, { storage16: rounding, kernels: workspace.kernels })
  const leavesFloat32 = explained(layer, () => type.leavesFloat32?.(params, settings))
  const unprepared = { graph: layer, params, weights, outputCount: layer.outputs.length, ...settings }
  const prepared = explained(layer, () => type.prepare?.(unprepared, workspace))
  freeScratch()
  const outputStorage16 = leavesFloat32 ? undefined : storage16
  return { ...unprepared, type, elements: elementsOf(layer), outputStorage16, prepared }
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
