// Compares named tensors, such as the outputs of two models: records and lists, one in the other as deep as they go.
import { describeValue } from '../arguments/describe.ts'
import type { TensorLike } from '../tensor/tensor.ts'
import { isTensorList, isTensorRecordOrEmpty } from '../tensor/tensor-record.ts'
import { compareTensors } from './compare-tensors.ts'
import type { Comparison } from './comparison.ts'
import type { CompareOptions } from './options/options.ts'

/** One name of the two structures: compared, or `problem` says why it was not. */
export type NamedComparison =
  | { readonly name: string; readonly comparison: Comparison; readonly problem?: undefined }
  | { readonly name: string; readonly comparison: undefined; readonly problem: string }

/** Tensors by name or in order, and again such records and lists. */
export type TensorTree = TensorLike | { readonly [name: string]: TensorTree } | readonly TensorTree[]

/** One name of the two structures, and what they have there. */
export type NamedPair =
  | { readonly name: string; readonly actual: unknown; readonly reference: unknown; readonly problem?: undefined }
  | { readonly name: string; readonly problem: string }

/**
 * A pair for every tensor of either side, those of the reference first. Names lead to the tensor: `logits`, `encoder.hidden`, `layers[2]`.
 */
export function pairUp(actual: unknown, reference: unknown, name = ''): NamedPair[] {
  if (isTensorRecordOrEmpty(actual) && isTensorRecordOrEmpty(reference)) {
    const keys = [...new Set([...Object.keys(reference), ...Object.keys(actual)])]
    return keys.flatMap((key) =>
      pairEntries(name === '' ? key : `${name}.${key}`, own(actual, key), own(reference, key)),
    )
  }
  if (Array.isArray(actual) && Array.isArray(reference) && (isTensorList(actual) || isTensorList(reference))) {
    const length = Math.max(actual.length, reference.length)
    return Array.from({ length }, (_, i) => pairEntries(`${name}[${i}]`, actual[i], reference[i])).flat()
  }
  const kinds = [kindOf(actual), kindOf(reference)]
  if (kinds[0] === kinds[1]) return [{ name, actual, reference }]
  return [
    {
      name,
      problem: `is ${kinds[0] ?? describeValue(actual)}, in the reference ${kinds[1] ?? describeValue(reference)}`,
    },
  ]
}

function pairEntries(name: string, actual: unknown, reference: unknown): NamedPair[] {
  if (actual === undefined) return [{ name, problem: 'missing' }]
  if (reference === undefined) return [{ name, problem: 'not in the reference' }]
  return pairUp(actual, reference, name)
}

/** What holds tensors; undefined for a single one, and for what is none. */
const kindOf = (value: unknown): string | undefined =>
  isTensorRecordOrEmpty(value) ? 'a record of tensors' : isTensorList(value) ? 'a list of tensors' : undefined

/** @param optionsOf the options for the tensor of a name */
export function comparePairs(
  pairs: readonly NamedPair[],
  optionsOf: (name: string) => CompareOptions | undefined,
): NamedComparison[] {
  return pairs.map((pair) => {
    const { name, problem } = pair
    if (problem !== undefined) return { name, comparison: undefined, problem }
    try {
      return {
        name,
        comparison: compareTensors(pair.actual as TensorLike, pair.reference as TensorLike, optionsOf(name)),
      }
    } catch (error) {
      if (error instanceof Error) error.message = `${name}: ${error.message}`
      throw error
    }
  })
}

/** What a record has under a name by itself: every object inherits a `constructor`. */
export function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}
