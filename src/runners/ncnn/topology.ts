// Who produces and who consumes each blob of a graph, and in which order layers can run.
import { inExecutionOrder } from '../graph.ts'
import { NcnnError } from './error.ts'
import { describeLayer, type Graph, type GraphLayer } from './graph.ts'

export interface Topology {
  /** Layers in an order in which every blob is produced before it is consumed. */
  readonly order: readonly GraphLayer[]
  /** Those of them that compute something: all but `Input`. */
  readonly layers: readonly GraphLayer[]
  readonly producers: ReadonlyMap<string, GraphLayer>
  /** The layers that read each blob, in execution order. */
  readonly readers: ReadonlyMap<string, readonly GraphLayer[]>
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
  for (const layer of graph.layers) {
    const unknown = layer.inputs.find((blob) => !producers.has(blob))
    if (unknown !== undefined) {
      throw new NcnnError(`${graph.source}: ${describeLayer(layer)} reads blob "${unknown}", which no layer produces`)
    }
  }
  const order = inExecutionOrder(graph.layers, (layer) => {
    throw new NcnnError(`${graph.source}: ${describeLayer(layer)} depends on its own output: the graph has a cycle`)
  })
  const blobs = order.flatMap((layer) => layer.outputs)
  const readers = readersOf(order)
  return {
    order,
    layers: order.filter(({ type }) => type !== 'Input'),
    producers,
    readers,
    inputs: graph.layers.filter((layer) => layer.type === 'Input').flatMap((layer) => layer.outputs),
    outputs: graph.layers.flatMap((layer) => layer.outputs).filter((blob) => !readers.has(blob)),
    blobs,
  }
}

function readersOf(order: readonly GraphLayer[]): ReadonlyMap<string, readonly GraphLayer[]> {
  const readers = new Map<string, GraphLayer[]>()
  for (const layer of order) {
    for (const blob of new Set(layer.inputs)) {
      const known = readers.get(blob)
      if (known === undefined) readers.set(blob, [layer])
      else known.push(layer)
    }
  }
  return readers
}
