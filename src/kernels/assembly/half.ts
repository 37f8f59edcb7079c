// Half-precision floats in SIMD: float16 bits to float32 and back, four at a time.

// In memory: a constant vector is made anew wherever it is needed, by three instructions.
const MAGNITUDE = memory.data<u32>([0x7fff, 0x7fff, 0x7fff, 0x7fff], 16)
const SIGN = memory.data<u32>([0x80000000, 0x80000000, 0x80000000, 0x80000000], 16)
const TO_BIAS = memory.data<u32>([0x77800000, 0x77800000, 0x77800000, 0x77800000], 16)
const GREATEST_FINITE = memory.data<u32>([0x0f7fffff, 0x0f7fffff, 0x0f7fffff, 0x0f7fffff], 16)
const INFINITE = memory.data<u32>([0x7f800000, 0x7f800000, 0x7f800000, 0x7f800000], 16)

/** Four float16, sign-extended to 32-bit lanes (`load16x4_s`), to float32, exactly (subnormals, infinities and NaN included). */
// @ts-ignore: decorator
@inline
export function halfToFloat4(bits: v128): v128 {
  return widenHalf4(
    bits, v128.load(MAGNITUDE), v128.load(SIGN), v128.load(TO_BIAS), v128.load(GREATEST_FINITE), v128.load(INFINITE),
  )
}

// @ts-ignore: decorator
@inline
function widenHalf4(bits: v128, ofMagnitude: v128, ofSign: v128, toBias: v128, greatestFinite: v128, infinite: v128): v128 {
  const magnitude = i32x4.shl(v128.and(bits, ofMagnitude), 13)
  // Multiplying by 2^112 moves the exponent's bias from 15 to 127, and normalizes subnormals on the way.
  const scaled = f32x4.mul(magnitude, toBias)
  const special = v128.and(i32x4.gt_s(magnitude, greatestFinite), infinite)
  return v128.or(v128.or(scaled, special), v128.and(bits, ofSign))
}

/** `n` float16 to float32, four at a time; its constants stay in registers. */
// @ts-ignore: decorator
@inline
export function widenHalves(source: usize, destination: usize, n: i32): void {
  const ofMagnitude = v128.load(MAGNITUDE), ofSign = v128.load(SIGN), toBias = v128.load(TO_BIAS)
  const greatestFinite = v128.load(GREATEST_FINITE), infinite = v128.load(INFINITE)
  for (let i = 0; i < n; i += 4) {
    v128.store(
      destination,
      widenHalf4(v128.load16x4_s(source), ofMagnitude, ofSign, toBias, greatestFinite, infinite),
    )
    source += 8
    destination += 16
  }
}

/** Four float32 to float16 bits in the low halves of the lanes: to nearest, ties to even, overflow to infinity, NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function floatToHalf4(v: v128): v128 {
  const sign = v128.and(v, i32x4.splat(0x80000000))
  const magnitude = v128.xor(v, sign)
  // Normal: move the bias and round by adding just under half a unit, plus the lowest bit that stays.
  const odd = v128.and(i32x4.shr_u(magnitude, 13), i32x4.splat(1))
  const normal = i32x4.shr_u(i32x4.add(i32x4.add(magnitude, i32x4.splat(0xc8000fff)), odd), 13)
  // Below 2^-14: adding 0.5 makes the float32 addition round to multiples of 2^-24, which is what a subnormal float16 counts.
  const subnormal = i32x4.sub(f32x4.add(magnitude, f32x4.splat(0.5)), i32x4.splat(0x3f000000))
  const finite = v128.bitselect(subnormal, normal, i32x4.lt_u(magnitude, i32x4.splat(0x38800000)))
  const special = v128.bitselect(
    v128.or(i32x4.splat(0x7e00), v128.and(i32x4.shr_u(magnitude, 13), i32x4.splat(0x3ff))),
    i32x4.splat(0x7c00),
    i32x4.gt_u(magnitude, i32x4.splat(0x7f800000)),
  )
  const bits = v128.bitselect(special, finite, i32x4.gt_u(magnitude, i32x4.splat(0x477fefff)))
  return v128.or(bits, i32x4.shr_u(sign, 16))
}
