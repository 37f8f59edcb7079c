// Where elements miss their tolerance.
import { isCloseNumber } from '../../verdict/element-rule.ts'
import type { Scene } from '../scene.ts'

const known = new WeakMap<Scene, Int32Array | undefined>()

/** The positions of the misses, in order; undefined when most elements miss, so that no part of the tensor can be to blame. */
export function missedPlaces(scene: Scene): Int32Array | undefined {
  if (!known.has(scene)) known.set(scene, findMisses(scene))
  return known.get(scene)
}

/** A larger share is everywhere. */
const mostShare = 0.9

function findMisses({ actual, reference, length, source }: Scene): Int32Array | undefined {
  const places = new Int32Array(Math.floor(mostShare * length) + 1)
  let count = 0
  for (let i = 0; i < length; i++) {
    if (isCloseNumber(actual.values[i], reference.values[i], source.rule)) continue
    if (count === places.length) return undefined
    places[count++] = i
  }
  return places.subarray(0, count)
}

/** Decimal digits of the probability that nothing misses outside of a part by chance. */
const leastSurprise = 6

/** Whether `others` elements may all agree by chance when a share of them misses elsewhere. */
export function mayBeChance(share: number, others: number): boolean {
  return -others * Math.log10(1 - Math.min(share, 0.999)) < leastSurprise
}
