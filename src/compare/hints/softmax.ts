// Hint: one side is a softmax of the other.
import { normalize } from '../../tensor/normalize.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { isCloseNumber } from '../verdict/element-rule.ts'
import type { HintContext, HintFinder } from './context.ts'

/** How far from 1 the probabilities of a row may add up to, and by how much the softmax of the other side may miss them. */
const sumTolerance = 1e-2
const probabilityTolerance = { atol: 1e-3, rtol: 1e-2, equalNaN: false }

/** Fires when the last axis of one side holds probabilities, and the softmax of the other side, which does not, gives them. */
export const softmax: HintFinder = (context) => {
  const { pairs, statistics } = context
  const classes = pairs.shape.at(-1) ?? 1
  if (classes < 2 || statistics().finitePairs < pairs.length) return undefined
  const values = context.values()
  if (values === undefined) return undefined
  const [actual, reference] = [values.actual, values.reference]
  const ours = areProbabilities(actual, classes)
  if (ours === areProbabilities(reference, classes)) return undefined
  const [scores, probabilities] = ours ? [reference, actual] : [actual, reference]
  if (!isSoftmaxOf(context, scores, probabilities)) return undefined
  return {
    code: 'softmax',
    message: ours
      ? 'actual is the softmax of the reference: one model ends with it, the other does not'
      : 'the softmax of actual is the reference: the last layer was dropped, or logits are read on one side',
  }
}

function areProbabilities(values: Float64Array, classes: number): boolean {
  for (let start = 0; start < values.length; start += classes) {
    let sum = 0
    for (let i = start; i < start + classes; i++) {
      if (!(values[i] >= 0 && values[i] <= 1)) return false
      sum += values[i]
    }
    if (Math.abs(sum - 1) > sumTolerance) return false
  }
  return true
}

function isSoftmaxOf({ pairs }: HintContext, scores: Float64Array, probabilities: Float64Array): boolean {
  const tensor: Tensor = { data: scores, shape: pairs.shape, dtype: 'float64' }
  const result = normalize(tensor, 'softmax', undefined, 'scores').data as Float64Array
  return result.every((value, i) => isCloseNumber(value, probabilities[i], probabilityTolerance))
}
