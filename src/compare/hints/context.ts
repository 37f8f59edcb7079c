// What a hint may look at. Hints are computed only for a failed comparison, when somebody reads them.
import type { Hint, WorstSlice } from '../comparison.ts'
import type { ElementRule } from '../element-rule.ts'
import type { ErrorDistribution } from '../error-distribution.ts'
import type { Pairs } from '../pairs.ts'
import type { Statistics } from '../statistics.ts'

export interface HintContext {
  readonly pairs: Pairs
  readonly rule: ElementRule
  readonly statistics: () => Statistics
  readonly relative: () => ErrorDistribution
  readonly worstSlices: () => readonly WorstSlice[]
  /** The `axis` option. */
  readonly axes: readonly number[] | undefined
}

/** Recognises one pattern; says nothing unless the numbers bear it out. */
export type HintFinder = (context: HintContext) => Hint | undefined
