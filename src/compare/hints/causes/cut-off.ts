// Cause: numbers were cut off to whole ones on one side, and rounded to the nearest, or not at all, on the other.
import { formatShare } from '../../../tensor/numbers.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import { directions, nameOf, type Scene, type Side } from '../scene.ts'

const leastElements = 64

export const cutOff: Hypothesis = (scene) =>
  scene.length < leastElements
    ? []
    : directions(scene).flatMap(({ from, to }) => [
        ...insteadOfRounded(scene, from, to),
        ...ofFractions(scene, from, to),
      ])

/** About half of all fractions are rounded up. */
const leastShare = 0.3
const mostShare = 0.7

/** Fewer different numbers may be classes, or a mask whose edges moved. */
const leastRange = 24

/** Blocks of elements in each of which about half must differ: rounding is everywhere. */
const blocks = 16

/** Both sides are whole: `to` is `from`, or one less, or one nearer to 0. */
function insteadOfRounded(scene: Scene, from: Side, to: Side): Finding[] {
  const { few, length, differing } = scene
  const share = differing / length
  if (share < leastShare || share > mostShare || from.max - from.min < leastRange) return []
  const [x, y] = [from.values, to.values]
  const isFloor = few.differing.every((i) => x[i] - y[i] === 1)
  const isTruncated = few.differing.every((i) => Math.abs(x[i]) - Math.abs(y[i]) === 1 && x[i] * y[i] >= 0)
  if (!(isFloor || isTruncated)) return []
  const counts = new Int32Array(blocks)
  for (let i = 0; i < length; i++) {
    if (x[i] === y[i]) continue
    const isCut = isFloor ? x[i] - y[i] === 1 : Math.abs(x[i]) - Math.abs(y[i]) === 1
    if (!isCut) return []
    counts[Math.floor((i * blocks) / length)]++
  }
  const inBlock = length / blocks
  const isEverywhere = counts.every((count) => Math.abs(count / inBlock - share) < 0.15 + 2 / Math.sqrt(inBlock))
  if (!isEverywhere || !from.isWhole() || !to.isWhole()) return []
  const how = isFloor ? 'one less' : 'one nearer to 0'
  return [
    {
      code: 'cut-off',
      message: `both sides are whole numbers, and ${nameOf(to)} is ${nameOf(from)} or ${how}, each about as often: fractions were cut off (a cast to an integer, floor) on one side and rounded to the nearest on the other, or half a step is missing before`,
      left: 0,
      evidence: `${formatShare(share)} of the elements differ, all by 1 the same way`,
      parameters: 3,
    },
  ]
}

/** A whole number may have been computed as one just below or above it. */
const mostMisfits = 1e-3

/** `to` is the whole number below, or above, each element of `from`; towards 0 is found among the operations. */
function ofFractions(scene: Scene, from: Side, to: Side): Finding[] {
  const { few, length } = scene
  const [x, y] = [from.values, to.values]
  const rounding = [
    { name: 'the whole number below it (floor)', apply: Math.floor },
    { name: 'the whole number above it (ceil)', apply: Math.ceil },
  ].find(({ apply }) => {
    let misfits = 0
    for (const i of few.differing) if (y[i] !== apply(x[i])) misfits++
    return misfits <= 0.01 * few.differing.length
  })
  // of one sign, it is a cast; of few values, many things are
  if (rounding === undefined || from.min >= 0 || from.max <= 0 || to.max - to.min < 3) return []
  let misfits = 0
  for (let i = 0; i < length; i++) if (y[i] !== rounding.apply(x[i])) misfits++
  if (misfits > mostMisfits * length) return []
  return [
    {
      code: 'rounded',
      message: `${nameOf(to)} is ${nameOf(from)} after an operation: ${rounding.name}; ${to.name === 'reference' ? 'actual' : 'the reference'} lacks it, or is the blob before it`,
      left: misfits / length,
      evidence: `${formatShare(1 - misfits / length)} of the elements fit`,
      parameters: 1,
    },
  ]
}
