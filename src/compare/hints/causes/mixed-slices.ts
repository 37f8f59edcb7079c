// Cause: slices of one side are sums of several slices of the other: YUV instead of RGB, boxes in another format, a complex factor.
import { formatNumber } from '../../../tensor/numbers.ts'
import { formatList } from '../format.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import { leftOver } from '../prediction.ts'
import { type Axis, directions, nameOf, type Scene, type Side } from '../scene.ts'
import { explainMix, type Mix } from './known-mixes.ts'

/** More slices, or fewer than two, are not mixed. */
const mostSlices = 8

/** Slices of a longer axis that may be the four columns of a box. */
const boxLength = 4

/** Places of which the weights are fitted: one of each slice. */
const mostPlaces = 128
const leastPlaces = 16
const leastPerWeight = 4

/** The share of the error that weights may leave over: it is float rounding. */
const mostLeftByWeights = 1e-6

/** The share of the error that the best single slice, times a number plus another, must leave over. */
const leastLeftBySingle = 1e-2

/** Rounding to whole numbers leaves `sqrt(1 / 12)`, root mean square. */
const mostRounding = 0.32
const mostLeftByRounding = 1e-2

/** Neighbouring slices of an axis. */
interface Slices {
  readonly axis: Axis
  readonly first: number
  readonly count: number
}

export const mixedSlices: Hypothesis = (scene) => {
  for (const axis of scene.axes) {
    for (const slices of choicesAlong(scene, axis)) {
      for (const { from, to } of directions(scene).toReversed()) {
        const found = mixOf(scene, slices, from, to)
        if (found !== undefined) return [found]
      }
    }
  }
  return []
}

/** All slices of a short axis; of a long one, four that hold all errors. */
function choicesAlong({ few }: Scene, axis: Axis): Slices[] {
  const { length, stride } = axis
  if (length <= mostSlices) return [{ axis, first: 0, count: length }]
  let [least, greatest] = [length, -1]
  for (const position of few.differing) {
    const slice = Math.floor(position / stride) % length
    least = Math.min(least, slice)
    greatest = Math.max(greatest, slice)
    if (greatest - least >= boxLength) return []
  }
  const first = Math.max(0, greatest - boxLength + 1)
  const last = Math.min(least, length - boxLength)
  return Array.from({ length: last - first + 1 }, (_, i) => ({ axis, first: first + i, count: boxLength }))
}

function mixOf(scene: Scene, slices: Slices, from: Side, to: Side): Finding | undefined {
  const places = placesOf(scene, slices)
  if (places.length < Math.max(leastPlaces, leastPerWeight * (slices.count + 1))) return undefined
  const mixes = fitMixes(columnsAt(places, slices, from), columnsAt(places, slices, to))
  if (mixes === undefined || !areVaried(columnsAt(places, slices, from), places.length)) return undefined
  const { axis, first, count } = slices
  const { length, stride } = axis
  const at = (position: number): number => {
    const slice = (Math.floor(position / stride) % length) - first
    if (slice < 0 || slice >= count) return from.values[position]
    const { weights, plus } = mixes[slice] as Mix
    let sum = plus
    for (let k = 0; k < count; k++) {
      if (weights[k] !== 0) sum += (weights[k] as number) * from.values[position + (k - slice) * stride]
    }
    return sum
  }
  const left = leftOver(scene, { target: to, at })
  if (left > 1) return undefined
  return {
    code: 'mixed-slices',
    message: describe(slices, mixes, from, to),
    left,
    parameters: mixes.reduce((sum, { weights }) => sum + weights.filter((weight) => weight !== 0).length + 1, 0),
  }
}

/** Positions in the first of the slices, below those of the sample that differ. */
function placesOf({ few }: Scene, { axis: { length, stride }, first }: Slices): number[] {
  const places = new Set<number>()
  const step = Math.max(1, few.differing.length / (2 * mostPlaces))
  for (let k = 0; k < few.differing.length && places.size < mostPlaces; k += step) {
    const position = few.differing[Math.floor(k)] as number
    places.add(position + (first - (Math.floor(position / stride) % length)) * stride)
  }
  return [...places]
}

function columnsAt(places: readonly number[], { axis: { stride }, count }: Slices, { values }: Side): Float64Array[] {
  return Array.from({ length: count }, (_, k) => {
    const column = new Float64Array(places.length)
    for (let i = 0; i < places.length; i++) column[i] = values[(places[i] as number) + k * stride]
    return column
  })
}

/** Whether there are so many different places that weights cannot fit them by chance: few classes or constant areas can. */
function areVaried(columns: readonly Float64Array[], places: number): boolean {
  const found = new Set<string>()
  for (let i = 0; i < places; i++) found.add(columns.map((column) => column[i]).join())
  return found.size >= leastPerWeight * (columns.length + 1)
}

/** A column less those before it, of length 1. */
interface Direction {
  readonly values: Float64Array
  /** Of the column: its parts along the directions before, and its own. */
  readonly parts: readonly number[]
}

/** What makes each of the columns `ys` of the columns `xs`; undefined where sums leave too much, or nothing but one column is needed. */
function fitMixes(xs: readonly Float64Array[], ys: readonly Float64Array[]): Mix[] | undefined {
  const [means, centred] = [xs.map(meanOf), xs.map(centre)]
  const basis = orthogonalize(centred)
  const norms = centred.map((x) => Math.sqrt(dot(x, x)))
  const targets = ys.map(centre)
  const spreads = targets.map((y) => dot(y, y))
  let whole = 0
  for (const [k, spread] of spreads.entries()) {
    whole += Math.min(spread, distanceBetween(ys[k] as Float64Array, xs[k] as Float64Array))
  }
  let [left, leftBySingle] = [0, 0]
  const mixes: Mix[] = []
  for (const [k, values] of ys.entries()) {
    const [y, spread] = [targets[k] as Float64Array, spreads[k] as number]
    const rest = y.slice()
    const along = basis.map((direction) => takeOut(direction, rest))
    left += dot(rest, rest)
    if (left > mostLeftByRounding * whole) return undefined
    const best = centred.reduce(
      (most, x, j) => Math.max(most, norms[j] === 0 ? 0 : (dot(x, y) / (norms[j] as number)) ** 2),
      0,
    )
    const weights = solve(basis, along).map((weight, j) =>
      Math.abs(weight) * (norms[j] as number) < 1e-5 * Math.sqrt(spread) ? 0 : weight,
    )
    const plus = meanOf(values) - weights.reduce((sum, weight, j) => sum + weight * (means[j] as number), 0)
    const least = 1e-5 * Math.max(Math.sqrt(spread / y.length), Math.abs(meanOf(values)))
    mixes.push({ weights, plus: Math.abs(plus) < least ? 0 : plus })
    leftBySingle += spread - best
  }
  const isExact = left <= mostLeftByWeights * whole
  const isRounded =
    left <= Math.min(mostLeftByRounding * whole, mostRounding ** 2 * ys.length * (ys[0]?.length ?? 0)) &&
    left < leastLeftBySingle * leftBySingle &&
    ys.every((y) => y.every(Number.isInteger))
  return (isExact || isRounded) && leftBySingle >= leastLeftBySingle * whole ? mixes : undefined
}

/** By Gram and Schmidt; a column that is a sum of those before it has no direction of its own. */
function orthogonalize(columns: readonly Float64Array[]): Direction[] {
  const basis: Direction[] = []
  for (const column of columns) {
    const rest = column.slice()
    const parts = basis.map((direction) => takeOut(direction, rest))
    const norm = Math.sqrt(dot(rest, rest))
    const isOwn = norm > 1e-6 * Math.sqrt(dot(column, column))
    basis.push({ values: isOwn ? rest.map((x) => x / norm) : new Float64Array(column.length), parts: [...parts, norm] })
  }
  return basis
}

/** Takes the part along a direction out of a column, and returns it. */
function takeOut({ values }: Direction, column: Float64Array): number {
  const part = dot(values, column)
  for (let i = 0; i < column.length; i++) column[i] -= part * values[i]
  return part
}

/** The weights of the columns, from the parts along their directions. */
function solve(basis: readonly Direction[], along: readonly number[]): number[] {
  const weights = [...along]
  for (let j = basis.length - 1; j >= 0; j--) {
    let rest = along[j] as number
    for (let k = j + 1; k < basis.length; k++) rest -= (basis[k]?.parts[j] ?? 0) * (weights[k] as number)
    weights[j] = rest === 0 ? 0 : rest / (basis[j]?.parts[j] ?? 1)
  }
  return weights
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i]
  return sum
}

function distanceBetween(x: Float64Array, y: Float64Array): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += (x[i] - y[i]) ** 2
  return sum
}

function meanOf(x: Float64Array): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]
  return sum / x.length
}

function centre(x: Float64Array): Float64Array {
  const [mean, centred] = [meanOf(x), new Float64Array(x.length)]
  for (let i = 0; i < x.length; i++) centred[i] = x[i] - mean
  return centred
}

function describe({ axis, first, count }: Slices, mixes: readonly Mix[], from: Side, to: Side): string {
  const isWhole = count === axis.length
  const where = `axis ${axis.index} of ${nameOf(to)}`
  const meaning = explainMix(mixes)
  const [same, ...others] = new Set(mixes.map((mix) => describeMix(mix, first)))
  if (same !== undefined && others.length === 0 && isWhole) {
    return `every slice of ${where} is the same sum of all slices of ${nameOf(from)} (${same}): ${meaning}`
  }
  const terms = mixes.flatMap((mix, slice) =>
    isUnchanged(mix, slice) ? [] : [`${first + slice} is ${describeMix(mix, first)}`],
  )
  const agreeing = terms.length < axis.length ? '; the others agree' : ''
  const which = terms.length === 1 ? 'a slice' : terms.length === axis.length ? 'all slices' : 'slices'
  return `${which} of ${where} ${terms.length === 1 ? 'is a sum' : 'are sums'} of slices of ${nameOf(from)} (${formatList(terms)}${agreeing}): ${meaning}`
}

const isUnchanged = ({ weights, plus }: Mix, slice: number) =>
  plus === 0 && weights.every((weight, k) => Math.abs(weight - (k === slice ? 1 : 0)) < 1e-4)

/** `0.299 [0] + 0.587 [1] - [2] + 128`. */
function describeMix({ weights, plus }: Mix, first: number): string {
  const terms = weights.flatMap((weight, k) => (weight === 0 ? [] : [describeTerm(weight, ` [${first + k}]`)]))
  if (plus !== 0) terms.push(describeTerm(plus, ''))
  const text = terms.length > mostTerms ? `${terms.slice(0, mostTerms - 1).join(' ')} + ...` : terms.join(' ')
  return text.startsWith('+ ') ? text.slice(2) : text.replace(/^- /, '-')
}

/** Terms of a sum that are listed. */
const mostTerms = 5

function describeTerm(value: number, of: string): string {
  const size = formatNumber(Math.abs(value))
  return `${value < 0 ? '-' : '+'} ${size === '1' && of !== '' ? of.trimStart() : `${size}${of}`}`
}
