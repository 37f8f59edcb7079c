// Where the error lies: per axis, the slice (a channel, a frame) that carries most of it.
import { sizeOf } from '../../tensor/shape.ts'
import type { WorstSlice } from '../comparison.ts'
import { forEachBlock, type Pairs } from '../sides/pairs.ts'
import type { ElementRule } from '../verdict/element-rule.ts'

/** A slice stands out when it alone has half of the squared error, and at least 1.6 times its fair share. */
const leastShare = 0.5
const leastConcentration = 1.6

/** The slice with most of the squared error of each axis where one stands out, the most concentrated axis first. */
export function findWorstSlices(pairs: Pairs, rule: ElementRule): WorstSlice[] {
  const slices = pairs.shape.flatMap((length, axis) => {
    const inner = sizeOf(pairs.shape.slice(axis + 1))
    // a slice of one element is an element, a single slice is everything
    return length < 2 || length === pairs.length ? [] : [worstSliceOf(pairs, rule, axis, length, inner)]
  })
  return slices
    .filter((slice) => slice !== undefined)
    .sort((a, b) => b.share * (pairs.shape[b.axis] ?? 1) - a.share * (pairs.shape[a.axis] ?? 1))
}

function worstSliceOf(
  pairs: Pairs,
  rule: ElementRule,
  axis: number,
  length: number,
  inner: number,
): WorstSlice | undefined {
  const squaredErrors = new Float64Array(length)
  const misses = new Float64Array(length)
  forEachBlock(pairs, rule, ({ start, count, diff, missed }) => {
    let index = Math.floor(start / inner) % length
    let left = inner - (start % inner)
    for (let i = 0; i < count; i++) {
      if (diff[i] > 0) squaredErrors[index] += diff[i] * diff[i]
      misses[index] += missed[i]
      if (--left === 0) {
        left = inner
        index = index + 1 === length ? 0 : index + 1
      }
    }
  })
  const total = squaredErrors.reduce((sum, error) => sum + error, 0)
  const index = squaredErrors.indexOf(squaredErrors.reduce((most, error) => Math.max(most, error), 0))
  const share = squaredErrors[index] / total
  // NaN when there is no error at all, or one beyond float64
  if (!(share >= Math.max(leastShare, leastConcentration / length))) return undefined
  return { axis, index, share, mismatched: misses[index] }
}
