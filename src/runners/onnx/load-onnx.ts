// loadOnnx: an ONNX model behind the Model interface, with every intermediate tensor by name.

import { dirname, isAbsolute, join } from 'node:path'
import { describeValue } from '../../arguments/describe.ts'
import { checkOptionNames, type OptionsOf } from '../../arguments/options.ts'
import { bytesIn } from '../../host/bytes.ts'
import { hasFileSystem } from '../../host/node-modules.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { callerOf } from '../check-arguments.ts'
import { copyOf, createModel, firstLine, type Runner } from '../create-model.ts'
import { inGroups } from '../graph.ts'
import type { Model } from '../model.ts'
import { modelPath, readModelFile } from '../model-file.ts'
import { sessionCache } from '../sessions.ts'
import { OnnxError } from './error.ts'
import { type OnnxGraph, type OnnxNode, readOnnxGraph } from './graph.ts'
import { layerInspector } from './layer-details.ts'
import { layersOf, type OnnxLayer } from './layers.ts'
import { type ExternalFile, findRuntime, type OnnxEngine, type OnnxRuntime, onnxEngines } from './runtime.ts'
import {
  checkSessionOptions,
  describeSession,
  type OnnxSessionOptions,
  probeModel,
  sessionOptions,
} from './session-options.ts'
import { bytesOf, cutModel } from './subgraph.ts'

export interface LoadOnnxOptions extends OnnxSessionOptions {
  /** `'web'`: onnxruntime-web, `'node'`: onnxruntime-node. By default the first that is installed. */
  readonly engine?: OnnxEngine
}

const loadOnnxOptions = {
  engine: 'any',
  graphOptimizationLevel: 'any',
  executionProviders: 'any',
  intraOpNumThreads: 'number',
} as const satisfies OptionsOf<LoadOnnxOptions>

/**
 * Loads an ONNX model into ONNX Runtime (`onnxruntime-web` or `onnxruntime-node`, whichever is installed), if not told otherwise
 * with graph optimisation off and in one thread: both change the last digits. Shapes are the model's own, batch axis included. Any
 * tensor of the graph may be fed and asked for, but those inside the branches and bodies of If, Loop and Scan.
 *
 * @param source path of the `.onnx` (files with external data lie beside it), or its bytes
 * @throws {OnnxError} when no runtime is installed, or for a file that is not a runnable ONNX model
 */
export async function loadOnnx(
  source: string | URL | Uint8Array | ArrayBuffer,
  options: LoadOnnxOptions = {},
): Promise<Model> {
  checkOptionNames(options, loadOnnxOptions, callerOf('loadOnnx', OnnxError))
  const { engine } = options
  if (engine !== undefined && !onnxEngines.includes(engine)) {
    throw new OnnxError(`loadOnnx: engine must be 'web' or 'node', got ${describeValue(engine)}`, {
      code: 'wrong-option',
    })
  }
  if (!hasFileSystem()) {
    throw new OnnxError('loadOnnx: ONNX models run in Node, not in a browser. Record them there: recordActivations', {
      code: 'unsupported',
    })
  }
  checkSessionOptions(options)
  const { path, bytes } = readSource(source)
  const graph = readOnnxGraph(bytes, path ?? 'the ONNX model')
  const externalData = await readExternalFiles(graph, path)
  const runtime = await findRuntime(engine)
  await checkCanHonour(runtime, options)
  return modelOf(graph, runtime, options, externalData)
}

/** @throws {OnnxError} for what this build of ONNX Runtime lacks */
async function checkCanHonour({ name, open }: OnnxRuntime, options: OnnxSessionOptions): Promise<void> {
  const { executionProviders = [], intraOpNumThreads = 1 } = options
  if (name === 'onnxruntime-web' && intraOpNumThreads > 1) {
    throw new OnnxError(`loadOnnx: ${name} runs in one thread here; intraOpNumThreads needs the engine 'node'`, {
      code: 'unsupported',
    })
  }
  for (const provider of executionProviders) {
    try {
      await (await open(probeModel(), sessionOptions({ executionProviders: [provider] }), [])).release()
    } catch (error) {
      throw new OnnxError(
        `loadOnnx: ${name} has not the execution provider ${JSON.stringify(provider)} here: ${firstLine(error)}`,
        { code: 'unsupported', cause: error },
      )
    }
  }
}

function readSource(source: string | URL | Uint8Array | ArrayBuffer): { path?: string; bytes: Uint8Array } {
  const bytes = bytesIn(source)
  if (bytes !== undefined) return { bytes }
  const path = modelPath(source as string | URL, 'loadOnnx', 'a .onnx file, or its bytes')
  return { path, bytes: readModelFile(path, 'the model', OnnxError) }
}

/** Weights in files of their own; their names are relative to the model and must not lead elsewhere. */
async function readExternalFiles(
  { externalFiles, source }: OnnxGraph,
  path: string | undefined,
): Promise<ExternalFile[]> {
  if (externalFiles.length > 0 && path === undefined) {
    throw new OnnxError(`the model's weights lie in ${externalFiles.join(', ')}: load it by its path, not from bytes`, {
      code: 'wrong-option',
    })
  }
  return Promise.all(
    externalFiles.map(async (file) => {
      if (isAbsolute(file) || file.split(/[\\/]/).includes('..')) {
        throw new OnnxError(`${source} refers to weights outside its folder: ${file}`)
      }
      return { path: file, data: readModelFile(join(dirname(source), file), `weights of ${source}`, OnnxError) }
    }),
  )
}

/** Operators whose results are sequences or maps, which are no tensors. */
const writesNoTensor = new Set([
  'Optional',
  'SequenceConstruct',
  'SequenceEmpty',
  'SequenceErase',
  'SequenceInsert',
  'SequenceMap',
  'SplitToSequence',
  'ZipMap',
])

/** Requested tensors that are computed at once. */
const mostAtOnce = 32

function modelOf(
  graph: OnnxGraph,
  runtime: OnnxRuntime,
  options: OnnxSessionOptions,
  externalData: readonly ExternalFile[],
): Model {
  const { source, initializers } = graph
  const inputs = graph.inputs.map(({ info }) => info)
  const outputs = graph.outputs.map(({ info }) => info)
  const layers = layersOf(graph)
  const computed = layers.flatMap((layer) => (writesNoTensor.has(layer.type) ? [] : layer.outputs))
  const blobs = [...inputs.map(({ name }) => name), ...computed]
  const known = new Set([...blobs, ...initializers.keys(), ...outputs.map(({ name }) => name)])
  const isTensor = new Set(blobs)
  const sessions = sessionCache(async (model) => {
    try {
      return await runtime.open(model, sessionOptions(options), externalData)
    } catch (error) {
      throw new OnnxError(`${source}: ${runtime.name} refuses the model: ${firstLine(error)}`, {
        code: 'runtime-failed',
        cause: error,
      })
    }
  }, 4 * bytesOf(graph))

  /** The graph is cut to what is fed and requested, so that intermediates are its inputs and outputs. */
  const runCut = async (nodes: readonly OnnxNode[], given: ReadonlyMap<string, Tensor>, wanted: readonly string[]) => {
    const dtypes = new Map([...given].map(([name, { dtype }]) => [name, dtype]))
    const key = JSON.stringify([[...dtypes], wanted])
    const session = await sessions.get(key, () => cutModel(graph, { nodes, fed: dtypes, requested: wanted }))
    try {
      return await session.run(given, wanted)
    } catch (error) {
      throw new OnnxError(`${source}: ${runtime.name} cannot run it: ${firstLine(error)}`, {
        code: 'runtime-failed',
        cause: error,
      })
    }
  }
  const compute: Runner<OnnxLayer>['compute'] = async (fed, requested, part, emit) => {
    const isRequested = new Set(requested)
    const computed = new Set(part.layers.flatMap((layer) => layer.outputs))
    const weights = requested.filter((name) => !computed.has(name))
    if (weights.length > 0) {
      for (const [name, tensor] of Object.entries(await runCut([], new Map(), weights))) emit(name, tensor)
    }
    let carried = new Map<string, Tensor>()
    for (const group of inGroups(part.layers, isRequested, mostAtOnce, (name) => isTensor.has(name))) {
      const nodes = group.layers.map(({ node }) => node)
      const read = new Set(nodes.flatMap(({ inputs }) => inputs))
      const own = group.layers.flatMap((layer) => layer.outputs).filter((name) => !fed.has(name))
      const given = new Map([...fed, ...carried].filter(([name]) => read.has(name)))
      const wanted = own.filter((name) => isRequested.has(name) || group.carried.has(name))
      const results = await runCut(nodes, given, wanted)
      carried = new Map([...carried, ...Object.entries(results)].filter(([name]) => group.carried.has(name)))
      for (const name of wanted.filter((name) => isRequested.has(name))) {
        emit(name, carried.has(name) ? copyOf(results[name]) : results[name])
      }
    }
  }
  const model = createModel(
    {
      source,
      runtime: { name: runtime.name, version: runtime.version, options: describeSession(options) },
      inputs,
      outputs,
      blobs,
      layers,
      has: (name) => known.has(name),
      dtypeOf: (name) => graph.dtypes.get(name),
      compute,
      close: () => sessions.close(),
    },
    OnnxError,
  )
  return { ...model, inspectLayer: layerInspector(graph, layers, (name) => model.run({}, { outputs: [name] })) }
}
