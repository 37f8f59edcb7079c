// One pass over all pairs that gathers what most numbers of the report are made of.

import { type Block, forEachBlock, type Pairs } from '../sides/pairs.ts'
import { type ElementRule, excessOf } from '../verdict/element-rule.ts'

export interface SideStatistics {
  nan: number
  posInf: number
  negInf: number
  /** Over the finite elements of this side; NaN when there are none. */
  min: number
  max: number
  /** Over the pairs of finite elements, in units of the square of `scale`. */
  sumOfSquares: number
  /** A power of two: 1, unless squares would overflow or vanish. */
  readonly scale: number
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
  /** As the scale of a side. */
  readonly diffScale: number
  /** Of `actual * reference`, in units of both scales. */
  sumOfProducts: number
  /** Greatest `|actual - reference| / (atol + rtol * |reference|)`, 0 when nothing differs: above 1 where a pair misses the rule. */
  maxExcess: number
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
  const { actual, reference, maxAbs, sumOfSquaredDiffs } = statistics
  const sides = [actual, reference]
  const sidesFit = sides.every(({ sumOfSquares, min, max }) => isExact(sumOfSquares) || (min === 0 && max === 0))
  if (sidesFit && (isExact(sumOfSquaredDiffs) || maxAbs === 0)) return statistics
  const largest = largestMagnitudes(pairs, rule)
  const diffScale = scaleFor(maxAbs === Infinity ? Number.MAX_VALUE : maxAbs)
  return gatherInBlocks(pairs, rule, {
    actual: scaleFor(largest.actual),
    reference: scaleFor(largest.reference),
    diffScale,
  })
}

/** Whether no square that matters to the sum has overflowed or vanished. */
function isExact(sumOfSquares: number): boolean {
  return sumOfSquares > 1e-260 && sumOfSquares < 1e290
}

interface Scales {
  readonly actual: number
  readonly reference: number
  readonly diffScale: number
}

const unscaled: Scales = { actual: 1, reference: 1, diffScale: 1 }

function gather(pairs: Pairs, rule: ElementRule): Statistics {
  if (pairs.kernel?.errors === undefined) return gatherInBlocks(pairs, rule, unscaled)
  return withoutEmptyRanges(pairs.kernel.errors.statistics(rule))
}

function gatherInBlocks(pairs: Pairs, rule: ElementRule, scales: Scales): Statistics {
  const statistics: Statistics = {
    mismatched: 0,
    nonFiniteMismatched: 0,
    finitePairs: 0,
    actual: emptySide(scales.actual),
    reference: emptySide(scales.reference),
    maxAbs: 0,
    maxAbsAt: -1,
    maxRel: 0,
    maxRelAt: -1,
    zeroReferences: 0,
    sumOfDiffs: 0,
    sumOfSquaredDiffs: 0,
    diffScale: scales.diffScale,
    sumOfProducts: 0,
    maxExcess: 0,
  }
  forEachBlock(pairs, rule, (block) => addBlock(statistics, block, rule))
  return withoutEmptyRanges(statistics)
}

function emptySide(scale: number): SideStatistics {
  return { nan: 0, posInf: 0, negInf: 0, min: Infinity, max: -Infinity, sumOfSquares: 0, scale }
}

function withoutEmptyRanges(statistics: Statistics): Statistics {
  for (const side of [statistics.actual, statistics.reference]) {
    if (side.min > side.max) side.min = side.max = Number.NaN
  }
  return statistics
}

/** The largest magnitude of each side among the pairs of finite elements. */
function largestMagnitudes(pairs: Pairs, rule: ElementRule): { actual: number; reference: number } {
  const largest = { actual: 0, reference: 0 }
  forEachBlock(pairs, rule, ({ count, actual, reference, diff }) => {
    for (let i = 0; i < count; i++) {
      if (Number.isNaN(diff[i])) continue
      largest.actual = Math.max(largest.actual, Math.abs(actual[i]))
      largest.reference = Math.max(largest.reference, Math.abs(reference[i]))
    }
  })
  return largest
}

/** A power of two near the largest magnitude, when its square leaves the range of float64; else 1. */
function scaleFor(largest: number): number {
  if (largest === 0 || (largest > 1e-130 && largest < 1e140)) return 1
  return 2 ** Math.max(-1000, Math.min(1000, Math.floor(Math.log2(largest))))
}

function addBlock(statistics: Statistics, block: Block, rule: ElementRule): void {
  const { start, count, actual, reference, diff, missed } = block
  // powers of two: to multiply is as exact as to divide, and faster
  const [ofActual, ofReference] = [1 / statistics.actual.scale, 1 / statistics.reference.scale]
  const ofDiff = 1 / statistics.diffScale
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
    const excess = excessOf(a, r, d, rule)
    // the difference of 64-bit integers is rounded, but what is missed is exact
    const exact = missed[i] ? Math.max(excess, 1 + Number.EPSILON) : Math.min(excess, 1)
    if (exact > statistics.maxExcess) statistics.maxExcess = exact
    const x = a * ofActual
    const y = r * ofReference
    // scaled first, the difference of the largest doubles fits as well
    const e = d === Infinity ? Math.abs(a * ofDiff - r * ofDiff) : d * ofDiff
    statistics.actual.sumOfSquares += x * x
    statistics.reference.sumOfSquares += y * y
    statistics.sumOfProducts += x * y
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
