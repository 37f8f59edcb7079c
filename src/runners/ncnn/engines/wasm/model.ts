// Runs a loaded network: which layers are needed, in order, each blob freed when its last consumer has run.

import type { Tensor, TensorLike } from '../../../../tensor/tensor.ts'
import { toTensor } from '../../../../tensor/to-tensor.ts'
import type { Model, RunOptions, TensorInfo } from '../../../model.ts'
import { NcnnError } from '../../error.ts'
import { describeLayer, type Graph, type GraphLayer } from '../../graph.ts'
import type { EngineOptions } from '../../options.ts'
import { readParams } from '../../params.ts'
import { connect, type Topology } from '../../topology.ts'
import type { Blob } from './blob.ts'
import { blobToTensor, tensorToBlob } from './exchange.ts'
import { inputParams } from './input.ts'
import type { Workspace } from './layer.ts'
import { type LoadedNetwork, loadNetwork, type RunnableLayer } from './load.ts'
import { roundTo, type Storage16 } from './reduced-precision.ts'

/** Most axes an ncnn blob has. */
const maxRank = 4

/** Loads a graph with its weights into the built-in engine. */
export function createWasmModel(graph: Graph, bin: Uint8Array, binName: string, options: EngineOptions): Model {
  const topology = connect(graph)
  let network: LoadedNetwork | undefined = loadNetwork(graph, bin, binName, options)
  const close = (): void => {
    network = undefined
  }
  return {
    inputs: topology.inputs.map((name) => inputInfo(name, topology)),
    outputs: topology.outputs.map((name) => ({ name })),
    blobs: topology.blobs,
    async run(inputs, runOptions) {
      if (network === undefined) throw new NcnnError(`${graph.source}: the model was closed`)
      return runNetwork(graph.source, topology, network, inputs, runOptions)
    },
    close,
    [Symbol.dispose]: close,
  }
}

/** The shape that an `Input` layer declares; without one, the input takes any. */
function inputInfo(name: string, { producers }: Topology): TensorInfo {
  const { w, h, d, c } = readParams(inputParams, producers.get(name) as GraphLayer)
  if (!w) return { name }
  const shape = d ? [c, d, h, w] : c ? [c, h, w] : h ? [h, w] : [w]
  return { name, shape }
}

function runNetwork(
  source: string,
  topology: Topology,
  network: LoadedNetwork,
  inputs: Readonly<Record<string, TensorLike>>,
  { outputs: wanted = topology.outputs }: RunOptions = {},
): Record<string, Tensor> {
  const fed = checkInputs(source, topology, inputs)
  const requested = wanted === 'all' ? topology.blobs : checkOutputs(source, topology, wanted)
  const plan = planRun(source, topology, network, fed, requested)

  const blobs = new Map<string, Blob>()
  const pending = new Map(plan.readers)
  const results: Record<string, Tensor> = {}
  const isRequested = new Set(requested)

  /** A new blob: copied out if it was asked for, kept if somebody will read it. */
  const publish = (name: string, blob: Blob): void => {
    if (isRequested.has(name)) results[name] = blobToTensor(blob)
    if (pending.has(name)) blobs.set(name, blob)
    else blob.release()
  }

  try {
    for (const [name, tensor] of fed) {
      if (pending.has(name)) publish(name, tensorToBlob(tensor, network.workspace.workspace))
      else if (isRequested.has(name)) results[name] = tensor
    }
    for (const name of plan.absent) blobs.set(name, network.workspace.workspace.alloc([0]))
    for (const graphLayer of plan.layers) {
      const layer = network.layers.get(graphLayer) as RunnableLayer
      const arguments_ = graphLayer.inputs.map((name) => blobs.get(name) as Blob)
      const dying = takeLastReads(graphLayer, pending)
      const outputs = runLayer(layer, arguments_, new Set(dying.map((name) => blobs.get(name) as Blob)), network)
      for (const name of dying) {
        blobs.get(name)?.release()
        blobs.delete(name)
      }
      for (const [index, name] of graphLayer.outputs.entries()) {
        if (fed.has(name)) outputs[index].release()
        else publish(name, outputs[index])
      }
    }
  } finally {
    network.workspace.freeScratch()
    for (const blob of blobs.values()) blob.release()
  }
  return Object.fromEntries(requested.map((name) => [name, results[name]]))
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
    const shapes = inputs.map((input) => `[${input.shape.join(', ')}]`).join(', ')
    const message = error instanceof Error ? error.message : String(error)
    throw new NcnnError(`${describeLayer(layer.graph)} cannot run on ${shapes || 'no inputs'}: ${message}`, {
      cause: error,
    })
  } finally {
    freeScratch()
  }
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

function checkInputs(
  source: string,
  topology: Topology,
  inputs: Readonly<Record<string, TensorLike>>,
): Map<string, Tensor> {
  const fed = new Map<string, Tensor>()
  for (const [name, value] of Object.entries(inputs)) {
    if (!topology.producers.has(name)) {
      throw new NcnnError(`${source} has no blob "${name}" to feed; its inputs are ${quoteList(topology.inputs)}`)
    }
    const tensor = toTensor(value, { name: `input "${name}"` })
    if (tensor.shape.length < 1 || tensor.shape.length > maxRank) {
      throw new NcnnError(
        `input "${name}" has shape [${tensor.shape.join(', ')}], but ncnn's tensors have 1 to ${maxRank} axes and no batch axis. ` +
          'If the first axis is a batch, load the model with `batched: true`',
      )
    }
    fed.set(name, tensor)
  }
  return fed
}

function checkOutputs(source: string, topology: Topology, wanted: readonly string[]): readonly string[] {
  const unknown = wanted.filter((name) => !topology.producers.has(name))
  if (unknown.length > 0) {
    const close = topology.blobs.length <= 20 ? topology.blobs : topology.outputs
    throw new NcnnError(
      `${source} has no blob ${quoteList(unknown)}; it has ${quoteList(close)}${close === topology.blobs ? '' : ` and ${topology.blobs.length - close.length} intermediates (model.blobs)`}`,
    )
  }
  return [...new Set(wanted)]
}

interface RunPlan {
  /** The layers that must run, in order. */
  readonly layers: readonly GraphLayer[]
  /** How often each blob will be read. */
  readonly readers: ReadonlyMap<string, number>
  /** Inputs that were not fed and that their readers can do without. */
  readonly absent: readonly string[]
}

/** Walks back from the requested blobs; blobs that were fed need no producer. */
function planRun(
  source: string,
  topology: Topology,
  network: LoadedNetwork,
  fed: ReadonlyMap<string, Tensor>,
  requested: readonly string[],
): RunPlan {
  const needed = new Set<GraphLayer>()
  const absent = new Set<string>()
  const visit = (name: string, optional: boolean): void => {
    if (fed.has(name)) return
    const producer = topology.producers.get(name) as GraphLayer
    if (producer.type !== 'Input') stack.push(producer)
    else if (optional) absent.add(name)
    else throw new NcnnError(missingInput(source, name, topology, fed))
  }
  const stack: GraphLayer[] = []
  for (const name of requested) visit(name, false)
  for (let layer = stack.pop(); layer !== undefined; layer = stack.pop()) {
    if (needed.has(layer)) continue
    needed.add(layer)
    const { type, params } = network.layers.get(layer) as RunnableLayer
    for (const [index, name] of layer.inputs.entries()) visit(name, type.mayBeAbsent?.(params, index, layer) ?? false)
  }
  const layers = topology.order.filter((layer) => needed.has(layer))
  const readers = new Map<string, number>()
  for (const name of layers.flatMap((layer) => layer.inputs)) readers.set(name, (readers.get(name) ?? 0) + 1)
  return { layers, readers, absent: [...absent] }
}

function missingInput(source: string, name: string, { inputs }: Topology, fed: ReadonlyMap<string, Tensor>): string {
  const given = fed.size === 0 ? 'none was given' : `given: ${quoteList([...fed.keys()])}`
  return `${source}: input "${name}" is needed but missing; the model's inputs are ${quoteList(inputs)}, ${given}`
}

const quoteList = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ')
