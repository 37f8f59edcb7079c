// Measures how much of the error a guess at one side's elements leaves over: on a sample first, then on all of them.
import { mostLeft } from './hypothesis.ts'
import type { Sample, Scene, Side } from './scene.ts'

/** What one side would be if the hypothesis were true. */
export interface Prediction {
  readonly target: Side
  /** The element at a position; NaN where the hypothesis does not say. */
  at(position: number): number
}

/** A sample that leaves more than this is not worth a look at all elements. */
const mostLeftOfSample = 0.1

/** The share of the elements about which a hypothesis has to say something. */
const leastKnown = 0.4

/**
 * The share of the squared error, or of the target's own spread where that is less, that a prediction misses; Infinity when that is
 * more than explains anything. Being near a target that hardly varies, or nearer than something wild, explains nothing.
 */
export function leftOver(scene: Scene, prediction: Prediction): number {
  if (measure(scene, prediction, scene.few, mostLeftOfSample) === Infinity) return Infinity
  return measure(scene, prediction, scene.many, mostLeft)
}

/** Infinity for more than `most`, as soon as that is sure. */
function measure(
  scene: Scene,
  { target, at }: Prediction,
  { equal, differing, error: whole }: Sample,
  most: number,
): number {
  const { actual, reference, finitePairs } = scene
  const { values } = target
  let [knownEqual, missedEqual, known, missed, error] = [0, 0, 0, 0, 0]
  for (const position of differing) {
    const distance = at(position) - values[position]
    if (Number.isNaN(distance)) continue
    known++
    missed += distance * distance
    if (missed > most * whole) return Infinity
    error += (actual.values[position] - reference.values[position]) ** 2
  }
  for (const position of equal) {
    const distance = at(position) - values[position]
    if (Number.isNaN(distance)) continue
    knownEqual++
    missedEqual += distance * distance
  }
  if (knownEqual + known < leastKnown * (equal.length + differing.length)) return Infinity
  const [perEqual, perDiffering] = [
    (finitePairs - scene.differing) / Math.max(1, knownEqual),
    scene.differing / Math.max(1, known),
  ]
  const left = missedEqual * perEqual + missed * perDiffering
  const share = left / Math.min(error * perDiffering, target.spread)
  return share <= most ? share : Infinity
}
