// The package's root: tensors, comparison and matchers without a test runner.
export type {
  AbsoluteErrorStats,
  Comparison,
  ElementError,
  ErrorHistogram,
  FailedMetric,
  FailureReason,
  Hint,
  Index,
  MetricValues,
  NonFiniteCount,
  RelativeErrorStats,
  RequiredTolerance,
  SideSummary,
  WorstSlice,
} from './compare/comparison.ts'
export type { JsonNumber } from './compare/json.ts'
export type {
  CompareOptions,
  Float64Tensor,
  MetricBounds,
  Normalization,
  PresetName,
} from './compare/options/options.ts'
export type { TensorTree } from './compare/records.ts'
export { type ComparisonSummary, summarize } from './compare/summary.ts'
export { compareTensors, type ReadableComparison } from './explain/compare-tensors.ts'
export type { AssertionOptions, RecordOptions } from './matchers/assertion-options.ts'
export type { MatcherContext, MatcherResult } from './matchers/context.ts'
export { configureTensorMatchers } from './matchers/defaults.ts'
export { tensorMatchers } from './matchers/index.ts'
export type { Matcher } from './matchers/observe.ts'
export type { TopKOptions } from './matchers/to-agree-on-top-k.ts'
export type { MatchModelOptions } from './matchers/to-match-model.ts'
export type { AsymmetricTensorMatchers, TensorMatchers } from './matchers/types.ts'
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
export { ModelError, type ModelErrorCode } from './runners/model-error.ts'
export { type ModelFunction, modelFrom } from './runners/model-from.ts'
export type { SnapshotOptions, SnapshotStorage } from './snapshots/options.ts'
export type { DType, TypedArray } from './tensor/dtype.ts'
export {
  bfloat16ToFloat32,
  bfloat16ToFloat32Array,
  float16ToFloat32,
  float16ToFloat32Array,
  float32ToBfloat16,
  float32ToBfloat16Array,
  float32ToFloat16,
  float32ToFloat16Array,
} from './tensor/half.ts'
export type { ImageDataLike } from './tensor/image-data.ts'
export type { Float16ArrayLike, NestedArray, Tensor, TensorLike } from './tensor/tensor.ts'
export type { TensorRecord } from './tensor/tensor-record.ts'
export { tensor, toTensor } from './tensor/to-tensor.ts'
