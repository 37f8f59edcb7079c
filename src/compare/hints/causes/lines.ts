// Cause: one gain, one offset, or both, for the whole tensor.
import { formatNumber } from '../../../tensor/numbers.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import { areFloats, type Scene } from '../scene.ts'
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
  const rest = (left: number) => `beyond that they differ by ${formatNumber(Math.sqrt(left / length))} rms`
  const found: Finding[] = [
    {
      code: 'sign-flip',
      message: 'actual is the reference with the opposite sign: look for a subtraction the wrong way round',
      left: share(afterFlip, actual.power),
    },
    {
      code: 'offset',
      message: `actual is the reference plus ${formatNumber(offset)}; ${rest(spread)}: look for a bias, a mean or a padding value that one side lacks`,
      left: share(spread, 4 * reference.spread),
      parameters: 1,
    },
  ]
  if (gain > 0) {
    found.push({
      code: 'gain',
      message: `actual is the reference times ${formatNumber(gain)}${explainGain(gain)}; ${rest(afterGain)}${adviceFor(scene)}`,
      left: share(afterGain, actual.power),
      parameters: 1,
    })
  }
  found.push({
    code: 'line',
    message: `actual is the reference times ${formatNumber(slope)}${explainGain(slope)} plus ${formatNumber(intercept)}; ${rest(afterLine)}: look for a mean, a standard deviation or a range that one side lacks`,
    left: share(afterLine, actual.spread),
    parameters: 2,
  })
  return found
}

/** The length of a vector may not matter; that of an image does. */
function adviceFor(scene: Scene): string {
  const isEmbedding = scene.axes.length <= 2 && (scene.axes.at(-1)?.length ?? 0) >= 16 && areFloats(scene)
  const isNumber = scene.actual.isWhole() || scene.reference.isWhole()
  return isEmbedding && !isNumber
    ? ": if only the direction matters, as of an embedding, compare with { normalize: 'l2' }"
    : ''
}
