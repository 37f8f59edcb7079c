// Hint: the NaN of both sides stand in the same places, so they may be meant.

import { forEachBlock } from '../sides/pairs.ts'
import type { HintFinder } from './context.ts'

/** Fires when no element is NaN on one side only. */
export const nanOnBothSides: HintFinder = ({ pairs, rule }) => {
  let both = 0
  let single = 0
  forEachBlock(pairs, rule, ({ count, actual, reference, missed }) => {
    for (let i = 0; i < count; i++) {
      if (missed[i] === 0) continue
      const sides = Number(Number.isNaN(actual[i])) + Number(Number.isNaN(reference[i]))
      if (sides === 2) both++
      else if (sides === 1) single++
    }
  })
  if (both === 0 || single > 0) return undefined
  return {
    code: 'nan-on-both-sides',
    message: `${both === 1 ? '1 element is' : `${both} elements are`} NaN on both sides: if that is meant, compare with { equalNaN: true }`,
  }
}
