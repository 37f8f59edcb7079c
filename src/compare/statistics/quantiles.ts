// Exact quantiles by selection, without sorting everything.

/** Moves the `rank`-th smallest of `values[low..high]` to its place and returns it (Hoare's quickselect, three-way: many values are equal). */
function select(values: Float64Array, rank: number, low: number, high: number): number {
  while (low < high) {
    const [below, above] = partition(values, low, high)
    if (rank < below) high = below - 1
    else if (rank > above) low = above + 1
    else break
  }
  return values[rank]
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
  const selected = new Map<number, number>()
  let low = 0
  for (const rank of [...new Set(ranks)].sort((a, b) => a - b)) {
    selected.set(rank, select(values, rank, low, values.length - 1))
    // what lies behind a selected element is not smaller
    low = rank
  }
  return selected
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
