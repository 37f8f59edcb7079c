// Hint: values beyond what float16 can hold became infinite, or stuck at its largest value.

import { formatNumber } from '../../tensor/numbers.ts'
import { forEachBlock } from '../sides/pairs.ts'
import type { HintFinder } from './context.ts'

/** The largest float16, and where rounding to infinity begins. */
const largestHalf = 65504
const leastOverflow = 65520

/** Fires when every element that is infinite or stuck at ±65504 in actual has a larger finite reference of the same sign. */
export const overflow: HintFinder = ({ pairs, rule }) => {
  let explained = 0
  let unexplained = 0
  let largest = 0
  forEachBlock(pairs, rule, ({ count, actual, reference, missed }) => {
    for (let i = 0; i < count; i++) {
      if (missed[i] === 0 || Math.abs(actual[i]) < largestHalf) continue
      const isStuck = Math.abs(actual[i]) === largestHalf || Math.abs(actual[i]) === Infinity
      const fits = Number.isFinite(reference[i]) && Math.abs(reference[i]) >= leastOverflow
      if (isStuck && fits && Math.sign(actual[i]) === Math.sign(reference[i])) {
        explained++
        largest = Math.max(largest, Math.abs(reference[i]))
      } else if (Math.abs(actual[i]) === Infinity) unexplained++
    }
  })
  if (explained === 0 || unexplained > 0) return undefined
  return {
    code: 'half-overflow',
    message: `where actual is infinite or stuck at 65504 (${explained} ${explained === 1 ? 'element' : 'elements'}), the reference is beyond what float16 holds (up to ${formatNumber(largest)}): the values overflowed in half precision, so compute these layers in float32`,
  }
}
