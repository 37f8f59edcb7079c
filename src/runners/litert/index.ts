// Entry point `expect-tensor/litert`.

export type { LayerInfo, Model, RunOptions, Runtime, TensorInfo, VariantSettings } from '../model.ts'
export type { ModelErrorCode } from '../model-error.ts'
export { LitertError } from './error.ts'
export { type LitertEngine, type LitertKernels, type LoadLitertOptions, loadLitert } from './load-litert.ts'
