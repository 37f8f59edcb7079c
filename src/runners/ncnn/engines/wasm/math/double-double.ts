// Numbers of twice the precision of a double, as the unevaluated sum of two.
// Dekker, A floating-point technique for extending the available precision, Numer. Math. 18 (1971).

export interface DoubleDouble {
  readonly high: number
  /** At most half a unit in the last place of `high`. */
  readonly low: number
}

/** a + b exactly, for |a| >= |b|. */
export function fastTwoSum(a: number, b: number): DoubleDouble {
  const high = a + b
  return { high, low: b - (high - a) }
}

/** a + b exactly. */
export function twoSum(a: number, b: number): DoubleDouble {
  const high = a + b
  const part = high - a
  return { high, low: a - (high - part) + (b - part) }
}

const splitter = 134217729 // 2^27 + 1

/** a * b exactly, for factors below 2^990 whose product is far from the subnormal range. */
export function twoProduct(a: number, b: number): DoubleDouble {
  const high = a * b
  const aScaled = splitter * a
  const aHigh = aScaled - (aScaled - a)
  const aLow = a - aHigh
  const bScaled = splitter * b
  const bHigh = bScaled - (bScaled - b)
  const bLow = b - bHigh
  return { high, low: aHigh * bHigh - high + aHigh * bLow + aLow * bHigh + aLow * bLow }
}

/** a * b with a relative error of about 2^-102. */
export function multiply(a: DoubleDouble, b: DoubleDouble): DoubleDouble {
  const { high, low } = twoProduct(a.high, b.high)
  return fastTwoSum(high, low + (a.high * b.low + a.low * b.high))
}
