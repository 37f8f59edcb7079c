// Lends a network's layers to a run: all of them are in memory, or the weights of each are read when it runs and given back after it.
import type { GraphLayer } from '../../graph.ts'
import type { EngineOptions, WithWeights } from '../../options.ts'
import type { Samples } from './layer.ts'
import { type LayerMemory, type LocatedLayer, loadLayer, type RunnableLayer } from './load-layer.ts'
import type { Arena } from './memory/arena.ts'
import { createWorkspace } from './memory/workspace.ts'

export interface LentLayer {
  readonly layer: RunnableLayer
  /** Says that the layer has run. What its outputs share with its weights stays with them. */
  giveBack(outputs: readonly Samples[]): void
}

/** Hands out a layer of the network. */
export type TakeLayer = (layer: GraphLayer) => LentLayer

/** Calls `use` with the layers for as long as it runs. */
export type WithLayers = (use: (take: TakeLayer) => void) => Promise<void>

export function layersAtHand(layers: readonly RunnableLayer[]): WithLayers {
  const lent = new Map(layers.map((layer) => [layer.graph, { layer, giveBack() {} }]))
  return async (use) => use((layer) => of(lent, layer))
}

export function layersOnDemand(
  layers: readonly LocatedLayer[],
  withWeights: WithWeights,
  memory: LayerMemory,
  options: EngineOptions,
): WithLayers {
  const located = new Map(layers.map((layer) => [layer.layer, layer]))
  return (use) =>
    withWeights(async (bin) =>
      use((layer) => {
        const { arena, allocated } = recording(memory.arena)
        const workspace = createWorkspace(arena, memory.workspace.workspace.kernels, options.precision)
        const loaded = loadLayer(of(located, layer), bin, { arena, workspace }, options)
        return {
          layer: loaded,
          giveBack(outputs) {
            const blobs = outputs.flat()
            for (const address of allocated) {
              const kept = blobs.find(({ ptr }) => ptr === address)
              if (kept === undefined) memory.arena.free(address)
              else kept.ownAlone()
            }
          },
        }
      }),
    )
}

function of<Value>(layers: ReadonlyMap<GraphLayer, Value>, layer: GraphLayer): Value {
  const found = layers.get(layer)
  if (found === undefined) throw new Error(`the network has no layer "${layer.name}"`)
  return found
}

/** An arena over another one, which knows what was allocated by it and is in use. */
function recording(over: Arena): { arena: Arena; allocated: ReadonlySet<number> } {
  const allocated = new Set<number>()
  const arena: Arena = {
    ...over,
    alloc(bytes) {
      const address = over.alloc(bytes)
      allocated.add(address)
      return address
    },
    free(address) {
      allocated.delete(address)
      over.free(address)
    },
    get used() {
      return over.used
    },
    get peak() {
      return over.peak
    },
  }
  return { arena, allocated }
}
