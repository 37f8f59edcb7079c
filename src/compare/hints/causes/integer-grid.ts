// Cause: quantization to 8 bits: values on an even grid, or whole numbers that were not scaled back.
import { formatNumber, formatShare } from '../../../tensor/numbers.ts'
import { type Finding, type Hypothesis, mostLeft } from '../hypothesis.ts'
import { areFloats, directions, nameOf, type Scene, type Side } from '../scene.ts'

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
  return [
    {
      code: 'not-dequantized',
      message: `${nameOf(to)} is whole numbers, ${nameOf(from)} times ${formatNumber(gain)}${plus}, rounded: quantized values that were not scaled back`,
      left: missed / Math.min(error, to.power),
      // a gain says as much and less of the cause
      parameters: 0,
    },
  ]
}

function onGrid(scene: Scene, from: Side, to: Side): Finding[] {
  if (!areFloats(scene)) return []
  const levels = distinctUpTo(to, scene, mostLevels)
  if (levels === undefined || levels.length < leastLevels) return []
  const step = stepOf(levels)
  if (step === undefined || distinctUpTo(from, scene, coarser * levels.length) !== undefined) return []
  let near = 0
  let inside = 0
  let squares = 0
  for (let i = 0; i < scene.length; i++) {
    if (to.values[i] <= to.min || to.values[i] >= to.max) continue
    inside++
    const distance = Math.abs(to.values[i] - from.values[i]) / step
    squares += distance * distance
    if (distance <= 0.505) near++
  }
  if (inside < leastElements || near < (1 - mostLeft) * inside || !isRounding(Math.sqrt(squares / inside), inside))
    return []
  const clipped =
    from.min < to.min - step || from.max > to.max + step
      ? ` and limited to ${formatNumber(to.min)} .. ${formatNumber(to.max)}`
      : ''
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

/** Whether distances, in steps, are spread as rounding spreads them: noise around a grid that was there before is larger or smaller. */
function isRounding(rms: number, count: number): boolean {
  return Math.abs(rms - 1 / Math.sqrt(12)) < 0.02 + 0.35 / Math.sqrt(count)
}

/** The different values, in order; undefined when there are more than `most`. */
function distinctUpTo({ values }: Side, { few }: Scene, most: number): number[] | undefined {
  const found = new Set<number>()
  for (const position of [...few.differing, ...few.equal]) {
    found.add(values[position])
    if (found.size > most) return undefined
  }
  for (const value of values) {
    found.add(value)
    if (found.size > most) return undefined
  }
  return [...found].sort((a, b) => a - b)
}

/** The step of an even grid on which all levels lie; undefined when there is none. */
function stepOf(levels: readonly number[]): number | undefined {
  const gaps = levels.slice(1).map((level, i) => level - (levels[i] ?? 0))
  const step = Math.min(...gaps)
  const range = (levels.at(-1) ?? 0) - (levels[0] ?? 0)
  if (range / step > mostLevels) return undefined
  // float32 rounds the levels
  const slack = Math.max(0.02, (2 ** -22 * Math.max(...levels.map(Math.abs))) / step)
  return slack < 0.2 && gaps.every((gap) => Math.abs(gap / step - Math.round(gap / step)) < slack) ? step : undefined
}
