// Cause: the same numbers are added to every slice of an axis: a position embedding or a bias map that one side lacks.
import { formatNumber } from '../../../tensor/numbers.ts'
import type { Hypothesis } from '../hypothesis.ts'
import { leftOver } from '../prediction.ts'
import { type Axis, areFloats, type Scene } from '../scene.ts'

/** The share of the error that may be left over: float rounding, and little noise. */
const mostLeftOver = 1e-4

/** How much the reference must vary along the axis, as a share of the error: what is repeated in it has the same errors by itself. */
const leastVaried = 0.1

/** Numbers that are added, and elements for each of them. */
const leastNumbers = 4
const leastElements = 16
/** From this number of elements on, one number for each slice of an axis is an offset of that slice. */
const leastOfOffset = 6

export const sameAddition: Hypothesis = (scene) => {
  const { axes, length, actual, reference } = scene
  if (axes.length < 2 || length < leastElements || !areFloats(scene)) return []
  const shared = axes.filter((axis) => isShared(scene, axis))
  const numbers = shared.reduce((count, axis) => count / axis.length, length)
  // one number in all, or one for each slice of an axis, is an offset
  if (shared.length === 0 || shared.length === axes.length || numbers < leastNumbers) return []
  if (axes.length - shared.length === 1 && length >= leastOfOffset * numbers) return []
  const left = leftOver(scene, {
    target: actual,
    at: (i) => {
      let other = i
      for (const axis of shared) other = nextAlong(axis, other)
      return reference.values[i] + actual.values[other] - reference.values[other]
    },
  })
  if (left > 2 * mostLeftOver) return []
  const own = axes.filter((axis) => !shared.includes(axis)).map(({ index }) => index)
  const along = shared.map(({ index }) => index)
  const rms = Math.sqrt(scene.error / length)
  return [
    {
      code: 'same-addition',
      message: `the difference of the sides is the same in every slice of ${list(along)}, and varies along ${list(own)} (${formatNumber(rms)} rms): something is added once for each place there that one side lacks or has otherwise, such as a position embedding or a bias`,
      left: left / 2,
      parameters: numbers,
    },
  ]
}

const list = (axes: readonly number[]) => `${axes.length > 1 ? 'axes' : 'axis'} ${axes.join(' and ')}`

/** The position of the next element along an axis, after the last the first. */
function nextAlong({ length, stride }: Axis, i: number): number {
  const place = Math.floor(i / stride) % length
  return i + (place + 1 === length ? 1 - length : 1) * stride
}

/** Whether the differences of the sample are those of the next slice, and the values are not. */
function isShared({ actual, reference, few }: Scene, axis: Axis): boolean {
  const [a, r] = [actual.values, reference.values]
  const most = 2 * mostLeftOver * few.error
  let [missed, varied] = [0, 0]
  for (const i of few.differing) {
    const other = nextAlong(axis, i)
    missed += (a[i] - r[i] - a[other] + r[other]) ** 2
    if (!(missed <= most)) return false
    varied += (r[i] - r[other]) ** 2
  }
  return varied >= leastVaried * few.error
}
