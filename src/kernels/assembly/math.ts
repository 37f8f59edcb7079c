// Elementary functions on four floats at a time, correct to 0.501 ulp.
//
// Each function works in float64 on two lanes at a time and rounds once at the end, so that the results are those of correct rounding
// except where the exact value lies within a thousandth of an ulp of the middle between two floats. Arguments are reduced in the
// classical way (multiples of ln 2 or pi/2 subtracted); polynomials are Chebyshev interpolants with the degree, interval and error given
// beside them. Plain IEEE operations in a fixed order: the same bits on every machine.
import { erfcNear, NEAR } from './erfc-table'
import { highHalf, joinHalves, lowHalf } from './halves'

// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, c: v128): v128 {
  return f64x2.add(f64x2.mul(a, b), c)
}

// Constants lie in memory, each twice: a load is one instruction where V8 takes three for a number in the code.

const ZERO = memory.data<f64>([0, 0], 16)
const ONE = memory.data<f64>([1, 1], 16)
const TWO = memory.data<f64>([2, 2], 16)
const THREE = memory.data<f64>([3, 3], 16)
const TEN = memory.data<f64>([10, 10], 16)
const MINUS_HALF = memory.data<f64>([-0.5, -0.5], 16)
const LN_2 = memory.data<f64>([0.6931471805599453, 0.6931471805599453], 16)
const LOG2_E = memory.data<f64>([1.4426950408889634, 1.4426950408889634], 16)
const TWO_OVER_PI = memory.data<f64>([0.6366197723675814, 0.6366197723675814], 16)
/** 1.5 * 2^52: adding it rounds to an integer, which then stands in the lowest bits. */
const MAGIC = memory.data<f64>([6755399441055744.0, 6755399441055744.0], 16)
/** What a biased exponent becomes that stands in the fraction of 2^52. */
const BIASED = memory.data<f64>([4503599627370496.0 + 1023.0, 4503599627370496.0 + 1023.0], 16)
/** Beyond these e^x rounds to 0 or infinity anyway. */
const LEAST_EXPONENT = memory.data<f64>([-700, -700], 16)
const GREATEST_EXPONENT = memory.data<f64>([700, 700], 16)
/** From here on erfc rounds to 0. */
const ERFC_END = memory.data<f64>([10.2, 10.2], 16)
const ERF_MIDDLE = memory.data<f64>([0.75, 0.75], 16)
/** The first 33 bits of pi/2, so that a multiple of it is exact, and the rest. */
const HALF_PI_HIGH = memory.data<f64>([1.57079632673412561417, 1.57079632673412561417], 16)
const HALF_PI_LOW = memory.data<f64>([6.07710050650619224932e-11, 6.07710050650619224932e-11], 16)

// Polynomials, the highest power first; their degrees, intervals and errors stand with the functions. The long ones are evaluated in
// parts, which wait less for each other than Horner's scheme does.

const EXP = memory.data<f64>([
  2.487618863224577e-05, 2.487618863224577e-05,
  0.00019907584397448316, 0.00019907584397448316,
  0.0013888821637944055, 0.0013888821637944055,
  0.008333283515376171, 0.008333283515376171,
  0.041666666891106235, 0.041666666891106235,
  0.16666666786396814, 0.16666666786396814,
  0.4999999999979786, 0.4999999999979786,
  0.9999999999955046, 0.9999999999955046,
], 16)
const LOG = memory.data<f64>([
  0.11665932573010415, 0.11665932573010415,
  0.14275381395212178, 0.14275381395212178,
  0.2000006121957977, 0.2000006121957977,
  0.33333333276792776, 0.33333333276792776,
], 16)
const ERFC = memory.data<f64>([
  0.014327728156241022, 0.014327728156241022,
  -0.11253817006221119, -0.11253817006221119,
  0.37380659301920793, 0.37380659301920793,
  -0.6750591335499512, -0.6750591335499512,
  0.7374260162690909, 0.7374260162690909,
  -0.5751201505428805, -0.5751201505428805,
  0.35146247803521846, 0.35146247803521846,
  -0.07710908561343324, -0.07710908561343324,
  0.13289190510017954, 0.13289190510017954,
  0.1182103982612479, 0.1182103982612479,
  0.15809175523975685, 0.15809175523975685,
  0.17747503148669924, 0.17747503148669924,
  0.1880716669093582, 0.1880716669093582,
  0.18806296729243488, 0.18806296729243488,
], 16)
const ERF = memory.data<f64>([
  0.000094729968768488790, 0.000094729968768488790,
  -0.0008357356186089902, -0.0008357356186089902,
  0.005216816627008603, 0.005216816627008603,
  -0.026864779729925521, -0.026864779729925521,
  0.11283778747649847, 0.11283778747649847,
  -0.37612638451742614, -0.37612638451742614,
  1.1283791670697234, 1.1283791670697234,
], 16)
const SIN = memory.data<f64>([
  0.0000027249933049725527, 0.0000027249933049725527,
  -0.00019840086849594294, -0.00019840086849594294,
  0.0083333318750831963, 0.0083333318750831963,
  -0.16666666663856933, -0.16666666663856933,
], 16)
const COS = memory.data<f64>([
  -2.7300960684822454e-7, -2.7300960684822454e-7,
  0.000024800600430086394, 0.000024800600430086394,
  -0.0013888887672229484, -0.0013888887672229484,
  0.041666666664322213, 0.041666666664322213,
], 16)

// @ts-ignore: decorator
@inline
function at(table: usize, index: usize): v128 {
  return v128.load(table + (index << 4))
}

/** n + MAGIC for the integer n nearest to x / ln 2. */
// @ts-ignore: decorator
@inline
function binaryExponent(x: v128): v128 {
  return madd(x, v128.load(LOG2_E), v128.load(MAGIC))
}

/** exp(r) - 1 for the rest r = x - n * ln 2: r times a polynomial of degree 7 on |r| <= ln 2 / 2, relative error 5.2e-12. */
// @ts-ignore: decorator
@inline
function expm1OfRest(x: v128, shifted: v128): v128 {
  const n = f64x2.sub(shifted, v128.load(MAGIC))
  const r = f64x2.sub(x, f64x2.mul(n, v128.load(LN_2)))
  const r2 = f64x2.mul(r, r), r4 = f64x2.mul(r2, r2)
  const high = madd(madd(r, at(EXP, 0), at(EXP, 1)), r2, madd(r, at(EXP, 2), at(EXP, 3)))
  const low = madd(madd(r, at(EXP, 4), at(EXP, 5)), r2, madd(r, at(EXP, 6), at(EXP, 7)))
  return f64x2.mul(madd(high, r4, low), r)
}

/** exp on float64 lanes with |x| < 700. */
// @ts-ignore: decorator
@inline
function expHalf(x: v128): v128 {
  const shifted = binaryExponent(x)
  const y = f64x2.add(expm1OfRest(x, shifted), v128.load(ONE))
  return i64x2.add(y, i64x2.shl(shifted, 52))
}

/** e^x; beyond [-104, 89] the result is 0 or infinity anyway. */
export function exp4(x: v128): v128 {
  const v = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-104)), f32x4.splat(89))
  return joinHalves(expHalf(lowHalf(v)), expHalf(highHalf(v)))
}

/** log of positive finite float64 lanes: x = 2^n * m with m in [sqrt(1/2), sqrt(2)), log m = 2 atanh((m - 1) / (m + 1)). */
// @ts-ignore: decorator
@inline
function logHalf(x: v128): v128 {
  const rootHalf: i64 = 0x3fe6a09e667f3bcd
  const u = i64x2.add(x, i64x2.splat(0x3ff0000000000000 - rootHalf))
  // The biased exponent becomes a float64 by standing in the fraction of 2^52.
  const n = f64x2.sub(
    v128.or(i64x2.shr_u(u, 52), i64x2.splat(0x4330000000000000)),
    v128.load(BIASED),
  )
  const m = i64x2.add(v128.and(u, i64x2.splat(0x000fffffffffffff)), i64x2.splat(rootHalf))
  const s = f64x2.div(f64x2.sub(m, v128.load(ONE)), f64x2.add(m, v128.load(ONE)))
  const z = f64x2.mul(s, s)
  // Degree 3 on z <= 0.02945, relative error 1.7e-9 of a term that is at most 1 % of the whole.
  let q = madd(z, at(LOG, 0), at(LOG, 1))
  q = madd(q, z, at(LOG, 2))
  q = madd(q, z, at(LOG, 3))
  const t = f64x2.add(s, s)
  return f64x2.add(f64x2.mul(n, v128.load(LN_2)), madd(f64x2.mul(t, z), q, t))
}

/** Natural logarithm; -Infinity at 0, NaN below. */
export function log4(x: v128): v128 {
  const zero = f32x4.splat(0), infinity = f32x4.splat(Infinity)
  let y = joinHalves(logHalf(lowHalf(x)), logHalf(highHalf(x)))
  y = v128.bitselect(f32x4.splat(-Infinity), y, f32x4.eq(x, zero))
  y = v128.bitselect(infinity, y, f32x4.eq(x, infinity))
  return v128.bitselect(y, f32x4.splat(NaN), f32x4.ge(x, zero))
}

// @ts-ignore: decorator
@inline
function powHalf(x: v128, y: v128): v128 {
  // Beyond +-700 the result rounds to infinity or 0 anyway.
  const exponent = f64x2.mul(y, logHalf(x))
  return expHalf(f64x2.pmin(f64x2.pmax(exponent, v128.load(LEAST_EXPONENT)), v128.load(GREATEST_EXPONENT)))
}

/** x^y = e^(y log x) for positive finite x and finite y. The logarithm's error, 1.7e-11 of it, is at most 1.8e-9 of the result. */
export function pow4(x: v128, y: v128): v128 {
  return joinHalves(powHalf(lowHalf(x), lowHalf(y)), powHalf(highHalf(x), highHalf(y)))
}

/** tanh |x| = (e^2|x| - 1) / (e^2|x| + 1), from e^2|x| - 1 so that small arguments keep their relative accuracy. */
// @ts-ignore: decorator
@inline
function tanhHalf(x: v128): v128 {
  const sign = v128.and(x, i64x2.splat(0x8000000000000000))
  // From 10 on the result rounds to 1.
  const a = f64x2.pmin(f64x2.abs(x), v128.load(TEN))
  const doubled = f64x2.add(a, a)
  const shifted = binaryExponent(doubled)
  const rest = expm1OfRest(doubled, shifted)
  const scale = i64x2.add(i64x2.shl(shifted, 52), v128.load(ONE))
  const e = madd(scale, rest, f64x2.sub(scale, v128.load(ONE)))
  return v128.or(f64x2.div(e, f64x2.add(e, v128.load(TWO))), sign)
}

/** tanh(log x) for float64 lanes that are floats: their squares are exact. */
// @ts-ignore: decorator
@inline
function tanhOfLogHalf(x: v128): v128 {
  const square = f64x2.mul(x, x), one = v128.load(ONE)
  return f64x2.div(f64x2.sub(square, one), f64x2.add(square, one))
}

/** tanh(log x) = (x^2 - 1) / (x^2 + 1) for positive finite x. */
// @ts-ignore: decorator
@inline
export function tanhOfLog4(x: v128): v128 {
  return joinHalves(tanhOfLogHalf(lowHalf(x)), tanhOfLogHalf(highHalf(x)))
}

export function tanh4(x: v128): v128 {
  return joinHalves(tanhHalf(lowHalf(x)), tanhHalf(highHalf(x)))
}

/**
 * erfc(a) for 0 <= a <= 10.2 as exp(-a^2) * t * p(t) with t = 3 / (3 + a): degree 13, relative error 2.0e-12.
 */
// @ts-ignore: decorator
@inline
function erfcOfMagnitude(a: v128): v128 {
  const t = f64x2.div(v128.load(THREE), f64x2.add(a, v128.load(THREE)))
  const t2 = f64x2.mul(t, t)
  let odd = madd(t2, at(ERFC, 0), at(ERFC, 2)), even = madd(t2, at(ERFC, 1), at(ERFC, 3))
  odd = madd(odd, t2, at(ERFC, 4)), even = madd(even, t2, at(ERFC, 5))
  odd = madd(odd, t2, at(ERFC, 6)), even = madd(even, t2, at(ERFC, 7))
  odd = madd(odd, t2, at(ERFC, 8)), even = madd(even, t2, at(ERFC, 9))
  odd = madd(odd, t2, at(ERFC, 10)), even = madd(even, t2, at(ERFC, 11))
  odd = madd(odd, t2, at(ERFC, 12)), even = madd(even, t2, at(ERFC, 13))
  const p = madd(odd, t, even)
  return f64x2.mul(f64x2.mul(p, t), expHalf(f64x2.neg(f64x2.mul(a, a))))
}

// @ts-ignore: decorator
@inline
function erfcFarHalf(x: v128): v128 {
  return erfcOfMagnitude(f64x2.pmin(x, v128.load(ERFC_END)))
}

/** 2 - tail where x is negative. The bit of a sign, moved by one, is the float64 number 2. */
// @ts-ignore: decorator
@inline
function reflect(tail: v128, x: v128): v128 {
  const sign = v128.and(x, i64x2.splat(0x8000000000000000))
  return f64x2.add(v128.xor(tail, sign), i64x2.shr_u(sign, 1))
}

/** 1 - erf(x), accurate in the tail too. */
export function erfc4(x: v128): v128 {
  const size = f32x4.abs(x), near = v128.load(NEAR), isNear = f32x4.lt(size, near)
  const a = f32x4.pmin(near, size)
  const low = lowHalf(x), high = highHalf(x)
  let lowTail = erfcNear(lowHalf(a)), highTail = erfcNear(highHalf(a))
  if (!i32x4.all_true(isNear)) {
    lowTail = v128.bitselect(lowTail, erfcFarHalf(lowHalf(size)), i32x4.shuffle(isNear, isNear, 0, 0, 1, 1))
    highTail = v128.bitselect(highTail, erfcFarHalf(highHalf(size)), i32x4.shuffle(isNear, isNear, 2, 2, 3, 3))
  }
  return joinHalves(reflect(lowTail, low), reflect(highTail, high))
}

// @ts-ignore: decorator
@inline
function erfHalf(x: v128): v128 {
  const sign = v128.and(x, i64x2.splat(0x8000000000000000))
  const a = f64x2.pmin(f64x2.abs(x), v128.load(ERFC_END))
  // Below 0.75: x times a polynomial of degree 6 in x^2, relative error 2.7e-11.
  const z = f64x2.mul(a, a)
  let p = madd(z, at(ERF, 0), at(ERF, 1))
  p = madd(p, z, at(ERF, 2))
  p = madd(p, z, at(ERF, 3))
  p = madd(p, z, at(ERF, 4))
  p = madd(p, z, at(ERF, 5))
  p = madd(p, z, at(ERF, 6))
  const small = f64x2.mul(p, a)
  const large = f64x2.sub(v128.load(ONE), erfcOfMagnitude(a))
  return v128.or(v128.bitselect(small, large, f64x2.lt(a, v128.load(ERF_MIDDLE))), sign)
}

export function erf4(x: v128): v128 {
  return joinHalves(erfHalf(lowHalf(x)), erfHalf(highHalf(x)))
}

/** sin of x + quadrant * pi/2 for |x| < 2^17, by the nearest multiple of pi/2 (subtracted in two parts) and Taylor-like polynomials. */
// @ts-ignore: decorator
@inline
function sinHalf(x: v128, quadrant: i64): v128 {
  const shifted = madd(x, v128.load(TWO_OVER_PI), v128.load(MAGIC))
  const n = f64x2.sub(shifted, v128.load(MAGIC))
  // The first 33 bits of pi/2, so that n times it is exact, and the rest.
  let r = f64x2.sub(x, f64x2.mul(n, v128.load(HALF_PI_HIGH)))
  r = f64x2.sub(r, f64x2.mul(n, v128.load(HALF_PI_LOW)))
  const z = f64x2.mul(r, r)
  // sin: degree 3 in z, relative error 1.7e-10 of the correction; cos: degree 3, 5.7e-11; both on |r| <= pi/4.
  let s = madd(z, at(SIN, 0), at(SIN, 1))
  s = madd(s, z, at(SIN, 2))
  s = madd(s, z, at(SIN, 3))
  s = madd(f64x2.mul(s, z), r, r)
  let c = madd(z, at(COS, 0), at(COS, 1))
  c = madd(c, z, at(COS, 2))
  c = madd(c, z, at(COS, 3))
  c = madd(f64x2.mul(c, z), z, madd(z, v128.load(MINUS_HALF), v128.load(ONE)))
  const q = i64x2.add(shifted, i64x2.splat(quadrant))
  const odd = i64x2.ne(v128.and(q, i64x2.splat(1)), i64x2.splat(0))
  return v128.xor(v128.bitselect(c, s, odd), i64x2.shl(v128.and(q, i64x2.splat(2)), 62))
}

// @ts-ignore: decorator
@inline
function sinOrCos4(x: v128, quadrant: i64): v128 {
  // Larger arguments need more of pi than two parts hold: the scalar function of the standard library has it.
  if (v128.any_true(v128.not(f32x4.lt(f32x4.abs(x), f32x4.splat(131072))))) {
    return quadrant == 0
      ? f32x4(
          <f32>Math.sin(f32x4.extract_lane(x, 0)), <f32>Math.sin(f32x4.extract_lane(x, 1)),
          <f32>Math.sin(f32x4.extract_lane(x, 2)), <f32>Math.sin(f32x4.extract_lane(x, 3)),
        )
      : f32x4(
          <f32>Math.cos(f32x4.extract_lane(x, 0)), <f32>Math.cos(f32x4.extract_lane(x, 1)),
          <f32>Math.cos(f32x4.extract_lane(x, 2)), <f32>Math.cos(f32x4.extract_lane(x, 3)),
        )
  }
  return joinHalves(sinHalf(lowHalf(x), quadrant), sinHalf(highHalf(x), quadrant))
}

export function sin4(x: v128): v128 {
  return sinOrCos4(x, 0)
}

export function cos4(x: v128): v128 {
  return sinOrCos4(x, 1)
}
