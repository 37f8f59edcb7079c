// Sums over all pairs of finite elements that tell a gain from an offset from noise.

import { type Block, forEachBlock, type Pairs } from '../sides/pairs.ts'
import type { ElementRule } from '../verdict/element-rule.ts'

export interface Moments {
  /** Pairs of finite elements. */
  readonly count: number
  readonly meanActual: number
  readonly meanReference: number
  /** Means of the squares and the product of the centred values. */
  readonly varianceActual: number
  readonly varianceReference: number
  readonly covariance: number
  /** Elements that are not equal. */
  readonly differing: number
}

/** Two passes, so that a large mean does not swallow the variance. */
export function gatherMoments(pairs: Pairs, rule: ElementRule): Moments {
  const sums = { count: 0, actual: 0, reference: 0, differing: 0 }
  forEachBlock(pairs, rule, (block) => addSums(sums, block))
  const { count, differing } = sums
  const meanActual = sums.actual / count
  const meanReference = sums.reference / count
  const squares = { actual: 0, reference: 0, product: 0 }
  forEachBlock(pairs, rule, (block) => addSquares(squares, block, meanActual, meanReference))
  return {
    count,
    meanActual,
    meanReference,
    varianceActual: squares.actual / count,
    varianceReference: squares.reference / count,
    covariance: squares.product / count,
    differing,
  }
}

function addSums(
  sums: { count: number; actual: number; reference: number; differing: number },
  { count, actual, reference, diff }: Block,
): void {
  for (let i = 0; i < count; i++) {
    if (Number.isNaN(diff[i])) continue
    sums.count++
    sums.actual += actual[i]
    sums.reference += reference[i]
    if (diff[i] > 0) sums.differing++
  }
}

function addSquares(
  squares: { actual: number; reference: number; product: number },
  { count, actual, reference, diff }: Block,
  meanActual: number,
  meanReference: number,
): void {
  for (let i = 0; i < count; i++) {
    if (Number.isNaN(diff[i])) continue
    const a = actual[i] - meanActual
    const r = reference[i] - meanReference
    squares.actual += a * a
    squares.reference += r * r
    squares.product += a * r
  }
}
