// The bits of doubles: building and scaling by powers of two, exactly.

const float64 = new Float64Array(1)
/** Low word, high word; WebAssembly's memory is little-endian, and so is every host of this engine. */
const words = new Uint32Array(float64.buffer)

/** 2^n for a normal result, -1022 <= n <= 1023. */
export function powerOfTwo(n: number): number {
  words[0] = 0
  words[1] = (n + 1023) << 20
  return float64[0]
}

/** x * 2^n, rounded once even where the result is subnormal. */
export function scaleByPowerOfTwo(x: number, n: number): number {
  if (n > 1023) return x * powerOfTwo(1023) * powerOfTwo(Math.min(n - 1023, 1023))
  if (n < -1022) return x * powerOfTwo(Math.max(n + 1000, -1022)) * powerOfTwo(-1000)
  return x * powerOfTwo(n)
}

/** A positive finite number as 2^exponent * fraction, sqrt(1/2) <= fraction < sqrt(2), exactly. */
export interface Decomposed {
  readonly exponent: number
  readonly fraction: number
}

const highWordOfSqrtHalf = 0x3fe6a09e
const highWordOfOne = 0x3ff00000

export function decompose(x: number): Decomposed {
  const subnormal = x < 2 ** -1022
  float64[0] = subnormal ? x * powerOfTwo(54) : x
  // Adding this carries into the exponent exactly when the fraction, taken in [1, 2), is sqrt(2) or more.
  const shifted = words[1] + (highWordOfOne - highWordOfSqrtHalf)
  words[1] = (shifted & 0x000fffff) + highWordOfSqrtHalf
  return { exponent: (shifted >>> 20) - 1023 - (subnormal ? 54 : 0), fraction: float64[0] }
}
