// Cause: each element of one side is a function of the other's, and none that has a name here: another activation, a table, a curve.
import { formatNumber } from '../../../tensor/numbers.ts'
import { formatList } from '../format.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import type { Sample } from '../sample.ts'
import { areFloats, directions, nameOf, type Scene, type Side } from '../scene.ts'

/** Fewer elements do not lie near enough to each other to be interpolated. */
const leastElements = 400

/** What interpolation between the neighbours in value misses, as a share of the error, in the middle and among nearly all elements. */
const mostMissed = 1e-3
const mostMissedByNearlyAll = 0.05
const nearlyAll = 0.95

/** The same of a few elements, which lie farther from each other. */
const mostMissedOfFew = 0.1
const everyOfFew = 4

/** How far apart neighbours in value must lie in memory, as a share of all elements: on a slope everything is a function. */
const leastApart = 1 / 16

/** How many elements must lie where the values change. */
const leastTelling = 32
const leastShareTelling = 0.15

/** Of sides that differ by less, as a share of the reference, nobody sees what the function is. */
const leastDifference = 1e-2

/** Any cause that has a name says more. */
const unnamed = 1e-2

export const functionOfElement: Hypothesis = (scene) => {
  if (scene.length < leastElements || scene.few.differing.length < leastElements / 2 || !areFloats(scene)) return []
  if (scene.leftAtMost < unnamed || scene.error < leastDifference ** 2 * scene.reference.power) return []
  for (const { from, to } of directions(scene).toReversed()) {
    const few = missedBetween(scene, sparse(scene.few), from, to)
    if (few === undefined || few.middle > mostMissedOfFew) continue
    const many = missedBetween(scene, scene.many(), from, to)
    if (many === undefined || many.middle > mostMissed || many.nearlyAll > mostMissedByNearlyAll) continue
    // whole numbers of fractions are bits, or a grid
    if (to.isWhole() || from.isWhole()) continue
    return [describe(from, to, many)]
  }
  return []
}

function sparse({ equal, differing, error }: Sample): Sample {
  const isChosen = (_: number, k: number) => k % everyOfFew === 0
  return { equal: equal.filter(isChosen), differing: differing.filter(isChosen), error }
}

interface Missed {
  readonly middle: number
  readonly nearlyAll: number
  /** The positions by the value that they have on the side the function is of. */
  readonly order: Int32Array
}

/** What interpolation misses of `to` when its elements are put in the order of `from`; undefined where that tells nothing. */
function missedBetween({ length }: Scene, { differing, equal }: Sample, from: Side, to: Side): Missed | undefined {
  const [x, y] = [from.values, to.values]
  // what holds only where the sides differ, as at a border, is no function
  const order = Int32Array.of(...differing, ...equal).sort((i, j) => x[i] - x[j])
  const missed: number[] = []
  const errors: number[] = []
  let distance = 0
  for (let k = 1; k + 1 < order.length; k++) {
    const [before, i, after] = [order[k - 1], order[k], order[k + 1]] as [number, number, number]
    distance += Math.abs(i - before)
    // on a step nothing is missed, whatever the values are
    if (y[before] === y[after]) continue
    const width = x[after] - x[before]
    const share = width === 0 ? 0.5 : (x[i] - x[before]) / width
    missed.push(Math.abs(y[before] + share * (y[after] - y[before]) - y[i]))
    if (x[i] !== y[i]) errors.push(Math.abs(x[i] - y[i]))
  }
  if (missed.length < Math.max(leastTelling, leastShareTelling * order.length)) return undefined
  if (distance < leastApart * length * order.length) return undefined
  const least = Math.min(shareOf(errors, 0.5), spreadOf(order, y))
  return least > 0
    ? { middle: shareOf(missed, 0.5) / least, nearlyAll: shareOf(missed, nearlyAll) / least, order }
    : undefined
}

/** Half of what the middle half of the elements varies. */
function spreadOf(order: Int32Array, values: Float64Array): number {
  const sorted = Float64Array.from(order, (i) => values[i]).sort()
  return (shareOf(sorted, 0.75) - shareOf(sorted, 0.25)) / 2
}

/** The number below which a share of the numbers lie. */
function shareOf(numbers: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(numbers).sort()
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN
}

function describe(from: Side, to: Side, { order, middle }: Missed): Finding {
  const examples = [0.02, 0.25, 0.5, 0.75, 0.98].map((share) => {
    const i = order[Math.floor(share * (order.length - 1))] ?? 0
    return `${formatNumber(from.values[i])} is ${formatNumber(to.values[i])}`
  })
  return {
    code: 'function-of-element',
    message: `${nameOf(to)} is a function of ${nameOf(from)}, element by element (${formatList(examples, 5)}): look for an activation with another parameter, a curve, a scale in logarithms or a table`,
    left: unnamed,
    evidence: `from the elements of the next values it is known to ${formatNumber(Math.max(1e-7, middle))} of what the sides differ`,
  }
}
