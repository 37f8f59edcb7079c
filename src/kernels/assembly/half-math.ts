// Elementary functions in half precision: the polynomials of ncnn's fp16 code for ARM, each step rounded to float16. Numbers are float32
// that float16 holds; constants are written as float16 has them.
// Source: Tencent/ncnn, src/layer/arm/neon_mathfun_fp16s.h, after the Cephes library.
import { storeFirst } from './lanes'
import { addHalf as add, divHalf as div, mulHalf as mul, overflowHalf, roundHalf, subHalf as sub } from './half-rounding'
import { step } from './half-sums'

/** c + a b with one rounding. */
// @ts-ignore: decorator
@inline
function fma(c: f32, a: v128, b: v128): v128 {
  return step(f32x4.splat(c), a, b)
}

/** e^x: 2^n times a polynomial of what is left of x after n ln 2. Below -10.05 it is 0, as 2^-15 has no normal half. */
// @ts-ignore: decorator
@inline
function exp4(v: v128): v128 {
  let x = f32x4.max(f32x4.min(v, f32x4.splat(10.7421875)), f32x4.splat(-10.7421875))
  const n = f32x4.floor(fma(0.5, x, f32x4.splat(1.4423828125)))
  // Two intrinsics each in the source, of which the wheel's compiler makes one instruction with one rounding.
  x = step(x, n, f32x4.splat(-0.693359375))
  x = step(x, n, f32x4.splat(0.00021219253540039062))
  const square = mul(x, x)
  let y = fma(0.0013980865478515625, f32x4.splat(0.00019872188568115234), x)
  y = fma(0.008331298828125, y, x)
  y = fma(0.041656494140625, y, x)
  y = fma(0.1666259765625, y, x)
  y = fma(0.5, y, x)
  y = step(x, y, square)
  y = add(y, f32x4.splat(1))
  const exponent = i32x4.trunc_sat_f32x4_s(n)
  const power = i32x4.shl(i32x4.add(exponent, i32x4.splat(127)), 23)
  return v128.and(overflowHalf(mul(y, power)), i32x4.gt_s(exponent, i32x4.splat(-15)))
}

export function halfExp4(v: v128): v128 {
  return exp4(v)
}

/** e^(x - max) of sixteen neighbours: side by side, as the steps of one wait for each other. */
export function halfExp16(source: usize, max: v128, destination: usize): void {
  const a = exp4(sub(v128.load(source), max)), b = exp4(sub(v128.load(source, 16), max))
  const c = exp4(sub(v128.load(source, 32), max)), d = exp4(sub(v128.load(source, 48), max))
  v128.store(destination, a), v128.store(destination, b, 16), v128.store(destination, c, 32), v128.store(destination, d, 48)
}

// @ts-ignore: decorator
@inline
function sigmoid4(v: v128): v128 {
  const one = f32x4.splat(1)
  return div(one, add(halfExp4(f32x4.neg(v)), one))
}

/** A quotient of polynomials, 1 from 4.5 on, and x itself below 1e-4. */
function tanh4(v: v128): v128 {
  const magnitude = f32x4.abs(v), one = f32x4.splat(1), limit = f32x4.splat(4.5)
  const x = f32x4.min(magnitude, limit), square = mul(x, x)
  let y = fma(0.1038818359375, f32x4.splat(0.0007195472717285156), square)
  y = mul(fma(1, y, square), x)
  let w = fma(0.43701171875, f32x4.splat(0.0132904052734375), square)
  w = fma(1, w, square)
  y = v128.bitselect(one, f32x4.min(div(y, w), one), f32x4.ge(magnitude, limit))
  y = v128.or(y, v128.and(v, i32x4.splat(0x80000000)))
  return v128.bitselect(y, v, f32x4.ge(magnitude, f32x4.splat(1e-4)))
}

/** ln x of a normal x: its exponent times ln 2, and a polynomial of its mantissa between sqrt(1/2) and sqrt(2). */
function log4(v: v128): v128 {
  const one = f32x4.splat(1)
  let x = v128.or(v128.and(v, i32x4.splat(0x7fffff)), f32x4.splat(0.5))
  let e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_u(v, 23), i32x4.splat(126)))
  const below = f32x4.lt(x, f32x4.splat(0.70703125))
  const added = v128.and(x, below)
  e = f32x4.sub(e, v128.and(one, below))
  x = add(sub(x, one), added)
  const square = mul(x, x)
  let y = fma(-0.11517333984375, f32x4.splat(0.07037353515625), x)
  y = fma(0.11676025390625, y, x)
  y = fma(-0.12420654296875, y, x)
  y = fma(0.1424560546875, y, x)
  y = fma(-0.1666259765625, y, x)
  y = fma(0.199951171875, y, x)
  y = fma(-0.25, y, x)
  y = fma(0.333251953125, y, x)
  y = mul(mul(y, x), square)
  y = step(y, e, f32x4.splat(-0.00021219253540039062))
  y = step(y, square, f32x4.splat(-0.5))
  return step(add(x, y), e, f32x4.splat(0.693359375))
}

/** Beyond this, erf and erfc are taken from e^x. */
const TAIL: f32 = 0.927734375

/** 1 - erf |x|, for what is beyond {@link TAIL}. */
function erfcTail4(magnitude: v128, square: v128): v128 {
  let y = fma(0.00038313865661621094, f32x4.splat(-1.728534698486328e-05), magnitude)
  y = step(fma(0.024261474609375, f32x4.splat(-0.00388336181640625), magnitude), y, square)
  y = fma(-0.10675048828125, y, magnitude)
  y = fma(-0.634765625, y, magnitude)
  y = fma(-0.128662109375, y, magnitude)
  return halfExp4(step(f32x4.neg(magnitude), y, magnitude))
}

/** erf x, for what is within {@link TAIL}. */
function erfNear4(x: v128, square: v128): v128 {
  let y = fma(0.0049896240234375, f32x4.splat(-0.0005970001220703125), square)
  y = fma(-0.026763916015625, y, square)
  y = fma(0.11279296875, y, square)
  y = fma(-0.376220703125, y, square)
  y = fma(0.12841796875, y, square)
  return step(x, y, x)
}

function erf4(x: v128): v128 {
  const magnitude = f32x4.abs(x), square = mul(x, x)
  const near = erfNear4(x, square), isFar = f32x4.gt(magnitude, f32x4.splat(TAIL))
  if (!v128.any_true(isFar)) return near
  const far = sub(f32x4.splat(1), erfcTail4(magnitude, square))
  const signed = v128.or(far, v128.and(x, i32x4.splat(0x80000000)))
  return v128.bitselect(signed, near, isFar)
}

function erfc4(x: v128): v128 {
  const magnitude = f32x4.abs(x), square = mul(x, x)
  const near = sub(f32x4.splat(1), erfNear4(x, square)), isFar = f32x4.gt(magnitude, f32x4.splat(TAIL))
  if (!v128.any_true(isFar)) return near
  const tail = erfcTail4(magnitude, square)
  const far = v128.bitselect(sub(f32x4.splat(2), tail), tail, f32x4.lt(x, f32x4.splat(0)))
  return v128.bitselect(far, near, isFar)
}

function fastGelu4(v: v128): v128 {
  // The order that the wheel's compiler has chosen.
  const cubic = mul(mul(v, v), mul(f32x4.splat(0.035675048828125), v))
  const y = tanh4(step(cubic, f32x4.splat(0.7978515625), v))
  return mul(mul(f32x4.splat(0.5), add(f32x4.splat(1), y)), v)
}

/** a (e^x - 1) of what is negative. */
// @ts-ignore: decorator
@inline
function scaledExpMinus1(v: v128, a: f32): v128 {
  const y = sub(halfExp4(f32x4.min(v, f32x4.splat(0))), f32x4.splat(1))
  return mul(roundHalf(f32x4.splat(a)), y)
}

const EXP: i32 = 0
const SIGMOID: i32 = 1
const TANH: i32 = 2
const SWISH: i32 = 3
const MISH: i32 = 4
const HARD_SIGMOID: i32 = 5
const HARD_SWISH: i32 = 6
const GELU: i32 = 7
const FAST_GELU: i32 = 8
const ELU: i32 = 9
const SELU: i32 = 10
const ERF: i32 = 11

/** a v + b, limited to 0 and 1. */
// @ts-ignore: decorator
@inline
function hard(v: v128, a: f32, b: f32): v128 {
  const alpha = roundHalf(f32x4.splat(a)), beta = roundHalf(f32x4.splat(b))
  return f32x4.min(f32x4.max(roundHalf(f32x4.add(beta, f32x4.mul(alpha, v))), f32x4.splat(0)), f32x4.splat(1))
}

function compute(f: i32, input: usize, output: usize, n: i32, a: f32, b: f32): void {
  for (; n > 0; n -= 4, input += 16, output += 16) {
    const v = v128.load(input)
    let y = v
    if (f == EXP) y = halfExp4(v)
    else if (f == SIGMOID) y = sigmoid4(v)
    else if (f == TANH) y = tanh4(v)
    else if (f == SWISH) y = div(v, add(halfExp4(f32x4.neg(v)), f32x4.splat(1)))
    else if (f == MISH) y = mul(v, tanh4(log4(add(halfExp4(v), f32x4.splat(1)))))
    else if (f == HARD_SIGMOID) y = hard(v, a, b)
    else if (f == HARD_SWISH) y = mul(v, hard(v, a, b))
    else if (f == GELU) y = mul(mul(f32x4.splat(0.5), erfc4(mul(f32x4.splat(-0.70703125), v))), v)
    else if (f == FAST_GELU) y = fastGelu4(v)
    else if (f == ELU) y = add(f32x4.max(v, f32x4.splat(0)), scaledExpMinus1(v, a))
    else if (f == SELU) {
      y = v128.bitselect(scaledExpMinus1(v, a * b), mul(v, roundHalf(f32x4.splat(b))), f32x4.le(v, f32x4.splat(0)))
    }
    else if (f == ERF) y = erf4(v)
    if (n >= 4) v128.store(output, y)
    else storeFirst(output, y, n)
  }
}

// There are few halves, and a function takes hundreds of instructions: from some number of elements on it is looked up. The table, behind
// the constants, holds the results of one function: for each sign those of 0 and of numbers from the least half to the greatest one, by the
// upper bits of their float32; below 2^-14 there are more of these than halves. The engine calls this in one thread only.

/** What the upper bits of the least half's float32 are more than its place in the table. */
const FIRST: i32 = (103 << 10) - 1
/** Places for each sign; the last one is that of 65504. */
const PLACES: i32 = (142 << 10) + 1024 - FIRST
export const TABLE_BYTES: usize = 2 * <usize>PLACES << 2
/** Elements that are computed before the table is filled for them. */
const WORTH: i32 = 2 * PLACES

let tabled: i32 = -1, tabledA: f32 = 0, tabledB: f32 = 0
let asked: i32 = -1, askedA: f32 = 0, askedB: f32 = 0, askedFor: i32 = 0

/** Whether the table is that of a function, of which `n` elements are wanted. */
function isTabled(f: i32, n: i32, a: f32, b: f32): bool {
  if (f == tabled && a == tabledA && b == tabledB) return true
  if (f != asked || a != askedA || b != askedB) asked = f, askedA = a, askedB = b, askedFor = 0
  askedFor += n
  if (askedFor < WORTH) return false
  let p = __heap_base
  for (let sign: i32 = 0; sign < 2; sign++) {
    for (let i = 0; i < PLACES; i++, p += 4) store<i32>(p, (i > 0 ? i + FIRST << 13 : 0) | sign << 31)
  }
  compute(f, __heap_base, __heap_base, 2 * PLACES, a, b)
  tabled = f, tabledA = a, tabledB = b, askedFor = 0
  return true
}

// @ts-ignore: decorator
@inline
function copyEntries(output: usize, places: u64): void {
  store<f32>(output, load<f32>(__heap_base + <usize><u32>places))
  store<f32>(output, load<f32>(__heap_base + <usize>(places >> 32)), 4)
}

export function halfFunction(f: i32, input: usize, output: usize, n: i32, a: f32, b: f32): void {
  if (!isTabled(f, n, a, b)) return compute(f, input, output, n, a, b)
  const last = i32x4.splat(PLACES - 1 << 2)
  for (; n >= 4; n -= 4, input += 16, output += 16) {
    const v = v128.load(input)
    // In bytes.
    const place = i32x4.sub(i32x4.shr_u(i32x4.shl(v, 1), 12), i32x4.splat(FIRST << 2))
    if (v128.any_true(i32x4.gt_s(place, last))) {
      compute(f, input, output, 4, a, b)
      continue
    }
    const signed = v128.and(i32x4.shr_s(v, 31), i32x4.splat(PLACES << 2))
    const places = i32x4.add(i32x4.max_s(place, i32x4.splat(0)), signed)
    copyEntries(output, i64x2.extract_lane(places, 0))
    copyEntries(output + 8, i64x2.extract_lane(places, 1))
  }
  compute(f, input, output, n, a, b)
}
