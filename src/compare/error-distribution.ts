// How the errors of all pairs are distributed: quantiles, and a count per decade.
import type { ErrorHistogram } from './comparison.ts'
import type { ElementRule } from './element-rule.ts'
import { type Block, forEachBlock, type Pairs } from './pairs.ts'
import { quantilesOf } from './quantiles.ts'

export interface AbsoluteDistribution {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly histogram: ErrorHistogram
}

export interface RelativeDistribution {
  readonly mean: number
  readonly p50: number
  readonly p99: number
}

/** Over pairs of finite elements. */
export function absoluteDistribution(pairs: Pairs, rule: ElementRule): AbsoluteDistribution {
  const errors = collect(pairs, rule, ({ diff }, i) => diff[i])
  const histogram = countDecades(errors)
  const [p50 = Number.NaN, p90 = Number.NaN, p99 = Number.NaN] = quantilesOf(errors, [0.5, 0.9, 0.99])
  return { p50, p90, p99, histogram }
}

/** Over pairs of finite elements whose reference is not zero. */
export function relativeDistribution(pairs: Pairs, rule: ElementRule): RelativeDistribution {
  const errors = collect(pairs, rule, ({ diff, reference }, i) =>
    reference[i] === 0 ? Number.NaN : diff[i] / Math.abs(reference[i]),
  )
  const mean = errors.length === 0 ? Number.NaN : errors.reduce((sum, error) => sum + error, 0) / errors.length
  const [p50 = Number.NaN, p99 = Number.NaN] = quantilesOf(errors, [0.5, 0.99])
  return { mean, p50, p99 }
}

/** The errors that are not NaN. */
function collect(pairs: Pairs, rule: ElementRule, errorOf: (block: Block, i: number) => number): Float64Array {
  const errors = new Float64Array(pairs.length)
  let collected = 0
  forEachBlock(pairs, rule, (block) => {
    for (let i = 0; i < block.count; i++) {
      const error = errorOf(block, i)
      if (!Number.isNaN(error)) errors[collected++] = error
    }
  })
  return errors.subarray(0, collected)
}

/** The decades of float64: 10^-324 (the decade of the least subnormal) to 10^308. */
export const FIRST_DECADE = -324
const LAST_DECADE = 308

/** `powersOfTen[i]` is the double nearest to 10^(FIRST_DECADE + i), Infinity behind the last. */
export const powersOfTen: Float64Array = Float64Array.from({ length: LAST_DECADE - FIRST_DECADE + 2 }, (_, i) =>
  Number(`1e${FIRST_DECADE + i}`),
)

/** Which decade holds `error`, counted from {@link FIRST_DECADE}: `powersOfTen[i] <= error < powersOfTen[i + 1]`. */
export function decadeOf(error: number): number {
  let decade = Math.max(0, Math.min(LAST_DECADE - FIRST_DECADE, Math.floor(Math.log10(error)) - FIRST_DECADE))
  while (decade > 0 && error < powersOfTen[decade]) decade--
  while (decade < LAST_DECADE - FIRST_DECADE && error >= powersOfTen[decade + 1]) decade++
  return decade
}

function countDecades(errors: Float64Array): ErrorHistogram {
  const counts = new Float64Array(powersOfTen.length)
  let zeros = 0
  for (const error of errors) {
    if (error === 0) zeros++
    else counts[decadeOf(error)]++
  }
  return trimHistogram(counts, zeros)
}

/** Drops the empty decades at both ends. */
export function trimHistogram(counts: ArrayLike<number>, zeros: number): ErrorHistogram {
  const all = Array.from(counts)
  const first = all.findIndex((count) => count > 0)
  if (first < 0) return { first: 0, counts: [], zeros }
  const last = all.findLastIndex((count) => count > 0)
  return { first: FIRST_DECADE + first, counts: all.slice(first, last + 1), zeros }
}
