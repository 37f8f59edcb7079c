// Where elements miss their tolerance: some of them, which may tell that they lie everywhere, and all.

import { type ElementRule, isCloseNumber } from '../../verdict/element-rule.ts'
import { blockLength } from '../block-length.ts'
import type { Scene, Side } from '../scene.ts'

// Kept by one of the sides, which all copies of a scene share.
const known = new WeakMap<Side, Int32Array | undefined>()
const sampled = new WeakMap<Side, Int32Array>()

/** The positions of the misses, in order; undefined when most elements miss, so that no part of the tensor can be to blame. */
export function missedPlaces(scene: Scene): Int32Array | undefined {
  if (!known.has(scene.reference)) known.set(scene.reference, findMisses(scene))
  return known.get(scene.reference)
}

/** The positions of some misses. */
export function someMissedPlaces(scene: Scene): Int32Array {
  const known = sampled.get(scene.reference)
  if (known !== undefined) return known
  const { actual, reference, few, source } = scene
  const places = few.differing.filter((i) => !isCloseNumber(actual.values[i], reference.values[i], source.rule))
  sampled.set(reference, places)
  return places
}

/** A larger share is everywhere. */
const mostShare = 0.9

function findMisses({ actual, reference, length, source }: Scene): Int32Array | undefined {
  const places = new Int32Array(Math.floor(mostShare * length) + 1)
  let count = 0
  for (let start = 0; start < length; start += blockLength) {
    const end = Math.min(start + blockLength, length)
    count = addMisses(places, count, actual.values, reference.values, source.rule, start, end)
    if (count === places.length) return undefined
  }
  return places.subarray(0, count)
}

/** Appends the misses of a block, as long as there is room; the new count. */
function addMisses(
  places: Int32Array,
  count: number,
  a: Float64Array,
  r: Float64Array,
  rule: ElementRule,
  start: number,
  end: number,
): number {
  let found = count
  for (let i = start; i < end && found < places.length; i++) {
    if (a[i] !== r[i] && !isCloseNumber(a[i], r[i], rule)) places[found++] = i
  }
  return found
}

/** Decimal digits of the probability that nothing misses outside of a part by chance. */
const leastSurprise = 6

/** Whether `others` elements may all agree by chance when a share of them misses elsewhere. */
export function mayBeChance(share: number, others: number): boolean {
  return -others * Math.log10(1 - Math.min(share, 0.999)) < leastSurprise
}
