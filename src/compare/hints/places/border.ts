// Place: all errors lie at the edges of an image.
import { formatShare } from '../../../tensor/numbers.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import type { Axis, Scene } from '../scene.ts'
import { mayBeChance, missedPlaces } from './missed-places.ts'

/** Shorter axes are nothing but edges. */
const leastLength = 6

/** The share of the border's elements that have to miss: a few wild ones may lie there by chance. */
const leastShare = 0.2
const leastMisses = 8

/** The greatest share of all elements that is still called a border. */
const mostBorder = 0.8

export const border: Hypothesis = (scene) => {
  const places = missedPlaces(scene)
  if (places === undefined || places.length < leastMisses || places.length > mostBorder * scene.length) return []
  const axes = scene.axes.filter(({ length }) => length >= leastLength)
  const [height, width] = axes.slice(-2)
  const choices = [
    ...(height && width ? [[height, width]] : []),
    ...(axes.length > 2 ? [axes.slice(0, 2)] : []),
    ...axes.slice(-1).map((axis) => [axis]),
  ]
  return choices.flatMap((chosen) => borderOf(scene, chosen, places)).slice(0, 1)
}

function borderOf({ length, differing }: Scene, axes: readonly Axis[], places: Int32Array): Finding[] {
  const borderWithin = (distance: number) =>
    1 - axes.reduce((share, axis) => share * Math.max(0, 1 - (2 * distance) / axis.length), 1)
  let distance = 1
  for (const place of places) {
    const reached = distanceToEdge(place, axes) + 1
    if (reached <= distance) continue
    if (borderWithin(reached) > mostBorder) return []
    distance = reached
  }
  const borderSize = borderWithin(distance) * length
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
  return axes.reduce((least, { length, stride }) => {
    const index = Math.floor(place / stride) % length
    return Math.min(least, index, length - 1 - index)
  }, Infinity)
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
