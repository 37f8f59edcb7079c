// Cause: a gain, an offset or both of its own for every slice: mean and standard deviation per channel, the length of each row.
import { formatNumber } from '../../../tensor/numbers.ts'
import { excerptOf } from '../excerpt.ts'
import { formatList } from '../format.ts'
import { type Finding, type Hypothesis, mostLeft } from '../hypothesis.ts'
import { type Axis, areFloats, type Scene } from '../scene.ts'
import { explainGain } from './known-gains.ts'

/** Elements a slice must have for each number that is fitted to it. */
const leastElements = 6

/** More slices are no channels. */
const mostSlices = 4096

/** Sums over one slice of each side, or over two slices that are compared. */
interface Moments {
  count: number
  a: number
  r: number
  aa: number
  rr: number
  ar: number
}

interface Line {
  readonly slope: number
  readonly intercept: number
  readonly left: number
}

type Fit = (moments: Moments) => Line

const fitGain: Fit = ({ aa, rr, ar }) => {
  const slope = rr === 0 ? 0 : ar / rr
  return { slope, intercept: 0, left: Math.max(0, aa - slope * ar) }
}

const fitOffset: Fit = ({ count, a, r, aa, rr, ar }) => {
  const intercept = (a - r) / count
  return { slope: 1, intercept, left: Math.max(0, aa - 2 * ar + rr - count * intercept * intercept) }
}

const fitLine: Fit = ({ count, a, r, aa, rr, ar }) => {
  const [spreadA, spreadR, codeviation] = [aa - (a * a) / count, rr - (r * r) / count, ar - (a * r) / count]
  const slope = spreadR <= 0 ? 0 : codeviation / spreadR
  return { slope, intercept: (a - slope * r) / count, left: Math.max(0, spreadA - slope * codeviation) }
}

const fits = [
  { kind: 'gain', fit: fitGain, parameters: 1 },
  { kind: 'offset', fit: fitOffset, parameters: 1 },
  { kind: 'line', fit: fitLine, parameters: 2 },
] as const

export const linesPerSlice: Hypothesis = (scene) => [
  ...scene.axes.flatMap((axis) => linesAlong(scene, axis)),
  ...linesAlongTwo(scene),
  ...scene.axes.flatMap((axis) => linesOfOtherSlices(scene, axis)),
]

function linesAlong(scene: Scene, axis: Axis): Finding[] {
  return linesOf(scene, axis, `axis ${axis.index}`, axis)
}

/** Slices of the first two axes of three and more: the channels of every item of a batch. */
function linesAlongTwo(scene: Scene): Finding[] {
  const [outer, inner] = scene.axes
  if (outer === undefined || inner === undefined || scene.axes.length < 3) return []
  return linesOf(scene, jointAxis(outer, inner), `axes ${outer.index} and ${inner.index}`, inner)
}

const jointAxis = (outer: Axis, inner: Axis): Axis => ({ ...inner, length: outer.length * inner.length })

function linesOf(scene: Scene, slices: Axis, label: string, axis: Axis): Finding[] {
  const { length, actual, reference, error } = scene
  const count = slices.length
  if (count > mostSlices || length < leastElements * count || reference.min === reference.max) return []
  if (areNoLines(scene, slices, axis)) return []
  const moments = momentsOf(scene, slices)
  return fits.flatMap(({ kind, fit, parameters }): Finding[] => {
    if (length < leastElements * count * parameters) return []
    const found = moments.map(fit)
    const whole = Math.min(error, spreadWithin(moments))
    const left = found.reduce((sum, line) => sum + line.left, 0) / whole
    if (!(left <= mostLeftBySlices)) return []
    const floor = (rounding * (actual.power + reference.power)) / whole
    return [
      {
        code: `${kind}-per-slice`,
        message: describeLines(scene, kind, found, moments, label, axis),
        left: Math.max(left, floor),
        parameters: count * parameters,
      },
    ]
  })
}

/** Lines of each slice come near to what is no line at all. */
const mostLeftBySlices = 2e-3

/** An excerpt of which lines leave more than this is not one of a tensor of which they leave {@link mostLeft}. */
const mostLeftOfExcerpt = 0.1

/** Whether lines, of which gains and offsets are some, leave too much of an excerpt to be looked for in the whole. */
function areNoLines(scene: Scene, slices: Axis, axis: Axis): boolean {
  const excerpt = excerptOf(scene)
  const own = excerpt?.axes[scene.axes.indexOf(axis)]
  const first = excerpt?.axes[0]
  if (excerpt === undefined || own === undefined || first === undefined) return false
  const chosen = slices === axis ? own : jointAxis(first, own)
  if (excerpt.length < leastElements * chosen.length) return false
  const moments = momentsOf(excerpt, chosen)
  let left = 0
  for (const sums of moments) left += fitLine(sums).left
  return left > mostLeftOfExcerpt * Math.min(excerpt.error, spreadWithin(moments))
}

/** Sums of squares cancel: what is less than this share of them is their rounding. */
const rounding = 1e-15

/** What the slices of actual vary within themselves. */
function spreadWithin(moments: readonly Moments[]): number {
  return moments.reduce((sum, { count, a, aa }) => sum + Math.max(0, aa - (a * a) / count), 0)
}

function momentsOf(scene: Scene, { length: count, stride }: Axis): Moments[] {
  const { actual, reference, length } = scene
  if (stride === 1) return momentsOfColumns(scene, count)
  const moments = Array.from({ length: count }, newMoments)
  for (let start = 0, slice = 0; start < length; start += stride, slice = slice + 1 === count ? 0 : slice + 1) {
    addRun(moments[slice] as Moments, actual.values, start, reference.values, start, stride)
  }
  return moments
}

/** Sums as of {@link Moments}, of every slice. */
interface ColumnSums {
  readonly a: Float64Array
  readonly r: Float64Array
  readonly aa: Float64Array
  readonly rr: Float64Array
  readonly ar: Float64Array
}

/** Where neighbours in memory belong to different slices. */
function momentsOfColumns({ actual, reference, length }: Scene, count: number): Moments[] {
  const newSums = () => new Float64Array(count)
  const sums: ColumnSums = { a: newSums(), r: newSums(), aa: newSums(), rr: newSums(), ar: newSums() }
  for (let start = 0; start < length; start += count) addRow(sums, actual.values, reference.values, start)
  const { a, r, aa, rr, ar } = sums
  return Array.from(a, (sum, i) => ({ count: length / count, a: sum, r: r[i], aa: aa[i], rr: rr[i], ar: ar[i] }))
}

function addRow({ a, r, aa, rr, ar }: ColumnSums, actual: Float64Array, reference: Float64Array, start: number): void {
  for (let i = 0; i < a.length; i++) {
    const x = actual[start + i]
    const y = reference[start + i]
    a[i] += x
    r[i] += y
    aa[i] += x * x
    rr[i] += y * y
    ar[i] += x * y
  }
}

function newMoments(): Moments {
  return { count: 0, a: 0, r: 0, aa: 0, rr: 0, ar: 0 }
}

/** Adds `count` elements of both sides that lie in a row in memory. */
function addRun(moments: Moments, a: Float64Array, fromA: number, r: Float64Array, fromR: number, count: number): void {
  let sumA = 0
  let sumR = 0
  let sumAA = 0
  let sumRR = 0
  let sumAR = 0
  for (let i = 0; i < count; i++) {
    const x = a[fromA + i]
    const y = r[fromR + i]
    sumA += x
    sumR += y
    sumAA += x * x
    sumRR += y * y
    sumAR += x * y
  }
  moments.count += count
  moments.a += sumA
  moments.r += sumR
  moments.aa += sumAA
  moments.rr += sumRR
  moments.ar += sumAR
}

type Kind = 'gain' | 'offset' | 'line'

const kinds: Readonly<Record<Kind, string>> = {
  gain: 'times a number',
  offset: 'plus a number',
  line: 'times a number plus another',
}

function describeLines(
  scene: Scene,
  kind: Kind,
  found: readonly Line[],
  moments: readonly Moments[],
  label: string,
  axis: Axis,
): string {
  const lines = found.map((line, i) => ({ i, line })).filter(({ line }) => !isInPlace(scene, line))
  const listed = formatList(lines.map(({ i, line }) => `${i}: ${describeLine(line, kind)}`))
  const why = explain(scene, kind, found, moments, axis)
  const [first] = lines
  if (first !== undefined && lines.length === 1) {
    return `slice ${first.i} of ${label} is the reference ${describeLine(first.line, kind)}, the others agree: look for the weight, scale or bias of that channel`
  }
  return lines.length < found.length
    ? `slices of ${label} are the reference ${kinds[kind]} (${listed}), the others agree: ${why}`
    : `each slice of ${label} is the reference ${kinds[kind]} of its own (${listed}): ${why}`
}

/** Whether a slice agrees but for what is small beside the tensor. */
function isInPlace({ reference, length }: Scene, { slope, intercept }: Line): boolean {
  return Math.abs(slope - 1) < 1e-4 && Math.abs(intercept) < 1e-4 * Math.sqrt(reference.power / length)
}

function describeLine({ slope, intercept }: Line, kind: Kind): string {
  const parts = [
    kind !== 'offset' && `times ${formatNumber(slope)}`,
    kind !== 'gain' && `plus ${formatNumber(intercept)}`,
  ]
  return parts.filter(Boolean).join(' ')
}

function explain(scene: Scene, kind: Kind, found: readonly Line[], moments: readonly Moments[], axis: Axis): string {
  const [first] = found
  const alike = first !== undefined && found.every(({ slope }) => Math.abs(slope / first.slope - 1) < 1e-3)
  const reason = alike && kind !== 'offset' ? explainGain(first.slope, 1e-4 * first.slope) : ''
  if (reason !== '') return `the factor is the same for all${reason}`
  const isRowOfVectors = scene.axes.length === 2 && scene.axes[0] === axis && areFloats(scene)
  const unit = unitSide(moments)
  if (kind === 'gain' && isRowOfVectors && unit !== '') {
    return `${unit}if only the directions of the rows matter, as of embeddings, compare with { normalize: 'l2' }`
  }
  if (kind === 'offset') return 'look for a bias or a mean per channel that one side lacks'
  if (kind === 'line' && isStandardized(moments, 'actual')) return standardized('actual', axis, scene)
  if (kind === 'line' && isStandardized(moments, 'reference')) return standardized('the reference', axis, scene)
  return 'look for a mean, standard deviation or scale per channel that one side lacks, applies twice or takes from another channel'
}

function unitSide(moments: readonly Moments[]): string {
  const isUnit = (square: number) => Math.abs(square - 1) < 1e-2
  if (moments.every(({ rr }) => isUnit(rr)))
    return 'the rows of the reference have length 1, those of actual have not; '
  if (moments.every(({ aa }) => isUnit(aa)))
    return 'the rows of actual have length 1, those of the reference have not; '
  return ''
}

function isStandardized(moments: readonly Moments[], side: 'actual' | 'reference'): boolean {
  return moments.every(({ count, a, r, aa, rr }) => {
    const [sum, squares] = side === 'actual' ? [a, aa] : [r, rr]
    return Math.abs(sum / count) < 1e-2 && Math.abs(squares / count - 1) < 2e-2
  })
}

function standardized(side: string, axis: Axis, { axes }: Scene): string {
  const layers =
    axis === axes[0] && axes.length === 2
      ? 'a LayerNorm or BatchNorm'
      : 'a BatchNorm in training mode, or an InstanceNorm,'
  return `each slice of ${side} has mean 0 and deviation 1: ${layers} that one side lacks`
}

/** Channels of which every order is tried. */
const mostReordered = 4

/** Channels that are lines of other channels: BGR against RGB, with a mean and standard deviation for each place. */
function linesOfOtherSlices(scene: Scene, axis: Axis): Finding[] {
  const { length: count, stride, index } = axis
  const { actual, reference, length } = scene
  if (count > mostReordered || length < 4 * leastElements * count) return []
  const excerpt = excerptOf(scene)
  const cut = excerpt?.axes[scene.axes.indexOf(axis)]
  if (excerpt !== undefined && cut?.length === count && leastLeftByOrders(excerpt, cut) > mostLeftOfExcerpt) return []
  const { lines, whole } = linesBetween(scene, axis)
  return ordersOf(count).flatMap((order): Finding[] => {
    const left = leftInOrder(lines, order) / whole
    if (!(left <= mostLeft)) return []
    const isReversed = order.every((j, i) => j === count - 1 - i)
    const each = order.map(
      (j, i) =>
        `${i} is ${j} times ${formatNumber(lines[i]?.[j]?.slope ?? 0)} plus ${formatNumber(lines[i]?.[j]?.intercept ?? 0)}`,
    )
    const what =
      isReversed && count >= 3 && stride > 1
        ? `axis ${index} is reversed (RGB against BGR)`
        : `the slices of axis ${index} are in another order`
    return [
      {
        code: 'swapped-lines',
        message: `${what}, and each channel of actual is a line of another channel of the reference: ${each.join(', ')}; the mean and standard deviation were not swapped with them`,
        left: Math.max(left, (rounding * (actual.power + reference.power)) / whole),
        parameters: 2 * count + 1,
      },
    ]
  })
}

/** What lines leave over in the order of the slices that suits them best. */
function leastLeftByOrders(scene: Scene, axis: Axis): number {
  const { lines, whole } = linesBetween(scene, axis)
  return Math.min(...ordersOf(axis.length).map((order) => leftInOrder(lines, order))) / whole
}

interface LinesBetween {
  /** From every slice of the reference to every slice of actual. */
  readonly lines: readonly (readonly Line[])[]
  /** The error, or what actual varies within its slices where that is less. */
  readonly whole: number
}

function linesBetween(scene: Scene, axis: Axis): LinesBetween {
  const slices = Array.from({ length: axis.length }, (_, i) => i)
  const moments = slices.map((i) => slices.map((j) => momentsBetween(scene, axis, i, j)))
  const own = moments.flatMap((row, i) => row.slice(i, i + 1))
  return { lines: moments.map((row) => row.map(fitLine)), whole: Math.min(scene.error, spreadWithin(own)) }
}

const leftInOrder = (lines: LinesBetween['lines'], order: readonly number[]) =>
  order.reduce((sum, j, i) => sum + (lines[i]?.[j]?.left ?? 0), 0)

function momentsBetween(scene: Scene, { length: count, stride }: Axis, i: number, j: number): Moments {
  const moments = newMoments()
  for (let start = 0; start < scene.length; start += count * stride) {
    addRun(moments, scene.actual.values, start + i * stride, scene.reference.values, start + j * stride, stride)
  }
  return moments
}

/** All orders but the one in place. */
function ordersOf(count: number): number[][] {
  let orders: number[][] = [[]]
  for (let i = 0; i < count; i++) {
    orders = orders.flatMap((rest) =>
      Array.from({ length: rest.length + 1 }, (_, at) => [...rest.slice(0, at), i, ...rest.slice(at)]),
    )
  }
  return orders.filter((order) => order.some((j, i) => j !== i))
}
