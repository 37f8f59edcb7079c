// Exact quantiles by selection, without sorting everything.

/**
 * Moves the elements of all `ranks` of `values[low..high]` to their places: Hoare's quickselect, three-way, since many values are equal;
 * a part is split for all ranks in it at once.
 */
function settle(values: Float64Array, ranks: readonly number[], low: number, high: number): void {
  while (ranks.length > 0 && low < high) {
    const [below, above] = partition(values, low, high)
    const smaller = ranks.filter((rank) => rank < below)
    const larger = ranks.filter((rank) => rank > above)
    if (larger.length === 0) {
      ranks = smaller
      high = below - 1
    } else {
      // as deep as there are ranks at most
      settle(values, smaller, low, below - 1)
      ranks = larger
      low = above + 1
    }
  }
}

/** Splits a range into smaller than, equal to, and greater than a pivot; returns the bounds of the equal part. */
function partition(values: Float64Array, low: number, high: number): [number, number] {
  const pivot = medianOfThree(values[low], values[(low + high) >>> 1], values[high])
  let below = low
  let above = high
  for (let i = low; i <= above; ) {
    const value = values[i]
    if (value < pivot) {
      values[i++] = values[below]
      values[below++] = value
    } else if (value > pivot) {
      values[i] = values[above]
      values[above--] = value
    } else i++
  }
  return [below, above]
}

function medianOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))
}

/** The order statistics of `ranks` (0 is the smallest). `values` holds no NaN and is reordered. */
export function selectRanks(values: Float64Array, ranks: Iterable<number>): Map<number, number> {
  const wanted = [...new Set(ranks)]
  settle(values, wanted, 0, values.length - 1)
  return new Map(wanted.map((rank) => [rank, values[rank]]))
}

/** A quantile of `count` values lies between two neighbouring ranks, linearly, as `numpy.quantile` has it. */
export interface QuantilePosition {
  readonly low: number
  readonly high: number
  readonly fraction: number
}

export function positionOfQuantile(q: number, count: number): QuantilePosition {
  const at = q * (count - 1)
  const low = Math.floor(at)
  return { low, high: Math.min(low + 1, count - 1), fraction: at - low }
}

/** The quantiles at `positions`, when `valueOfRank` gives the order statistics. */
export function interpolateQuantiles(
  positions: readonly QuantilePosition[],
  valueOfRank: (rank: number) => number,
): number[] {
  return positions.map(({ low, high, fraction }) => {
    const from = valueOfRank(low)
    const to = valueOfRank(high)
    return fraction === 0 || from === to ? from : from + (to - from) * fraction
  })
}

/** The ranks that quantiles at `positions` are interpolated from. */
export function ranksAt(positions: readonly QuantilePosition[]): number[] {
  return positions.flatMap(({ low, high }) => [low, high])
}

/** The quantiles `qs` of `values`; NaN when there are none. `values` holds no NaN and is reordered. */
export function quantilesOf(values: Float64Array, qs: readonly number[]): number[] {
  if (values.length === 0) return qs.map(() => Number.NaN)
  const positions = qs.map((q) => positionOfQuantile(q, values.length))
  const selected = selectRanks(values, ranksAt(positions))
  return interpolateQuantiles(positions, (rank) => selected.get(rank) ?? Number.NaN)
}
