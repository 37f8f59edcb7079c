// Who produces and who consumes each blob of a graph, and in which order layers can run.
import { NcnnError } from './error.ts'
import { describeLayer, type Graph, type GraphLayer } from './graph.ts'

export interface Topology {
  /** Layers in an order in which every blob is produced before it is consumed. */
  readonly order: readonly GraphLayer[]
  readonly producers: ReadonlyMap<string, GraphLayer>
  /** Blobs of `Input` layers. */
  readonly inputs: readonly string[]
  /** Blobs that no layer consumes. */
  readonly outputs: readonly string[]
  /** All blobs, in execution order. */
  readonly blobs: readonly string[]
}

/**
 * Connects the layers of a graph.
 * @throws {NcnnError} on blobs that are produced twice or never, and on cycles
 */
export function connect(graph: Graph): Topology {
  const producers = new Map<string, GraphLayer>()
  for (const layer of graph.layers) {
    for (const blob of layer.outputs) {
      const other = producers.get(blob)
      if (other !== undefined) {
        throw new NcnnError(
          `${graph.source}: blob "${blob}" is produced twice, by ${describeLayer(other)} and by ${describeLayer(layer)}`,
        )
      }
      producers.set(blob, layer)
    }
  }
  const order = sortLayers(graph, producers)
  const consumed = new Set(graph.layers.flatMap((layer) => layer.inputs))
  const blobs = order.flatMap((layer) => layer.outputs)
  return {
    order,
    producers,
    inputs: graph.layers.filter((layer) => layer.type === 'Input').flatMap((layer) => layer.outputs),
    outputs: graph.layers.flatMap((layer) => layer.outputs).filter((blob) => !consumed.has(blob)),
    blobs,
  }
}

/** Depth-first topological sort that keeps file order where it can; its stack is explicit, for graphs are untrusted input. */
function sortLayers(graph: Graph, producers: ReadonlyMap<string, GraphLayer>): GraphLayer[] {
  const order: GraphLayer[] = []
  const state = new Map<GraphLayer, 'open' | 'done'>()
  for (const root of graph.layers) {
    const stack = [root]
    while (stack.length > 0) {
      const layer = stack[stack.length - 1]
      if (state.get(layer) === 'done') {
        stack.pop()
        continue
      }
      state.set(layer, 'open')
      const missing = layer.inputs
        .map((blob) => producerOf(blob, layer))
        .filter((producer) => state.get(producer) !== 'done')
      if (missing.length === 0) {
        state.set(layer, 'done')
        order.push(layer)
        stack.pop()
      }
      for (const producer of missing) {
        if (state.get(producer) === 'open') {
          throw new NcnnError(
            `${graph.source}: ${describeLayer(producer)} depends on its own output: the graph has a cycle`,
          )
        }
        stack.push(producer)
      }
    }
  }
  return order

  function producerOf(blob: string, consumer: GraphLayer): GraphLayer {
    const producer = producers.get(blob)
    if (producer === undefined) {
      throw new NcnnError(`${graph.source}: ${describeLayer(consumer)} reads blob "${blob}", which no layer produces`)
    }
    return producer
  }
}
