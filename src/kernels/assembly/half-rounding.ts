// Rounding to half precision in a few instructions, of float32 to float32 that float16 holds, and arithmetic so rounded.

/** The nearest half, ties to even, of numbers below 2^100; what is beyond the halves stays as it is. */
// @ts-ignore: decorator
@inline
export function roundHalf(v: v128): v128 {
  // 1.5 * 2^13 times the power of two below v, at least that of the least normal half: adding it leaves eleven bits of v.
  const power = i32x4.max_s(v128.and(v, i32x4.splat(0x7f800000)), i32x4.splat(0x38800000))
  const magic = i32x4.add(power, i32x4.splat(0x06c00000))
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
