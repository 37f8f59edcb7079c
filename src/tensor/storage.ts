// Turns lists of numbers, bigints or booleans into the typed array that stores a dtype; never wraps or truncates silently.
import { describeValue, withArticle } from '../arguments/describe.ts'

import {
  allocate,
  type DType,
  dtypeOfStorage,
  dtypes,
  parseDType,
  type StorageName,
  storageNameOf,
  type TypedArray,
} from './dtype.ts'
import { float32ToBfloat16, float32ToFloat16 } from './half.ts'
import { isTypedArray, refuseDetached, typedArrayName } from './typed-array.ts'

const integerRanges = {
  int8: [-(2 ** 7), 2 ** 7 - 1],
  uint8: [0, 2 ** 8 - 1],
  int16: [-(2 ** 15), 2 ** 15 - 1],
  uint16: [0, 2 ** 16 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  bool: [0, 1],
} as const

/** The dtype called `dtype`; a TypeError that names the argument and lists the dtypes when there is none. */
export function checkDType(dtype: unknown, name: string): DType {
  const known = typeof dtype === 'string' ? parseDType(dtype) : undefined
  if (known !== undefined) return known
  const given = typeof dtype === 'string' ? `'${dtype}'` : describeValue(dtype)
  throw new TypeError(`${name}: the dtype ${given} is not supported; one of ${dtypes.join(', ')} is`)
}

/** One element as `dtype` stores it, or undefined when the dtype cannot hold it. */
function toElement(value: unknown, dtype: DType): number | bigint | undefined {
  if (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'boolean') return undefined
  switch (dtype) {
    case 'float32':
    case 'float64':
      return Number(value)
    case 'float16':
      return float32ToFloat16(Number(value))
    case 'bfloat16':
      return float32ToBfloat16(Number(value))
    case 'int64':
    case 'uint64': {
      if (typeof value === 'number' && !Number.isInteger(value)) return undefined
      const [least, greatest] = integerRanges[dtype]
      const integer = BigInt(value)
      return integer >= least && integer <= greatest ? integer : undefined
    }
    default: {
      const [least, greatest] = integerRanges[dtype]
      const integer = Number(value)
      return Number.isInteger(integer) && integer >= least && integer <= greatest ? integer : undefined
    }
  }
}

/**
 * Stores `values` as `dtype`.
 *
 * @throws TypeError that names the first element which is no number, or which the dtype cannot hold.
 */
export function storeAs(dtype: DType, values: ArrayLike<unknown>, name: string): TypedArray {
  const out = allocate(dtype, values.length)
  const to = out as unknown as { [index: number]: number | bigint }
  for (let i = 0; i < values.length; i++) {
    const element = toElement(values[i], dtype)
    if (element === undefined) {
      const value = values[i]
      const numeric = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
      throw new TypeError(
        numeric
          ? `${name}: element ${i} is ${String(value)}, which ${dtype} cannot hold`
          : `${name}: element ${i} is ${describeValue(value)}, not a number`,
      )
    }
    to[i] = element
  }
  return out
}

/** The dtype a flat list wants: bigints are int64 (uint64 when they need it), booleans bool, everything else float64. */
export function inferDType(values: ArrayLike<unknown>): DType {
  const first = values[0]
  if (typeof first === 'boolean') return 'bool'
  if (typeof first !== 'bigint') return 'float64'
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (typeof value === 'bigint' && value > integerRanges.int64[1]) return 'uint64'
  }
  return 'int64'
}

/**
 * The same elements in an array of a dtype's own kind: a `Float16Array` becomes bits, a clamped array plain bytes; no copy.
 *
 * @throws TypeError when the array's memory was detached.
 */
export function viewAsStorage(data: unknown, name: string): { data: TypedArray; dtype: DType } | undefined {
  const kind = typedArrayName(data)
  if (kind === undefined) return undefined
  refuseDetached(data, name)
  if (isTypedArray(data)) return { data, dtype: dtypeOfStorage[kind as StorageName] }
  const { buffer, byteOffset, byteLength } = data as ArrayBufferView
  if (kind === 'Float16Array') return { data: new Uint16Array(buffer, byteOffset, byteLength / 2), dtype: 'float16' }
  if (kind === 'Uint8ClampedArray') return { data: new Uint8Array(buffer, byteOffset, byteLength), dtype: 'uint8' }
  return undefined
}

/**
 * The typed array for `data` when it is said to hold `dtype` (undefined: whatever it holds). 16-bit words said to be half
 * floats are taken as bits; apart from that a typed array must be of the dtype's own kind.
 */
export function adoptStorage(
  data: unknown,
  dtype: DType | undefined,
  name: string,
): { data: TypedArray; dtype: DType } {
  const stored = viewAsStorage(data, name)
  if (stored !== undefined) {
    if (dtype === undefined || dtype === stored.dtype) return stored
    if (storageNameOf(dtype) === typedArrayName(stored.data) && stored.dtype !== 'float16') {
      return { data: stored.data, dtype }
    }
    throw new TypeError(
      `${name}: its dtype is ${dtype}, which ${withArticle(storageNameOf(dtype))} stores, but its data is ${describeValue(data)}`,
    )
  }
  if (!Array.isArray(data)) {
    throw new TypeError(`${name}: its data must be a typed array or an array of numbers, got ${describeValue(data)}`)
  }
  const wanted = dtype ?? inferDType(data)
  return { data: storeAs(wanted, data, name), dtype: wanted }
}
