// How the errors of all pairs are distributed: quantiles, and a count per decade.
import { BUCKETS, type ErrorKernel } from '../kernels/compare.ts'
import type { ErrorHistogram } from './comparison.ts'
import { countDecades, decadeOf, newDecadeCounts, toHistogram } from './decades.ts'
import type { ElementRule } from './element-rule.ts'
import { type Block, forEachBlock, type Pairs } from './pairs.ts'
import { interpolateQuantiles, positionOfQuantile, quantilesOf, ranksAt, selectRanks } from './quantiles.ts'
import type { Statistics } from './statistics.ts'

export interface ErrorDistribution {
  readonly mean: number
  /** Quantiles in the order in which they were asked for, as `numpy.quantile` interpolates them; NaN when there are no errors. */
  readonly quantiles: readonly number[]
  readonly histogram: ErrorHistogram
}

/** Whether the error is relative to the reference; pairs with a zero reference have no relative error. */
export type ErrorKind = 'absolute' | 'relative'

/** The distribution over pairs of finite elements. Where a difference might overflow, the kernels are not used. */
export function distributionOf(
  pairs: Pairs,
  rule: ElementRule,
  kind: ErrorKind,
  qs: readonly number[],
  { scale, diffScale }: Statistics,
): ErrorDistribution {
  const kernel = scale === 1 && diffScale === 1 ? pairs.kernel?.errors : undefined
  return kernel === undefined ? fromAllErrors(pairs, rule, kind, qs) : fromBuckets(kernel, kind, qs)
}

function fromAllErrors(pairs: Pairs, rule: ElementRule, kind: ErrorKind, qs: readonly number[]): ErrorDistribution {
  const errors = kind === 'absolute' ? collect(pairs, rule, addAbsolute) : collect(pairs, rule, addRelative)
  const counts = newDecadeCounts()
  const zeros = countDecades(counts, errors)
  return {
    mean: errors.reduce((sum, error) => sum + error, 0) / errors.length,
    quantiles: quantilesOf(errors, qs),
    histogram: toHistogram(counts, zeros),
  }
}

/** The errors of all pairs that have one; `add` appends those of a block at `length` and returns the new length. */
function collect(
  pairs: Pairs,
  rule: ElementRule,
  add: (errors: Float64Array, length: number, block: Block) => number,
): Float64Array {
  const errors = new Float64Array(pairs.length)
  let length = 0
  forEachBlock(pairs, rule, (block) => {
    length = add(errors, length, block)
  })
  return errors.subarray(0, length)
}

function addAbsolute(errors: Float64Array, length: number, { count, diff }: Block): number {
  let end = length
  for (let i = 0; i < count; i++) if (!Number.isNaN(diff[i])) errors[end++] = diff[i]
  return end
}

function addRelative(errors: Float64Array, length: number, { count, diff, reference }: Block): number {
  let end = length
  for (let i = 0; i < count; i++) {
    if (reference[i] !== 0 && !Number.isNaN(diff[i])) errors[end++] = diff[i] / Math.abs(reference[i])
  }
  return end
}

const bucketBits = new Uint32Array(2)
const bucketValue = new Float64Array(bucketBits.buffer)
const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0

/** The least double of a bucket: its number is the upper 16 bits. */
function startOfBucket(bucket: number): number {
  bucketBits[HIGH] = bucket << 16
  bucketBits[1 - HIGH] = 0
  return bucketValue[0]
}

function sumOf(counts: Uint32Array): number {
  let sum = 0
  for (let i = 0; i < counts.length; i++) sum += counts[i]
  return sum
}

/**
 * Two passes: the first counts errors per bucket, the second fetches the errors of the few buckets that hold a wanted quantile or
 * straddle a power of ten. Exact, and nothing as large as the tensors is allocated unless nearly all errors are alike.
 */
function fromBuckets(kernel: ErrorKernel, kind: ErrorKind, qs: readonly number[]): ErrorDistribution {
  const relative = kind === 'relative'
  const { buckets, zeros, sum } = kernel.count(relative)
  const total = zeros + sumOf(buckets)
  if (total === 0)
    return { mean: Number.NaN, quantiles: qs.map(() => Number.NaN), histogram: toHistogram(newDecadeCounts(), 0) }
  const positions = qs.map((q) => positionOfQuantile(q, total))
  const ranks = ranksAt(positions)
  const decades = newDecadeCounts()
  const marks = new Uint8Array(BUCKETS)
  /** Where the error of each rank will be among those that are fetched. */
  const places = new Map<number, number>()
  let below = zeros
  let skipped = zeros
  let fetched = 0
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const count = buckets[bucket]
    if (count === 0) continue
    const inside = ranks.filter((rank) => rank >= below && rank < below + count)
    const decade = decadeOf(startOfBucket(bucket))
    below += count
    if (inside.length > 0 || decade !== decadeOf(startOfBucket(bucket + 1))) {
      marks[bucket] = 1
      fetched += count
      for (const rank of inside) places.set(rank, rank - skipped)
    } else {
      decades[decade] += count
      skipped += count
    }
  }
  const errors = kernel.collect(relative, marks, fetched)
  countDecades(decades, errors)
  const selected = selectRanks(errors, places.values())
  const errorOfRank = (rank: number): number =>
    rank < zeros ? 0 : (selected.get(places.get(rank) ?? -1) ?? Number.NaN)
  return {
    mean: sum / total,
    quantiles: interpolateQuantiles(positions, errorOfRank),
    histogram: toHistogram(decades, zeros),
  }
}
