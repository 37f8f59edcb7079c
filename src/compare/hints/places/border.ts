// Place: all errors lie at the edges of an image.
import { formatShare } from '../../../tensor/numbers.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import type { Axis, Scene } from '../scene.ts'
import { mayBeChance, missedPlaces, someMissedPlaces } from './missed-places.ts'

/** Shorter axes are nothing but edges. */
const leastLength = 6

/** The share of the border's elements that have to miss: a few wild ones may lie there by chance. */
const leastShare = 0.2
const leastMisses = 8

/** The greatest share of all elements that is still called a border. */
const mostBorder = 0.8

export const border: Hypothesis = (scene) => {
  const axes = scene.axes.filter(({ length }) => length >= leastLength)
  const [height, width] = axes.slice(-2)
  const choices = [
    ...(height && width ? [[height, width]] : []),
    ...(axes.length > 2 ? [axes.slice(0, 2)] : []),
    ...axes.slice(-1).map((axis) => [axis]),
  ].filter((chosen) => depthOf(chosen, someMissedPlaces(scene)) !== undefined)
  if (choices.length === 0) return []
  const places = missedPlaces(scene)
  if (places === undefined || places.length < leastMisses || places.length > mostBorder * scene.length) return []
  return choices.flatMap((chosen) => borderOf(scene, chosen, places)).slice(0, 1)
}

/** The share of the elements that lie within a distance of the edges. */
function shareWithin(distance: number, axes: readonly Axis[]): number {
  return 1 - axes.reduce((share, axis) => share * Math.max(0, 1 - (2 * distance) / axis.length), 1)
}

/** Within how many elements of the edges all places lie; undefined when that is nearly everywhere. */
function depthOf(axes: readonly Axis[], places: Int32Array): number | undefined {
  let distance = 1
  for (const place of places) {
    const reached = distanceToEdge(place, axes) + 1
    if (reached <= distance) continue
    if (shareWithin(reached, axes) > mostBorder) return undefined
    distance = reached
  }
  return distance
}

function borderOf({ length, differing }: Scene, axes: readonly Axis[], places: Int32Array): Finding[] {
  const distance = depthOf(axes, places)
  if (distance === undefined) return []
  const borderSize = shareWithin(distance, axes) * length
  if (borderSize > mostBorder * length || places.length < leastShare * borderSize || !touchesAllEdges(places, axes))
    return []
  if (mayBeChance(places.length / borderSize, length - borderSize)) return []
  const names = `${axes.length > 1 ? 'axes' : 'axis'} ${axes.map(({ index }) => index).join(' and ')}`
  return [
    {
      code: 'border',
      message: `all errors lie within ${distance === 1 ? 'one element' : `${distance} elements`} of the edges of ${names}, and ${formatShare(1 - differing / length)} of the elements are equal: look for another padding mode or value, an average that counts the padding, or align_corners`,
      left: 0,
      evidence: `${places.length} misses there, none inside`,
    },
  ]
}

function distanceToEdge(place: number, axes: readonly Axis[]): number {
  let least = Infinity
  for (let k = 0; k < axes.length; k++) {
    const { length, stride } = axes[k] as Axis
    const index = Math.floor(place / stride) % length
    least = Math.min(least, index, length - 1 - index)
  }
  return least
}

/** Whether there are misses in the first and the last slice of each axis, away from the others' edges. */
function touchesAllEdges(places: Int32Array, axes: readonly Axis[]): boolean {
  return axes.every(({ length, stride }) => {
    const others = axes.filter((axis) => axis.stride !== stride)
    const touching = places.filter((place) => others.length === 0 || distanceToEdge(place, others) >= 1)
    const indices = new Set(touching.map((place) => Math.floor(place / stride) % length))
    return indices.has(0) || indices.has(length - 1)
  })
}
