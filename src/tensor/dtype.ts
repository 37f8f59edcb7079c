// The element types of a tensor, the typed array that stores each of them, and the names other libraries use for them.

/** Element type of a {@link Tensor}. `float16` and `bfloat16` are kept as bits in a `Uint16Array`, `bool` as 0/1 in a `Uint8Array`. */
export type DType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'bool'

/** Storage of a tensor's elements. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array

/** Bytes of one element. */
export const bytesPerElement: Readonly<Record<DType, 1 | 2 | 4 | 8>> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  bool: 1,
}

/** Every dtype, in the order in which messages list them. */
export const dtypes = Object.keys(bytesPerElement) as readonly DType[]

/** The typed array that stores each dtype, by the name its `%TypedArray%` tag reports. */
const storageNames = {
  float32: 'Float32Array',
  float64: 'Float64Array',
  float16: 'Uint16Array',
  bfloat16: 'Uint16Array',
  int8: 'Int8Array',
  uint8: 'Uint8Array',
  int16: 'Int16Array',
  uint16: 'Uint16Array',
  int32: 'Int32Array',
  uint32: 'Uint32Array',
  int64: 'BigInt64Array',
  uint64: 'BigUint64Array',
  bool: 'Uint8Array',
} as const satisfies Record<DType, string>

/** The name of the typed array that stores `dtype`, such as `'Float32Array'`. */
export type StorageName = (typeof storageNames)[DType]

export function storageNameOf(dtype: DType): StorageName {
  return storageNames[dtype]
}

/** What a typed array holds when nobody says otherwise: 16-bit words are integers unless a dtype makes them half floats. */
export const dtypeOfStorage: Readonly<Record<StorageName, DType>> = {
  Float32Array: 'float32',
  Float64Array: 'float64',
  Int8Array: 'int8',
  Uint8Array: 'uint8',
  Int16Array: 'int16',
  Uint16Array: 'uint16',
  Int32Array: 'int32',
  Uint32Array: 'uint32',
  BigInt64Array: 'int64',
  BigUint64Array: 'uint64',
}

interface TypedArrayConstructor {
  new (length: number): TypedArray
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TypedArray
}

/** The typed array that stores each dtype. */
export const arrayOf: Readonly<Record<DType, TypedArrayConstructor>> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
}

/** A zero-filled array that stores `length` elements of `dtype`. */
export function allocate(dtype: DType, length: number): TypedArray {
  return new arrayOf[dtype](length)
}

export function isFloatDType(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64' || dtype === 'float16' || dtype === 'bfloat16'
}

/** 64-bit integers do not fit a JavaScript number: they are compared and reported as bigint. */
export function isBigIntDType(dtype: DType): dtype is 'int64' | 'uint64' {
  return dtype === 'int64' || dtype === 'uint64'
}

/** Names under which other libraries know our dtypes: stdlib and scijs ndarrays, numpy, PyTorch. */
const aliases: Readonly<Record<string, DType>> = {
  float: 'float32',
  single: 'float32',
  double: 'float64',
  half: 'float16',
  uint8_clamped: 'uint8',
  uint8c: 'uint8',
  bigint64: 'int64',
  biguint64: 'uint64',
  boolean: 'bool',
}

/** The dtype that `name` means, or undefined for one we do not have (complex, string, 4-bit, 8-bit floats). */
export function parseDType(name: string): DType | undefined {
  if (Object.hasOwn(bytesPerElement, name)) return name as DType
  return Object.hasOwn(aliases, name) ? aliases[name] : undefined
}
