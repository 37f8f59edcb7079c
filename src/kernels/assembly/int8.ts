// The elementwise steps of int8 layers: floats to integers of -127..127 and back. The products of those integers are summed in float32,
// exactly, by the other kernels.
import { storeFirst } from './activation'

/** Rounds to the nearest integer, halves away from zero, and limits to -127..127; NaN becomes 0. */
// @ts-ignore: decorator
@inline
function toInteger4(v: v128): v128 {
  const magnitude = f32x4.abs(v), whole = f32x4.trunc(magnitude)
  const up = f32x4.ge(f32x4.sub(magnitude, whole), f32x4.splat(0.5))
  const rounded = f32x4.pmin(f32x4.add(whole, v128.and(up, f32x4.splat(1))), f32x4.splat(127))
  // The sign of a zero is dropped by adding 0.
  const signed = f32x4.add(v128.bitselect(f32x4.neg(rounded), rounded, f32x4.lt(v, f32x4.splat(0))), f32x4.splat(0))
  return v128.and(signed, f32x4.eq(v, v))
}

export function quantize(source: usize, scale: f32, destination: usize, n: i32): void {
  const s = f32x4.splat(scale)
  for (; n > 0; n -= 4, source += 16, destination += 16) {
    const v = toInteger4(f32x4.mul(v128.load(source), s))
    if (n >= 4) v128.store(destination, v)
    else storeFirst(destination, v, n)
  }
}

export function quantizeToBytes(source: usize, scale: f32, destination: usize, n: i32): void {
  const s = f32x4.splat(scale)
  for (; n > 0; n -= 4, source += 16, destination += 4) {
    const words = i16x8.narrow_i32x4_s(i32x4.trunc_sat_f32x4_s(toInteger4(f32x4.mul(v128.load(source), s))), i32x4.splat(0))
    const bytes = i8x16.narrow_i16x8_s(words, words)
    if (n >= 4) {
      v128.store32_lane(destination, bytes, 0)
      continue
    }
    v128.store8_lane(destination, bytes, 0)
    if (n > 1) v128.store8_lane(destination, bytes, 1, 1)
    if (n > 2) v128.store8_lane(destination, bytes, 2, 2)
  }
}

export function addIntegers(source: usize, destination: usize, n: i32): void {
  for (; n > 0; n -= 4, source += 16, destination += 16) {
    const v = i32x4.add(v128.load(destination), i32x4.trunc_sat_f32x4_s(v128.load(source)))
    if (n >= 4) v128.store(destination, v)
    else storeFirst(destination, v, n)
  }
}

export function scaleIntegers(source: usize, scale: f32, offset: usize, destination: usize, n: i32): void {
  const s = f32x4.splat(scale), o = offset ? v128.load32_splat(offset) : f32x4.splat(0)
  for (; n > 0; n -= 4, source += 16, destination += 16) {
    let v = f32x4.mul(f32x4.convert_i32x4_s(v128.load(source)), s)
    if (offset) v = f32x4.add(v, o)
    if (n >= 4) v128.store(destination, v)
    else storeFirst(destination, v, n)
  }
}
