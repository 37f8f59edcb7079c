// What a tensor is in this package, and what users may hand over in its place.
import type { DType, TypedArray } from './dtype.ts'
import type { ImageDataLike } from './image-data.ts'

/** A dense, row-major tensor. `shape` is outermost first; the product of `shape` is `data.length`; a scalar has shape `[]`. */
export interface Tensor {
  readonly data: TypedArray
  readonly shape: readonly number[]
  readonly dtype: DType
}

/**
 * Nested arrays of numbers, bigints or booleans; every sub-array of one level has the same length. Rows may be typed arrays.
 * Numbers become float64, bigints int64 (uint64 when they need it), booleans bool. As one side of a comparison a float64
 * literal demands nothing of a float32 result: the default tolerance is the looser of the two sides. Beside integers, whole numbers
 * are exact.
 */
export type NestedArray = readonly (number | bigint | boolean | TypedArray | NestedArray)[]

/** `Float16Array`, where the JavaScript engine has it. */
export interface Float16ArrayLike extends ArrayLike<number> {
  readonly [Symbol.toStringTag]: 'Float16Array'
}

/** Anything that {@link toTensor} understands. */
export type TensorLike =
  | Tensor
  | TypedArray
  | Uint8ClampedArray
  | Float16ArrayLike
  | NestedArray
  | number
  | bigint
  | boolean
  /** ONNX Runtime and transformers.js: `type` names the element type (`float32`, `int64`, `bool`, ...). */
  | { readonly data: ArrayLike<number> | ArrayLike<bigint>; readonly dims: readonly number[]; readonly type?: string }
  /** What a canvas gives. */
  | ImageDataLike
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

export { sizeOf } from './shape.ts'
