// Entry point `expect-tensor/analysis`: two models layer by layer, why they differ, and recordings. Its name differs, lest a chunk of declarations take it.
export { AnalysisError, type AnalysisErrorCode } from './analysis/analysis-error.ts'
export type { Cause, Repair } from './analysis/causes/found.ts'
export type { CompareModelsOptions, ModelComparison } from './analysis/compare-models.ts'
export type { Culprit, Diagnosis } from './analysis/diagnose.ts'
export type { LayerRow } from './analysis/layer-table.ts'
export type { OutputComparison } from './analysis/outputs.ts'
export { type ModelRepair, repairModel } from './analysis/repair.ts'
export type {
  OutputTolerance,
  SuggestedBound,
  SuggestToleranceOptions,
  ToleranceSuggestion,
} from './analysis/suggest-tolerance.ts'
export type { MatchedBy } from './analysis/walk-state.ts'
export { compareModels, diagnose, type Readable, suggestTolerance } from './explain/diagnose.ts'
export { loadRecording } from './recordings/load-recording.ts'
export { type RecordOptions, recordActivations } from './recordings/record-activations.ts'
export { RecordingError } from './recordings/recording-error.ts'
export type {
  LayerAlternative,
  LayerChange,
  LayerDetails,
  LayerInfo,
  LayerParams,
  LayerWeight,
  Model,
  RunOptions,
  Runtime,
  ScalarRange,
  TensorInfo,
  VariantSettings,
} from './runners/model.ts'
