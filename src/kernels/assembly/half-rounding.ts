// Rounding to half precision in a few instructions, of float32 to float32 that float16 holds, and arithmetic so rounded.

/** What rounding takes, in memory: V8 takes three instructions for a constant in the code, and again in each round of a loop. */
export const ROUNDING = memory.data<u32>([
  0x7f800000, 0x7f800000, 0x7f800000, 0x7f800000,
  0x38800000, 0x38800000, 0x38800000, 0x38800000,
  0x06c00000, 0x06c00000, 0x06c00000, 0x06c00000,
], 16)

/** The nearest half, ties to even, of numbers below 2^100; what is beyond the halves stays as it is. */
// @ts-ignore: decorator
@inline
export function roundHalf(v: v128): v128 {
  // 1.5 * 2^13 times the power of two below v, at least that of the least normal half: adding it leaves eleven bits of v.
  const power = i32x4.max_s(v128.and(v, v128.load(ROUNDING)), v128.load(ROUNDING, 16))
  const magic = i32x4.add(power, v128.load(ROUNDING, 32))
  return f32x4.sub(f32x4.add(v, magic), magic)
}

/** sum + a b as {@link roundHalf} rounds it, with the three vectors of {@link ROUNDING}. */
// @ts-ignore: decorator
@inline
export function stepBy(sum: v128, a: v128, b: v128, mask: v128, least: v128, shift: v128): v128 {
  const v = f32x4.add(sum, f32x4.mul(a, b))
  const magic = i32x4.add(i32x4.max_s(v128.and(v, mask), least), shift)
  return f32x4.sub(f32x4.add(v, magic), magic)
}

/** `rounded`, but infinite where `v` is nearer to 65536 than to the greatest half. */
// @ts-ignore: decorator
@inline
export function overflowHalf(v: v128, rounded: v128 = v): v128 {
  const beyond = f32x4.ge(f32x4.abs(v), f32x4.splat(65520))
  return v128.bitselect(v128.or(v128.and(v, i32x4.splat(0x80000000)), i32x4.splat(0x7f800000)), rounded, beyond)
}

// @ts-ignore: decorator
@inline
export function addHalf(a: v128, b: v128): v128 {
  return roundHalf(f32x4.add(a, b))
}

// @ts-ignore: decorator
@inline
export function subHalf(a: v128, b: v128): v128 {
  return roundHalf(f32x4.sub(a, b))
}

// @ts-ignore: decorator
@inline
export function mulHalf(a: v128, b: v128): v128 {
  return roundHalf(f32x4.mul(a, b))
}

// @ts-ignore: decorator
@inline
export function divHalf(a: v128, b: v128): v128 {
  return roundHalf(f32x4.div(a, b))
}

/** a + b; the float32 sum of two halves is rounded to float16 as the exact one is, having more than twice its digits. */
// @ts-ignore: decorator
@inline
export function addOnce(a: v128, b: v128): v128 {
  const sum = f32x4.add(a, b)
  return overflowHalf(sum, roundHalf(sum))
}

/** sum + a b, of which a b alone is exact in float32: the sum is rounded to odd, which keeps to which side of a halfway case it lies. */
// @ts-ignore: decorator
@inline
export function addProductOnce(sum: v128, a: v128, b: v128): v128 {
  const product = f32x4.mul(a, b), total = f32x4.add(sum, product)
  const added = f32x4.sub(total, sum)
  const error = f32x4.add(f32x4.sub(sum, f32x4.sub(total, added)), f32x4.sub(product, added))
  const inexact = v128.or(f32x4.lt(error, f32x4.splat(0)), f32x4.gt(error, f32x4.splat(0)))
  const tooFar = v128.and(i32x4.shr_s(v128.xor(error, total), 31), inexact)
  const odd = v128.or(i32x4.add(total, tooFar), v128.and(inexact, i32x4.splat(1)))
  return overflowHalf(odd, roundHalf(odd))
}
