// `expect.tensorCloseTo(reference, options)`: toMatchTensor inside `toEqual`, `toHaveBeenCalledWith` and their like.

import { compareTensors } from '../compare/compare-tensors.ts'
import { checkOptions } from '../compare/options/check-options.ts'
import type { CompareOptions } from '../compare/options/options.ts'
import { describeVerdict } from '../explain/comparison.ts'
import { formatOptions } from '../explain/options.ts'
import { elementAt } from '../tensor/decode.ts'
import { formatValue } from '../tensor/numbers.ts'
import { formatShape } from '../tensor/shape.ts'
import type { Tensor, TensorLike } from '../tensor/tensor.ts'
import { toTensor } from '../tensor/to-tensor.ts'
import { abbreviateInDiff } from './abbreviate-in-diff.ts'
import type { MatcherContext, MatcherResult } from './context.ts'
import { withDefaults } from './defaults.ts'

/** A tensor with more elements than this is one line in a diff. */
const mostElementsInDiff = 16

/** What both runners take for an asymmetric matcher. */
interface AsymmetricMatcher {
  readonly $$typeof: symbol
  asymmetricMatch(actual: unknown): boolean
  toAsymmetricMatcher(): string
  toString(): string
  getExpectedType(): string
}

/**
 * The asymmetric matcher behind `expect.tensorCloseTo` and, when `inverse`, `expect.not.tensorCloseTo`. In a diff it is one line,
 * and so is the tensor that did not match it: runners take minutes over a diff of 100 000 lines.
 *
 * @throws TypeError at once for a reference or an option that is wrong.
 */
export function createTensorCloseTo(
  reference: TensorLike,
  options: CompareOptions | undefined,
  inverse: boolean,
): AsymmetricMatcher {
  const expected = toTensor(reference, { name: 'reference' })
  const merged = withDefaults(options)
  checkOptions(merged)
  const name = `${inverse ? 'not.' : ''}tensorCloseTo`
  return {
    $$typeof: Symbol.for('jest.asymmetricMatcher'),
    asymmetricMatch: (actual) => {
      const close = isClose(actual, expected, merged)
      return close !== undefined && close !== inverse
    },
    toAsymmetricMatcher: () => `${name}(${describeTensor(expected)}${formatOptions(merged)})`,
    toString: () => name,
    getExpectedType: () => 'object',
  }
}

/**
 * For `expect.extend`, where the runner itself makes the asymmetric matcher: it prints its arguments into the diff, so the reference
 * is abbreviated as well.
 */
export function tensorCloseTo(
  this: MatcherContext,
  actual: unknown,
  reference: TensorLike,
  options?: CompareOptions,
): MatcherResult {
  const expected = toTensor(reference, { name: 'reference' })
  const pass = isClose(actual, expected, withDefaults(options)) ?? this.isNot === true
  if (!pass && !isReadable(reference, expected)) abbreviateInDiff(reference, () => describeTensor(expected))
  return { pass, message: () => `Expected a tensor that is ${pass ? 'not ' : ''}close to the reference` }
}

/** Undefined for what cannot be compared: no tensor at all, or one of another shape. Neither matcher accepts it. */
function isClose(actual: unknown, reference: Tensor, options: CompareOptions | undefined): boolean | undefined {
  let tensor: Tensor
  try {
    tensor = toTensor(actual as TensorLike, { name: 'actual' })
  } catch {
    return undefined
  }
  const comparison = compareTensors(tensor, reference, options)
  if (!comparison.pass && !isReadable(actual, tensor)) {
    abbreviateInDiff(actual, () => `${describeTensor(tensor)}: ${describeVerdict(comparison)}`)
  }
  return comparison.reason === 'shape' ? undefined : comparison.pass
}

/** Whether a diff may show all there is of it: a short list of numbers, and not what else a library's tensor has in it. */
function isReadable(value: unknown, { data }: Tensor): boolean {
  if (data.length > mostElementsInDiff) return false
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return true
  const prototype = Object.getPrototypeOf(value)
  // that of another realm has no prototype itself
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** `float32 [2, 2]`, and the elements where they are few: `float32 [2] (0.5, 1)`. */
function describeTensor(tensor: Tensor): string {
  const { data, shape, dtype } = tensor
  const type = `${dtype} ${formatShape(shape)}`
  if (data.length > mostElementsInDiff) return type
  return `${type} (${Array.from({ length: data.length }, (_, i) => formatValue(elementAt(tensor, i), dtype)).join(', ')})`
}
