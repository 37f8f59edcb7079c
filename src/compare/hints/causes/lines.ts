// Cause: one gain, one offset, or both, for the whole tensor.
import { formatNumber } from '../../../tensor/numbers.ts'
import { formatFitted } from '../format.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import type { Scene } from '../scene.ts'
import { explainGain } from './known-gains.ts'

/** Below this many pairs any numbers look like a line. */
const leastPairs = 4

/** The greatest share of the reference's own spread that may be left over: below it, the line is still the reference. */
const isConstant = ({ min, max }: { min: number; max: number }) => min === max

export const lines: Hypothesis = (scene) => {
  const { actual, reference, length, error, codeviation } = scene
  if (length < leastPairs || isConstant(reference) || isConstant(actual)) return []
  const product = codeviation + length * actual.mean * reference.mean
  const offset = actual.mean - reference.mean
  const spread = Math.max(1e-15 * error, error - length * offset * offset)
  // sums of squares cancel: what is less than this is their rounding
  const rounding = 1e-15 * (actual.power + reference.power)
  const gain = product / reference.power
  const slope = codeviation / reference.spread
  const intercept = actual.mean - slope * reference.mean
  const afterGain = Math.max(rounding, actual.power - gain * product)
  const afterLine = Math.max(rounding, actual.spread - slope * codeviation)
  const afterFlip =
    Math.max(0, actual.spread + reference.spread + 2 * codeviation) + length * (actual.mean + reference.mean) ** 2
  const share = (left: number, whole: number) => left / Math.min(error, whole)
  const rest = (left: number) => describeRest(scene, left)
  // standard deviations of what was fitted
  const noise = Math.sqrt(afterLine / length)
  const ofOffset = Math.sqrt(spread) / length
  const ofGain = Math.sqrt(afterGain / length / reference.power)
  const ofSlope = noise / Math.sqrt(reference.spread)
  const ofIntercept = noise * Math.sqrt(1 / length + reference.mean ** 2 / reference.spread)
  const found: Finding[] = [
    {
      code: 'sign-flip',
      message: 'actual is the reference with the opposite sign: look for a subtraction the wrong way round',
      left: share(afterFlip, actual.power),
    },
    {
      code: 'offset',
      message: `actual is the reference plus ${formatFitted(offset, ofOffset)}; ${rest(spread)}: look for a bias, a mean or a padding value that one side lacks`,
      left: share(spread, 4 * reference.spread),
      parameters: 1,
    },
  ]
  if (gain > 0) {
    const [times, reason] = [formatFitted(gain, ofGain), explainGain(gain, ofGain)]
    found.push({
      code: 'gain',
      message: `actual is the reference times ${times}${reason}; ${rest(afterGain)}${reason === '' ? adviceFor(scene, times) : ''}`,
      left: share(afterGain, actual.power),
      parameters: 1,
    })
  }
  // a line through 0 is a gain
  if (
    Math.abs(intercept) > Math.max(leastDeviations * ofIntercept, leastIntercept * Math.sqrt(actual.power / length))
  ) {
    found.push({
      code: 'line',
      message: `actual is the reference times ${formatFitted(slope, ofSlope)}${explainGain(slope, ofSlope)} plus ${formatFitted(intercept, ofIntercept)}; ${rest(afterLine)}: look for a mean, a standard deviation or a range that one side lacks`,
      left: share(afterLine, actual.spread),
      parameters: 2,
    })
  }
  return found
}

/** An intercept within so many of its standard deviations, or below this share of the values, is none. */
const leastDeviations = 3
const leastIntercept = 1e-6

/** What is less, as a share of the values, is their rounding to float32. */
const rounded = 2 ** -23

function describeRest({ actual, length }: Scene, left: number): string {
  const rms = Math.sqrt(left / length)
  return rms <= rounded * Math.sqrt(actual.power / length)
    ? 'beyond that they agree'
    : `beyond that they differ by ${formatNumber(rms)} rms`
}

/** The length of an embedding may not matter; that of audio does, and a whole factor has another reason. */
function adviceFor({ axes, actual, reference, source }: Scene, gain: string): string {
  const [axis] = axes
  const isEmbedding = axes.length === 1 && axis !== undefined && axis.length >= 16 && axis.length <= 4096
  if (!isEmbedding || source.pairs.shape.length > 2 || actual.isWhole() || reference.isWhole()) return ''
  const isUnit = [actual, reference].some(({ power }) => Math.abs(power - 1) < 1e-3)
  return Number.isInteger(Number(gain)) && !isUnit
    ? ''
    : ": if only the direction matters, as of an embedding, compare with { normalize: 'l2' }"
}
