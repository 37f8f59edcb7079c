// Measures how much of the error a guess at one side's elements leaves over: on a sample first, then on all of them.
import type { Scene, Side } from './scene.ts'

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
 * The share of the squared error, or of the target's own spread where that is less, that a prediction misses; Infinity when it is
 * not worth looking at. Being near a target that hardly varies, or nearer than something wild, explains nothing.
 */
export function leftOver(scene: Scene, prediction: Prediction): number {
  const { sample, length } = scene
  if (sample.length < length) {
    const { missed, error } = measure(scene, prediction, sample.length, (i) => sample[i])
    if (!(missed <= mostLeftOfSample * error)) return Infinity
  }
  const { missed, error } = measure(scene, prediction, length, (i) => i)
  const left = missed / Math.min(error, prediction.target.spread)
  return Number.isNaN(left) ? Infinity : left
}

function measure(
  { actual, reference }: Scene,
  { target, at }: Prediction,
  count: number,
  positionOf: (i: number) => number,
): { missed: number; error: number } {
  const { values } = target
  let [known, missed, error] = [0, 0, 0]
  for (let i = 0; i < count; i++) {
    const position = positionOf(i)
    const d = actual.values[position] - reference.values[position]
    if (d - d !== 0) continue
    const predicted = at(position)
    if (Number.isNaN(predicted)) continue
    known++
    missed += (predicted - values[position]) ** 2
    error += d * d
  }
  return known < leastKnown * count ? { missed: Infinity, error: 0 } : { missed, error }
}
