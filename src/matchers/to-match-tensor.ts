// `expect(actual).toMatchTensor(reference, options)`: shape, dtype rule and every chosen criterion hold.
import { describeValue } from '../arguments/describe.ts'
import { checkOptionNames } from '../arguments/options.ts'
import { compareTensors } from '../compare/compare-tensors.ts'
import { explainComparison } from '../explain/comparison.ts'
import { renderText } from '../explain/text.ts'
import type { TensorLike } from '../tensor/tensor.ts'
import { isNamedTensors } from '../tensor/tensor-record.ts'
import { type AssertionOptions, assertionOptions, introduced } from './assertion-options.ts'
import type { MatcherContext, MatcherResult } from './context.ts'
import { withDefaults } from './defaults.ts'

export function toMatchTensor(
  this: MatcherContext,
  actual: unknown,
  reference: TensorLike,
  options?: AssertionOptions,
): MatcherResult {
  refuseRecord(actual, 'actual')
  refuseRecord(reference, 'reference')
  checkOptionNames(options, assertionOptions)
  const { message, saveFailures, ...given } = options ?? {}
  const comparison = compareTensors(actual as TensorLike, reference, withDefaults(given))
  // a shape that does not fit fails under .not as well: nothing was compared
  const pass = comparison.reason === 'shape' ? this.isNot === true : comparison.pass
  return {
    pass,
    message: () => introduced(message, renderText(explainComparison(comparison))),
    comparisons: [{ comparison }],
    saveFailures,
  }
}

/** What a model's run returns is one step short of a tensor. */
function refuseRecord(value: unknown, side: string): void {
  if (!isNamedTensors(value)) return
  const [first] = Object.keys(value)
  throw new TypeError(
    `${side} must be a tensor, got ${describeValue(value)}: take its ${first}, or compare all with toMatchTensors`,
  )
}
