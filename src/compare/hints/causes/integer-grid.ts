// Cause: quantization to 8 bits: values on an even grid, or whole numbers that were not scaled back.

import { formatNumber, formatShare } from '../../../tensor/numbers.ts'
import { blockLength } from '../block-length.ts'
import { formatFitted } from '../format.ts'
import { type Finding, type Hypothesis, mostLeft } from '../hypothesis.ts'
import { areFloats, directions, nameOf, type Scene, type Side } from '../scene.ts'
import { distinctValues } from './distinct-values.ts'
import { explainGain } from './known-gains.ts'

/** What 8 bits hold. */
const mostLevels = 256
const leastLevels = 4
const leastElements = 24

/** How many times as many values the other side must have. */
const coarser = 1.25

export const integerGrid: Hypothesis = (scene) =>
  scene.length < leastElements
    ? []
    : directions(scene).flatMap(({ from, to }) => [...notScaledBack(scene, from, to), ...onGrid(scene, from, to)])

/** The greatest rms distance of numbers from whole ones, with some room: 1 / sqrt(12) is that of rounding. */
const mostRounding = 0.35

function notScaledBack(scene: Scene, from: Side, to: Side): Finding[] {
  const { length, codeviation, error } = scene
  if (!to.isWhole() || from.isWhole() || from.spread === 0 || to.max - to.min < leastLevels) return []
  const gain = codeviation / from.spread
  const missed = Math.max(0, to.spread - gain * codeviation)
  const rounding = Math.sqrt(missed / length)
  // without any rounding it is a scale, such as 255
  if (Math.abs(gain) < 1.5 || rounding < 0.05 || rounding > mostRounding) return []
  const zero = to.mean - gain * from.mean
  const plus = Math.abs(zero) < 0.5 ? '' : ` plus ${formatNumber(zero)}`
  const deviation = rounding / Math.sqrt(from.spread)
  const reason = explainGain(gain, deviation)
  const what = reason === '' ? ': quantized values that were not scaled back' : reason
  return [
    {
      code: 'not-dequantized',
      message: `${nameOf(to)} is whole numbers, ${nameOf(from)} times ${formatFitted(gain, deviation)}${plus}, rounded${what}`,
      left: missed / Math.min(error, to.power),
      // a gain says as much and less of the cause
      parameters: 0,
    },
  ]
}

function onGrid(scene: Scene, from: Side, to: Side): Finding[] {
  if (!areFloats(scene)) return []
  const levels = levelsOf(to, scene, mostLevels)
  if (levels === undefined || levels.length < leastLevels) return []
  const step = stepOf(levels)
  if (step === undefined || levelsOf(from, scene, coarser * levels.length) !== undefined) return []
  const { near, inside, squares } = distancesWithin(from, to, step)
  if (inside < leastElements || near < (1 - mostLeft) * inside || !isRounding(Math.sqrt(squares / inside), inside))
    return []
  const clipped =
    from.min < to.min - step || from.max > to.max + step
      ? ` and limited to ${formatNumber(to.min)} .. ${formatNumber(to.max)}`
      : ''
  if (Math.abs(step / leastHalfStep - 1) < 1e-3 && Math.max(-from.min, from.max) < leastNormalHalf) {
    return [
      {
        code: 'half-precision',
        message: `every element of ${nameOf(to)} is a multiple of ${formatNumber(step)}: it was stored as float16, which has no smaller steps below ${formatNumber(leastNormalHalf)}`,
        left: 1 - near / inside,
        evidence: `${formatShare(near / inside)} of its elements lie within half a step of ${nameOf(from)}`,
        parameters: 1,
      },
    ]
  }
  return [
    {
      code: 'int8-grid',
      message: `${nameOf(to)} takes only ${levels.length} different values, evenly spaced by ${formatNumber(step)}${clipped}: quantized to int8 or uint8`,
      left: 1 - near / inside,
      evidence: `${formatShare(near / inside)} of its elements lie within half a step of ${nameOf(from)}`,
      parameters: 2,
    },
  ]
}

/** The step of float16 below its least normal number. */
const leastHalfStep = 2 ** -24
const leastNormalHalf = 2 ** -14

/** Whether distances, in steps, are spread as rounding spreads them: noise around a grid that was there before is larger or smaller. */
function isRounding(rms: number, count: number): boolean {
  return Math.abs(rms - 1 / Math.sqrt(12)) < 0.02 + 0.35 / Math.sqrt(count)
}

interface Distances {
  inside: number
  /** How many are at most half a step. */
  near: number
  /** The sum of their squares. */
  squares: number
}

/** The distances of both sides, in steps, of elements between the extremes, where nothing was limited. */
function distancesWithin(from: Side, to: Side, step: number): Distances {
  const sums = { near: 0, inside: 0, squares: 0 }
  for (let start = 0; start < to.values.length; start += blockLength) addDistances(sums, from, to, step, start)
  return sums
}

function addDistances(sums: Distances, from: Side, to: Side, step: number, start: number): void {
  const [x, y] = [to.values, from.values]
  const { min, max } = to
  const end = Math.min(start + blockLength, x.length)
  for (let i = start; i < end; i++) {
    if (x[i] <= min || x[i] >= max) continue
    const distance = Math.abs(x[i] - y[i]) / step
    sums.inside++
    sums.squares += distance * distance
    if (distance <= 0.505) sums.near++
  }
}

/** The different values of a side, in order; undefined when there are more than `most`. */
function levelsOf({ values }: Side, { few }: Scene, most: number): Float64Array | undefined {
  return distinctValues(values, [few.differing, few.equal], Math.floor(most))
}

/** The step of an even grid on which all levels lie; undefined when there is none. */
function stepOf(levels: Float64Array): number | undefined {
  const gaps = levels.subarray(1).map((level, i) => level - levels[i])
  const step = Math.min(...gaps)
  const range = (levels.at(-1) ?? 0) - levels[0]
  if (range / step > mostLevels) return undefined
  // float32 rounds the levels
  const slack = Math.max(0.02, (2 ** -22 * Math.max(...levels.map(Math.abs))) / step)
  return slack < 0.2 && gaps.every((gap) => Math.abs(gap / step - Math.round(gap / step)) < slack) ? step : undefined
}
