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
  const sources = Array.from({ length: count }, (_, i) => nearestSlice(scene, axis, i))
  const moved = sources.filter((source, i) => source !== i).length
  if (moved === 0) return []
  const at = (position: number): number => {
    const place = Math.floor(position / stride) % count
    return reference.values[position + ((sources[place] ?? place) - place) * stride]
  }
  const left = leftOver(scene, { target: actual, at })
  if (left > 1) return []
  const [first = 0] = sources
  const message = sources.every((source) => source === first)
    ? `every slice of axis ${index} of actual is slice ${first} of the reference: one row was repeated, or one item stands for the whole batch`
    : `slices of axis ${index} of actual are those of other places of the reference (${listMoves(sources)}): look for a batch item, an index or an order that was confused`
  return [{ code: 'moved-slices', message, left, parameters: Math.min(moved, 6) }]
}

function listMoves(sources: readonly number[]): string {
  return formatList(sources.flatMap((source, i) => (source === i ? [] : [`${i} is ${source}`])))
}

/** The slice of the reference that is nearest to a slice of actual, itself where others are no nearer. */
function nearestSlice({ actual, reference, length }: Scene, { length: count, stride }: Axis, slice: number): number {
  const size = length / count
  const positions = Array.from({ length: Math.min(compared, size) }, (_, k) => {
    const within = Math.floor(((k + 0.5) * size) / Math.min(compared, size))
    return Math.floor(within / stride) * count * stride + (within % stride)
  })
  /** The sum of the squares, or what it has come to when it is no longer below a limit. */
  const distanceTo = (other: number, limit: number) => {
    let sum = 0
    for (const at of positions) {
      const distance = actual.values[at + slice * stride] - reference.values[at + other * stride]
      sum += distance * distance
      if (sum >= limit) break
    }
    return sum
  }
  let nearest = slice
  let least = distanceTo(slice, Infinity)
  for (let other = 0; other < count && least > 0; other++) {
    const distance = distanceTo(other, 0.1 * least)
    if (distance < 0.1 * least) [nearest, least] = [other, distance]
  }
  return nearest
}
