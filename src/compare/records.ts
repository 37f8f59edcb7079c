// Compares two records of named tensors, such as the outputs of two models.
import type { TensorLike } from '../tensor/tensor.ts'
import { compareTensors } from './compare-tensors.ts'
import type { Comparison } from './comparison.ts'
import type { CompareOptions } from './options/options.ts'

/** One name of the two records: compared, or `problem` says why it was not. */
export type NamedComparison =
  | { readonly name: string; readonly comparison: Comparison; readonly problem?: undefined }
  | { readonly name: string; readonly comparison: undefined; readonly problem: string }

export type TensorRecord = Readonly<Record<string, TensorLike>>

/** A comparison for every name of either record, those of the reference first. */
export function compareRecords(
  actuals: TensorRecord,
  references: TensorRecord,
  options?: CompareOptions,
): NamedComparison[] {
  const names = [...new Set([...Object.keys(references), ...Object.keys(actuals)])]
  return names.map((name) => compareNamed(name, own(actuals, name), own(references, name), options))
}

/** What a record has under a name by itself: every object inherits a `constructor`. */
export function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

function compareNamed(
  name: string,
  actual: TensorLike | undefined,
  reference: TensorLike | undefined,
  options: CompareOptions | undefined,
): NamedComparison {
  if (actual === undefined) return { name, comparison: undefined, problem: 'missing' }
  if (reference === undefined) return { name, comparison: undefined, problem: 'not in the reference' }
  try {
    return { name, comparison: compareTensors(actual, reference, options) }
  } catch (error) {
    if (error instanceof Error) error.message = `${name}: ${error.message}`
    throw error
  }
}

/** Whether `value` is an object whose keys name tensors: not a tensor itself, not a list, not a promise. */
export function isTensorRecord(value: unknown): value is TensorRecord {
  return isPlainObject(value) && !('then' in value) && !isTensorObject(value) && Object.keys(value).length > 0
}

/** Whether `value` is one tensor that comes as an object with a shape. */
export function isTensorObject(value: unknown): boolean {
  if (!isPlainObject(value)) return false
  const { dims, shape } = value as { readonly dims?: unknown; readonly shape?: unknown }
  return [dims, shape].some(isListOfLengths)
}

function isListOfLengths(value: unknown): boolean {
  if (ArrayBuffer.isView(value)) return 'length' in value
  return Array.isArray(value) && value.every((length) => typeof length === 'bigint' || Number.isInteger(length))
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
}
