// Softmax of elements that are stored in 16 bits: exponentials are rounded before they are divided by their sum; in float16 every step is.
import { halfExp16, halfExp4 } from './half-math'
import { addHalf as add, divHalf, mulHalf, roundHalf, subHalf } from './half-rounding'
import { storeLanes } from './lanes'
import { exp4 } from './math'

/** The nearest bfloat16, ties away from zero. */
// @ts-ignore: decorator
@inline
function roundUpBfloat16(v: v128): v128 {
  return v128.and(i32x4.add(v, i32x4.splat(0x8000)), i32x4.splat(0xffff0000))
}

/** The sum of `count` (a power of two) vectors by pairs. */
function pairs(p: usize, step: usize, count: i32): v128 {
  if (count == 1) return v128.load(p)
  const half = count >> 1
  return add(pairs(p, step, half), pairs(p + <usize>half * step, step, half))
}

/** e^(v - max): by ncnn's polynomial in half precision, or by the library's `expf`, where elements are no vector. */
// @ts-ignore: decorator
@inline
function halfExp(v: v128, max: v128, single: bool): v128 {
  return single ? roundHalf(exp4(f32x4.sub(v, max))) : halfExp4(subHalf(v, max))
}

/** Four neighbouring vectors of `length` elements, `step` apart, in place; blocks of elements are added up by pairs. */
function columns(p: usize, length: i32, step: usize, block: i32, inHalf: bool, single: bool, left: i32): void {
  const end = p + <usize>length * step
  let max = f32x4.splat(-65504), sum = f32x4.splat(0)
  if (!inHalf) max = f32x4.splat(-Infinity)
  for (let q = p; q < end; q += step) max = f32x4.pmax(max, v128.load(q))
  if (inHalf) {
    for (let q = p; q < end; q += step) storeLanes(q, halfExp(v128.load(q), max, single && left < 4), left)
    for (let q = p; q < end; q += <usize>block * step) sum = add(sum, pairs(q, step, block))
    const factor = divHalf(f32x4.splat(1), sum)
    for (let q = p; q < end; q += step) storeLanes(q, mulHalf(v128.load(q), factor), left)
  } else {
    for (let q = p; q < end; q += step) {
      const power = exp4(f32x4.sub(v128.load(q), max))
      sum = f32x4.add(sum, power)
      storeLanes(q, roundUpBfloat16(power), left)
    }
    const factor = f32x4.div(f32x4.splat(1), sum)
    for (let q = p; q < end; q += step) storeLanes(q, f32x4.mul(v128.load(q), factor), left)
  }
}

/** Adds up the lanes of a vector. */
// @ts-ignore: decorator
@inline
function total(v: v128): f32 {
  const two = f32x4.add(v, i64x2.shuffle(v, v, 1, 0))
  return f32x4.extract_lane(two, 0) + f32x4.extract_lane(two, 1)
}

// @ts-ignore: decorator
@inline
function addScalar(a: f32, b: f32): f32 {
  return f32x4.extract_lane(roundHalf(f32x4.splat(a + b)), 0)
}

/** The sum of n halves as of a row whose neighbours lie in as many `lanes` of a vector: 1, 2 or 8. */
function rowSum(p: usize, n: i32, lanes: i32): f32 {
  if (lanes == 1) {
    let sum = f32x4.splat(0)
    for (const end = p + (<usize>n << 2); p < end; p += 4) sum = add(sum, v128.load32_splat(p))
    return f32x4.extract_lane(sum, 0)
  }
  const whole = n & ~(lanes - 1), rest = p + (<usize>whole << 2)
  if (lanes == 2) {
    let sum = f32x4.splat(0)
    for (; p < rest; p += 8) sum = add(sum, v128.load64_zero(p))
    const both = addScalar(f32x4.extract_lane(sum, 0), f32x4.extract_lane(sum, 1))
    return addScalar(both, n > whole ? load<f32>(rest) : 0)
  }
  let low = f32x4.splat(0), high = low
  for (; p < rest; p += 32) low = add(low, v128.load(p)), high = add(high, v128.load(p, 16))
  const fours = n - whole >= 4
  const four = add(add(low, high), fours ? v128.load(rest) : f32x4.splat(0))
  let left: f32 = 0
  for (let i = whole + (fours ? 4 : 0); i < n; i++, p += 4) left = addScalar(left, load<f32>(rest + (<usize>(i - whole) << 2)))
  const first = addScalar(f32x4.extract_lane(four, 0), f32x4.extract_lane(four, 1))
  return addScalar(left, addScalar(first, addScalar(f32x4.extract_lane(four, 2), f32x4.extract_lane(four, 3))))
}

function row(p: usize, n: i32, lanes: i32, inHalf: bool, single: bool): void {
  const end = p + (<usize>n << 2)
  let most: f32 = inHalf ? -65504 : -Infinity
  let greatest = f32x4.splat(most), first = p
  for (; first + 16 <= end; first += 16) greatest = f32x4.max(greatest, v128.load(first))
  for (; first < end; first += 4) greatest = f32x4.max(greatest, v128.load32_splat(first))
  greatest = f32x4.max(greatest, i64x2.shuffle(greatest, greatest, 1, 0))
  most = f32x4.extract_lane(f32x4.max(greatest, i32x4.shuffle(greatest, greatest, 1, 0, 3, 2)), 0)
  const top = f32x4.splat(most)
  let factor: f32, sum: f32 = 0
  if (inHalf) {
    let rest = n, q = p
    for (; rest >= 16; q += 64, rest -= 16) halfExp16(q, top, q)
    for (; q < end; q += 16, rest -= 4) storeLanes(q, halfExp(v128.load(q), top, single && rest < 4), rest)
    sum = rowSum(p, n, lanes)
    factor = f32x4.extract_lane(roundHalf(f32x4.splat(<f32>1 / sum)), 0)
  } else {
    let rest = n, sums = f32x4.splat(0), left: f32 = 0
    for (let q = p; q < end; q += 16, rest -= 4) {
      const power = exp4(f32x4.sub(v128.load(q), top))
      if (rest >= 4) sums = f32x4.add(sums, power)
      else {
        left = f32x4.extract_lane(power, 0)
        if (rest > 1) left += f32x4.extract_lane(power, 1)
        if (rest > 2) left += f32x4.extract_lane(power, 2)
      }
      storeLanes(q, roundUpBfloat16(power), rest)
    }
    factor = <f32>1 / (total(sums) + left)
  }
  const scale = f32x4.splat(factor)
  let rest = n
  for (let q = p; q < end; q += 16, rest -= 4) {
    // Behind vectors of eight there is one of four, which the wheel's compiler divides by the sum.
    const isFour = inHalf && lanes == 8 && (n & 4) != 0 && rest >> 2 == 1
    storeLanes(q, isFour ? f32x4.div(v128.load(q), f32x4.splat(sum)) : f32x4.mul(v128.load(q), scale), rest)
  }
}

export function storedSoftmax(
  data: usize, outer: i32, length: i32, inner: i32, block: i32, lanes: i32, inHalf: i32, single: i32,
): void {
  const step = <usize>inner << 2, plane = step * <usize>length
  for (; outer > 0; outer--, data += plane) {
    if (lanes > 0) row(data, length, lanes, inHalf != 0, single != 0)
    else for (let i = 0; i < inner; i += 4) columns(data + (<usize>i << 2), length, step, block, inHalf != 0, single != 0, inner - i)
  }
}
