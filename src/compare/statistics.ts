// One pass over all pairs that gathers what most numbers of the report are made of.
import type { ElementRule } from './element-rule.ts'
import { type Block, forEachBlock, type Pairs } from './pairs.ts'

export interface SideStatistics {
  nan: number
  posInf: number
  negInf: number
  /** Over the finite elements of this side; NaN when there are none. */
  min: number
  max: number
  /** Over the pairs of finite elements, in units of `scale` and its square. */
  sum: number
  sumOfSquares: number
}

/** Sums, extremes and counts; over pairs of finite elements unless said otherwise. */
export interface Statistics {
  readonly total: number
  /** Elements that miss the rule, non-finite ones included. */
  mismatched: number
  nonFiniteMismatched: number
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
  /** In units of `scale` and its square. */
  sumOfDiffs: number
  sumOfSquaredDiffs: number
  /** Sums are of values divided by this power of two: 1, unless squares would overflow or vanish. */
  readonly scale: number
}

function emptySide(): SideStatistics {
  return { nan: 0, posInf: 0, negInf: 0, min: Infinity, max: -Infinity, sum: 0, sumOfSquares: 0 }
}

function emptyStatistics(total: number, scale: number): Statistics {
  return {
    total,
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
  }
}

/** Gathers the statistics of all pairs; the sums are taken in a fixed order, so that equal tensors give equal bits anywhere. */
export function gatherStatistics(pairs: Pairs, rule: ElementRule): Statistics {
  const statistics = gather(pairs, rule, 1)
  const scale = neededScale(statistics)
  return scale === 1 ? statistics : gather(pairs, rule, scale)
}

function gather(pairs: Pairs, rule: ElementRule, scale: number): Statistics {
  const statistics = emptyStatistics(pairs.length, scale)
  forEachBlock(pairs, rule, (block) => addBlock(statistics, block))
  for (const side of [statistics.actual, statistics.reference]) {
    if (side.min > side.max) side.min = side.max = Number.NaN
  }
  return statistics
}

/** A power of two near the largest magnitude, when the squares of the values leave the range of float64; else 1. */
function neededScale({ actual, reference }: Statistics): number {
  const largest = Math.max(-actual.min, actual.max, -reference.min, reference.max)
  if (!(largest > 0) || (largest > 1e-130 && largest < 1e140)) return 1
  return 2 ** Math.max(-1000, Math.min(1000, Math.floor(Math.log2(largest))))
}

function addBlock(statistics: Statistics, block: Block): void {
  const { start, count, actual, reference, diff, missed } = block
  const { scale } = statistics
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
    else if (d > statistics.maxRel * Math.abs(r)) {
      statistics.maxRel = d / Math.abs(r)
      statistics.maxRelAt = start + i
    }
    const [x, y, e] = [a / scale, r / scale, scale === 1 ? d : Math.abs(a / scale - r / scale)]
    statistics.actual.sum += x
    statistics.actual.sumOfSquares += x * x
    statistics.reference.sum += y
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
