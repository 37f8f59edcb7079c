// `expect(outputs).toMatchTensors(references, options)`: every named tensor matches the reference of its name.
import type { CompareOptions } from '../compare/options/options.ts'
import { compareRecords, isTensorObject, isTensorRecord } from '../compare/records.ts'
import { explainRecord } from '../explain/record.ts'
import { renderText } from '../explain/text.ts'
import { describeValue } from '../tensor/describe.ts'
import type { TensorLike } from '../tensor/tensor.ts'
import type { MatcherContext, MatcherResult } from './context.ts'
import { withDefaults } from './defaults.ts'

export function toMatchTensors(
  this: MatcherContext,
  actual: unknown,
  reference: Readonly<Record<string, TensorLike>>,
  options?: CompareOptions,
): MatcherResult {
  const actuals = checkRecord(actual, 'actual')
  const references = checkRecord(reference, 'reference')
  const outputs = compareRecords(actuals, references, withDefaults(options))
  const pass = outputs.every(({ comparison }) => comparison?.pass)
  // a missing name or a shape that does not fit fails under .not as well: nothing was compared
  const compared = outputs.every(({ comparison }) => comparison !== undefined && comparison.reason !== 'shape')
  return {
    pass: compared ? pass : this.isNot === true,
    message: () => renderText(explainRecord(outputs)),
    comparisons: outputs,
  }
}

/** Only a record of tensors will do: the keys of an array or of a single tensor are no names. */
function checkRecord(value: unknown, side: string): Readonly<Record<string, TensorLike>> {
  if (isTensorRecord(value)) return value
  if (typeof value === 'object' && value !== null && 'then' in value) {
    throw new TypeError(`${side} is a Promise: await it first`)
  }
  const got = isTensorObject(value) ? 'a single tensor: use toMatchTensor' : describeValue(value)
  throw new TypeError(`${side} must be a record of named tensors such as { out0: tensor }, got ${got}`)
}
