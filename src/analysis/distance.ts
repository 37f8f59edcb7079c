// How far one array of elements is from another: relative error, correlation, gain; and what no layout changes about a tensor.

/** Reads element `i` of the reference at `places[i]`; undefined: at `i`. */
export type Places = Int32Array | undefined

export type Elements = Float32Array | Float64Array

/** Over all elements; infinitely far where one side is finite and the other is not. */
export interface Distance {
  /** `|a - b| / |b|`, Euclidean norms; 0 when both are all zero, Infinity when only `b` is. */
  readonly error: number
  /** Pearson's correlation; 1 for equal constants, 0 when one side is constant. */
  readonly correlation: number
  /** The factor by which `b` is nearest to `a`. */
  readonly gain: number
}

export function distance(a: Elements, b: Elements, places?: Places): Distance {
  let [squaredError, aa, bb, ab, sumA, sumB] = [0, 0, 0, 0, 0, 0]
  const count = a.length
  for (let i = 0; i < count; i++) {
    const x = a[i]
    const y = b[places === undefined ? i : places[i]]
    const error = x - y
    squaredError += error * error
    aa += x * x
    bb += y * y
    ab += x * y
    sumA += x
    sumB += y
  }
  if (!Number.isFinite(squaredError))
    return sameNonFinite(a, b, places) ?? { error: Infinity, correlation: 0, gain: NaN }
  const varianceA = aa - (sumA * sumA) / count
  const varianceB = bb - (sumB * sumB) / count
  const varies = varianceA > 0 && varianceB > 0
  return {
    error: bb > 0 ? Math.sqrt(squaredError / bb) : aa > 0 ? Infinity : 0,
    correlation: varies ? (ab - (sumA * sumB) / count) / Math.sqrt(varianceA * varianceB) : squaredError === 0 ? 1 : 0,
    gain: ab / bb,
  }
}

/** The distance of the other elements where non-finite ones are the same on both sides; undefined where they are not. */
function sameNonFinite(a: Elements, b: Elements, places: Places): Distance | undefined {
  const [left, right] = [new Float64Array(a.length), new Float64Array(a.length)]
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i], b[places === undefined ? i : places[i]]]
    if (Number.isFinite(x) && Number.isFinite(y)) {
      left[i] = x
      right[i] = y
    } else if (!Object.is(x, y)) return undefined
  }
  // Squares of finite values may overflow, too: half of the exponent's range is left by this scale.
  for (const side of [left, right]) for (let i = 0; i < side.length; i++) side[i] *= 2 ** -160
  return distance(left, right)
}

/** What is the same for a tensor in every order of its elements. */
export interface OrderFreeSummary {
  readonly count: number
  readonly mean: number
  readonly rms: number
  readonly min: number
  readonly max: number
}

export function summarizeElements(elements: Elements): OrderFreeSummary {
  let [sum, squares, min, max] = [0, 0, Infinity, -Infinity]
  // An iterator over elements takes many times as long until it is optimized.
  for (let i = 0; i < elements.length; i++) {
    const value = elements[i]
    sum += value
    squares += value * value
    if (value < min) min = value
    if (value > max) max = value
  }
  const count = elements.length
  return { count, mean: sum / count, rms: Math.sqrt(squares / count), min, max }
}

/** Whether two tensors may be the same up to a relative error of `tolerance`, in whatever order: a cheap sieve. */
export function mayBeSame(a: OrderFreeSummary, b: OrderFreeSummary, tolerance: number): boolean {
  const unit = tolerance * (Math.max(a.rms, b.rms) || 1)
  return (
    a.count === b.count &&
    Math.abs(a.mean - b.mean) <= unit &&
    Math.abs(a.rms - b.rms) <= unit &&
    Math.abs(a.min - b.min) <= 20 * unit &&
    Math.abs(a.max - b.max) <= 20 * unit
  )
}

export function allFinite(elements: Elements): boolean {
  let zeros = 0
  for (let i = 0; i < elements.length; i++) zeros += 0 * elements[i]
  return zeros === 0
}
