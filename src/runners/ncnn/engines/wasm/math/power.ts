// pow: e^(y log x) with the logarithm and the product in double-double; error below 1 ulp.
import { fastTwoSum, twoProduct } from './double-double.ts'
import { expOfSum } from './exponential.ts'
import { logDoubleDouble } from './logarithm.ts'

/**
 * x^y with the special cases of IEEE 754 and C: unlike `Math.pow`, 1 to any power is 1, and so is -1 to an infinite one.
 */
export function pow(x: number, y: number): number {
  if (x === 1 || y === 0) return 1
  if (y === 1) return x
  if (y === 2) return x * x
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN
  const magnitude = Math.abs(x)
  if (magnitude === 1 && Math.abs(y) === Infinity) return 1
  const isInteger = y === Math.floor(y)
  // Doubles from 2^53 on are even.
  const isOdd = isInteger && Math.abs(y) < 2 ** 53 && y % 2 !== 0
  const sign = isOdd && (x < 0 || Object.is(x, -0)) ? -1 : 1
  if (magnitude === 0 || magnitude === Infinity || Math.abs(y) === Infinity) {
    return sign * (magnitude > 1 === y > 0 ? Infinity : 0)
  }
  if (x < 0 && !isInteger) return Number.NaN
  return sign * powOfPositive(magnitude, y)
}

function powOfPositive(x: number, y: number): number {
  if (x === 1) return 1
  const { high, low } = logDoubleDouble(x)
  const estimate = y * high
  if (estimate > 710) return Infinity
  if (estimate < -746) return 0
  const product = twoProduct(y, high)
  const exponent = fastTwoSum(product.high, product.low + y * low)
  return expOfSum(exponent.high, exponent.low)
}
