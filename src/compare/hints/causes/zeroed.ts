// Cause: scattered elements are zero on one side and the others scaled up for it (dropout), or not (a mask, dead channels).

import { formatNumber, formatShare } from '../../../tensor/numbers.ts'
import { blockLength } from '../block-length.ts'
import { excerptOf } from '../excerpt.ts'
import { type Finding, type Hypothesis, mostLeft } from '../hypothesis.ts'
import { type Axis, directions, nameOf, type Scene, type Side } from '../scene.ts'

const leastZeros = 4
const leastShare = 0.001
const mostShare = 0.95

/** Fewer elements do not tell how many are dropped. */
const leastPresent = 24

const mostOwnZeros = 0.05

export const zeroed: Hypothesis = (scene) =>
  directions(scene).flatMap(({ from, to }): Finding[] => {
    const { length, error } = scene
    if (!hasNewZeros(scene, from, to) || isRefuted(scene, from.name)) return []
    const kept = keep(from, to)
    const { zeros, zeroError, present } = kept
    // a reference that has zeros of its own has them where noise is not zero
    if (to.name === 'reference' && length - present > mostOwnZeros * length) return []
    const share = zeros / present
    if (zeros < Math.max(leastZeros, leastShare * length) || share > mostShare || kept.power === 0) return []
    const { gain, left } = gainOf(kept, error)
    const expected = 1 / (1 - share)
    const isGrown = present >= leastPresent && gain > 1.01 && left <= mostLeft
    const isKept = Math.abs(gain - 1) <= 1e-3 && zeroError >= (1 - mostLeft) * error && areApart(kept, error)
    if (!(isGrown || isKept)) return []
    const slices = wholeSlicesOfZeros(scene, to, from)
    // how far the share of zeros strays by chance from the probability of dropping, elements or whole slices
    const stray = 3 * Math.sqrt(share / (1 - share) / (slices?.axis.length ?? present))
    const mostStray = slices === undefined ? 0.15 : 0.4
    const where = slices === undefined ? '' : describeSlices(slices)
    const who = `${formatShare(share)} of ${nameOf(to)} is 0${where} where ${nameOf(from)} is not`
    if (isGrown && Math.abs(gain / expected - 1) < 0.02 + Math.min(stray, mostStray)) {
      return [
        {
          code: 'dropout',
          message: `${who}, and the others are it times ${formatNumber(gain)}, about 1 / (1 - ${formatNumber(1 - 1 / gain)}): dropout in training mode`,
          left,
          parameters: 1,
        },
      ]
    }
    if (!isKept) return []
    const threshold = thresholdOf(from, to)
    if (threshold !== undefined) {
      return [
        {
          code: 'zeroed',
          message: `${nameOf(to)} is 0 wherever ${nameOf(from)} is less than ${formatNumber(threshold)} in magnitude (${formatShare(share)}), and the others agree: a threshold, pruning, or values lost below the least that a type holds`,
          left: Math.max(0, error - zeroError) / error,
          parameters: 1,
        },
      ]
    }
    return [
      {
        code: 'zeroed',
        message: `${who}, and the others agree: a mask, elements that were not computed, or values lost below the least that a type holds`,
        left: Math.max(0, error - zeroError) / error,
        parameters: 1,
      },
    ]
  })

/**
 * Whether the elements that are not zero err so much less than the zeros as noise does not by chance: that so few of them do by this factor
 * has a probability of about 1e-6 (the tail of an F distribution).
 */
function areApart({ zeros, zeroError, present }: Kept, error: number): boolean {
  const others = present - zeros
  return zeroError / zeros >= ((3 * 10 ** (12 / others)) / others) * Math.max(0, error - zeroError)
}

/** The magnitude below which everything is zeroed and nothing above; undefined where zeros have no such limit. */
function thresholdOf(from: Side, to: Side): number | undefined {
  let [largestZeroed, leastKept] = [0, Infinity]
  for (let i = 0; i < to.values.length; i++) {
    const size = Math.abs(from.values[i])
    if (to.values[i] !== 0) leastKept = Math.min(leastKept, size)
    else largestZeroed = Math.max(largestZeroed, size)
  }
  return largestZeroed < leastKept ? leastKept : undefined
}

/** Whether there are zeros on one side only, among the pairs that differ. */
function hasNewZeros({ few }: Scene, from: Side, to: Side): boolean {
  return few.differing.some((i) => to.values[i] === 0 && from.values[i] !== 0)
}

/** What is left of an excerpt, and how little of its error the zeros have, where neither dropout nor a mask explains the whole. */
const mostLeftOfExcerpt = 0.1
const leastZeroError = 0.5

function isRefuted(scene: Scene, from: Side['name']): boolean {
  const excerpt = excerptOf(scene)
  if (excerpt === undefined) return false
  const kept = from === 'actual' ? keep(excerpt.actual, excerpt.reference) : keep(excerpt.reference, excerpt.actual)
  return gainOf(kept, excerpt.error).left > mostLeftOfExcerpt && kept.zeroError < leastZeroError * excerpt.error
}

/** By how much the elements that are not zero have grown, and the share of the squared error that this leaves of them. */
function gainOf({ product, power, squares }: Kept, error: number): { readonly gain: number; readonly left: number } {
  const gain = product / power
  return { gain, left: Math.max(0, squares - gain * product) / Math.min(error, squares) }
}

function keep(from: Side, to: Side): Kept {
  const kept = { zeros: 0, zeroError: 0, product: 0, power: 0, squares: 0, present: 0 }
  const { length } = to.values
  for (let start = 0; start < length; start += blockLength) {
    addKept(kept, from.values, to.values, start, Math.min(start + blockLength, length))
  }
  return kept
}

interface Kept {
  zeros: number
  zeroError: number
  product: number
  power: number
  squares: number
  present: number
}

/** Sums over a block, where `x` may have been set to zero and `y` is what it was. */
function addKept(kept: Kept, from: Float64Array, to: Float64Array, start: number, end: number): void {
  for (let i = start; i < end; i++) {
    const x = to[i]
    const y = from[i]
    if (y === 0) kept.squares += x * x
    else if (x === 0) {
      kept.present++
      kept.zeros++
      kept.zeroError += y * y
    } else {
      kept.present++
      kept.product += x * y
      kept.power += y * y
      kept.squares += x * x
    }
  }
}

interface Slices {
  readonly axis: Axis
  readonly chosen: readonly number[]
}

/** The slices of an axis that are zero as a whole, when nothing else is. */
function wholeSlicesOfZeros(scene: Scene, to: Side, from: Side): Slices | undefined {
  if (scene.axes.length < 2) return undefined
  for (const axis of scene.axes) {
    const chosen = zeroSlices(scene, axis, to, from)
    if (chosen !== undefined && chosen.length > 0) return { axis, chosen }
  }
  return undefined
}

/** ` (slices 3, 17 of axis 0)`. */
function describeSlices({ axis, chosen }: Slices): string {
  const listed = chosen.length > 6 ? `${chosen.slice(0, 6).join(', ')}, ...` : chosen.join(', ')
  return ` (${chosen.length === 1 ? 'slice' : 'slices'} ${listed} of axis ${axis.index})`
}

function zeroSlices({ length }: Scene, { length: count, stride }: Axis, to: Side, from: Side): number[] | undefined {
  const zeros = new Float64Array(count)
  const present = new Float64Array(count)
  for (let i = 0; i < length; i++) {
    if (from.values[i] === 0) continue
    const slice = Math.floor(i / stride) % count
    present[slice]++
    if (to.values[i] === 0) zeros[slice]++
  }
  const isWhole = zeros.every((zero, slice) => zero === 0 || zero === present[slice])
  return isWhole ? Array.from(zeros, (zero, slice) => (zero > 0 ? slice : -1)).filter((slice) => slice >= 0) : undefined
}
