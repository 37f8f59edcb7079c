// One pass over all pairs that gathers what most numbers of the report are made of.

import { type Block, forEachBlock, type Pairs } from '../sides/pairs.ts'
import type { ElementRule } from '../verdict/element-rule.ts'

export interface SideStatistics {
  nan: number
  posInf: number
  negInf: number
  /** Over the finite elements of this side; NaN when there are none. */
  min: number
  max: number
  /** Over the pairs of finite elements, in units of the square of `scale`. */
  sumOfSquares: number
}

/** Sums, extremes and counts; over pairs of finite elements unless said otherwise. */
export interface Statistics extends MissCounts {
  finitePairs: number
  readonly actual: SideStatistics
  readonly reference: SideStatistics
  /** Greatest `|actual - reference|` and its position; -1 when nothing differs. */
  maxAbs: number
  maxAbsAt: number
  /** Greatest `|actual - reference| / |reference|` over non-zero references, and its position; -1 when nothing differs. */
  maxRel: number
  maxRelAt: number
  zeroReferences: number
  /** In units of `diffScale`, and of its square. */
  sumOfDiffs: number
  sumOfSquaredDiffs: number
  /** Sums are of values divided by these powers of two: 1, unless squares would overflow or vanish. */
  readonly scale: number
  readonly diffScale: number
}

export interface MissCounts {
  /** Elements that miss the rule, non-finite ones included. */
  mismatched: number
  nonFiniteMismatched: number
}

/** How many elements miss the rule. */
export function countMisses(pairs: Pairs, rule: ElementRule): MissCounts {
  if (pairs.kernel?.errors !== undefined) return pairs.kernel.errors.statistics(rule)
  const counts: MissCounts = { mismatched: 0, nonFiniteMismatched: 0 }
  forEachBlock(pairs, rule, ({ count, diff, missed }) => {
    for (let i = 0; i < count; i++) {
      if (missed[i] === 0) continue
      counts.mismatched++
      if (Number.isNaN(diff[i])) counts.nonFiniteMismatched++
    }
  })
  return counts
}

/** Gathers the statistics of all pairs. Sums are taken in an order that depends on nothing but the number of elements. */
export function gatherStatistics(pairs: Pairs, rule: ElementRule): Statistics {
  const statistics = gather(pairs, rule)
  const { actual, reference, maxAbs } = statistics
  const scale = scaleFor(actual.min, actual.max, reference.min, reference.max)
  const diffScale = scaleFor(maxAbs === Infinity ? Number.MAX_VALUE : maxAbs)
  return scale === 1 && diffScale === 1 ? statistics : gatherInBlocks(pairs, rule, scale, diffScale)
}

function gather(pairs: Pairs, rule: ElementRule): Statistics {
  if (pairs.kernel?.errors === undefined) return gatherInBlocks(pairs, rule, 1, 1)
  const statistics: Statistics = { ...pairs.kernel.errors.statistics(rule), scale: 1, diffScale: 1 }
  return withoutEmptyRanges(statistics)
}

function gatherInBlocks(pairs: Pairs, rule: ElementRule, scale: number, diffScale: number): Statistics {
  const statistics: Statistics = {
    mismatched: 0,
    nonFiniteMismatched: 0,
    finitePairs: 0,
    actual: emptySide(),
    reference: emptySide(),
    maxAbs: 0,
    maxAbsAt: -1,
    maxRel: 0,
    maxRelAt: -1,
    zeroReferences: 0,
    sumOfDiffs: 0,
    sumOfSquaredDiffs: 0,
    scale,
    diffScale,
  }
  forEachBlock(pairs, rule, (block) => addBlock(statistics, block))
  return withoutEmptyRanges(statistics)
}

function emptySide(): SideStatistics {
  return { nan: 0, posInf: 0, negInf: 0, min: Infinity, max: -Infinity, sumOfSquares: 0 }
}

function withoutEmptyRanges(statistics: Statistics): Statistics {
  for (const side of [statistics.actual, statistics.reference]) {
    if (side.min > side.max) side.min = side.max = Number.NaN
  }
  return statistics
}

/** A power of two near the largest magnitude, when its square leaves the range of float64; else 1. */
function scaleFor(...values: readonly number[]): number {
  const largest = Math.max(...values.map((value) => Math.abs(value) || 0))
  if (largest === 0 || (largest > 1e-130 && largest < 1e140)) return 1
  return 2 ** Math.max(-1000, Math.min(1000, Math.floor(Math.log2(largest))))
}

function addBlock(statistics: Statistics, block: Block): void {
  const { start, count, actual, reference, diff, missed } = block
  const { scale, diffScale } = statistics
  for (let i = 0; i < count; i++) {
    const a = actual[i]
    const r = reference[i]
    const d = diff[i]
    statistics.mismatched += missed[i]
    addExtremes(statistics.actual, a)
    addExtremes(statistics.reference, r)
    if (Number.isNaN(d)) {
      statistics.nonFiniteMismatched += missed[i]
      continue
    }
    statistics.finitePairs++
    if (d > statistics.maxAbs) {
      statistics.maxAbs = d
      statistics.maxAbsAt = start + i
    }
    if (r === 0) statistics.zeroReferences++
    else if (d / Math.abs(r) > statistics.maxRel) {
      statistics.maxRel = d / Math.abs(r)
      statistics.maxRelAt = start + i
    }
    const x = a / scale
    const y = r / scale
    // scaled first, the difference of the largest doubles fits as well
    const e = d === Infinity ? Math.abs(a / diffScale - r / diffScale) : d / diffScale
    statistics.actual.sumOfSquares += x * x
    statistics.reference.sumOfSquares += y * y
    statistics.sumOfDiffs += e
    statistics.sumOfSquaredDiffs += e * e
  }
}

function addExtremes(side: SideStatistics, value: number): void {
  if (value - value === 0) {
    if (value < side.min) side.min = value
    if (value > side.max) side.max = value
  } else if (value === Infinity) side.posInf++
  else if (value === -Infinity) side.negInf++
  else side.nan++
}
