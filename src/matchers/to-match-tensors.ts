// `expect(outputs).toMatchTensors(references, options)`: every named tensor matches the reference of its name.
import { describeValue } from '../arguments/describe.ts'
import { checkOptionNames } from '../arguments/options.ts'
import { type CompareOptions, compareOptions } from '../compare/options/options.ts'
import { comparePairs, type NamedPair, own, pairUp, type TensorTree } from '../compare/records.ts'
import { explainRecord } from '../explain/record.ts'
import { renderText } from '../explain/text.ts'
import { isPromiseLike, isTensorList, isTensorObject, isTensorRecord } from '../tensor/tensor-record.ts'
import { introduced, type RecordOptions, recordOptions } from './assertion-options.ts'
import type { MatcherContext, MatcherResult } from './context.ts'
import { overlay, withDefaults } from './defaults.ts'

export function toMatchTensors(
  this: MatcherContext,
  actual: unknown,
  reference: TensorTree,
  options?: RecordOptions,
): MatcherResult {
  const areLists = isTensorList(actual) || isTensorList(reference)
  checkTensors(actual, 'actual', areLists)
  checkTensors(reference, 'reference', areLists)
  checkOptionNames(options, recordOptions)
  const { message, saveFailures, tolerances = {}, ...given } = options ?? {}
  const pairs = pairUp(actual, reference)
  checkTolerances(tolerances, pairs)
  const common = withDefaults(given)
  const outputs = comparePairs(pairs, (name) => overlay(common, own(tolerances, name)))
  const pass = outputs.every(({ comparison }) => comparison?.pass)
  // a missing name or a shape that does not fit fails under .not as well: nothing was compared
  const compared = outputs.every(({ comparison }) => comparison !== undefined && comparison.reason !== 'shape')
  return {
    pass: compared ? pass : this.isNot === true,
    message: () => introduced(message, renderText(explainRecord(outputs))),
    comparisons: outputs,
    saveFailures,
  }
}

/** Only a record or a list of tensors will do: the keys of a single tensor are no names. */
function checkTensors(value: unknown, side: string, areLists: boolean): void {
  if (isTensorRecord(value) || (areLists && Array.isArray(value))) return
  if (isPromiseLike(value)) throw new TypeError(`${side} is a Promise: await it first`)
  const got = isTensorObject(value)
    ? 'a single tensor: use toMatchTensor'
    : Array.isArray(value) && value.length > 0
      ? 'an array of numbers or typed arrays, which is a single tensor: use toMatchTensor, or give the tensors names'
      : describeValue(value)
  throw new TypeError(
    `${side} must be a record of named tensors such as { out0: tensor }, or a list of tensors, got ${got}`,
  )
}

/** A tolerance for a name that there is not would be a tolerance for nothing. */
function checkTolerances(
  tolerances: unknown,
  pairs: readonly NamedPair[],
): asserts tolerances is Readonly<Record<string, CompareOptions>> {
  const names = pairs.map(({ name }) => name)
  checkOptionNames(tolerances, Object.fromEntries(names.map((name) => [name, compareOptions])), { name: 'tolerances' })
}
