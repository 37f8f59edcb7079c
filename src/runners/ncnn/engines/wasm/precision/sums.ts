// The precision in which a layer takes its sums of products.
import { isLittleEndian } from '../../../../../host/endianness.ts'
import type { Workspace } from '../layer.ts'

/** float32: by the SIMD kernels; float64: exact to double precision; float16: every addition rounded, as `useFp16Arithmetic` simulates. */
export type SumPrecision = 'float16' | 'float32' | 'float64'

export function sumPrecisionOf({ sumsInHalf }: { readonly sumsInHalf: boolean }, { float }: Workspace): SumPrecision {
  return sumsInHalf && float === 'float32' ? 'float16' : float
}

export type Rounding = (sum: number) => number

/** What is done to a sum after every addition; undefined where nothing is. */
export function roundingOf(precision: SumPrecision): Rounding | undefined {
  return precision === 'float16' ? roundToFloat16 : undefined
}

const half = { fractionBits: 10, minExponent: -14, largest: 65504 }
const double = { fractionBits: 52, exponentBias: 1023 }
const words = new Int32Array(2)
const float = new Float64Array(words.buffer)
const [low, high] = isLittleEndian ? [0, 1] : [1, 0]
const exponentMask = 0x7ff00000
const exponentShift = 20
const firstFractionBit = 0x00080000

/**
 * The float16 nearest to x, ties to even. Adding 1.5 x 2^(e + 42), where 2^e <= |x| < 2^(e + 1), leaves ten bits behind x's first
 * for the double precision to round to; subtracting it again is exact.
 */
export function roundToFloat16(x: number): number {
  float[0] = x
  const exponent = ((words[high] & exponentMask) >>> exponentShift) - double.exponentBias
  if (exponent > double.exponentBias) return x
  const aligned = Math.max(exponent, half.minExponent) + double.fractionBits - half.fractionBits
  words[low] = 0
  words[high] = ((aligned + double.exponentBias) << exponentShift) | firstFractionBit
  const magic = float[0]
  const rounded = x + magic - magic
  return Math.abs(rounded) > half.largest ? Math.sign(rounded) * Infinity : rounded
}

/** Rounds all elements in place. */
export function roundAll(sums: Float64Array, round: Rounding | undefined): void {
  if (round === undefined) return
  for (let i = 0; i < sums.length; i++) sums[i] = round(sums[i])
}
