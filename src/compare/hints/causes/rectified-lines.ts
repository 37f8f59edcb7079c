// Cause: a gain and an offset before a ReLU, of the whole tensor or of each slice: a bias, or a BatchNorm with other statistics.
import { formatNumber } from '../../../tensor/numbers.ts'
import { excerptOf } from '../excerpt.ts'
import { formatList } from '../format.ts'
import { type Finding, type Hypothesis, leastLeft } from '../hypothesis.ts'
import { type Axis, type Scene, wholeOf } from '../scene.ts'

/** Pairs of positive elements that a slice must have before a line is fitted. */
const leastPairs = 6

/** The share of the elements that must be 0 on a side that went through a ReLU. */
const leastZeros = 0.02

/** The share of the slices that must have a line; others are 0 nearly everywhere. */
const leastFitted = 0.25

interface Line {
  readonly slope: number
  readonly intercept: number
}

export const rectifiedLines: Hypothesis = (scene) => {
  const { actual, reference, finitePairs, length } = scene
  if (actual.min !== 0 || reference.min !== 0 || finitePairs < length || !hasZeros(scene) || !crosses(scene)) return []
  const excerpt = excerptOf(scene)
  const isRefuted = (axis: Axis | undefined) => excerpt !== undefined && axis !== undefined && areNoLines(excerpt, axis)
  const ofWhole = isRefuted(excerpt && wholeOf(excerpt)) ? [] : tryAxis(scene, wholeOf(scene))
  // lines of slices explain no more than all
  if (ofWhole.some(({ left }) => left <= leastLeft)) return ofWhole
  return [...ofWhole, ...scene.axes.flatMap((axis, i) => (isRefuted(excerpt?.axes[i]) ? [] : tryAxis(scene, axis)))]
}

/** An excerpt of which lines leave more than this is not one of a tensor that they explain. */
const mostLeftOfExcerpt = 0.1

function areNoLines(excerpt: Scene, axis: Axis): boolean {
  if (excerpt.length < 4 * leastPairs * axis.length) return false
  const lines = fitPositive(excerpt, axis)
  const fitted = lines.filter((line) => line !== undefined)
  return fitted.length >= lines.length / 2 && leftBy(excerpt, axis, lines) > mostLeftOfExcerpt
}

function hasZeros({ actual, reference, length, zeros }: Scene): boolean {
  let count = zeros
  for (let i = 0; count < leastZeros * length && i < length; i++) {
    if ((actual.values[i] === 0) !== (reference.values[i] === 0)) count++
  }
  return count >= leastZeros * length
}

/** Whether elements are 0 on one side only: an offset before the ReLU moves some across. */
function crosses({ actual, reference, many }: Scene): boolean {
  return many().differing.some((i) => actual.values[i] === 0 || reference.values[i] === 0)
}

function tryAxis(scene: Scene, axis: Axis): Finding[] {
  if (scene.length < 4 * leastPairs * axis.length) return []
  const lines = fitPositive(scene, axis)
  const fitted = lines.filter((line) => line !== undefined)
  if (fitted.length < leastFitted * lines.length) return []
  // without an offset it is the same line below 0
  const offset = Math.max(...fitted.map(({ intercept }) => Math.abs(intercept)))
  if (offset < 1e-4 * Math.sqrt(scene.reference.power / scene.length)) return []
  const left = leftBy(scene, axis, lines)
  if (!(left < 1)) return []
  const of = ({ slope, intercept }: Line) =>
    `${Math.abs(slope - 1) < 1e-4 ? '' : `times ${formatNumber(slope)} `}plus ${formatNumber(intercept)}`
  const [first] = fitted
  const each = formatList(lines.flatMap((line, i) => (line === undefined ? [] : [`${i}: ${of(line)}`])))
  const what =
    axis.index < 0 && first !== undefined
      ? `actual is the reference ${of(first)}, with everything below 0 set to 0: a bias, a mean or a scale before the ReLU that one side lacks`
      : `each slice of axis ${axis.index} is the reference times a number plus another of its own (${each}), with everything below 0 set to 0: look before the ReLU for a bias per channel, or a BatchNorm in training mode or with other statistics`
  return [{ code: axis.index < 0 ? 'line' : 'line-per-slice', message: what, left, parameters: 2 * fitted.length }]
}

interface Sums {
  count: number
  a: number
  r: number
  rr: number
  ar: number
}

/** A line through the pairs of each slice that are positive on both sides; undefined for a slice with few of them. */
function fitPositive(scene: Scene, axis: Axis): (Line | undefined)[] {
  const sums = Array.from({ length: axis.length }, (): Sums => ({ count: 0, a: 0, r: 0, rr: 0, ar: 0 }))
  forEachRun(scene, axis, (slice, start, end) => addPositive(sums[slice] as Sums, scene, start, end))
  return sums.map(({ count, a, r, rr, ar }) => {
    const spread = rr - (r * r) / count
    if (count < leastPairs || !(spread > 1e-12 * rr)) return undefined
    const slope = (ar - (a * r) / count) / spread
    return { slope, intercept: (a - slope * r) / count }
  })
}

function addPositive(sums: Sums, { actual, reference }: Scene, start: number, end: number): void {
  for (let i = start; i < end; i++) {
    const x = actual.values[i]
    const y = reference.values[i]
    if (x <= 0 || y <= 0) continue
    sums.count++
    sums.a += x
    sums.r += y
    sums.rr += y * y
    sums.ar += x * y
  }
}

interface Missed {
  missed: number
  error: number
}

/** The share of the squared error that must lie where the lines say what actual is. */
const leastKnown = 0.1

/**
 * What the lines leave of the squared error where they say what actual is: they do not for an element that was cut to 0 in the
 * reference and is at most the offset, nor in a slice without a line.
 */
function leftBy(scene: Scene, axis: Axis, lines: readonly (Line | undefined)[]): number {
  const sums: Missed = { missed: 0, error: 0 }
  forEachRun(scene, axis, (slice, start, end) => {
    const line = lines[slice]
    if (line !== undefined) addMissed(sums, scene, start, end, line.slope, line.intercept)
  })
  if (sums.error < leastKnown * scene.error) return Infinity
  return sums.missed / Math.min(sums.error, scene.actual.spread)
}

function addMissed(
  sums: Missed,
  { actual, reference }: Scene,
  start: number,
  end: number,
  slope: number,
  intercept: number,
): void {
  const most = Math.max(0, intercept)
  for (let i = start; i < end; i++) {
    const x = actual.values[i]
    const y = reference.values[i]
    if (y === 0 && x > 0 && x <= most) continue
    const distance = x - (y === 0 ? Math.min(x, most) : Math.max(0, slope * y + intercept))
    sums.missed += distance * distance
    sums.error += (x - y) * (x - y)
  }
}

/** A function that is called often is optimized sooner than one that loops for long. */
const longestRun = 1024

function forEachRun(
  { length }: Scene,
  { length: count, stride }: Axis,
  use: (slice: number, start: number, end: number) => void,
): void {
  for (let start = 0, slice = 0; start < length; start += stride, slice = slice + 1 === count ? 0 : slice + 1) {
    for (let from = start; from < start + stride; from += longestRun) {
      use(slice, from, Math.min(from + longestRun, start + stride))
    }
  }
}
