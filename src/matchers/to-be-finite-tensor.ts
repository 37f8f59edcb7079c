// `expect(actual).toBeFiniteTensor()`: no element is NaN or infinite.
import { explainNonFinite } from '../explain/non-finite.ts'
import { renderText } from '../explain/text.ts'
import { toFloat64 } from '../tensor/decode.ts'
import type { TensorLike } from '../tensor/tensor.ts'
import { toTensor } from '../tensor/to-tensor.ts'
import type { MatcherContext, MatcherResult } from './context.ts'

export function toBeFiniteTensor(this: MatcherContext, actual: unknown): MatcherResult {
  const tensor = toTensor(actual as TensorLike, { name: 'actual' })
  const elements = toFloat64(tensor)
  const positions: number[] = []
  elements.forEach((value, position) => {
    if (!Number.isFinite(value)) positions.push(position)
  })
  return {
    pass: positions.length === 0,
    message: () => renderText(explainNonFinite(tensor, elements, positions)),
  }
}
