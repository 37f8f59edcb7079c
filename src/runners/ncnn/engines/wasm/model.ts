// Runs a loaded network: layer by layer, each blob freed when its last reader has run.
import { reasonOf } from '../../../../host/reason.ts'
import { formatShape } from '../../../../tensor/shape.ts'
import type { Tensor } from '../../../../tensor/tensor.ts'
import type { Emit } from '../../../create-model.ts'
import type { Part } from '../../../graph.ts'
import type { ModelErrorCode } from '../../../model-error.ts'
import {
  type Batched,
  blobsWithBatch,
  checkBatches,
  commonBatch,
  isBatched,
  samplesOf,
  stackSamples,
} from '../../batches.ts'
import { typeToFeed } from '../../blob-types.ts'
import { NcnnError } from '../../error.ts'
import { describeLayer, type GraphLayer } from '../../graph.ts'
import type { EngineOptions, NcnnModel, NcnnNetwork } from '../../options.ts'
import type { Topology } from '../../topology.ts'
import type { DeclaredLayer } from './declare.ts'
import type { Samples, Workspace } from './layer.ts'
import type { RunnableLayer } from './load-layer.ts'
import { type LoadedNetwork, loadNetwork } from './load-network.ts'
import type { createArena } from './memory/arena.ts'
import { Blob } from './memory/blob.ts'
import { blobToTensor, tensorToBlob } from './memory/exchange.ts'
import type { WorkspaceControl } from './memory/workspace.ts'
import { type Plan, planRun } from './plan.ts'
import { roundResult, roundTo, type Storage16 } from './precision/reduced-precision.ts'
import type { TakeLayer } from './take-layers.ts'

/**
 * Loads a graph with its weights into the built-in engine.
 * @param arenaOver makes the model's memory; tests give one that is hostile to it
 */
export async function loadWasmNetwork(
  model: Pick<NcnnModel, 'graph' | 'topology' | 'bin' | 'withWeights'>,
  options: EngineOptions,
  arenaOver?: typeof createArena,
): Promise<NcnnNetwork> {
  const network = await loadNetwork(model, options, arenaOver)
  const loaded = { network, topology: model.topology, batched: options.batched, plans: new WeakMap() }
  return {
    mayBeAbsent(layer, index) {
      const { type, params } = network.declared.get(layer) as DeclaredLayer
      return type.mayBeAbsent?.(params, index, layer) ?? false
    },
    readsAtOnce: true,
    async compute(fed, requested, part, emit) {
      checkBatches(fed, options.batched)
      await network.withLayers((take) => runNetwork(loaded, take, fed, requested, part, emit))
    },
    close: () => network.release(),
  }
}

interface Loaded {
  readonly network: LoadedNetwork
  readonly topology: Topology
  readonly batched: Batched
  readonly plans: WeakMap<Part<GraphLayer>, Plan>
}

/** Emits each requested blob when it is computed: copied out, and freed when nobody reads it any more. */
function runNetwork(
  { network, topology, batched, plans }: Loaded,
  take: TakeLayer,
  fed: ReadonlyMap<string, Tensor>,
  requested: readonly string[],
  part: Part<GraphLayer>,
  emit: Emit,
): void {
  const { workspace, beginRun, abandonRun } = network.workspace
  const fedBatches = [...fed.keys()].filter((name) => isBatched(batched, name))
  const hasBatch = blobsWithBatch(topology, fed, fedBatches)
  const plan = plans.get(part) ?? planRun(part, [...fed.keys()], requested)
  plans.set(part, plan)
  /** By their places, while they are in use. */
  const blobs: (Samples | undefined)[] = []

  const feed = (name: string, tensor: Tensor): Samples => {
    const type = typeToFeed(name, tensor, topology)
    const samples = isBatched(batched, name) ? samplesOf(tensor) : [tensor]
    const [first, ...others] = samples.map((sample) => tensorToBlob(sample, workspace, type))
    return [first, ...others]
  }

  beginRun()
  try {
    for (const [name, place] of plan.fed) blobs[place] = feed(name, fed.get(name) as Tensor)
    for (const place of plan.absent) blobs[place] = [workspace.alloc([0])]
    for (const step of plan.steps) {
      const { layer, giveBack } = take(step.layer)
      const inputs = step.inputs.map((place) => blobs[place] as Samples)
      const dying = takeAll(step.last, blobs)
      const outputs = runSamples(layer, inputs, dying, network)
      giveBack(outputs)
      releaseAll(dying)
      for (let index = 0; index < step.outputs.length; index++) {
        const { name, place, isRequested } = step.outputs[index]
        const samples = outputs[index]
        if (isRequested) emit(name, toTensor(samples, name, hasBatch.has(name)))
        if (place === undefined) releaseAll(samples)
        else blobs[place] = samples
      }
    }
    for (const samples of blobs) releaseAll(samples ?? [])
  } catch (error) {
    abandonRun()
    throw error
  }
}

// Loops, where flat and flatMap would take a tenth of what small layers take.

/** Takes the blobs away from their places. */
function takeAll(places: readonly number[], blobs: (Samples | undefined)[]): Blob[] {
  const all: Blob[] = []
  for (const place of places) {
    for (const blob of blobs[place] ?? []) all.push(blob)
    blobs[place] = undefined
  }
  return all
}

function releaseAll(samples: readonly Blob[]): void {
  for (const blob of samples) blob.release()
}

function toTensor(samples: Samples, name: string, hasBatch: boolean): Tensor {
  const tensors = samples.map(blobToTensor)
  return hasBatch || tensors.length > 1 ? stackSamples(tensors, name) : tensors[0]
}

/** Runs a layer on each sample of a batch, or at once if it knows of batches. An input of one sample serves all. */
function runSamples(
  layer: RunnableLayer,
  inputs: readonly Samples[],
  dying: readonly Blob[],
  network: LoadedNetwork,
): readonly Samples[] {
  const { forwardBatch } = layer.type
  const first = inputs.map(([sample]) => sample)
  if (forwardBatch !== undefined) {
    return withinLayer(layer, first, dying, network, (workspace) => {
      const outputs = forwardBatch(storedBatches(layer, inputs, network.workspace), layer, workspace)
      if (layer.outputStorage16 !== undefined) roundOutputs(layer.outputStorage16, outputs.flat(), layer, workspace)
      return outputs
    })
  }
  const batch = commonBatch(inputs, () => describeLayer(layer.graph))
  if (batch === 1) return runLayer(layer, first, dying, network).map((output): Samples => [output])
  const runs = Array.from({ length: batch }, (_, index) => {
    const own = inputs.map((samples) => samples[index] ?? samples[0])
    return runLayer(layer, own, index === batch - 1 ? dying : ofBatches(inputs, dying), network)
  })
  return layer.graph.outputs.map((_, output): Samples => {
    const [first, ...others] = runs.map((outputs) => outputs[output])
    return [first, ...others]
  })
}

function storedBatches(
  { storage16 }: RunnableLayer,
  inputs: readonly Samples[],
  workspace: WorkspaceControl,
): readonly Samples[] {
  if (storage16 === undefined) return inputs
  return inputs.map((samples): Samples => {
    const [first, ...others] = roundInputs(storage16, samples, workspace)
    return [first, ...others]
  })
}

/** Those that no later sample reads. */
const ofBatches = (inputs: readonly Samples[], dying: readonly Blob[]): readonly Blob[] =>
  inputs.flatMap((samples) => (samples.length > 1 ? samples : [])).filter((blob) => dying.includes(blob))

function runLayer(
  layer: RunnableLayer,
  inputs: readonly Blob[],
  dying: readonly Blob[],
  network: LoadedNetwork,
): readonly Blob[] {
  return withinLayer(layer, inputs, dying, network, (workspace) => {
    checkElements(layer, inputs)
    const stored = layer.storage16 === undefined ? inputs : roundInputs(layer.storage16, inputs, network.workspace)
    const made = layer.type.forward(stored, layer, workspace)
    const outputs = made instanceof Blob ? [made] : made
    if (layer.outputStorage16 !== undefined) roundOutputs(layer.outputStorage16, outputs, layer, workspace)
    if (outputs.length !== layer.outputCount) {
      throw new NcnnError(`it makes ${outputs.length} outputs, but the .param names ${layer.outputCount}`)
    }
    return outputs
  })
}

/** Blobs that no layer of floats can read: quantised ones, and the bits of 16-bit floats. */
const noFloats: ReadonlySet<string> = new Set(['int8', 'uint8', 'float16', 'bfloat16'])

/** ncnn takes the elements for what the layer reads, and reads behind their end where they are smaller. */
function checkElements(layer: RunnableLayer, inputs: readonly Blob[]): void {
  const { reads, takesInt8 = false } = layer.elements
  if (reads !== 'float32') return
  const odd = inputs.find(({ dtype }) => noFloats.has(dtype) && !(takesInt8 && dtype === 'int8'))
  if (odd !== undefined) throw new NcnnError(`it reads floats, but an input holds ${odd.dtype}`)
}

/** Says which layer it was, and on what, where `work` fails. */
function withinLayer<Result>(
  layer: RunnableLayer,
  inputs: readonly Blob[],
  dying: readonly Blob[],
  network: LoadedNetwork,
  work: (workspace: Workspace) => Result,
): Result {
  const { workspace, beginLayer, freeScratch } = network.workspace
  beginLayer(dying)
  try {
    return work(workspace)
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

/** Blobs whose elements a 16-bit type holds: they need not be rounded again. */
const held = new WeakMap<Blob, Storage16>()

/** Layers that only move what their inputs hold give nothing to round. */
function roundOutputs(
  storage: Storage16,
  outputs: readonly Blob[],
  { elements }: RunnableLayer,
  { kernels }: Workspace,
): void {
  const moves = elements.reads === undefined && elements.writes === undefined
  for (const output of outputs) {
    if (!moves) roundResult(storage, output, kernels)
    held.set(output, storage)
  }
}

/** Inputs that another layer left in float32 are rounded: in a copy where others may read them as they are. */
function roundInputs(storage: Storage16, inputs: readonly Blob[], { workspace, mayChange }: WorkspaceControl): Blob[] {
  return inputs.map((input) => {
    if (input.dtype !== 'float32' || held.get(input) === storage) return input
    const rounded = mayChange(input) ? input : workspace.scratch(input.shape)
    if (rounded !== input) rounded.data.set(input.data)
    roundTo(storage, rounded, workspace.kernels)
    held.set(rounded, storage)
    return rounded
  })
}
