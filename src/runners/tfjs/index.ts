// Entry point `expect-tensor/tfjs`.

export type { LayerInfo, Model, RunOptions, Runtime, TensorInfo, VariantSettings } from '../model.ts'
export type { ModelErrorCode } from '../model-error.ts'
export { TfjsError } from './error.ts'
export { loadTfjs } from './load-tfjs.ts'
export type { LoadedTfModel, TfNamespace } from './namespace.ts'
