// Entry point `expect-tensor/onnx`.

export type { LayerInfo, Model, RunOptions, Runtime, TensorInfo, VariantSettings } from '../model.ts'
export type { ModelErrorCode } from '../model-error.ts'
export { OnnxError } from './error.ts'
export { type LoadOnnxOptions, loadOnnx } from './load-onnx.ts'
export type { OnnxExecutionProvider, OnnxSessionOptions } from './session-options.ts'
