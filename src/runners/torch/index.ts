// Entry point `expect-tensor/torch`.

export type { LayerInfo, Model, RunOptions, Runtime, TensorInfo, VariantSettings } from '../model.ts'
export type { ModelErrorCode } from '../model-error.ts'
export { TorchError } from './error.ts'
export { type LoadTorchOptions, loadTorch } from './load-torch.ts'
