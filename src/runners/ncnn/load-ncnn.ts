// loadNcnn: reads a model's files, picks the engine, and returns the Model.

import { describeValue } from '../../arguments/describe.ts'
import { checkOptionNames, isRecord } from '../../arguments/options.ts'
import { environmentVariable } from '../../host/environment.ts'
import { quoteNames } from '../../tensor/quote-names.ts'
import { callerOf } from '../check-arguments.ts'
import { createModel } from '../create-model.ts'
import type { Model, Runtime } from '../model.ts'
import { changeLayers } from './changed-layers.ts'
import { nativeEngine } from './engines/native/index.ts'
import { pythonEngine } from './engines/python/index.ts'
import { wasmEngine } from './engines/wasm/index.ts'
import { NcnnError } from './error.ts'
import type { Graph } from './graph.ts'
import { layerInspector, type OpenFiles } from './layer-details.ts'
import {
  type EngineOptions,
  type LoadNcnnOptions,
  loadNcnnOptions,
  type NcnnEngine,
  type NcnnFiles,
  type WithWeights,
} from './options.ts'
import { parseParam } from './parse-param.ts'
import { ncnnRunner } from './runner.ts'
import { type NcnnSource, withFiles } from './source.ts'
import { connect } from './topology.ts'
import { changeFiles, checkSettings, type FileChanges } from './variant.ts'
import type { WeightSource } from './weight-source.ts'
import { currentFormat } from './weights.ts'

/**
 * Loads an ncnn model.
 *
 * Shapes are ncnn's, outermost first, with exactly ncnn's rank: `[w]`, `[h, w]`, `[c, h, w]`, `[c, d, h, w]`, without a batch axis
 * unless `batched` is set.
 *
 * @param source path of the `.param` (the `.bin` lies beside it, or at `options.bin`), or `{ param, bin }` with the contents
 * @throws {NcnnError} naming the file and the line, layer or byte that is wrong
 */
export async function loadNcnn(source: NcnnSource, options: LoadNcnnOptions = {}): Promise<Model> {
  checkOptionNames(options, loadNcnnOptions, callerOf('loadNcnn', NcnnError))
  return withFiles(source, options.bin, async (files) => {
    // The network is the one that was read first; its weights are read again when they are needed.
    const open: OpenFiles = (use) =>
      withFiles(source, options.bin, ({ bin }) => {
        checkUnchanged(files.bin, bin)
        return use({ ...files, bin })
      })
    const model = await loadVariant(files, open, options, {})
    checkBatchedNames(model, options.batched, files.paramName)
    return model
  })
}

/** A name that the model does not have would be a batch axis that is taken for something else. Variants may have fewer blobs. */
function checkBatchedNames(model: Model, batched: LoadNcnnOptions['batched'], paramName: string): void {
  const { inputs, blobs } = model
  const unknown = typeof batched === 'object' ? batched.find((name) => !blobs.includes(name)) : undefined
  if (unknown === undefined) return
  model.close()
  throw new NcnnError(
    `loadNcnn: batched names "${unknown}", which ${paramName} does not have; its inputs are ${quoteNames(inputs.map(({ name }) => name))}`,
    { code: 'wrong-option' },
  )
}

/**
 * The model, which can show its layers and load itself again.
 * @param open opens the files anew
 * @param changes what was changed in the files
 */
async function loadVariant(
  files: NcnnFiles,
  open: OpenFiles,
  options: LoadNcnnOptions,
  changes: FileChanges,
): Promise<Model> {
  const format = engineOptions(options)
  return {
    ...(await loadFiles(files, open, options, changes)),
    inspectLayer: layerInspector(open, format),
    async variant(settings) {
      checkSettings(settings)
      const { precision = options.precision, ncnn, masks, weights, layers, only } = settings
      const changed: OpenFiles = (use) =>
        open((opened) => use(changeFiles(changeLayers(opened, { layers, only }, format), { masks, weights }, format)))
      return changed((opened) =>
        loadVariant(
          opened,
          changed,
          { ...options, precision, ncnn: { ...options.ncnn, ...ncnn } },
          {
            masks: changes.masks || masks ? { ...changes.masks, ...masks } : undefined,
            weights: weights ?? changes.weights,
          },
        ),
      )
    },
  }
}

/** @throws {NcnnError} when the file is another than it was */
function checkUnchanged(loaded: WeightSource, { name, size, modified }: WeightSource): void {
  if (size === loaded.size && modified === loaded.modified) return
  throw new NcnnError(`${name} has changed since the model was loaded. Load the model again`, { code: 'unreadable' })
}

/**
 * Loads a model from its opened files.
 * @param open opens them anew
 * @param changes what was changed in them, for `runtime` to say
 */
export async function loadFiles(
  files: NcnnFiles,
  open: OpenFiles,
  options: LoadNcnnOptions = {},
  { masks, weights }: FileChanges = {},
): Promise<Model> {
  const engine = pickEngine(options.engine)
  const checked = engineOptions(options)
  const graph = parseParam(files)
  sayPartial(graph)
  const withWeights: WithWeights = (use) => open(({ bin }) => use(bin))
  const model = { ...files, graph, topology: connect(graph), withWeights }
  const network = await engine.load(model, checked)
  const { name, version, options: switches } = await describeRuntime(engine, checked)
  const { device } = network
  const runtime = {
    name,
    version,
    options: { ...switches, ...(device && { device }), ...(masks && { masks }), ...(weights && { weights }) },
  }
  return createModel(ncnnRunner(model, network, runtime, checked.batched), NcnnError)
}

/** What was said already: a model is loaded again for every variant of it. */
const said = new Set<string>()

/** Says that results come from a part of the file only, once for each file. */
function sayPartial({ source, isPartial, notes }: Graph): void {
  const message = `${source}: ${notes.join('; ')}`
  if (!isPartial || said.has(message)) return
  said.add(message)
  console.warn(message)
}

/** The engine that an option names. */
export function pickEngine(engine: LoadNcnnOptions['engine']): NcnnEngine {
  if (engine === undefined || engine === 'wasm') return wasmEngine
  if (engine === 'python') return pythonEngine()
  if (engine === 'native') return nativeEngine()
  if (typeof engine === 'object' && engine !== null && typeof engine.load === 'function') return engine
  throw new NcnnError(
    `expected the engine 'wasm', 'python' or 'native', or an engine object such as pythonEngine() returns, got ${describeValue(engine)}`,
    { code: 'wrong-option' },
  )
}

async function describeRuntime(engine: NcnnEngine, { ncnn, precision, relaxedSimd }: EngineOptions): Promise<Runtime> {
  const builtIn = { ...(precision === 'float64' ? { precision } : {}), ...(relaxedSimd ? { relaxedSimd } : {}) }
  return { name: engine.name, version: await engine.version(), options: { ...ncnn, ...builtIn } }
}

/** Asks for relaxed SIMD in every built-in model whose options do not say otherwise. */
const relaxedVariable = 'EXPECT_TENSOR_RELAXED_SIMD'

function isRelaxedEverywhere(): boolean {
  const value = environmentVariable(relaxedVariable) ?? ''
  if (['', '0', '1'].includes(value)) return value === '1'
  throw new NcnnError(`the environment variable ${relaxedVariable} must be 1 or 0, got ${describeValue(value)}`, {
    code: 'wrong-option',
  })
}

function engineOptions({
  engine,
  ncnn = {},
  precision = 'float32',
  customLayers = {},
  memoryLimit,
  weightsOnDemand,
  relaxedSimd = pickEngine(engine) === wasmEngine && isRelaxedEverywhere(),
  release = currentFormat.release,
  batched = false,
}: LoadNcnnOptions): EngineOptions {
  if (precision !== 'float32' && precision !== 'float64') {
    throw new NcnnError(`loadNcnn: precision must be 'float32' or 'float64', got ${describeValue(precision)}`, {
      code: 'wrong-option',
    })
  }
  if (memoryLimit !== undefined && !(memoryLimit > 0)) {
    throw new NcnnError(`loadNcnn: memoryLimit must be a positive number of bytes, got ${memoryLimit}`, {
      code: 'wrong-option',
    })
  }
  if (typeof release !== 'string' || !/^20\d{6}$/.test(release)) {
    throw new NcnnError(`loadNcnn: release must be a date such as '20261020', got ${describeValue(release)}`, {
      code: 'wrong-option',
    })
  }
  if (typeof batched !== 'boolean' && !(Array.isArray(batched) && batched.every((name) => typeof name === 'string'))) {
    throw new NcnnError(`loadNcnn: batched must be a boolean or names of inputs, got ${describeValue(batched)}`, {
      code: 'wrong-option',
    })
  }
  if (!isRecord(customLayers)) {
    throw new NcnnError(
      `loadNcnn: customLayers must be an object such as { MyLayer: (inputs) => [...] }, got ${describeValue(customLayers)}`,
      { code: 'wrong-option' },
    )
  }
  return { ncnn, precision, customLayers, memoryLimit, weightsOnDemand, relaxedSimd, release, batched }
}
