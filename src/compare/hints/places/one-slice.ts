// Place: nearly all of the error lies in one slice of an axis, a channel or a frame.
import { formatShare } from '../../../tensor/numbers.ts'
import { fewAreTelling } from '../excerpt.ts'
import type { Hypothesis } from '../hypothesis.ts'
import type { Axis, Scene } from '../scene.ts'

/** Share of the squared error from which a slice is to blame alone. */
const leastShare = 0.9

/** Of two or three slices one is the worst by chance. */
const leastSlices = 4

/** Fires for a slice that is wrong as a whole: one wild element would make any slice the worst. */
export const oneSlice: Hypothesis = (scene) => {
  if (fewAreTelling(scene) && scene.axes.every((axis) => shareOfWorst(scene, axis) < leastShareOfFew)) return []
  const found = scene.source
    .worstSlices()
    .find(
      ({ axis, index, share }) =>
        share >= leastShare && (scene.shape[axis] ?? 0) >= leastSlices && isWrongAsAWhole(scene, axis, index),
    )
  if (found === undefined) return []
  const length = scene.shape[found.axis] ?? 0
  const message = `${formatShare(found.share)} of the squared error lies in slice ${found.index} of axis ${found.axis} (of length ${length}): look at what is special about it, such as one channel's weight or scale, or a padded edge`
  return [{ code: 'one-slice', message, left: 1 - found.share, evidence: 'its elements share the error' }]
}

/** A slice that has less of the error of the few elements of a sample has not {@link leastShare} of all. */
const leastShareOfFew = 0.7

function shareOfWorst({ few, actual, reference }: Scene, { length, stride }: Axis): number {
  const errors = new Float64Array(length)
  let most = 0
  for (let k = 0; k < few.differing.length; k++) {
    const i = few.differing[k]
    const slice = Math.floor(i / stride) % length
    const distance = actual.values[i] - reference.values[i]
    errors[slice] += distance * distance
    if (errors[slice] > most) most = errors[slice]
  }
  return most / few.error
}

/** The least share of a slice's elements that the error has to be spread over, as `(Σd²)² / Σd⁴` counts them. */
const leastSpread = 0.03

function isWrongAsAWhole({ axes, actual, reference, length }: Scene, axis: number, slice: number): boolean {
  const found = axes.find(({ index }) => index === axis)
  if (found === undefined) return false
  const { length: count, stride } = found
  let [squares, fourths] = [0, 0]
  for (let start = slice * stride; start < length; start += count * stride) {
    for (let i = start; i < start + stride; i++) {
      const square = (actual.values[i] - reference.values[i]) ** 2
      squares += square
      fourths += square * square
    }
  }
  return (squares * squares) / fourths >= Math.max(4, (leastSpread * length) / count)
}
