// What functions that load, take and run models ask of their arguments first.
import { describeValue } from '../arguments/describe.ts'
import type { Caller } from '../arguments/options.ts'
import { isPromiseLike, isTensorRecordOrEmpty } from '../tensor/tensor-record.ts'
import type { Model } from './model.ts'
import type { ModelErrorClass } from './model-error.ts'

/**
 * @param caller what was called, for messages: `diagnose`
 * @param what which of its arguments it is, for messages: `the reference`
 * @throws TypeError for anything but a model
 */
export function checkModel(value: unknown, caller: string, what: string): Model {
  if (isModel(value)) return value
  if (isPromiseLike(value)) throw new TypeError(`${caller}: ${what} is a Promise: await it first`)
  throw new TypeError(
    `${caller}: ${what} must be a model, such as loadNcnn or loadRecording return, got ${describeValue(value)}`,
  )
}

const isModel = (value: unknown): value is Model =>
  typeof value === 'object' &&
  value !== null &&
  'run' in value &&
  typeof value.run === 'function' &&
  'outputs' in value &&
  Array.isArray(value.outputs)

/** Why `given` cannot be what a model is fed; undefined when it is tensors by name, or none. */
export function problemWithInputs(given: unknown, inputs: Model['inputs']): string | undefined {
  if (isTensorRecordOrEmpty(given)) return undefined
  const expected = `expected the tensors to feed by name, such as { ${inputs[0]?.name ?? 'in0'}: tensor }`
  return isPromiseLike(given)
    ? `${expected}, got a Promise: await it first`
    : `${expected}, got ${describeValue(given)}`
}

/** Who is called, for the check of its options: what is wrong with them is an error of the runtime's own kind. */
export const callerOf = (name: string, Failure: ModelErrorClass): Caller => ({
  name,
  error: (message) => new Failure(message, { code: 'wrong-option' }),
})
