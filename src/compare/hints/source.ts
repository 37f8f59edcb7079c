// What the report hands over to the search for hints.
import type { DType } from '../../tensor/dtype.ts'
import type { WorstSlice } from '../comparison.ts'
import type { Pairs } from '../sides/pairs.ts'
import type { ErrorDistribution } from '../statistics/error-distribution.ts'
import type { Statistics } from '../statistics/statistics.ts'
import type { ElementRule } from '../verdict/element-rule.ts'

export interface HintSource {
  readonly pairs: Pairs
  readonly rule: ElementRule
  /** Whether both sides were normalized before they were compared. */
  readonly normalized: boolean
  /** The dtypes before normalization. */
  readonly dtypes: readonly [actual: DType, reference: DType]
  readonly statistics: () => Statistics
  readonly relative: () => ErrorDistribution
  readonly worstSlices: () => readonly WorstSlice[]
}
