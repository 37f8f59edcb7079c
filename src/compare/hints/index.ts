// All hints, in the order in which they are given.
import type { Hint } from '../comparison.ts'
import { axisOrder } from './axis-order.ts'
import { bfloat16Precision } from './bfloat16-precision.ts'
import { type HintFinder, type HintSource, hintContext } from './context.ts'
import { deadOutput } from './dead-output.ts'
import { gain } from './gain.ts'
import { halfPrecision } from './half-precision.ts'
import { nanOnBothSides } from './nan-on-both-sides.ts'
import { offset } from './offset.ts'
import { oneSlice } from './one-slice.ts'
import { overflow } from './overflow.ts'
import { signFlip } from './sign-flip.ts'
import { softmax } from './softmax.ts'

/** Patterns that explain the whole mismatch: the first that fits is given, for the rest would be its consequence. */
const wholeExplanations: readonly HintFinder[] = [
  nanOnBothSides,
  overflow,
  deadOutput,
  signFlip,
  gain,
  offset,
  axisOrder,
  softmax,
  halfPrecision,
  bfloat16Precision,
]

/** Where the error lies, whatever its cause. */
const places: readonly HintFinder[] = [oneSlice]

/** What explains a failed comparison, at most one whole explanation and one place. */
export function findHints(source: HintSource): Hint[] {
  const context = hintContext(source)
  return [wholeExplanations, places].flatMap((finders) => {
    for (const find of finders) {
      const hint = find(context)
      if (hint !== undefined) return [hint]
    }
    return []
  })
}
