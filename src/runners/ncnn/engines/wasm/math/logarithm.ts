// log, log1p, log2, log10. Method and coefficients of the first two: Sun fdlibm, e_log.c and s_log1p.c; error below 1 ulp.
// The others round a logarithm in double-double, so that they are exact where the result is an integer.
import { decompose } from './bits.ts'
import { type DoubleDouble, fastTwoSum, multiply, twoProduct, twoSum } from './double-double.ts'
import { ln2High, ln2Low } from './exponential.ts'

/** Natural logarithm. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : Number.NaN
  if (x === Infinity) return x
  const { exponent, fraction } = decompose(x)
  return logOfParts(exponent, fraction - 1, 0)
}

/** log(1 + x), accurate near 0 too. */
export function log1p(x: number): number {
  if (!(x > -1)) return x === -1 ? -Infinity : Number.NaN
  if (x === Infinity || Math.abs(x) < 2 ** -54) return x
  if (x > -0.2928932188134524 && x < 0.414213562373095) return logOfParts(0, x, 0)
  const { high, low } = twoSum(1, x)
  const { exponent, fraction } = decompose(high)
  return logOfParts(exponent, fraction - 1, low / high)
}

/** exponent * ln 2 + log(1 + f) + tail for 1 + f between sqrt(1/2) and sqrt(2). */
function logOfParts(exponent: number, f: number, tail: number): number {
  const s = f / (2 + f)
  const z = s * s
  const w = z * z
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373))
  const odd = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)))
  const halfSquare = 0.5 * f * f
  const correction = s * (halfSquare + (even + odd)) + (exponent * ln2Low + tail)
  return exponent * ln2High - (halfSquare - correction - f)
}

/** ln 2, 1 / ln 2, 1 / ln 10 and 1 / 3 in double-double. */
const ln2: DoubleDouble = { high: Math.LN2, low: 2.3190468138462996e-17 }
const inverseLn2: DoubleDouble = { high: Math.LOG2E, low: 2.0355273740931033e-17 }
const inverseLn10: DoubleDouble = { high: Math.LOG10E, low: 1.098319650216765e-17 }
const third: DoubleDouble = { high: 1 / 3, low: 1.850371707708594e-17 }

/** log x of a positive finite x with a relative error below 2^-64. */
export function logDoubleDouble(x: number): DoubleDouble {
  const { exponent, fraction } = decompose(x)
  // log m = 2 atanh s = 2 s (1 + s^2/3 + s^4/5 + ...), s = (m - 1) / (m + 1), the first two terms in double-double.
  const f = fraction - 1
  const sum = fastTwoSum(2, f)
  const quotient = f / sum.high
  const product = twoProduct(quotient, sum.high)
  const s = fastTwoSum(quotient, (f - product.high - product.low - quotient * sum.low) / sum.high)
  const square = multiply(s, s)
  const z = square.high
  const rest = z * z * (1 / 5 + z * (1 / 7 + z * (1 / 9 + z * (1 / 11 + z * atanhTail(z)))))
  const cubic = multiply(square, third)
  const series = twoSum(1, cubic.high)
  const logFraction = multiply(
    { high: 2 * s.high, low: 2 * s.low },
    fastTwoSum(series.high, series.low + cubic.low + rest),
  )
  if (exponent === 0) return logFraction
  const whole = twoProduct(exponent, ln2.high)
  const total = twoSum(whole.high, logFraction.high)
  return fastTwoSum(total.high, total.low + (whole.low + exponent * ln2.low + logFraction.low))
}

/** 1/13 + z/15 + z^2/17 + ... for z below 0.0295. */
function atanhTail(z: number): number {
  return 1 / 13 + z * (1 / 15 + z * (1 / 17 + z * (1 / 19 + z * (1 / 21 + z * (1 / 23)))))
}

/** Logarithm to the base 2. */
export function log2(x: number): number {
  return x > 0 && x < Infinity ? multiply(logDoubleDouble(x), inverseLn2).high : log(x)
}

/** Logarithm to the base 10. */
export function log10(x: number): number {
  return x > 0 && x < Infinity ? multiply(logDoubleDouble(x), inverseLn10).high : log(x)
}
