// Entry point `expect-tensor/analysis`.

export { loadRecording } from '../recordings/load-recording.ts'
export { type RecordOptions, recordActivations } from '../recordings/record-activations.ts'
export { RecordingError } from '../recordings/recording-error.ts'
export type { LayerInfo, Model, RunOptions, Runtime, TensorInfo, VariantSettings } from '../runners/model.ts'
export type { ModelErrorCode } from '../runners/model-error.ts'
