// Place: all errors lie in one part of the tensor, in a row in memory or in neighbouring slices of an axis; the rest agrees.
import { formatShare } from '../../../tensor/numbers.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import type { Axis, Scene } from '../scene.ts'
import { mayBeChance, missedPlaces, someMissedPlaces } from './missed-places.ts'

const leastMisses = 8

/** The share of a part that has to miss, but for zeros on both sides, and of the tensor that a part may be. */
const leastShare = 0.75
const mostShare = 0.9

/** One of fewer slices is no part. */
const leastSlices = 4

export const onePart: Hypothesis = (scene) => {
  const some = someMissedPlaces(scene)
  const isInMemory = partOfMemory(scene, some) !== undefined
  const axes = scene.axes.filter((axis) => partOfAxis(axis, some) !== undefined)
  if (!isInMemory && axes.length === 0) return []
  const places = missedPlaces(scene)
  if (places === undefined || places.length < leastMisses) return []
  return [
    ...(isInMemory ? describeMemory(scene, places) : []),
    ...axes.flatMap((axis) => describeSlices(scene, axis, places)),
  ].slice(0, 1)
}

interface Range {
  readonly first: number
  readonly last: number
}

/** From the first to the last of the places, in any order; undefined when that is nearly everything. */
function partOfMemory({ length }: Scene, places: Int32Array): Range | undefined {
  let [first, last] = [length, 0]
  for (const place of places) {
    if (place < first) first = place
    if (place > last) last = place
  }
  return last - first + 1 > mostShare * length ? undefined : { first, last }
}

/** As {@link partOfMemory}, of the slices of an axis. */
function partOfAxis({ length: count, stride }: Axis, places: Int32Array): Range | undefined {
  let [first, last] = [count, 0]
  for (const place of places) {
    const at = Math.floor(place / stride) % count
    if (at < first) first = at
    if (at > last) last = at
    if (last - first + 1 > mostShare * count) return undefined
  }
  return count < leastSlices ? undefined : { first, last }
}

function describeMemory(scene: Scene, places: Int32Array): Finding[] {
  const range = partOfMemory(scene, places)
  if (range === undefined) return []
  const { first, last } = range
  const isInside = (i: number) => i >= first && i <= last
  const where = `elements ${first} to ${last}, in memory order`
  return describe(scene, where, places.length, last - first + 1, isInside)
}

function describeSlices(scene: Scene, axis: Axis, places: Int32Array): Finding[] {
  const range = partOfAxis(axis, places)
  if (range === undefined) return []
  const { first, last } = range
  const { index, length: count, stride } = axis
  const isInside = (i: number) => {
    const at = Math.floor(i / stride) % count
    return at >= first && at <= last
  }
  const where = `${first === last ? `slice ${first}` : `slices ${first} to ${last}`} of axis ${index}`
  return describe(scene, where, places.length, ((last - first + 1) / count) * scene.length, isInside)
}

function describe(
  { actual, reference, length }: Scene,
  where: string,
  misses: number,
  size: number,
  isInside: (i: number) => boolean,
): Finding[] {
  // behind a ReLU, zeros on both sides say nothing
  let [zerosInside, zerosOutside] = [0, 0]
  for (let i = 0; i < length; i++) {
    if (actual.values[i] !== 0 || reference.values[i] !== 0) continue
    if (isInside(i)) zerosInside++
    else zerosOutside++
  }
  const missing = misses / (size - zerosInside)
  if (missing < leastShare || mayBeChance(missing, length - size - zerosOutside)) return []
  return [
    {
      code: 'one-part',
      message: `all errors lie in ${where} (${formatShare(size / length)} of the tensor); everything else agrees: look for a part that was not computed, not copied or is left from an earlier run`,
      left: 0,
      evidence: `${formatShare(missing)} of its elements${zerosInside > 0 ? ' that are not 0 on both sides' : ''} miss, none outside`,
    },
  ]
}
