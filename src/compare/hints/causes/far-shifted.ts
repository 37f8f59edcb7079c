// Cause: everything lies far away: audio that is delayed, a header that is read as data, a window that begins elsewhere.
import { blockLength } from '../block-length.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import { leftOver } from '../prediction.ts'
import { areFloats, type Scene, type Side } from '../scene.ts'

/** Elements in a row by which a place is found again, and how many different ones they must be. */
const windowLength = 32
const leastDistinct = 16

/** Nearer ones are tried one by one. */
const nearest = 9

/** How far the elements of a window may be from those of its place, as a share of what they vary. */
const mostLeftInWindow = 1e-4

export const farShifted: Hypothesis = (scene) => {
  const { length, actual, reference, few } = scene
  if (length < 4 * windowLength || !areFloats(scene) || few.differing.length < few.equal.length / 4) return []
  // what is shifted differs by more than noise, and is about as large
  if (scene.error < leastError * reference.spread || !isAsLarge(actual.spread / reference.spread)) return []
  // the middle may have come in from outside
  for (const share of [0.5, 0.3]) {
    const start = windowStart(scene, share)
    if (start === undefined) continue
    const distance = distanceTo(actual, reference, start, Math.floor(length / 2))
    if (distance !== undefined) return tryDistance(scene, distance)
  }
  return []
}

/** The least error, as a share of what the reference varies. */
const leastError = 0.02

const isAsLarge = (ratio: number) => ratio > 0.4 && ratio < 2.5

/** Where a window lies within a row, about at a share of the elements. */
function windowStart({ axes, length, actual }: Scene, share: number): number | undefined {
  const row = axes.at(-1)?.length ?? 1
  const first = Math.floor(share * length)
  const start = row < windowLength ? first : first - (first % row) + Math.floor((row - windowLength) / 2)
  const values = actual.values.subarray(start, start + windowLength)
  return start + windowLength <= length && new Set(values).size >= leastDistinct ? start : undefined
}

/** How far before a window of one side the other has it; the nearest place counts. */
function distanceTo(from: Side, to: Side, start: number, farthest: number): number | undefined {
  const window = from.values.subarray(start, start + windowLength)
  const mean = window.reduce((sum, x) => sum + x, 0) / windowLength
  let [spread, anchor] = [0, 0]
  for (let k = 0; k < windowLength; k++) {
    spread += (window[k] - mean) ** 2
    if (Math.abs(window[k] - mean) > Math.abs(window[anchor] - mean)) anchor = k
  }
  const most = mostLeftInWindow * spread
  const [low, high] = [window[anchor] - Math.sqrt(most), window[anchor] + Math.sqrt(most)]
  const end = Math.min(to.values.length, start + farthest + 1)
  let found: number | undefined
  for (let i = Math.max(0, start - farthest); i < end; i++) {
    i = nextBetween(to.values, i, Math.min(end, i + blockLength), low, high)
    const distance = start + anchor - i
    if (Math.abs(distance) < nearest || Math.abs(distance) >= Math.abs(found ?? Infinity)) continue
    if (isAt(window, to.values, i - anchor, most)) found = distance
  }
  return found
}

/** The next position of a number within limits, or the last before the end. */
function nextBetween(values: Float64Array, start: number, end: number, low: number, high: number): number {
  for (let i = start; i < end; i++) if (values[i] >= low && values[i] <= high) return i
  return end - 1
}

function isAt(window: Float64Array, values: Float64Array, start: number, most: number): boolean {
  if (start < 0 || start + windowLength > values.length) return false
  let missed = 0
  for (let k = 0; k < windowLength && missed <= most; k++) missed += (window[k] - values[start + k]) ** 2
  return missed <= most
}

/** What is left is float rounding. */
const leastLeft = 1e-6

/** What comes in at the other end is slices in other places as well, of which that tells more. */
const parametersOfRoll = 7

function tryDistance(scene: Scene, distance: number): Finding[] {
  const { actual, reference, axes } = scene
  const axis = axes.find(({ stride, length: count }) => distance % stride === 0 && Math.abs(distance / stride) < count)
  const places = axis === undefined ? distance : distance / axis.stride
  const leftWhere = (atEnds: (position: number) => number) =>
    leftOver(scene, {
      target: actual,
      at: (position) => {
        if (axis === undefined) return reference.values[position - distance] ?? Number.NaN
        const source = (Math.floor(position / axis.stride) % axis.length) - places
        return source >= 0 && source < axis.length ? reference.values[position - distance] : atEnds(position)
      },
    })
  const left = leftWhere(() => Number.NaN)
  if (left > 1) return []
  const where = axis === undefined ? 'elements in memory, across the ends of rows' : `along axis ${axis.index}`
  const turn = axis === undefined ? 0 : Math.sign(distance) * axis.length * axis.stride
  const rolls =
    turn !== 0 &&
    leftWhere((position) => reference.values[position - distance + turn]) <= Math.max(leastLeft, 10 * left)
  const remedy =
    axis === undefined || axes.length === 1
      ? 'a delay, a wrong offset, or a header that is read as data'
      : 'an index that is off, a window that begins elsewhere, or padding on the other side'
  return [
    {
      code: 'shifted',
      message: `actual is the reference shifted by ${places} ${where}; ${rolls ? 'the rest comes in at the other end' : 'the ends differ'}: look for ${remedy}`,
      left,
      parameters: rolls ? parametersOfRoll : 3,
    },
  ]
}
