// Cause: values beyond what a floating-point type can hold became infinite, or stuck at its largest value.
import { formatNumber } from '../../../tensor/numbers.ts'
import { formatCount } from '../format.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import type { Side } from '../scene.ts'

/** The largest float16, and where rounding to infinity begins. */
const largestHalf = 65504
const leastHalfOverflow = 65520

const largestSingle = 3.4028234663852886e38

const hasInfinity = ({ values }: Side) => values.includes(Infinity) || values.includes(-Infinity)

/** Fires when every element that is infinite or stuck in actual has a larger finite reference of the same sign. */
export const overflow: Hypothesis = ({ actual, reference, length, finitePairs }) => {
  let infinite = 0
  let stuck = 0
  let survived = 0
  let least = Infinity
  let largest = 0
  const isWithin = Math.max(-actual.min, actual.max) < largestHalf
  if (isWithin && (finitePairs === length || !hasInfinity(actual))) return []
  for (let i = 0; i < length; i++) {
    const a = actual.values[i]
    const r = reference.values[i]
    const size = Math.abs(a)
    if (!(size >= largestHalf) || a === r) continue
    const fits = Number.isFinite(r) && Math.abs(r) >= leastHalfOverflow && Math.sign(a) === Math.sign(r)
    if (size === Infinity && !fits) return []
    if (size === Infinity) infinite++
    else if (size === largestHalf && fits) stuck++
    else if (size > largestHalf) survived++
    if (size !== Infinity && size !== largestHalf) continue
    least = Math.min(least, Math.abs(r))
    largest = Math.max(largest, Math.abs(r))
  }
  const count = infinite + stuck
  if (count === 0) return []
  const where = `where actual is infinite${stuck > 0 ? ' or stuck at 65504' : ''} (${formatCount(count, 'element')}), the reference`
  const evidence = 'all of them fit'
  if (least > largestSingle) {
    const message = `${where} is beyond what float32 holds (up to ${formatNumber(largest)}): the values overflowed in single precision, as a sum of squares or an exponential may`
    return [{ code: 'float32-overflow', message, left: 0, evidence } satisfies Finding]
  }
  if (survived > 0) return []
  const message = `${where} is beyond what float16 holds (up to ${formatNumber(largest)}): the values overflowed in half precision, so compute these layers in float32`
  return [{ code: 'half-overflow', message, left: 0, evidence } satisfies Finding]
}
