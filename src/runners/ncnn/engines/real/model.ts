// A network in a session with the real ncnn: explains what it refuses, plans the run, gives elements their types.

import { decodeText } from '../../../../host/utf8.ts'
import { sizeOf } from '../../../../tensor/shape.ts'
import type { Tensor } from '../../../../tensor/tensor.ts'
import type { Emit } from '../../../create-model.ts'
import { type MayBeAbsent, needed, type Part } from '../../../graph.ts'
import {
  type Batched,
  blobsWithBatch,
  checkBatches,
  commonBatch,
  isBatched,
  mixesSamples,
  samplesOf,
  stackSamples,
} from '../../batches.ts'
import { typesOfBlobs, typeToFeed } from '../../blob-types.ts'
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
import { fromRaw, toRaw } from './elements.ts'
import { checkFedChannels, checkFedElements } from './fed-channels.ts'
import { opaqueCaches, refuseCaches } from './opaque-caches.ts'
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
  const { mayBeAbsent, areKnown, doubt } = readLayers(graph, model, options)
  const isBinary = typeof model.param !== 'string' && isBinaryParam(model.param)
  const param = isBinary || typeof model.param === 'string' ? model.param : decodeText(model.param)
  const bin = wholeWeights(model.bin)
  const session = await explain(graph, doubt, () => open({ param, bin, options: raw, source: graph.source }))
  const caches = opaqueCaches(topology)
  const { batched, ncnn } = options
  // fp16 goes before bf16, as in ncnn.
  const halves = ncnn.useBf16Storage && !ncnn.useFp16Storage ? 'bfloat16' : 'float16'
  return {
    mayBeAbsent,
    device: session.device,
    computed(fed) {
      const { layers } = needed(topology.layers, fed, topology.outputs, mayBeAbsent)
      const names = new Set([...fed, ...layers.flatMap((layer) => layer.outputs)])
      return topology.blobs.filter((name) => names.has(name) && !caches.written.has(name))
    },
    async compute(fed, requested, part, emit) {
      refuseCaches(caches, fed, requested)
      checkBatches(fed, batched)
      if (areKnown) checkFedElements(fed, part.layers, mayBeAbsent)
      checkFedChannels(fed, part.layers, batched)
      const run: Run = { session, topology, part, requested, refer: isBinary ? Number : String, batched, halves }
      await explainRun(async () => {
        if (session.batches || !hasBatches(fed, batched, part)) await runSession(run, fed, emit)
        else await runSamples(run, fed, emit)
      })
    },
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

interface Run {
  readonly session: NcnnSession
  readonly topology: Topology
  readonly part: Part<GraphLayer>
  readonly requested: readonly string[]
  readonly refer: (blob: string) => BlobRef
  readonly batched: Batched
  /** What floats of 16 bits are. */
  readonly halves: 'float16' | 'bfloat16'
}

async function runSession(
  { session, topology, part, requested, refer, batched, halves }: Run,
  fed: ReadonlyMap<string, Tensor>,
  emit: Emit,
): Promise<void> {
  // ncnn knows an absent blob by its having no elements.
  const present = [...fed].filter(([, { shape }]) => sizeOf(shape) > 0)
  const typesFed = new Map(present.map(([name, tensor]) => [name, typeToFeed(name, tensor, topology)]))
  const fedBatches = [...fed.keys()].filter((name) => isBatched(batched, name))
  const steps = planSteps(topology, part, new Set(fed.keys()), new Set(requested))
  const raw = steps.flatMap((step): Step[] => {
    if ('extract' in step) return [{ extract: refer(step.extract), keep: step.keep }]
    const [type, tensor] = [typesFed.get(step.feed), fed.get(step.feed)]
    if (type === undefined || tensor === undefined) return []
    return [{ input: refer(step.feed), tensor: toRaw(tensor, type, fedBatches.includes(step.feed)) }]
  })
  const types = typesOfBlobs(topology, typesFed)
  const batches = blobsWithBatch(topology, fed, fedBatches)
  const kept = steps.flatMap((step) => ('extract' in step && step.keep ? [step.extract] : [])).values()
  await session.run(raw, (result) => {
    const name = kept.next().value as string
    emit(name, fromRaw(result, types.get(name) ?? 'float32', batches.has(name), halves))
  })
}

const hasBatches = (fed: ReadonlyMap<string, Tensor>, batched: Batched, { layers }: Part<GraphLayer>): boolean =>
  layers.some(mixesSamples) || [...fed.keys()].some((name) => isBatched(batched, name))

/** Runs the samples of a batch one by one: this way to reach ncnn knows no batches. */
async function runSamples(run: Run, fed: ReadonlyMap<string, Tensor>, emit: Emit): Promise<void> {
  const mixing = run.part.layers.find(mixesSamples)
  if (mixing !== undefined) {
    throw new NcnnError(
      `${describeLayer(mixing)} moves elements between samples, which this engine cannot; the built-in and the python engine can`,
      { code: 'unsupported' },
    )
  }
  const fedBatches = [...fed.keys()].filter((name) => isBatched(run.batched, name))
  const samples = new Map(
    [...fed].map(([name, tensor]) => [name, fedBatches.includes(name) ? samplesOf(tensor) : [tensor]]),
  )
  const batch = commonBatch([...samples.values()], () => 'this engine')
  const results = new Map<string, Tensor[]>()
  for (let i = 0; i < batch; i++) {
    const own = new Map([...samples].map(([name, list]) => [name, list[i] ?? list[0]]))
    await runSession({ ...run, batched: false }, own, (name, tensor) =>
      results.set(name, [...(results.get(name) ?? []), tensor]),
    )
  }
  const batches = blobsWithBatch(run.topology, fed, fedBatches)
  for (const [name, tensors] of results) emit(name, batches.has(name) ? stackSamples(tensors, name) : tensors[0])
}

/**
 * What this package knows of the layers. It is no reason to refuse a file: the real ncnn may know better. But where ncnn refuses it,
 * ours may be the better explanation.
 */
function readLayers(
  graph: Graph,
  files: NcnnFiles,
  { release }: EngineOptions,
): { mayBeAbsent: MayBeAbsent<GraphLayer>; areKnown: boolean; doubt: NcnnError | undefined } {
  if (unknownLayers(graph).length > 0) return { mayBeAbsent: () => false, areKnown: false, doubt: undefined }
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
      areKnown: true,
      doubt: doubtOf(() => locateWeights(declared, files.bin, { release, isPartial: graph.isPartial })),
    }
  } catch (error) {
    if (!(error instanceof NcnnError)) throw error
    return { mayBeAbsent: () => false, areKnown: false, doubt: error }
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
const binRefused = 'ncnn cannot load the .bin'
const fittingBin =
  'The .bin is as long as the .param says: it may be that there is not enough memory where ncnn runs. Free some there, store the weights in 16 bits (pnnx: fp16=1), or divide the model'

/** What most layers return that cannot create their result. */
const noResult = '(return code -100)'

/** Adds what ncnn means by a return code. */
async function explainRun(run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (!(error instanceof NcnnError) || !error.message.includes(noResult)) throw error
    throw new NcnnError(
      `${error.message}\nThat is what its layers say where a result would have no elements, as of a convolution of too small an image, and where there is no memory for it`,
      { code: error.code, cause: error },
    )
  }
}

/** What ncnn prints of a layer that its build, or its release, does not have. */
const layerIsMissing = /layer (\w+) not exists or registered/

/** What is known about unusual layers and weights that ncnn refused. */
function reasonOfRefusal(
  graph: Graph,
  doubt: NcnnError | undefined,
  { message }: NcnnError,
): { readonly message: string; readonly code?: NcnnError['code'] } | undefined {
  const unknown = unknownLayers(graph)
  if (unknown.length > 0 && message.includes(paramRefused)) {
    return { message: explainUnknownLayers(graph.source, unknown), code: 'unsupported' }
  }
  if (doubt !== undefined) return doubt
  const [, missing] = layerIsMissing.exec(message) ?? []
  if (missing !== undefined) {
    return {
      message: `This ncnn has no layer ${missing}: it is of a release before it, or was built without it`,
      code: 'unsupported',
    }
  }
  return unknown.length === 0 && message.includes(binRefused) ? { message: fittingBin } : undefined
}

/** Adds to ncnn's refusal what is known about it. */
async function explain<Result>(
  graph: Graph,
  doubt: NcnnError | undefined,
  open: () => Promise<Result>,
): Promise<Result> {
  try {
    return await open()
  } catch (error) {
    if (!(error instanceof NcnnError)) throw error
    const reason = reasonOfRefusal(graph, doubt, error)
    if (reason === undefined) throw error
    const code = reason.code ?? error.code
    throw new NcnnError(`${error.message}\n${reason.message}`, { code, cause: error })
  }
}
