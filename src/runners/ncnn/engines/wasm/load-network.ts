// Loads a graph into the built-in engine: looks up the layer types, checks the weights, and loads every layer, at once or when it runs.
import { formatBytesAtLeast } from '../../../../tensor/numbers.ts'
import { NcnnError } from '../../error.ts'
import { describeLayer, type GraphLayer } from '../../graph.ts'
import type { EngineOptions, NcnnModel } from '../../options.ts'
import { locateWeights, type WeightLocation } from '../../weights.ts'
import { type DeclaredLayer, declareLayers } from './declare.ts'
import { type LayerMemory, type LocatedLayer, loadLayer } from './load-layer.ts'
import { createArena } from './memory/arena.ts'
import { maxMemoryBytes, takeKernelMemory } from './memory/kernel-memory.ts'
import { createWorkspace, type WorkspaceControl } from './memory/workspace.ts'
import { layersAtHand, layersOnDemand, type WithLayers } from './take-layers.ts'

export interface LoadedNetwork {
  readonly workspace: WorkspaceControl
  readonly declared: ReadonlyMap<GraphLayer, DeclaredLayer>
  /** Lends the layers for a run. */
  readonly withLayers: WithLayers
  /** Gives the memory back; the network must not run any more. */
  release(): void
}

/**
 * Checks everything about a model that can be checked without running it, then loads its weights, unless they are read on demand.
 * @throws {NcnnError} on unknown layer types, wrong numbers of inputs, and a .bin that does not fit
 */
export async function loadNetwork(
  { graph, bin, withWeights }: Pick<NcnnModel, 'graph' | 'bin' | 'withWeights'>,
  options: EngineOptions,
  arenaOver: typeof createArena = createArena,
): Promise<LoadedNetwork> {
  const declared = declareLayers(graph, options.customLayers)
  const locations = locateWeights(declared, bin, { release: options.release, isPartial: graph.isPartial })
  const layers = declared.map((one, i): LocatedLayer => ({ ...one, located: locations[i] }))
  const all = bytesInMemory(locations.flat())
  const { weightsOnDemand = all > maxMemoryBytes } = options
  const weightBytes = weightsOnDemand ? mostOfALayer(layers, bin.name) : all
  if (weightBytes > maxMemoryBytes) throw tooLarge(`${bin.name}: the weights`, all, 'Leave out weightsOnDemand: false')

  const kernelMemory = await takeKernelMemory(options, weightBytes)
  try {
    const { memory, kernels, firstFree, release } = kernelMemory
    const arena = arenaOver(memory, options.memoryLimit, firstFree)
    arena.expect(weightBytes)
    const workspace = createWorkspace(arena, kernels, options.precision)
    const own: LayerMemory = { arena, workspace }
    const withLayers = weightsOnDemand
      ? layersOnDemand(layers, withWeights, own, options)
      : layersAtHand(layers.map((layer) => loadLayer(layer, bin, own, options)))
    return { workspace, declared: new Map(declared.map((one) => [one.layer, one])), withLayers, release }
  } catch (error) {
    kernelMemory.release()
    throw error
  }
}

/** Bytes that weights take in memory; packed ones take no less. */
function bytesInMemory(weights: readonly WeightLocation[]): number {
  return weights.reduce((sum, { storage, count }) => sum + (storage === 'int8' ? count : 4 * count), 0)
}

/**
 * Bytes that the weights of the largest layer take in memory.
 * @throws {NcnnError} when that is more than any memory has
 */
function mostOfALayer(layers: readonly LocatedLayer[], name: string): number {
  const sizes = layers.map(({ layer, located }) => {
    const bytes = bytesInMemory(located)
    if (bytes <= maxMemoryBytes) return bytes
    const advice = 'Divide the layer into several, or take an engine of the real ncnn if the file has at most 2 GiB'
    throw tooLarge(`${name}: the weights of ${describeLayer(layer)}`, bytes, advice)
  })
  return sizes.reduce((most, size) => Math.max(most, size), 0)
}

function tooLarge(what: string, bytes: number, advice: string): NcnnError {
  const [taken, most] = [formatBytesAtLeast(bytes), formatBytesAtLeast(maxMemoryBytes)]
  return new NcnnError(`${what} take ${taken} of memory (float32), but WebAssembly addresses ${most}. ${advice}`, {
    code: 'out-of-memory',
  })
}
