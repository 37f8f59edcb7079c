// Entry point `expect-tensor/analysis`.
export type { Model, RunOptions, Runtime, TensorInfo } from '../runners/model.ts'
export { loadRecording } from './load-recording.ts'
export { type RecordOptions, recordActivations } from './record-activations.ts'
export { RecordingError } from './recording-error.ts'
