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

/** The order statistics with the given ranks (0 is the smallest). `values` holds no NaN and is reordered. */
export function selectRanks(values: Float64Array, ranks: readonly number[]): number[] {
  return ranks.map((rank) => select(values, rank, 0, values.length - 1))
}

/** Where the quantile `q` of `count` values lies: between two neighbouring ranks, linearly, as `numpy.quantile` does it. */
export function ranksOfQuantile(q: number, count: number): { low: number; high: number; fraction: number } {
  const at = q * (count - 1)
  const low = Math.floor(at)
  return { low, high: Math.min(low + 1, count - 1), fraction: at - low }
}

/** Between two neighbouring order statistics. */
export function interpolate(low: number, high: number, fraction: number): number {
  return fraction === 0 || low === high ? low : low + (high - low) * fraction
}

/** The quantiles `qs` of `values`, as `numpy.quantile`; NaN when there are none. `values` holds no NaN and is reordered. */
export function quantilesOf(values: Float64Array, qs: readonly number[]): number[] {
  if (values.length === 0) return qs.map(() => Number.NaN)
  return qs.map((q) => {
    const { low, high, fraction } = ranksOfQuantile(q, values.length)
    const [atLow = 0, atHigh = 0] = selectRanks(values, [low, high])
    return interpolate(atLow, atHigh, fraction)
  })
}
