// The signatures under which the matchers appear on each runner's `expect`.
import type { CompareOptions } from '../compare/options/options.ts'
import type { TensorTree } from '../compare/records.ts'
import type { Model } from '../runners/model.ts'
import type { SnapshotOptions } from '../snapshots/options.ts'
import type { DType } from '../tensor/dtype.ts'
import type { TensorLike } from '../tensor/tensor.ts'
import type { AssertionOptions, RecordOptions } from './assertion-options.ts'
import type { TopKOptions } from './to-agree-on-top-k.ts'
import type { MatchModelOptions } from './to-match-model.ts'

/** The matchers of `expect(actual)`. `Result` is `void`, or a promise after `.resolves` and in `expect.poll`. */
export interface TensorMatchers<Result> {
  /**
   * The tensor has the reference's shape, and every element is within tolerance: `|a - r| <= atol + rtol * |r|`.
   *
   * Without `atol`, `rtol`, `preset` or `metrics` the tolerance follows from the dtypes, the looser of the two sides.
   */
  toMatchTensor(reference: TensorLike, options?: AssertionOptions): Result
  /**
   * Every tensor of a record or a list, or of records and lists within, matches the reference of the same name or place. Missing and extra ones
   * fail.
   */
  toMatchTensors(reference: TensorTree, options?: RecordOptions): Result
  /**
   * The tensor, or the record of named tensors, is the one that was stored for this test, within tolerance. The first run stores
   * it; the runner's update flag (`-u`) replaces it. In Vitest's browser mode the assertion must be awaited.
   *
   * @param hint tells several snapshots of one test apart
   */
  toMatchTensorSnapshot(hint?: string, options?: SnapshotOptions): Result
  toMatchTensorSnapshot(options?: SnapshotOptions): Result
  /**
   * The same `k` classes score highest along the last axis, in every row. Their order does not matter, and neither does a
   * class that the reference scores within tolerance of the one it displaces.
   */
  toAgreeOnTopK(reference: TensorLike, k: number, options?: TopKOptions): Result
  /**
   * Both models compute the same outputs from the same inputs, within tolerance. Where they do not, the message names the layer at which
   * they part, the cause and the repair. The assertion must be awaited.
   *
   * @param reference any model, or a recording of what one computes (`loadRecording`)
   */
  toMatchModel(reference: Model, options: MatchModelOptions): Promise<void>
  /** The tensor has exactly this shape, outermost axis first. A scalar's is `[]`. */
  toHaveShape(shape: readonly number[]): Result
  toHaveDtype(dtype: DType): Result
  /** No element is NaN or infinite. */
  toBeFiniteTensor(): Result
}

/** The asymmetric matchers, on `expect` and on `expect.not`. */
export interface AsymmetricTensorMatchers {
  /**
   * {@link TensorMatchers.toMatchTensor} for use inside `toEqual`, `toHaveBeenCalledWith` and their like.
   *
   * `expect.not.tensorCloseTo` matches a tensor of the reference's shape that misses the tolerance, nothing else.
   *
   * @typeParam Expected the type that is asked for where it stands; it fits everywhere, without being `any`
   */
  tensorCloseTo<Expected = unknown>(reference: TensorLike, options?: CompareOptions): Expected
}
