// How the errors of all pairs are distributed: quantiles, and a count per decade.
import { isLittleEndian } from '../../host/endianness.ts'
import { bucketCount, type ErrorKernel, type ErrorKind } from '../../kernels/compare.ts'
import type { ErrorHistogram } from '../comparison.ts'
import { type Block, forEachBlock, type Pairs } from '../sides/pairs.ts'
import type { ElementRule } from '../verdict/element-rule.ts'
import { countDecades, decadeOf, newDecadeCounts, powerOfTen, toHistogram } from './decades.ts'
import { interpolateQuantiles, positionOfQuantile, quantilesOf, ranksAt, selectRanks } from './quantiles.ts'
import type { Statistics } from './statistics.ts'

export interface ErrorDistribution {
  readonly mean: number
  /** Quantiles in the order in which they were asked for, as `numpy.quantile` interpolates them; NaN when there are no errors. */
  readonly quantiles: readonly number[]
  readonly histogram: ErrorHistogram
}

/** The distribution over pairs of finite elements. Where a difference might overflow, the kernels are not used. */
export function distributionOf(
  pairs: Pairs,
  rule: ElementRule,
  kind: ErrorKind,
  qs: readonly number[],
  statistics: Statistics,
): ErrorDistribution {
  const { actual, reference, diffScale } = statistics
  const mayOverflow = actual.scale !== 1 || reference.scale !== 1 || diffScale !== 1
  const kernel = mayOverflow ? undefined : pairs.kernel?.errors
  return kernel === undefined ? fromAllErrors(pairs, rule, kind, qs) : fromBuckets(kernel, kind, qs, statistics)
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

const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)
const highWord = isLittleEndian ? 1 : 0

/** The bucket of an error: the upper 17 bits. */
function bucketOf(error: number): number {
  double[0] = error
  return words[highWord] >>> 15
}

/** The least error of a bucket. */
function startOfBucket(bucket: number): number {
  words[highWord] = bucket << 15
  words[1 - highWord] = 0
  return double[0]
}

/**
 * Two passes: the first counts errors per bucket, the second fetches the errors of the few buckets that hold a wanted quantile or
 * straddle a power of ten. Exact, and nothing as large as the tensors is allocated unless nearly all errors are alike.
 */
function fromBuckets(
  kernel: ErrorKernel,
  kind: ErrorKind,
  qs: readonly number[],
  { finitePairs, zeroReferences, maxAbs, maxRel }: Statistics,
): ErrorDistribution {
  const total = kind === 'absolute' ? finitePairs : finitePairs - zeroReferences
  const decades = newDecadeCounts()
  if (total === 0) return { mean: Number.NaN, quantiles: qs.map(() => Number.NaN), histogram: toHistogram(decades, 0) }
  const { buckets, zeros, sum } = kernel.count(kind)
  const positions = qs.map((q) => positionOfQuantile(q, total))
  const ranks = ranksAt(positions)
  const wanted = [...ranks].sort((a, b) => a - b)
  const marks = new Uint8Array(bucketCount)
  let fetched = 0
  /** The ranks of the errors that are fetched, bucket by bucket from the largest. */
  const ranges: { readonly first: number; readonly count: number }[] = []
  const most = kind === 'absolute' ? maxAbs : maxRel
  let decade = decadeOf(most)
  // from the largest error down, until only zeros are left
  for (let bucket = bucketOf(most), left = total; left > zeros; bucket--) {
    const count = buckets[bucket]
    if (count === 0) continue
    left -= count
    const start = startOfBucket(bucket)
    while (start < powerOfTen(decade)) decade--
    const straddles = powerOfTen(decade + 1) < startOfBucket(bucket + 1)
    const before = wanted.length
    while (wanted.length > 0 && wanted[wanted.length - 1] >= left) wanted.pop()
    if (straddles || wanted.length < before) {
      marks[bucket] = 1
      fetched += count
      ranges.unshift({ first: left, count })
    } else decades[decade] += count
  }
  const errors = kernel.collect(kind, marks, fetched)
  const fetchedZeros = countDecades(decades, errors)
  const places = placesOf(ranks, ranges)
  const selected = selectRanks(errors, places.values())
  // a rank that lies in no fetched bucket is that of a zero
  const errorOfRank = (rank: number): number => selected.get(places.get(rank) ?? -1) ?? 0
  return {
    mean: sum / total,
    quantiles: interpolateQuantiles(positions, errorOfRank),
    histogram: toHistogram(decades, Math.max(zeros, fetchedZeros)),
  }
}

/** Where the errors of the wanted ranks lie among the fetched ones, if those were sorted. */
function placesOf(
  ranks: readonly number[],
  ranges: readonly { readonly first: number; readonly count: number }[],
): Map<number, number> {
  const places = new Map<number, number>()
  let before = 0
  for (const { first, count } of ranges) {
    for (const rank of ranks) if (rank >= first && rank < first + count) places.set(rank, before + rank - first)
    before += count
  }
  return places
}
