// Cause: a leaky ReLU, PReLU or ELU with another slope: what is not negative agrees, what is negative is the other side times a number.
import { formatNumber } from '../../../tensor/numbers.ts'
import { formatFitted, formatList } from '../format.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import { type Axis, type Scene, wholeOf } from '../scene.ts'

/** Negative elements to which one number is fitted, at least. */
const leastNegatives = 6

/** Both sides have gone through the same arithmetic: nothing else may be left. */
const mostLeft = 1e-5

export const negativeSlope: Hypothesis = (scene) => {
  const { actual, reference, few, finitePairs, length } = scene
  if (reference.min >= 0 || actual.min >= 0 || reference.max <= 0 || finitePairs < length) return []
  const isNegative = (i: number) => reference.values[i] < 0 && actual.values[i] < 0
  if (!few.differing.every(isNegative) || few.equal.some(isNegative)) return []
  return [wholeOf(scene), ...scene.axes].flatMap((axis) => tryAxis(scene, axis)).slice(0, 1)
}

function tryAxis(scene: Scene, axis: Axis): Finding[] {
  const { actual, reference, length, error } = scene
  const { length: count, stride, index } = axis
  if (length < 2 * leastNegatives * count) return []
  const sums = Array.from({ length: count }, () => ({ aa: 0, ar: 0, rr: 0 }))
  for (let i = 0; i < length; i++) {
    const [x, y] = [actual.values[i], reference.values[i]]
    if (y >= 0) {
      if (x !== y) return []
      continue
    }
    const sum = sums[Math.floor(i / stride) % count]
    sum.aa += x * x
    sum.ar += x * y
    sum.rr += y * y
  }
  const slopes = sums.map(({ ar, rr }) => (rr === 0 ? 1 : ar / rr))
  const left = sums.reduce((all, { aa, ar }, slice) => all + Math.max(0, aa - slopes[slice] * ar), 0) / error
  if (!(left <= mostLeft) || slopes.some((slope) => slope <= 0)) return []
  const [first = 1] = slopes
  const what =
    index < 0
      ? `where the reference is negative, actual is it times ${formatFitted(first, 0)}`
      : `where the reference is negative, actual is it times a number for each slice of axis ${index} (${formatList(slopes.map((slope, i) => `${i}: ${formatNumber(slope)}`))})`
  return [
    {
      code: 'activation',
      message: `${what}, and all else agrees: a leaky ReLU, PReLU or ELU with ${index < 0 ? 'another slope' : 'other slopes'}`,
      left: Math.max(left, 1e-9),
      parameters: count,
    },
  ]
}
