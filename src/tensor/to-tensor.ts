// TensorLike -> Tensor: accepts what the libraries of the JavaScript world call a tensor, and says plainly what it cannot accept.

import { describeValue } from '../arguments/describe.ts'
import { reasonOf } from '../host/reason.ts'
import { toFloat64 } from './decode.ts'
import { type DType, isBigIntDType, storageNameOf, type TypedArray } from './dtype.ts'
import { type ImageDataLike, isImageData } from './image-data.ts'
import { fromNested } from './nested.ts'
import { checkShape, checkSize, formatShape, sizeOf } from './shape.ts'
import { adoptStorage, checkDType, inferDType, storeAs, viewAsStorage } from './storage.ts'
import { gatherStrided } from './strided.ts'
import type { Float16ArrayLike, NestedArray, Tensor, TensorLike } from './tensor.ts'
import { isNamedTensors } from './tensor-record.ts'
import { refuseDetached, typedArrayName } from './typed-array.ts'

/** Names that some ndarray libraries give to "a plain array of whatever": the data itself tells more. */
const untypedNames = new Set(['generic', 'array', 'buffer'])

type Properties = Readonly<Record<string, unknown>>

/**
 * Converts anything tensor-like to a dense {@link Tensor}. A Tensor is returned as it is, and typed arrays are not copied.
 * Plain numbers become float64, bigints int64 (uint64 when they need it), booleans bool.
 *
 * @param options.name how errors call the argument.
 * @throws TypeError for anything that is not a tensor, with the reason: ragged, not numeric, a shape that does not fit the data,
 *   a dtype this package does not have, a tensor that was disposed or lives on another device.
 */
export function toTensor(tensorLike: TensorLike, options: { readonly name?: string } = {}): Tensor {
  const name = options.name ?? 'tensor'
  const value: unknown = tensorLike
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return fromScalar(value, name)
  const stored = viewAsStorage(value, name)
  if (stored) return { data: stored.data, shape: [stored.data.length], dtype: stored.dtype }
  if (Array.isArray(value)) return fromNested(value, name)
  if (typeof value === 'object' && value !== null) {
    const properties = value as Properties
    if (typeof properties.then === 'function') throw new TypeError(`${name} is a Promise: await it first`)
    if (typeof properties.dataSync === 'function') return fromTfjs(properties, name)
    if (typeof properties.toTensor === 'function' && ArrayBuffer.isView(properties.values)) {
      throw new TypeError(`${name} is a TensorBuffer of TensorFlow.js: hand over its toTensor()`)
    }
    if (properties.dims !== undefined) return fromDims(properties, name)
    if (properties.shape !== undefined) return fromNdarray(properties, name)
    if (isImageData(value)) return fromImageData(value, name)
  }
  throw new TypeError(
    isNamedTensors(value)
      ? `${name} must be a tensor, got ${describeValue(value)}: take its ${Object.keys(value)[0]}`
      : `${name} must be a tensor (a typed array, nested arrays of numbers, a number, or an object with data and a shape), got ${describeValue(value)}`,
  )
}

/**
 * Makes a tensor from data, a shape and a dtype. Typed arrays are not copied, unless `dtype` is another than theirs: then the
 * elements are converted (half floats rounded to nearest even). A `Uint16Array` with dtype `float16` or `bfloat16` is taken as bits.
 *
 * @param shape default: the shape of nested arrays, `[length]` for a typed array.
 * @param dtype default: what the data holds.
 * @throws TypeError when the shape does not fit the data or the dtype cannot hold an element.
 */
export function tensor(
  data: TypedArray | Uint8ClampedArray | Float16ArrayLike | NestedArray | number | bigint | boolean,
  shape?: readonly number[],
  dtype?: DType,
): Tensor {
  const name = 'tensor'
  const wanted = dtype === undefined ? undefined : checkDType(dtype, name)
  const given = shape === undefined ? undefined : checkShape(shape, name)
  const source = toTensor(data as TensorLike, { name })
  checkSize(given ?? source.shape, source.data.length, name)
  const newShape = given ?? source.shape
  if (wanted === undefined || wanted === source.dtype) return { ...source, shape: newShape }
  const bits = typedArrayName(data) === 'Uint16Array' && storageNameOf(wanted) === 'Uint16Array'
  if (bits) return { data: source.data, shape: newShape, dtype: wanted }
  const values = isBigIntDType(source.dtype) ? source.data : toFloat64(source)
  return { data: storeAs(wanted, values, name), shape: newShape, dtype: wanted }
}

function fromScalar(value: number | bigint | boolean, name: string): Tensor {
  const dtype = inferDType([value])
  return { data: storeAs(dtype, [value], name), shape: [], dtype }
}

/** TensorFlow.js: `dataSync()` downloads the elements; its `strides` describe the dense layout and are not needed. */
function fromTfjs(source: Properties, name: string): Tensor {
  if (source.isDisposed === true)
    throw new TypeError(`${name}: the tfjs tensor is disposed; keep it alive until it is compared`)
  if (source.dtype === 'complex64') {
    throw new TypeError(`${name}: no tensor here holds complex numbers; compare tf.real(x) and tf.imag(x)`)
  }
  const dtype = checkDType(source.dtype ?? 'float32', name)
  const shape = checkShape(source.shape, name)
  const data = read(() => (source.dataSync as () => unknown).call(source), name)
  // tfjs-node calls the int64 results of a SavedModel int32.
  const stored = adoptStorage(data, typedArrayName(data) === 'BigInt64Array' ? 'int64' : dtype, name)
  checkSize(shape, stored.data.length, name)
  return { ...stored, shape }
}

/** ONNX Runtime and transformers.js: `{ data, dims, type }`. */
function fromDims(source: Properties, name: string): Tensor {
  const shape = checkShape(source.dims, name)
  const type = source.type ?? source.dtype
  const dtype = type === undefined ? undefined : checkDType(type, name)
  const stored = adoptStorage(
    read(() => source.data, name),
    dtype,
    name,
  )
  checkSize(shape, stored.data.length, name)
  return { ...stored, shape }
}

/** `{ data, shape, dtype? }`, a Tensor among them, and ndarrays with strides and an offset (both counted in elements). */
function fromNdarray(source: Properties, name: string): Tensor {
  const shape = checkShape(source.shape, name)
  const declared = source.dtype ?? source.type
  const dtype = declared === undefined || untypedNames.has(declared as string) ? undefined : checkDType(declared, name)
  const data = read(() => source.data, name)
  refuseDetached(data, name)
  const strides = source.strides ?? source.stride
  const offset = source.offset ?? 0
  const dense = strides === undefined && offset === 0
  if (dense && dtype === source.dtype && dtype !== undefined && storageNameOf(dtype) === typedArrayName(data)) {
    checkSize(shape, (data as TypedArray).length, name)
    const given = source as unknown as Tensor
    return isPlainShape(given.shape) ? given : { data: given.data, shape, dtype }
  }
  const stored = adoptStorage(data, dtype, name)
  if (dense) {
    checkSize(shape, stored.data.length, name)
    return { ...stored, shape }
  }
  const steps = checkStrides(strides, offset, shape, stored.data.length, name)
  return {
    data: gatherStrided(stored.data, shape, steps, offset as number, stored.dtype),
    shape,
    dtype: stored.dtype,
  }
}

function fromImageData({ data, width, height }: ImageDataLike, name: string): Tensor {
  return { ...adoptStorage(data, undefined, name), shape: [height, width, 4] }
}

/** Some libraries count in bigints, or keep lengths in a typed array. */
function isPlainShape(shape: readonly unknown[]): boolean {
  return Array.isArray(shape) && shape.every((length) => typeof length === 'number')
}

/** The strides of an ndarray (row-major when it has none), after checking that every element they reach exists. */
function checkStrides(
  strides: unknown,
  offset: unknown,
  shape: readonly number[],
  length: number,
  name: string,
): number[] {
  if (!Number.isSafeInteger(offset) || (offset as number) < 0) {
    throw new TypeError(`${name}: the offset ${String(offset)} is not a non-negative whole number`)
  }
  const steps: unknown[] =
    strides === undefined
      ? shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))
      : Array.from(strides as ArrayLike<unknown>)
  if (steps.length !== shape.length || !steps.every((step) => Number.isSafeInteger(step))) {
    throw new TypeError(
      `${name}: the strides [${steps.map(String).join(', ')}] must be one whole number for each axis of the shape ${formatShape(shape)}`,
    )
  }
  const checked = steps as number[]
  let least = offset as number
  let greatest = offset as number
  shape.forEach((axisLength, axis) => {
    const reach = (axisLength - 1) * checked[axis]
    if (reach < 0) least += reach
    else greatest += reach
  })
  if (sizeOf(shape) > 0 && (least < 0 || greatest >= length)) {
    throw new TypeError(
      `${name}: the shape ${formatShape(shape)} with strides [${checked.join(', ')}] and offset ${offset} reaches elements ${least} to ${greatest}, but the data has ${length}`,
    )
  }
  return checked
}

/** Reads the elements; tensors that were disposed or live on a GPU throw here, in words of their own. */
function read(getData: () => unknown, name: string): unknown {
  try {
    return getData()
  } catch (cause) {
    const reason = reasonOf(cause)
    throw new TypeError(
      `${name}: its data cannot be read (${reason}); download it from its device first, and keep the tensor undisposed until it is compared`,
      { cause },
    )
  }
}
