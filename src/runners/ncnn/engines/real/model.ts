// The Model over a session with the real ncnn: checks what would crash ncnn, plans the run, gives elements their types.
import { dispose } from '../../../../host/dispose.ts'
import { sizeOf } from '../../../../tensor/shape.ts'
import type { Tensor } from '../../../../tensor/tensor.ts'
import type { MayBeAbsent } from '../../../graph.ts'
import type { BareModel } from '../../../with-runtime.ts'
import { typesOfBlobs } from '../../blob-types.ts'
import { NcnnError } from '../../error.ts'
import { describeLayer, type Graph, type GraphLayer } from '../../graph.ts'
import type { EngineOptions, NcnnFiles } from '../../options.ts'
import { isBinaryParam } from '../../param-binary.ts'
import { parseParam } from '../../parse-param.ts'
import { allBlobs, checkInputs, checkOutputs, inputInfo, layerInfos, planRun } from '../../run-plan.ts'
import { connect, type Topology } from '../../topology.ts'
import type { WeightSource } from '../../weight-source.ts'
import { locateWeights } from '../../weights.ts'
import { declareLayers } from '../wasm/declare.ts'
import type { ElementType } from '../wasm/layer.ts'
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
  files: NcnnFiles,
  options: EngineOptions,
  open: (model: RawModel) => Promise<NcnnSession>,
): Promise<BareModel> {
  const graph = parseParam(files)
  const raw = rawOptions(engine, graph, options)
  const topology = connect(graph)
  const { mayBeAbsent, doubt } = readLayers(graph, files, options)
  const isBinary = typeof files.param !== 'string' && isBinaryParam(files.param)
  const param = isBinary || typeof files.param === 'string' ? files.param : new TextDecoder().decode(files.param)
  const bin = wholeWeights(files.bin)
  const session = await explain(graph, doubt, () => open({ param, bin, options: raw, source: graph.source }))
  let closed = false
  const close = (): void => {
    if (!closed) session.close()
    closed = true
  }
  return {
    inputs: topology.inputs.map((name) => inputInfo(name, topology)),
    outputs: topology.outputs.map((name) => ({ name })),
    blobs: topology.blobs,
    layers: layerInfos(topology),
    async run(inputs, { outputs: wanted = topology.outputs } = {}) {
      if (closed) throw new NcnnError(`${graph.source}: the model was closed`, { code: 'closed' })
      const fed = checkInputs(graph.source, topology, inputs)
      const requested =
        wanted === 'all'
          ? allBlobs(graph.source, topology, fed, mayBeAbsent)
          : checkOutputs(graph.source, topology, wanted)
      const plan = planRun(graph.source, topology, fed, requested, mayBeAbsent)
      const computed = await runSession(session, topology, plan, fed, requested, isBinary ? Number : String)
      return Object.fromEntries(requested.map((name) => [name, computed.get(name) as Tensor]))
    },
    close,
    [dispose]: close,
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
  plan: ReturnType<typeof planRun>,
  fed: ReadonlyMap<string, Tensor>,
  requested: readonly string[],
  refer: (blob: string) => BlobRef,
): Promise<Map<string, Tensor>> {
  // ncnn knows an absent blob by its having no elements.
  const present = [...fed].filter(([, { shape }]) => sizeOf(shape) > 0)
  const typesFed = new Map(present.map(([name, tensor]) => [name, typeToFeed(name, tensor, topology)]))
  const steps = planSteps(topology, plan, new Set(fed.keys()), new Set(requested))
  const raw = steps.flatMap((step): Step[] => {
    if ('extract' in step) return [{ extract: refer(step.extract), keep: step.keep }]
    const type = typesFed.get(step.feed)
    return type === undefined ? [] : [{ input: refer(step.feed), tensor: toRaw(fed.get(step.feed) as Tensor, type) }]
  })
  const types = typesOfBlobs(topology, typesFed)
  const kept = steps.flatMap((step) => ('extract' in step && step.keep ? [step.extract] : []))
  const results = kept.length === 0 ? [] : await session.run(raw)
  const computed = kept.map((name, i) => [name, fromRaw(results[i], types.get(name) ?? 'float32')] as const)
  return new Map([...echoes(fed, requested, typesFed), ...computed])
}

/** Blobs that were fed and asked for come back as ncnn got them. */
function echoes(
  fed: ReadonlyMap<string, Tensor>,
  requested: readonly string[],
  types: ReadonlyMap<string, ElementType>,
): (readonly [string, Tensor])[] {
  return [...fed].flatMap(([name, tensor]) => {
    if (!requested.includes(name)) return []
    const raw = toRaw(tensor, types.get(name) ?? 'float32')
    return [[name, fromRaw({ ...raw, bytes: Uint8Array.from(raw.bytes) }, types.get(name) ?? 'float32')]]
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
