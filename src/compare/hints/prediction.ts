// Measures how much of the error a guess at one side's elements leaves over: on a sample first, then on all of them.
import { mostLeft } from './hypothesis.ts'
import type { Sample } from './sample.ts'
import type { Scene, Side } from './scene.ts'

/** What one side would be if the hypothesis were true. */
export interface Prediction {
  readonly target: Side
  /** The element at a position; NaN where the hypothesis does not say. */
  at(position: number): number
}

/**
 * A few elements of which this many times as much is left are not worth a look at many. What leaves less than {@link leastOfSample} of
 * them is looked at in any case: that is not far from rounding.
 */
const moreOfSample = 5
const leastOfSample = 1e-6

/** The share of the elements about which a hypothesis has to say something. */
const leastKnown = 0.4

/**
 * The share of the squared error, or of the target's own spread where that is less, that a prediction misses; Infinity when that is
 * more than explains anything. Being near a target that hardly varies, or nearer than something wild, explains nothing.
 */
export function leftOver(scene: Scene, prediction: Prediction): number {
  const most = Math.min(mostLeft, scene.leftAtMost)
  if (measure(scene, prediction, scene.few, Math.max(leastOfSample, moreOfSample * most)) === Infinity) return Infinity
  return measure(scene, prediction, scene.many(), most)
}

/** The share of the elements from which on most are equal. */
const mostlyEqual = 0.75

/** Whether a prediction misses elements that are equal by more than `most`, in the mean of their squares. */
function missesEqual({ target, at }: Prediction, equal: Int32Array, most: number): boolean {
  let missed = 0
  for (let k = 0; k < equal.length; k++) {
    const distance = at(equal[k]) - target.values[equal[k]]
    if (Number.isNaN(distance)) continue
    missed += distance * distance
    if (missed > most * equal.length) return true
  }
  return false
}

/** Infinity for more than `most`, as soon as that is sure. */
function measure(scene: Scene, prediction: Prediction, sample: Sample, most: number): number {
  const { actual, reference, finitePairs } = scene
  const { target, at } = prediction
  const { equal, differing, error: ofSample } = sample
  const { values } = target
  const equalPairs = finitePairs - scene.differing
  // where most elements are equal, these tell sooner
  if (equalPairs > mostlyEqual * finitePairs && missesEqual(prediction, equal, (most * target.spread) / equalPairs)) {
    return Infinity
  }
  let [knownEqual, missedEqual, known, missed, error] = [0, 0, 0, 0, 0]
  // by index: iterators cost a multiple of it before they are optimized
  for (let k = 0; k < differing.length; k++) {
    const position = differing[k]
    const distance = at(position) - values[position]
    if (Number.isNaN(distance)) continue
    known++
    missed += distance * distance
    if (missed > most * ofSample) return Infinity
    const own = actual.values[position] - reference.values[position]
    error += own * own
  }
  const perDiffering = scene.differing / Math.max(1, known)
  const whole = Math.min(error * perDiffering, target.spread)
  const mostMissed = (most * whole * equal.length) / Math.max(1, equalPairs)
  for (let k = 0; k < equal.length; k++) {
    const position = equal[k]
    const distance = at(position) - values[position]
    if (Number.isNaN(distance)) continue
    knownEqual++
    missedEqual += distance * distance
    if (missedEqual > mostMissed) return Infinity
  }
  if (knownEqual + known < leastKnown * (equal.length + differing.length)) return Infinity
  const left = (missedEqual * equalPairs) / Math.max(1, knownEqual) + missed * perDiffering
  const share = left / whole
  return share <= most ? share : Infinity
}
