// Runs a loaded network: which layers are needed, in order, each blob freed when its last consumer has run.
import { dispose } from '../../../../host/dispose.ts'
import { reasonOf } from '../../../../host/reason.ts'
import type { Tensor, TensorLike } from '../../../../tensor/tensor.ts'
import type { MayBeAbsent } from '../../../graph.ts'
import type { RunOptions } from '../../../model.ts'
import type { ModelErrorCode } from '../../../model-error.ts'
import type { BareModel } from '../../../with-runtime.ts'
import { NcnnError } from '../../error.ts'
import { describeLayer, type Graph, type GraphLayer } from '../../graph.ts'
import type { EngineOptions } from '../../options.ts'
import { allBlobs, checkInputs, checkOutputs, inputInfo, layerInfos, planRun, type RunPlan } from '../../run-plan.ts'
import { connect, type Topology } from '../../topology.ts'
import type { WeightSource } from '../../weight-source.ts'
import type { Workspace } from './layer.ts'
import { type LoadedNetwork, loadNetwork, type RunnableLayer } from './load.ts'
import type { Blob } from './memory/blob.ts'
import { blobToTensor, tensorToBlob } from './memory/exchange.ts'
import { roundTo, type Storage16 } from './precision/reduced-precision.ts'

/** Loads a graph with its weights into the built-in engine. */
export async function createWasmModel(graph: Graph, bin: WeightSource, options: EngineOptions): Promise<BareModel> {
  const topology = connect(graph)
  const plans = createPlanMemory()
  let network: LoadedNetwork | undefined = await loadNetwork(graph, bin, options)
  const close = (): void => {
    network?.release()
    network = undefined
  }
  return {
    inputs: topology.inputs.map((name) => inputInfo(name, topology)),
    outputs: topology.outputs.map((name) => ({ name })),
    blobs: topology.blobs,
    layers: layerInfos(topology),
    async run(inputs, runOptions) {
      if (network === undefined) throw new NcnnError(`${graph.source}: the model was closed`, { code: 'closed' })
      return runNetwork(graph.source, topology, network, plans, inputs, runOptions)
    },
    close,
    [dispose]: close,
  }
}

type PlanMemory = (fed: readonly string[], requested: readonly string[], plan: () => RunPlan) => RunPlan

/** Keeps the last plan: a model is usually run again and again with the same inputs and outputs. */
function createPlanMemory(): PlanMemory {
  let last: { readonly names: string; readonly plan: RunPlan } | undefined
  return (fed, requested, plan) => {
    const names = JSON.stringify([fed, requested])
    if (last?.names !== names) last = { names, plan: plan() }
    return last.plan
  }
}

function runNetwork(
  source: string,
  topology: Topology,
  network: LoadedNetwork,
  plans: PlanMemory,
  inputs: Readonly<Record<string, TensorLike>>,
  { outputs: wanted = topology.outputs }: RunOptions = {},
): Record<string, Tensor> {
  const fed = checkInputs(source, topology, inputs)
  const mayBeAbsent: MayBeAbsent<GraphLayer> = (layer, index) => {
    const { type, params } = network.layers.get(layer) as RunnableLayer
    return type.mayBeAbsent?.(params, index, layer) ?? false
  }
  const requested =
    wanted === 'all' ? allBlobs(source, topology, fed, mayBeAbsent) : checkOutputs(source, topology, wanted)
  const plan = plans([...fed.keys()], requested, () => planRun(source, topology, fed, requested, mayBeAbsent))

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
      const inputs = graphLayer.inputs.map((name) => blobs.get(name) as Blob)
      const dying = takeLastReads(graphLayer, pending)
      const outputs = runLayer(layer, inputs, new Set(dying.map((name) => blobs.get(name) as Blob)), network)
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
