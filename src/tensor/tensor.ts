// What a tensor is in this package, and what users may hand over in its place.
import type { DType, TypedArray } from './dtype.ts'

/** A dense, row-major tensor. `shape` is outermost first; the product of `shape` is `data.length`; a scalar has shape `[]`. */
export interface Tensor {
  readonly data: TypedArray
  readonly shape: readonly number[]
  readonly dtype: DType
}

/** Nested arrays of numbers, bigints or booleans; every sub-array of one level has the same length. */
export type NestedArray = readonly (number | bigint | boolean | NestedArray)[]

/** Anything that {@link toTensor} understands. */
export type TensorLike =
  | Tensor
  | TypedArray
  | NestedArray
  | number
  | bigint
  | boolean
  /** ONNX Runtime and transformers.js: `type` names the element type (`float32`, `int64`, `bool`, ...). */
  | { readonly data: ArrayLike<number> | ArrayLike<bigint>; readonly dims: readonly number[]; readonly type?: string }
  /** TensorFlow.js. */
  | { dataSync(): ArrayLike<number>; readonly shape: readonly number[]; readonly dtype?: string }
  /** ndarray (stdlib, scijs): `strides` and `offset` count elements. */
  | {
      readonly data: ArrayLike<number> | ArrayLike<bigint>
      readonly shape: readonly number[]
      readonly dtype?: string
      readonly strides?: readonly number[]
      readonly stride?: readonly number[]
      readonly offset?: number
    }

/** Number of elements of a shape; 1 for the shape of a scalar, `[]`. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1)
}
