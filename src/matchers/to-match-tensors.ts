// `expect(outputs).toMatchTensors(references, options)`: every named tensor matches the reference of its name.
import { compareTensors } from '../compare/index.ts'
import type { CompareOptions } from '../compare/options.ts'
import { describeValue } from '../tensor/describe.ts'
import type { TensorLike } from '../tensor/tensor.ts'
import type { MatcherContext, MatcherResult } from './context.ts'
import { withDefaults } from './defaults.ts'
import { describeRecord, type NamedComparison } from './message/record.ts'

export function toMatchTensors(
  this: MatcherContext,
  actual: unknown,
  reference: Readonly<Record<string, TensorLike>>,
  options?: CompareOptions,
): MatcherResult {
  const actuals = checkRecord(actual, 'actual')
  const references = checkRecord(reference, 'reference')
  const merged = withDefaults(options)
  const names = [...new Set([...Object.keys(references), ...Object.keys(actuals)])]
  const outputs = names.map((name) => compareNamed(name, actuals[name], references[name], merged))
  const pass = outputs.every(({ comparison }) => comparison?.pass)
  // a missing name or a shape that does not fit fails under .not as well: nothing was compared
  const compared = outputs.every(({ comparison }) => comparison !== undefined && comparison.reason !== 'shape')
  return { pass: compared ? pass : this.isNot === true, message: () => describeRecord(outputs) }
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

/** Only a record of tensors will do: the keys of an array or of a single tensor are no names. */
function checkRecord(value: unknown, side: string): Readonly<Record<string, TensorLike>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
  if (isObject && 'then' in value) throw new TypeError(`${side} is a Promise: await it first`)
  if (!isObject || isTensorObject(value) || Object.keys(value).length === 0) {
    const got = isObject && isTensorObject(value) ? 'a single tensor: use toMatchTensor' : describeValue(value)
    throw new TypeError(`${side} must be a record of named tensors such as { out0: tensor }, got ${got}`)
  }
  return value as Record<string, TensorLike>
}

function isTensorObject(value: { readonly dims?: unknown; readonly shape?: unknown }): boolean {
  return [value.dims, value.shape].some((lengths) => Array.isArray(lengths) && lengths.every(Number.isInteger))
}
