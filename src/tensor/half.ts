// Half floats: exact conversion between the 16 bits of float16 (IEEE 754 binary16) or bfloat16 and JavaScript numbers.
import { isLittleEndian } from '../host/endianness.ts'

const float32 = new Float32Array(1)
const float32Bits = new Uint32Array(float32.buffer)
const float64 = new Float64Array(1)
const float64Bits = new Uint32Array(float64.buffer)
/** Which of the two words of a double holds its sign and exponent: the second on little-endian machines. */
const highWord = isLittleEndian ? 1 : 0

/** Adding and subtracting 2^52 rounds a smaller number to a whole one, ties to even: IEEE 754 addition does it. */
const roundToWhole = 2 ** 52

/** Moves the exponent of a float16, placed in the bits of a float32, from bias 15 to bias 127. */
const rebias = 2 ** 112

/** Rounds `magnitude` (at least 0, finite) to `fraction` bits after the leading one; below 2^minExponent the steps stay as they are there. */
function roundMagnitude(magnitude: number, fraction: number, minExponent: number): number {
  float64[0] = magnitude
  const exponent = Math.max((float64Bits[highWord] >>> 20) - 1023, minExponent)
  float64Bits[highWord] = (exponent - fraction + 1023) << 20
  float64Bits[1 - highWord] = 0
  const step = float64[0]
  return (magnitude / step + roundToWhole - roundToWhole) * step
}

/** The number whose float16 representation is `bits` (0..65535). */
export function float16ToFloat32(bits: number): number {
  float32Bits[0] = (bits & 0x7fff) << 13
  const magnitude = float32[0] * rebias
  if (magnitude >= 65536) return (bits & 0x3ff) !== 0 ? Number.NaN : bits & 0x8000 ? -Infinity : Infinity
  return bits & 0x8000 ? -magnitude : magnitude
}

/** The float16 bits nearest to `value`, ties to even. Magnitudes from 65520 become infinite. Any double is accepted and rounded once. */
export function float32ToFloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7e00
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const magnitude = Math.abs(value)
  if (magnitude >= 65520) return sign | 0x7c00
  float32[0] = roundMagnitude(magnitude, 10, -14) / rebias
  return sign | (float32Bits[0] >>> 13)
}

/** The number whose bfloat16 representation is `bits` (0..65535): bfloat16 is the upper half of a float32. */
export function bfloat16ToFloat32(bits: number): number {
  float32Bits[0] = bits << 16
  return float32[0]
}

/** The bfloat16 bits nearest to `value`, ties to even. Any double is accepted and rounded once. */
export function float32ToBfloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const magnitude = Math.abs(value)
  float32[0] = magnitude === Infinity ? magnitude : roundMagnitude(magnitude, 7, -126)
  return sign | (float32Bits[0] >>> 16)
}

/** {@link float16ToFloat32} for a whole array. */
export function float16ToFloat32Array(
  bits: ArrayLike<number>,
  out: Float32Array = new Float32Array(bits.length),
): Float32Array {
  for (let i = 0; i < bits.length; i++) out[i] = float16ToFloat32(bits[i])
  return out
}

/** {@link float32ToFloat16} for a whole array. */
export function float32ToFloat16Array(
  values: ArrayLike<number>,
  out: Uint16Array = new Uint16Array(values.length),
): Uint16Array {
  for (let i = 0; i < values.length; i++) out[i] = float32ToFloat16(values[i])
  return out
}

/** {@link bfloat16ToFloat32} for a whole array. */
export function bfloat16ToFloat32Array(
  bits: ArrayLike<number>,
  out: Float32Array = new Float32Array(bits.length),
): Float32Array {
  for (let i = 0; i < bits.length; i++) out[i] = bfloat16ToFloat32(bits[i])
  return out
}

/** {@link float32ToBfloat16} for a whole array. */
export function float32ToBfloat16Array(
  values: ArrayLike<number>,
  out: Uint16Array = new Uint16Array(values.length),
): Uint16Array {
  for (let i = 0; i < values.length; i++) out[i] = float32ToBfloat16(values[i])
  return out
}
