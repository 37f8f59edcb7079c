// Reductions, and what runs along one axis.
import { kernel } from './definition.ts'

/** Operations of `reduce`, numbered as ncnn's Reduction; `mean` and the norms are made from these by the caller. */
export const ReduceOp = {
  sum: 0,
  /** sum of absolute values */
  asum: 1,
  sumsq: 2,
  max: 4,
  min: 5,
  prod: 6,
  /** sum of exp(x) */
  sumexp: 10,
} as const

export const reductionKernels = {
  /** Running sums along the middle axis of [outer][length][inner]; may run in place. */
  cumulativeSum: kernel(['input', 'output', 'outer', 'length', 'inner']),
  /**
   * Turns pairs of features of [heads][steps][width] by the angles of tables [steps][tableWidth]: x1 cos - x2 sin and x1 sin + x2 cos, in
   * float64. The two of a pair are half the width apart, or neighbours if `interleaved`.
   */
  rotate: kernel(['input', 'cosines', 'sines', 'output', 'heads', 'steps', 'width', 'tableWidth', 'interleaved']),
  /**
   * Reduces the middle axis of [outer][length][inner] to output [outer][inner], times `coefficient`; `op` one of {@link ReduceOp}.
   * Sums are taken in float64 and rounded once.
   */
  reduce: kernel(['op', 'input', 'output', 'outer', 'length', 'inner', 'coefficient']),
}
