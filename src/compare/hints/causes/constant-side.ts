// Cause: one side is constant, zero as a rule, while the other is not.
import { formatNumber } from '../../../tensor/numbers.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import type { Scene } from '../scene.ts'

/** Two equal numbers are no constant. */
const leastElements = 3

export const constantSide: Hypothesis = (scene) => {
  const { actual, reference, length } = scene
  const isConstant = (side: { min: number; max: number }) => side.min === side.max
  if (length < leastElements || isConstant(actual) === isConstant(reference)) return []
  const evidence = `all ${length} elements are equal`
  if (isConstant(actual)) {
    const message = `every element of actual is ${formatNumber(actual.min)}: its input may be missing or constant, a layer may not have run, or the wrong output was read`
    return [{ code: 'dead-output', message, left: 0, evidence }]
  }
  return isUnlike(scene)
    ? [
        {
          code: 'constant-reference',
          message: `every element of the reference is ${formatNumber(reference.min)}, and those of actual are not: is it the right reference?`,
          left: 0,
          evidence,
        } satisfies Finding,
      ]
    : []
}

/** A few elements that stray, or noise around the constant, do not make the reference a wrong one. */
function isUnlike({ actual, reference, length, differing }: Scene): boolean {
  const deviation = Math.sqrt(actual.spread / length)
  return differing >= 0.5 * length && deviation >= 0.1 * Math.abs(reference.min)
}
