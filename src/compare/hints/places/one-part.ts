// Place: all errors lie in one part of the tensor, in a row in memory or in neighbouring slices of an axis; the rest agrees.
import { formatShare } from '../../../tensor/numbers.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import type { Scene } from '../scene.ts'
import { mayBeChance, missedPlaces } from './missed-places.ts'

const leastMisses = 8

/** The share of a part that has to miss, and of the tensor that a part may be. */
const leastShare = 0.75
const mostShare = 0.9

export const onePart: Hypothesis = (scene) => {
  const places = missedPlaces(scene)
  if (places === undefined || places.length < leastMisses) return []
  return [...partOfMemory(scene, places), ...partOfAxes(scene, places)].slice(0, 1)
}

function partOfMemory({ length }: Scene, places: Int32Array): Finding[] {
  const [first = 0, last = 0] = [places[0], places.at(-1)]
  const size = last - first + 1
  if (
    size > mostShare * length ||
    places.length < leastShare * size ||
    mayBeChance(places.length / size, length - size)
  )
    return []
  return [describe(`elements ${first} to ${last}, in memory order`, places.length / size, size / length)]
}

function partOfAxes({ axes, length }: Scene, places: Int32Array): Finding[] {
  return axes.flatMap(({ index, length: count, stride }): Finding[] => {
    let [least, greatest] = [count, 0]
    for (const place of places) {
      const at = Math.floor(place / stride) % count
      if (at < least) least = at
      if (at > greatest) greatest = at
      if (greatest - least + 1 > mostShare * count) return []
    }
    const share = (greatest - least + 1) / count
    if (count < 4 || places.length < leastShare * share * length) return []
    if (mayBeChance(places.length / (share * length), (1 - share) * length)) return []
    return [
      describe(
        least === greatest ? `slice ${least} of axis ${index}` : `slices ${least} to ${greatest} of axis ${index}`,
        places.length / (share * length),
        share,
      ),
    ]
  })
}

function describe(where: string, missing: number, share: number): Finding {
  return {
    code: 'one-part',
    message: `all errors lie in ${where} (${formatShare(share)} of the tensor); everything else agrees: look for a part that was not computed, not copied or is left from an earlier run`,
    left: 0,
    evidence: `${formatShare(missing)} of its elements miss, none outside`,
  }
}
