// What a hint may look at. Hints are computed only for a failed comparison, when somebody reads them.
import { toFloat64 } from '../../tensor/decode.ts'
import type { DType } from '../../tensor/dtype.ts'
import type { Hint, WorstSlice } from '../comparison.ts'
import { once } from '../once.ts'
import type { Pairs } from '../sides/pairs.ts'
import type { ErrorDistribution } from '../statistics/error-distribution.ts'
import type { Statistics } from '../statistics/statistics.ts'
import type { ElementRule } from '../verdict/element-rule.ts'
import { gatherMoments, type Moments } from './moments.ts'

export interface HintContext {
  readonly pairs: Pairs
  readonly rule: ElementRule
  /** Whether both sides were normalized before they were compared. */
  readonly normalized: boolean
  /** The dtypes before normalization. */
  readonly dtypes: readonly [actual: DType, reference: DType]
  readonly statistics: () => Statistics
  readonly relative: () => ErrorDistribution
  readonly worstSlices: () => readonly WorstSlice[]
  readonly moments: () => Moments
  /** Both sides as float64; undefined when there are too many elements to copy and sort them for a hint. */
  readonly values: () => { readonly actual: Float64Array; readonly reference: Float64Array } | undefined
}

/** Recognises one pattern; says nothing unless the numbers bear it out. */
export type HintFinder = (context: HintContext) => Hint | undefined

/** Beyond this many elements nothing is sorted or copied for the sake of a hint. */
const mostValues = 2 ** 21

export type HintSource = Omit<HintContext, 'moments' | 'values'>

export function hintContext(source: HintSource): HintContext {
  const { actual, reference, length } = source.pairs
  return {
    ...source,
    moments: once(() => gatherMoments(source.pairs, source.rule)),
    values: once(() =>
      length > mostValues ? undefined : { actual: toFloat64(actual), reference: toFloat64(reference) },
    ),
  }
}
