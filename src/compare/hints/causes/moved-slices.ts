// Cause: slices in each other's place: a row repeated, the row of another batch item, items in another order.
import { formatList } from '../format.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import { leftOver } from '../prediction.ts'
import type { Axis, Scene } from '../scene.ts'

/** More slices, or smaller ones, are not looked for. */
const mostSlices = 256
const leastElements = 8

/** Elements of a slice by which another is recognized. */
const compared = 24

export const movedSlices: Hypothesis = (scene) => scene.axes.flatMap((axis) => movedAlong(scene, axis))

function movedAlong(scene: Scene, axis: Axis): Finding[] {
  const { length: count, stride, index } = axis
  const { actual, reference, length } = scene
  if (count > mostSlices || length / count < leastElements) return []
  const sources = nearestSlices(scene, axis)
  if (sources === undefined) return []
  const at = (position: number): number => {
    const place = Math.floor(position / stride) % count
    return reference.values[position + ((sources[place] ?? place) - place) * stride]
  }
  const left = leftOver(scene, { target: actual, at })
  if (left > 1) return []
  const [first = 0] = sources
  const moved = sources.filter((source, i) => source !== i).length
  const message = sources.every((source) => source === first)
    ? `every slice of axis ${index} of actual is slice ${first} of the reference: one row was repeated, or one item stands for the whole batch`
    : `slices of axis ${index} of actual are those of other places of the reference (${listMoves(sources)}): look for a batch item, an index or an order that was confused`
  return [{ code: 'moved-slices', message, left, parameters: Math.min(moved, 6) }]
}

function listMoves(sources: readonly number[]): string {
  return formatList(sources.flatMap((source, i) => (source === i ? [] : [`${i} is ${source}`])))
}

/** A slice counts as another when that is nearer by this factor. */
const nearer = 0.1

/** The share of the error that slices may have that resemble no other. */
const mostUnexplained = 0.25

/**
 * For each slice of actual the slice of the reference that is nearest, itself where others are no nearer; undefined when all are in
 * place, or too much of the error lies in slices that resemble no other.
 */
function nearestSlices(scene: Scene, { length: count, stride }: Axis): number[] | undefined {
  const a = scene.actual.values
  const r = scene.reference.values
  const offsets = offsetsWithin(scene.length / count, count, stride)
  const sources = Array.from({ length: count }, (_, slice) => slice)
  const own = sources.map((slice) => distanceBetween(a, slice * stride, r, slice * stride, offsets, Infinity))
  const whole = own.reduce((sum, distance) => sum + distance, 0)
  // what is 0 is that of any place
  const telling = sources.map((slice) => offsets.some((offset) => r[slice * stride + offset] !== 0))
  let unexplained = 0
  // where most of the error lies tells soonest
  for (const slice of [...sources].sort((i, j) => (own[j] ?? 0) - (own[i] ?? 0))) {
    let least = own[slice] ?? 0
    for (let other = 0; other < count && least > 0; other++) {
      if (!telling[other]) continue
      const distance = distanceBetween(a, slice * stride, r, other * stride, offsets, nearer * least)
      if (distance < nearer * least) {
        sources[slice] = other
        least = distance
      }
    }
    unexplained += least
    if (unexplained > mostUnexplained * whole) return undefined
  }
  return sources.some((source, slice) => source !== slice) ? sources : undefined
}

/** Where in the first slice the compared elements lie. */
function offsetsWithin(size: number, count: number, stride: number): Int32Array {
  const chosen = Math.min(compared, size)
  return Int32Array.from({ length: chosen }, (_, k) => {
    const within = Math.floor(((k + 0.5) * size) / chosen)
    return Math.floor(within / stride) * count * stride + (within % stride)
  })
}

/** The sum of the squared distances of two slices' elements, or what it has come to when it is no longer below a limit. */
function distanceBetween(
  a: Float64Array,
  startA: number,
  r: Float64Array,
  startR: number,
  offsets: Int32Array,
  limit: number,
): number {
  let sum = 0
  for (let k = 0; k < offsets.length && sum < limit; k++) {
    const distance = a[startA + offsets[k]] - r[startR + offsets[k]]
    sum += distance * distance
  }
  return sum
}
