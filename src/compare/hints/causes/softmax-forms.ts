// Cause: both sides are probabilities, and one softmax was taken without a mask, or of scores times a number (a temperature).
import { formatNumber, formatShare } from '../../../tensor/numbers.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import { leftOver } from '../prediction.ts'
import { type Axis, directions, nameOf, type Scene, type Side } from '../scene.ts'

/** How far from 1 the probabilities of a row may add up to. */
const sumTolerance = 1e-2

/** Rows whose sums are looked at before all are. */
const rowsTried = 16

/** The share of the error that may be left over: two softmaxes of the same scores agree to float rounding. */
const mostLeftOver = 1e-5

export const softmaxForms: Hypothesis = (scene) => {
  const { actual, reference, axes } = scene
  if (!(areShares(actual) && areShares(reference))) return []
  return axes
    .toReversed()
    .filter((axis) => areDistributions(scene, actual, axis) && areDistributions(scene, reference, axis))
    .slice(0, 1)
    .flatMap((axis) => [
      ...directions(scene).flatMap(({ from, to }) => [...withoutMask(scene, axis, from, to)]),
      ...temperature(scene, axis),
    ])
    .filter(({ left }) => left <= mostLeftOver)
}

const areShares = ({ min, max }: Side) => min >= 0 && max <= 1 + sumTolerance

function areDistributions(scene: Scene, side: Side, axis: Axis): boolean {
  const rows = scene.length / axis.length
  const step = Math.max(1, Math.floor(rows / rowsTried))
  for (let row = 0; row < rows; row += step) {
    if (Math.abs(sumOfRow(side, axis, row, (x) => x) - 1) > sumTolerance) return false
  }
  return true
}

/** The position of the first element of a row. */
const startOf = ({ length, stride }: Axis, row: number) => Math.floor(row / stride) * length * stride + (row % stride)

/** The row in which a position lies. */
const rowOf = ({ length, stride }: Axis, i: number) => Math.floor(i / (length * stride)) * stride + (i % stride)

const placeIn = ({ length, stride }: Axis, i: number) => Math.floor(i / stride) % length

function sumOfRow({ values }: Side, axis: Axis, row: number, f: (x: number, i: number) => number): number {
  const start = startOf(axis, row)
  let sum = 0
  for (let k = 0; k < axis.length; k++) {
    const i = start + k * axis.stride
    sum += f(values[i], i)
  }
  return sum
}

/** What is left when each element is `f` of it, divided by the sum of these in its row; the sums are taken as they are needed. */
function leftByShares(scene: Scene, axis: Axis, from: Side, to: Side, f: (x: number, i: number) => number): number {
  const sums = new Float64Array(scene.length / axis.length).fill(Number.NaN)
  const at = (i: number): number => {
    const row = rowOf(axis, i)
    if (Number.isNaN(sums[row])) sums[row] = sumOfRow(from, axis, row, f)
    return f(from.values[i], i) / sums[row]
  }
  return leftOver(scene, { target: to, at })
}

const over = ({ axes }: Scene, { index }: Axis) => (axes.length > 1 ? ` over axis ${index}` : '')

/** The least number of elements with a probability on both sides. */
const leastKept = 32

/** An element that is all that is kept of its row has this or more: it tells nothing. */
const mostAlone = 0.999

/** Where one side is 0 its probabilities went to the others of the row, in proportion. */
function withoutMask(scene: Scene, axis: Axis, from: Side, to: Side): Finding[] {
  const { few, axes } = scene
  let [masked, kept] = [0, 0]
  for (const i of few.differing) {
    if (to.values[i] === 0) masked++
    else if (from.values[i] > 0 && to.values[i] < mostAlone) kept++
  }
  if (masked === 0 || kept < Math.min(leastKept, few.differing.length / 8)) return []
  const left = leftByShares(scene, axis, from, to, (x, i) => (to.values[i] === 0 ? 0 : x))
  if (left > mostLeftOver) return []
  return [
    {
      code: 'softmax-mask',
      message: `in each row${over(scene, axis)} ${nameOf(to)} is ${nameOf(from)} with ${describeMask(scene, axis, axes[axes.indexOf(axis) - 1], from, to)}, and the rest shared out again: ${from.name === 'actual' ? 'actual took the softmax without that mask' : 'the reference took the softmax without that mask'}`,
      left,
      parameters: 1,
    },
  ]
}

/** Which elements are 0 on one side only. */
function describeMask({ length }: Scene, axis: Axis, queries: Axis | undefined, from: Side, to: Side): string {
  const zeros = { masked: 0, present: 0, columns: new Set<number>(), keptColumns: new Set<number>() }
  // where the columns of the mask begin, counted from the row's own
  let [nearest, farthestKept] = [Infinity, -Infinity]
  for (let i = 0; i < length; i++) {
    if (from.values[i] === 0) continue
    const column = placeIn(axis, i)
    const ahead = queries === undefined ? Number.NaN : column - placeIn(queries, i)
    if (to.values[i] === 0) {
      zeros.masked++
      zeros.columns.add(column)
      nearest = Math.min(nearest, ahead)
    } else {
      zeros.present++
      zeros.keptColumns.add(column)
      farthestKept = Math.max(farthestKept, ahead)
    }
  }
  const columns = [...zeros.columns].sort((a, b) => a - b)
  if (!columns.some((column) => zeros.keptColumns.has(column)))
    return `${listPlaces(columns)} of the axis set to 0 (a padding mask)`
  if (nearest === farthestKept + 1) {
    return nearest === 1
      ? 'everything behind the diagonal set to 0 (a causal mask)'
      : `everything from ${Math.abs(nearest)} ${nearest < 0 ? 'before' : 'behind'} the diagonal on set to 0 (a causal mask)`
  }
  return `${formatShare(zeros.masked / (zeros.masked + zeros.present))} of it set to 0`
}

/** `places 31 to 47`. */
function listPlaces(places: readonly number[]): string {
  const [first = 0, last = 0] = [places[0], places.at(-1)]
  if (places.length === 1) return `place ${first}`
  if (last - first === places.length - 1) return `places ${first} to ${last}`
  return `${places.length} places (${places.slice(0, 3).join(', ')}, ...)`
}

/** Pairs of elements of one row by whose ratios the exponent is known. */
const leastPairs = 32

/** How far an exponent is from 1, and how well the ratios must agree, before it is one. */
const leastChange = 1e-3
const mostScatter = 1e-4

/** `log actual = t log reference`, up to a number for each row. */
function temperature(scene: Scene, axis: Axis): Finding[] {
  const { actual, reference, few } = scene
  let [products, squares, squaresActual, pairs] = [0, 0, 0, 0]
  for (const i of few.differing) {
    const place = placeIn(axis, i)
    const j = i + (((place + 1 + (i % (axis.length - 1))) % axis.length) - place) * axis.stride
    const x = Math.log(reference.values[i] / reference.values[j])
    const y = Math.log(actual.values[i] / actual.values[j])
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue
    products += x * y
    squares += x * x
    squaresActual += y * y
    pairs++
  }
  if (pairs < Math.min(leastPairs, few.differing.length / 4)) return []
  const power = products / squares
  const scatter = (squaresActual - power * products) / squaresActual
  if (!(power > 0 && scatter < mostScatter && Math.abs(power - 1) > leastChange)) return []
  return [
    {
      code: 'softmax-temperature',
      message: `actual and the reference are softmaxes${over(scene, axis)} of scores that differ by a factor: those of actual are ${formatNumber(power)} times those of the reference. Look for a temperature, or a scale such as 1 / sqrt(d), that one side lacks`,
      left: leftByShares(scene, axis, reference, actual, (x) => x ** power),
      evidence: `the logarithms of all rows agree to ${formatNumber(Math.sqrt(Math.max(scatter, 1e-14)))} of what they vary`,
      parameters: 1,
    },
  ]
}
