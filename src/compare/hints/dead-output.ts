// Hint: one side is constant, zero as a rule, while the other is not.

import { formatNumber } from '../../tensor/numbers.ts'
import type { HintFinder } from './context.ts'

export const deadOutput: HintFinder = ({ statistics, pairs }) => {
  const { actual, reference, finitePairs } = statistics()
  if (finitePairs < 2 || finitePairs < pairs.length) return undefined
  const isConstant = (side: { min: number; max: number }) => side.min === side.max
  if (isConstant(actual) === isConstant(reference)) return undefined
  if (isConstant(reference)) {
    return {
      code: 'constant-reference',
      message: `every element of the reference is ${formatNumber(reference.min)}, and those of actual are not: is it the right reference?`,
    }
  }
  return {
    code: 'dead-output',
    message: `every element of actual is ${formatNumber(actual.min)}: its input may be missing or constant, a layer may not have run, or the wrong output was read`,
  }
}
