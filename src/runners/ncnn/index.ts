// Entry point `expect-tensor/ncnn`.

export type { LayerInfo, Model, RunOptions, Runtime, TensorInfo, VariantSettings } from '../model.ts'
export type { ModelErrorCode } from '../model-error.ts'
export type { Batched } from './batches.ts'
export {
  type EngineCase,
  type EngineCasesOptions,
  type EnginePresence,
  type Engines,
  engineCases,
  findEngines,
  type NcnnOptionSetName,
  ncnnOptionSets,
  presentEngines,
} from './engine-matrix.ts'
export { type EmscriptenFactory, type EmscriptenModule, emscriptenEngine } from './engines/emscripten/index.ts'
export { type NativeEngineOptions, nativeEngine } from './engines/native/index.ts'
export { type PythonEngineOptions, pythonEngine } from './engines/python/index.ts'
export { type WorkerEngineOptions, workerEngine } from './engines/worker/index.ts'
export { NcnnError } from './error.ts'
export {
  type InspectNcnnOptions,
  inspectNcnn,
  type LayerInspection,
  type NcnnInspection,
  type StorageCounts,
} from './inspect.ts'
export { loadNcnn } from './load-ncnn.ts'
export type {
  BinaryParam,
  CustomForward,
  CustomLayer,
  CustomLayers,
  LoadNcnnOptions,
  NcnnEngine,
  NcnnOptions,
  ParamValue,
} from './options.ts'
export type { NcnnContents, NcnnSource } from './source.ts'
export type { WeightStorage } from './weights.ts'
