// A network in a session with the real ncnn: explains what it refuses, plans the run, gives elements their types.

import { sizeOf } from '../../../../tensor/shape.ts'
import type { Tensor } from '../../../../tensor/tensor.ts'
import type { Emit } from '../../../create-model.ts'
import type { MayBeAbsent, Part } from '../../../graph.ts'
import { typesOfBlobs } from '../../blob-types.ts'
import { NcnnError } from '../../error.ts'
import { describeLayer, type Graph, type GraphLayer } from '../../graph.ts'
import type { EngineOptions, NcnnFiles, NcnnModel, NcnnNetwork } from '../../options.ts'
import { isBinaryParam } from '../../param-binary.ts'
import type { Topology } from '../../topology.ts'
import type { WeightSource } from '../../weight-source.ts'
import { locateWeights } from '../../weights.ts'
import { declareLayers } from '../wasm/declare.ts'
import { layerTypes } from '../wasm/layer-types.ts'
import { explainUnknownLayers } from '../wasm/unknown-layers.ts'
import { fromRaw, toRaw, typeToFeed } from './elements.ts'
import { rawOptions } from './options.ts'
import type { BlobRef, NcnnSession, RawModel, Step } from './session.ts'
import { planSteps } from './steps.ts'

/**
 * Loads a model into the real ncnn.
 * @param engine the engine's name, for messages
 * @param open hands the files to ncnn
 */
export async function loadRealModel(
  engine: string,
  model: NcnnModel,
  options: EngineOptions,
  open: (model: RawModel) => Promise<NcnnSession>,
): Promise<NcnnNetwork> {
  const { graph, topology } = model
  const raw = rawOptions(engine, graph, options)
  const { mayBeAbsent, doubt } = readLayers(graph, model, options)
  const isBinary = typeof model.param !== 'string' && isBinaryParam(model.param)
  const param = isBinary || typeof model.param === 'string' ? model.param : new TextDecoder().decode(model.param)
  const bin = wholeWeights(model.bin)
  const session = await explain(graph, doubt, () => open({ param, bin, options: raw, source: graph.source }))
  return {
    mayBeAbsent,
    compute: (fed, requested, part, emit) =>
      runSession(session, topology, part, fed, requested, isBinary ? Number : String, emit),
    close: () => session.close(),
  }
}

/** Most bytes that are read and handed on in one piece. */
const mostWeightBytes = 2 ** 31 - 1

function wholeWeights(bin: WeightSource): Uint8Array {
  if (bin.size > mostWeightBytes) {
    throw new NcnnError(
      `${bin.name} has ${bin.size} bytes; above 2 GiB only the built-in engine loads weights. ` +
        'Convert the model with 16-bit weights (pnnx: fp16=1), or divide it into several',
      { code: 'unsupported' },
    )
  }
  return bin.readAll()
}

async function runSession(
  session: NcnnSession,
  topology: Topology,
  part: Part<GraphLayer>,
  fed: ReadonlyMap<string, Tensor>,
  requested: readonly string[],
  refer: (blob: string) => BlobRef,
  emit: Emit,
): Promise<void> {
  // ncnn knows an absent blob by its having no elements.
  const present = [...fed].filter(([, { shape }]) => sizeOf(shape) > 0)
  const typesFed = new Map(present.map(([name, tensor]) => [name, typeToFeed(name, tensor, topology)]))
  const steps = planSteps(topology, part, new Set(fed.keys()), new Set(requested))
  const raw = steps.flatMap((step): Step[] => {
    if ('extract' in step) return [{ extract: refer(step.extract), keep: step.keep }]
    const type = typesFed.get(step.feed)
    return type === undefined ? [] : [{ input: refer(step.feed), tensor: toRaw(fed.get(step.feed) as Tensor, type) }]
  })
  const types = typesOfBlobs(topology, typesFed)
  const kept = steps.flatMap((step) => ('extract' in step && step.keep ? [step.extract] : [])).values()
  await session.run(raw, (result) => {
    const name = kept.next().value as string
    emit(name, fromRaw(result, types.get(name) ?? 'float32'))
  })
}

/**
 * What this package knows of the layers. It is no reason to refuse a file: the real ncnn may know better. But where ncnn refuses it,
 * ours may be the better explanation.
 */
function readLayers(
  graph: Graph,
  files: NcnnFiles,
  { release }: EngineOptions,
): { mayBeAbsent: MayBeAbsent<GraphLayer>; doubt: NcnnError | undefined } {
  if (unknownLayers(graph).length > 0) return { mayBeAbsent: () => false, doubt: undefined }
  try {
    const declared = declareLayers(graph, {})
    const byLayer = new Map(declared.map((entry) => [entry.layer, entry]))
    const mayBeAbsent: MayBeAbsent<GraphLayer> = (layer, index) => {
      const entry = byLayer.get(layer)
      if (entry === undefined) throw new NcnnError(`${describeLayer(layer)} is not part of ${graph.source}`)
      return entry.type.mayBeAbsent?.(entry.params, index, layer) ?? false
    }
    return {
      mayBeAbsent,
      doubt: doubtOf(() => locateWeights(declared, files.bin, { release, isPartial: graph.isPartial })),
    }
  } catch (error) {
    if (!(error instanceof NcnnError)) throw error
    return { mayBeAbsent: () => false, doubt: error }
  }
}

function doubtOf(check: () => unknown): NcnnError | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    if (error instanceof NcnnError) return error
    throw error
  }
}

const unknownLayers = (graph: Graph): GraphLayer[] => graph.layers.filter(({ type }) => !layerTypes.has(type))

/** How sessions begin to say that ncnn did not take the network. */
const paramRefused = 'ncnn cannot load the .param'

/** Adds what is known about unusual layers and weights to ncnn's refusal. */
async function explain<Result>(
  graph: Graph,
  doubt: NcnnError | undefined,
  open: () => Promise<Result>,
): Promise<Result> {
  try {
    return await open()
  } catch (error) {
    if (!(error instanceof NcnnError)) throw error
    const unknown = unknownLayers(graph)
    const reason =
      unknown.length > 0 && error.message.includes(paramRefused)
        ? explainUnknownLayers(graph.source, unknown)
        : doubt?.message
    if (reason === undefined) throw error
    throw new NcnnError(`${error.message}\n${reason}`, { code: doubt?.code ?? 'unsupported', cause: error })
  }
}
