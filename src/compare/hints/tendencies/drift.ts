// Tendency: errors of the size of a rounding, or errors that lean on the values. Neither names a cause for certain.
import { formatNumber, formatPowerOfTwo, formatShare } from '../../../tensor/numbers.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import { areFloats, type Scene } from '../scene.ts'

/** Fewer elements say nothing about a typical error. */
const leastElements = 8

/** Fewer say nothing about a correlation: of noise, it is about 1 / sqrt(n). */
const leastCorrelated = 64

/**
 * Correlation of the error with the reference: over six utterances of an ECAPA-TDNN a wrong eps of BatchNorm has 0.62 to 0.78, float16
 * weights and storage at most 0.25, bfloat16 once 0.48.
 */
const leastLeaning = 0.55
const mostOfRounding = 0.5

/** A larger gain is no matter of an eps. */
const mostGain = 0.1

/** Share of the elements with a value that must be off: rounding spares few. */
const leastDiffering = 0.5

/** How far the relative error of the tensor as a whole may be from that of the median element. */
const mostUneven = 8

/** Relative errors, from the smaller to the larger, and what causes those between. */
const sizes = [
  {
    from: 2 ** -26,
    to: 2 ** -17,
    causes: 'float32 rounding causes: sums in another order, another machine or library',
  },
  {
    from: 2 ** -14.5,
    to: 2 ** -10,
    causes:
      "float16 weights cause (pnnx's fp16=1, its default; ncnn's storage): so do another eps, another form of GELU or a slightly other input",
  },
  {
    from: 2 ** -10,
    to: 2 ** -6,
    causes:
      'bfloat16 storage, float16 arithmetic or int8 weights cause: so do another eps, one wrong filter or a slightly other input',
  },
] as const

export const drift: Hypothesis = (scene) => {
  const { actual, reference, length, codeviation } = scene
  if (!areFloats(scene) || length < leastElements || reference.spread === 0) return []
  const spread = Math.max(0, actual.spread + reference.spread - 2 * codeviation)
  const leaning = (codeviation - reference.spread) / Math.sqrt(spread * reference.spread)
  const slope = codeviation / reference.spread
  if (Math.abs(leaning) >= leastLeaning && length >= leastCorrelated && Math.abs(slope - 1) <= mostGain) {
    return [describeLeaning(slope, leaning)]
  }
  return Math.abs(leaning) > mostOfRounding && length >= leastCorrelated ? [] : describeSize(scene)
}

function describeLeaning(slope: number, leaning: number): Finding {
  return {
    code: 'leaning',
    message: `the errors lean on the values: the reference times ${formatNumber(slope)} accounts for ${formatShare(leaning * leaning)} of the squared error. That is not rounding; look for a scale, or a constant such as the eps of a normalization`,
    left: 0,
    evidence: `correlation of the error with the reference ${leaning.toFixed(2)}`,
  }
}

function describeSize(scene: Scene): Finding[] {
  const size = typicalDrift(scene)
  const found = sizes.find(({ from, to }) => size >= from && size < to)
  if (found === undefined) return []
  return [
    {
      code: 'rounding-size',
      message: `the errors (${formatPowerOfTwo(size)} of the values) are of the size that ${found.causes}`,
      left: 0,
      evidence: 'a size alone; no pattern tells the cause',
    },
  ]
}

/**
 * The median relative error, or NaN when the error is not spread as rounding spreads it: over most elements, and with a root mean
 * square, relative to that of the reference, of about the same size.
 */
function typicalDrift({ source, length, differing, zeros, error, reference }: Scene): number {
  if (differing < leastDiffering * (length - zeros) || length - zeros < leastElements) return Number.NaN
  const median = source.relative().quantiles[0] ?? Number.NaN
  const overall = Math.sqrt(error / reference.power)
  return overall > median / mostUneven && overall < median * mostUneven ? median : Number.NaN
}
