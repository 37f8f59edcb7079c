// `expect(actual).toHaveShape([1, 192])`: the tensor has exactly this shape.
import { checkShape, formatShape, sameShape } from '../tensor/shape.ts'
import type { TensorLike } from '../tensor/tensor.ts'
import { toTensor } from '../tensor/to-tensor.ts'
import type { MatcherContext, MatcherResult } from './context.ts'

export function toHaveShape(this: MatcherContext, actual: unknown, shape: readonly number[]): MatcherResult {
  const expected = checkShape(shape, 'toHaveShape')
  const tensor = toTensor(actual as TensorLike, { name: 'actual' })
  const pass = sameShape(tensor.shape, expected)
  return {
    pass,
    message: () =>
      pass
        ? `Expected a shape other than ${formatShape(expected)}`
        : `Expected the shape ${formatShape(expected)}, but the tensor has ${formatShape(tensor.shape)} (${tensor.dtype})`,
  }
}
