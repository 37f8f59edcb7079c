// `expect(actual).toBeFiniteTensor()`: no element is NaN or infinite.
import { explainNonFinite } from '../explain/non-finite.ts'
import { findNonFinite } from '../explain/non-finite-elements.ts'
import { renderText } from '../explain/text.ts'
import type { TensorLike } from '../tensor/tensor.ts'
import { toTensor } from '../tensor/to-tensor.ts'
import type { MatcherContext, MatcherResult } from './context.ts'

export function toBeFiniteTensor(this: MatcherContext, actual: unknown): MatcherResult {
  const tensor = toTensor(actual as TensorLike, { name: 'actual' })
  const found = findNonFinite(tensor)
  return {
    pass: found.count === 0,
    message: () => renderText(explainNonFinite(tensor, found)),
  }
}
