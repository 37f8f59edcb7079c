// Cosine similarity, as exact as float64 allows for vectors of any two lengths.
import { type Block, forEachBlock, type Pairs } from '../sides/pairs.ts'
import type { ElementRule } from '../verdict/element-rule.ts'
import type { Statistics } from './statistics.ts'

/**
 * Cosine similarity over the pairs of finite elements. Two zero vectors are alike (1), a zero vector and another are not (0); NaN
 * when no pair is finite.
 *
 * The dot product of nearly equal directions loses the digits of `1 - cos`. These are computed from a distance, which keeps them: from
 * `1 - cos = (|a - r|² - (|a| - |r|)²) / (2 |a| |r|)`, which the statistics know, unless its numerator cancels; then from
 * `1 - cos = |a / |a| - r / |r||² / 2`, which takes another pass.
 */
export function cosineOf(pairs: Pairs, rule: ElementRule, statistics: Statistics): number {
  if (statistics.finitePairs === 0) return pairs.length === 0 ? 1 : Number.NaN
  const { actual, reference, sumOfSquaredDiffs, diffScale, sumOfProducts } = statistics
  const a = Math.sqrt(actual.sumOfSquares)
  const r = Math.sqrt(reference.sumOfSquares)
  if (a === 0 || r === 0) return a === r ? 1 : 0
  const cosine = sumOfProducts / (a * r)
  if (cosine < 0.5) return Math.max(-1, cosine)
  if (actual.scale === reference.scale) {
    const squaredDistance = sumOfSquaredDiffs * (diffScale / actual.scale) ** 2
    const squaredGain = (a - r) ** 2
    if (squaredGain <= squaredDistance / 2) return cosineFrom((squaredDistance - squaredGain) / (a * r))
  }
  const kernel = pairs.kernel?.errors
  if (kernel !== undefined && actual.scale === 1 && reference.scale === 1) {
    return cosineFrom(kernel.squaredDistance(1 / a, 1 / r))
  }
  let squaredDistance = 0
  forEachBlock(pairs, rule, (block) => {
    squaredDistance += directionDistance(block, actual.scale, a, reference.scale, r)
  })
  return cosineFrom(squaredDistance)
}

function cosineFrom(squaredDistanceOfDirections: number): number {
  return Math.max(-1, Math.min(1, 1 - squaredDistanceOfDirections / 2))
}

/** Each side is divided by its length, `scale * norm`, in two steps: the product may not fit float64. */
function directionDistance(
  { count, actual, reference, diff }: Block,
  actualScale: number,
  actualNorm: number,
  referenceScale: number,
  referenceNorm: number,
): number {
  let sum = 0
  for (let i = 0; i < count; i++) {
    if (Number.isNaN(diff[i])) continue
    const distance = actual[i] / actualScale / actualNorm - reference[i] / referenceScale / referenceNorm
    sum += distance * distance
  }
  return sum
}
