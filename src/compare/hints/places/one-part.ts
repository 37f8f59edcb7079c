// Place: all errors lie in one part of the tensor, in a row in memory or in neighbouring slices of an axis; the rest agrees.
import { formatShare } from '../../../tensor/numbers.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import type { Scene } from '../scene.ts'
import { mayBeChance, missedPlaces } from './missed-places.ts'

const leastMisses = 8

/** The share of a part that has to miss, but for zeros on both sides, and of the tensor that a part may be. */
const leastShare = 0.75
const mostShare = 0.9

export const onePart: Hypothesis = (scene) => {
  const places = missedPlaces(scene)
  if (places === undefined || places.length < leastMisses) return []
  return [...partOfMemory(scene, places), ...partOfAxes(scene, places)].slice(0, 1)
}

function partOfMemory(scene: Scene, places: Int32Array): Finding[] {
  const [first = 0, last = 0] = [places[0], places.at(-1)]
  const size = last - first + 1
  if (size > mostShare * scene.length) return []
  const isInside = (i: number) => i >= first && i <= last
  return describe(scene, `elements ${first} to ${last}, in memory order`, places.length, size, isInside)
}

function partOfAxes(scene: Scene, places: Int32Array): Finding[] {
  return scene.axes.flatMap(({ index, length: count, stride }): Finding[] => {
    let [least, greatest] = [count, 0]
    for (const place of places) {
      const at = Math.floor(place / stride) % count
      if (at < least) least = at
      if (at > greatest) greatest = at
      if (greatest - least + 1 > mostShare * count) return []
    }
    if (count < 4) return []
    const size = ((greatest - least + 1) / count) * scene.length
    const slices = least === greatest ? `slice ${least}` : `slices ${least} to ${greatest}`
    const isInside = (i: number) => {
      const at = Math.floor(i / stride) % count
      return at >= least && at <= greatest
    }
    return describe(scene, `${slices} of axis ${index}`, places.length, size, isInside)
  })
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
