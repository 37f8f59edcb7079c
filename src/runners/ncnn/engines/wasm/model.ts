// Runs a loaded network: layer by layer, each blob freed when its last reader has run.
import { reasonOf } from '../../../../host/reason.ts'
import { formatShape } from '../../../../tensor/shape.ts'
import type { Tensor } from '../../../../tensor/tensor.ts'
import type { Emit } from '../../../create-model.ts'
import type { Part } from '../../../graph.ts'
import type { ModelErrorCode } from '../../../model-error.ts'
import { NcnnError } from '../../error.ts'
import { describeLayer, type Graph, type GraphLayer } from '../../graph.ts'
import type { EngineOptions, NcnnNetwork } from '../../options.ts'
import type { WeightSource } from '../../weight-source.ts'
import type { Workspace } from './layer.ts'
import { type LoadedNetwork, loadNetwork, type RunnableLayer } from './load.ts'
import type { Blob } from './memory/blob.ts'
import { blobToTensor, tensorToBlob } from './memory/exchange.ts'
import { roundTo, type Storage16 } from './precision/reduced-precision.ts'

/** Loads a graph with its weights into the built-in engine. */
export async function loadWasmNetwork(graph: Graph, bin: WeightSource, options: EngineOptions): Promise<NcnnNetwork> {
  const network = await loadNetwork(graph, bin, options)
  return {
    mayBeAbsent(layer, index) {
      const { type, params } = network.layers.get(layer) as RunnableLayer
      return type.mayBeAbsent?.(params, index, layer) ?? false
    },
    async compute(fed, requested, part, emit) {
      runNetwork(network, fed, new Set(requested), part, emit)
    },
    close: () => network.release(),
  }
}

/** Emits each requested blob when it is computed: copied out, and freed when nobody reads it any more. */
function runNetwork(
  network: LoadedNetwork,
  fed: ReadonlyMap<string, Tensor>,
  requested: ReadonlySet<string>,
  { layers, absent }: Part<GraphLayer>,
  emit: Emit,
): void {
  const { workspace } = network.workspace
  const blobs = new Map<string, Blob>()
  /** How often each blob will still be read. */
  const pending = countReaders(layers)

  try {
    for (const [name, tensor] of fed) if (pending.has(name)) blobs.set(name, tensorToBlob(tensor, workspace))
    for (const name of absent) blobs.set(name, workspace.alloc([0]))
    for (const graphLayer of layers) {
      const layer = network.layers.get(graphLayer) as RunnableLayer
      const inputs = graphLayer.inputs.map((name) => blobs.get(name) as Blob)
      const dying = takeLastReads(graphLayer, pending)
      const outputs = runLayer(layer, inputs, new Set(dying.map((name) => blobs.get(name) as Blob)), network)
      for (const name of dying) {
        blobs.get(name)?.release()
        blobs.delete(name)
      }
      // All belong to the run before any is handed over: who takes one may throw.
      for (const [index, name] of graphLayer.outputs.entries()) {
        if (fed.has(name)) outputs[index].release()
        else blobs.set(name, outputs[index])
      }
      for (const name of graphLayer.outputs.filter((name) => !fed.has(name))) {
        const blob = blobs.get(name) as Blob
        if (requested.has(name)) emit(name, blobToTensor(blob))
        if (pending.has(name)) continue
        blobs.delete(name)
        blob.release()
      }
    }
  } finally {
    network.workspace.freeScratch()
    for (const blob of blobs.values()) blob.release()
  }
}

function countReaders(layers: readonly GraphLayer[]): Map<string, number> {
  const readers = new Map<string, number>()
  for (const layer of layers) for (const name of layer.inputs) readers.set(name, (readers.get(name) ?? 0) + 1)
  return readers
}

/** Counts one read of each input and returns those that nobody reads after this layer. */
function takeLastReads(layer: GraphLayer, pending: Map<string, number>): string[] {
  const last: string[] = []
  for (const name of layer.inputs) {
    const reads = (pending.get(name) ?? 0) - 1
    if (reads > 0) pending.set(name, reads)
    else {
      pending.delete(name)
      last.push(name)
    }
  }
  return last
}

function runLayer(
  layer: RunnableLayer,
  inputs: readonly Blob[],
  dying: ReadonlySet<Blob>,
  network: LoadedNetwork,
): readonly Blob[] {
  const { workspace, beginLayer, freeScratch } = network.workspace
  beginLayer(dying)
  try {
    const stored = layer.storage16 === undefined ? inputs : roundInputs(layer.storage16, inputs, workspace)
    const outputs = [layer.type.forward(stored, layer, workspace)].flat() as Blob[]
    if (layer.storage16 !== undefined) for (const output of outputs) roundTo(layer.storage16, output, workspace.kernels)
    if (outputs.length !== layer.outputCount) {
      throw new NcnnError(`it makes ${outputs.length} outputs, but the .param names ${layer.outputCount}`)
    }
    return outputs
  } catch (error) {
    const shapes = inputs.map((input) => formatShape(input.shape)).join(', ')
    throw new NcnnError(`${describeLayer(layer.graph)} cannot run on ${shapes || 'no inputs'}: ${reasonOf(error)}`, {
      code: codeOf(error),
      cause: error,
    })
  } finally {
    freeScratch()
  }
}

/** What a layer says of its parameters was said when it was loaded: now it is about what reached it. */
function codeOf(error: unknown): ModelErrorCode {
  return error instanceof NcnnError && error.code !== 'malformed' ? error.code : 'wrong-input'
}

/** Inputs that another layer left in float32 are rounded in a copy: others may read them as they are. */
function roundInputs(storage: Storage16, inputs: readonly Blob[], workspace: Workspace): Blob[] {
  return inputs.map((input) => {
    if (input.dtype !== 'float32') return input
    const rounded = workspace.scratch(input.shape)
    rounded.data.set(input.data)
    roundTo(storage, rounded, workspace.kernels)
    return rounded
  })
}
