// `expect(actual).toMatchTensor(reference, options)`: shape, dtype rule and every chosen criterion hold.
import { compareTensors } from '../compare/compare-tensors.ts'
import type { CompareOptions } from '../compare/options/options.ts'
import { explainComparison } from '../explain/comparison.ts'
import { renderText } from '../explain/text.ts'
import type { TensorLike } from '../tensor/tensor.ts'
import type { MatcherContext, MatcherResult } from './context.ts'
import { withDefaults } from './defaults.ts'

export function toMatchTensor(
  this: MatcherContext,
  actual: unknown,
  reference: TensorLike,
  options?: CompareOptions,
): MatcherResult {
  const comparison = compareTensors(actual as TensorLike, reference, withDefaults(options))
  // a shape that does not fit fails under .not as well: nothing was compared
  const pass = comparison.reason === 'shape' ? this.isNot === true : comparison.pass
  return { pass, message: () => renderText(explainComparison(comparison)), comparisons: [{ comparison }] }
}
