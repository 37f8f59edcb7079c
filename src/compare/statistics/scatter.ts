// How the error depends on the size of the reference: pairs counted in bins of both logarithms.
import { forEachBlock, type Pairs } from '../sides/pairs.ts'
import type { ElementRule } from '../verdict/element-rule.ts'

/** Bins of equal width in log10: bin `i` reaches from `10^(first + i * width)` to `10^(first + (i + 1) * width)`. */
export interface LogAxis {
  readonly first: number
  /** In decades. */
  readonly width: number
  readonly bins: number
}

/** Over pairs of finite elements. */
export interface Scatter {
  /** Of `|reference|`. */
  readonly reference: LogAxis
  /** Of `|actual - reference|`. */
  readonly error: LogAxis
  /** The bins that are not empty. Zero has no logarithm: it counts in bin -1. */
  readonly points: readonly (readonly [reference: number, error: number, count: number])[]
}

const mostBins = 64

export function binErrors(pairs: Pairs, rule: ElementRule): Scatter {
  const [references, errors] = rangesOf(pairs, rule)
  const [reference, error] = [axisFor(references), axisFor(errors)]
  // one row and one column more, for zeros
  const columns = reference.bins + 1
  const counts = new Float64Array(columns * (error.bins + 1))
  forEachFinitePair(pairs, rule, (r, d) => {
    counts[(binOf(d, error) + 1) * columns + binOf(r, reference) + 1]++
  })
  const points: [number, number, number][] = []
  counts.forEach((count, at) => {
    if (count > 0) points.push([(at % columns) - 1, Math.floor(at / columns) - 1, count])
  })
  return { reference, error, points }
}

interface Range {
  least: number
  greatest: number
}

/** Of what is not zero: of the references, and of the errors. */
function rangesOf(pairs: Pairs, rule: ElementRule): readonly [Range, Range] {
  const ranges = [
    { least: Infinity, greatest: 0 },
    { least: Infinity, greatest: 0 },
  ] as const
  const extend = (range: Range, value: number) => {
    if (value > range.greatest) range.greatest = value
    if (value > 0 && value < range.least) range.least = value
  }
  forEachFinitePair(pairs, rule, (r, d) => {
    extend(ranges[0], r)
    extend(ranges[1], d)
  })
  return ranges
}

/** The finest width, a power of two of a decade from an eighth on, that covers the range with few enough bins. */
function axisFor({ least, greatest }: Range): LogAxis {
  if (greatest === 0) return { first: 0, width: 1, bins: 0 }
  for (let width = 1 / 8; ; width *= 2) {
    const [first, last] = [least, greatest].map((value) => Math.floor(Math.log10(value) / width))
    if (last - first < mostBins) return { first: first * width, width, bins: last - first + 1 }
  }
}

function binOf(value: number, { first, width, bins }: LogAxis): number {
  if (value === 0) return -1
  return Math.max(0, Math.min(bins - 1, Math.floor((Math.log10(value) - first) / width)))
}

/** Differences of the largest doubles overflow: they count as the largest. */
function forEachFinitePair(pairs: Pairs, rule: ElementRule, visit: (reference: number, error: number) => void): void {
  forEachBlock(pairs, rule, ({ count, reference, diff }) => {
    for (let i = 0; i < count; i++) {
      if (!Number.isNaN(diff[i])) visit(Math.abs(reference[i]), Math.min(diff[i], Number.MAX_VALUE))
    }
  })
}
