// Tells a record of named tensors from a single tensor, a list and a promise: all are objects.
import { isRecord } from '../arguments/options.ts'
import { isImageData } from './image-data.ts'
import type { TensorLike } from './tensor.ts'

export type TensorRecord = Readonly<Record<string, TensorLike>>

/** Whether `value` is an object whose keys name tensors: not a tensor itself, not a list, not a promise. */
export function isTensorRecord(value: unknown): value is TensorRecord {
  return isTensorRecordOrEmpty(value) && Object.keys(value).length > 0
}

export function isTensorRecordOrEmpty(value: unknown): value is TensorRecord {
  return isRecord(value) && !isPromiseLike(value) && !isTensorObject(value)
}

/** Whether `value` is a list of tensors, one of them an object or a record: nested arrays of numbers and typed arrays are one tensor. */
export function isTensorList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.some((one) => isTensorObject(one) || isTensorRecord(one) || isTensorList(one))
}

/** Whether `value` is what a model returns: an object, each of whose values is a tensor that comes as an object or typed array. */
export function isNamedTensors(value: unknown): value is TensorRecord {
  return isTensorRecord(value) && Object.values(value).every((one) => isTensorObject(one) || ArrayBuffer.isView(one))
}

/** Whether `value` is one tensor that comes as an object with a shape. */
export function isTensorObject(value: unknown): boolean {
  if (!isPlainObject(value)) return false
  const { dims, shape } = value as { readonly dims?: unknown; readonly shape?: unknown }
  return [dims, shape].some(isListOfLengths) || isImageData(value)
}

export function isPromiseLike(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value
}

function isListOfLengths(value: unknown): boolean {
  if (ArrayBuffer.isView(value)) return 'length' in value
  return Array.isArray(value) && value.every((length) => typeof length === 'bigint' || Number.isInteger(length))
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
}
