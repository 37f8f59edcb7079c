// The comparison kernels: find the first element that misses its tolerance, sum up errors, count them in a histogram.
// They work on one chunk of two tensors at a time, decoded to float32 or float64; every decision is that of the rule in float64.
import { widenHalves } from './half'

// In memory, from where they are loaded before a loop and stay in a register: engines make a constant vector, and some of them a splat,
// anew in every round.
const MAGNITUDE4 = memory.data<u32>([0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff], 16)
const MAGNITUDE2 = memory.data<u64>([0x7fffffffffffffff, 0x7fffffffffffffff], 16)
const LEAST4 = memory.data<f32>([f32.MIN_VALUE, f32.MIN_VALUE, f32.MIN_VALUE, f32.MIN_VALUE], 16)
const HELD = memory.data(16, 16)

/** `value` in every lane, as a loop keeps it. */
function held4(value: f32): v128 {
  store<f32>(HELD, value)
  return v128.load32_splat(HELD)
}

function held2(value: f64): v128 {
  store<f64>(HELD, value)
  return v128.load64_splat(HELD)
}

// ---- decoding: n is rounded up to a multiple of 16, the caller leaves room for it ----

export function float16ToFloat32(source: usize, destination: usize, n: i32): void {
  widenHalves(source, destination, n)
}

export function bfloat16ToFloat32(source: usize, destination: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    v128.store(destination, i32x4.shl(v128.load16x4_u(source), 16))
    source += 8
    destination += 16
  }
}

export function int16ToFloat32(source: usize, destination: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    v128.store(destination, f32x4.convert_i32x4_s(v128.load16x4_s(source)))
    source += 8
    destination += 16
  }
}

export function uint16ToFloat32(source: usize, destination: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    v128.store(destination, f32x4.convert_i32x4_s(v128.load16x4_u(source)))
    source += 8
    destination += 16
  }
}

export function int8ToFloat32(source: usize, destination: usize, n: i32): void {
  for (let i = 0; i < n; i += 8) {
    const words = v128.load8x8_s(source)
    v128.store(destination, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(words)))
    v128.store(destination, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(words)), 16)
    source += 8
    destination += 32
  }
}

export function uint8ToFloat32(source: usize, destination: usize, n: i32): void {
  for (let i = 0; i < n; i += 8) {
    const words = v128.load8x8_u(source)
    v128.store(destination, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(words)))
    v128.store(destination, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(words)), 16)
    source += 8
    destination += 32
  }
}

export function float32ToFloat64(source: usize, destination: usize, n: i32): void {
  for (let i = 0; i < n; i += 2) {
    v128.store(destination, f64x2.promote_low_f32x4(v128.load64_zero(source)))
    source += 8
    destination += 16
  }
}

export function int32ToFloat64(source: usize, destination: usize, n: i32): void {
  for (let i = 0; i < n; i += 2) {
    v128.store(destination, f64x2.convert_low_i32x4_s(v128.load64_zero(source)))
    source += 8
    destination += 16
  }
}

export function uint32ToFloat64(source: usize, destination: usize, n: i32): void {
  for (let i = 0; i < n; i += 2) {
    v128.store(destination, f64x2.convert_low_i32x4_u(v128.load64_zero(source)))
    source += 8
    destination += 16
  }
}

/** Whole numbers only. */
export function float64ToInt64(source: usize, destination: usize, n: i32): void {
  for (let i = 0; i < n; i++) {
    store<i64>(destination, <i64>load<f64>(source))
    source += 8
    destination += 8
  }
}

// ---- the rule ----

/** The rule of src/compare/element-rule.ts, word for word. */
// @ts-ignore: decorator
@inline
function isClose(a: f64, r: f64, atol: f64, rtol: f64, equalNaN: bool): bool {
  if (a == r) return true
  const diff = abs(a - r)
  if (diff <= f64.MAX_VALUE) return diff <= atol + rtol * abs(r)
  if (isFinite(a) && isFinite(r)) return abs(a / 2 - r / 2) <= atol / 2 + rtol * abs(r / 2)
  return equalNaN && isNaN(a) && isNaN(r)
}

/** Element i of an array of T, as float64. */
// @ts-ignore: decorator
@inline
function at<T>(array: usize, i: i32): f64 {
  return <f64>load<T>(elementOf<T>(array, i))
}

/** Where element i of an array of T lies. */
// @ts-ignore: decorator
@inline
function elementOf<T>(array: usize, i: i32): usize {
  return array + (<usize>i << alignof<T>())
}

/** Two elements of an array of T, as float64. */
// @ts-ignore: decorator
@inline
function pairAt<T>(address: usize): v128 {
  if (sizeof<T>() == 4) return f64x2.promote_low_f32x4(v128.load64_zero(address))
  return v128.load(address)
}

/** Elements between two looks at whether all of them were close. */
const GROUP: i32 = 1024

function firstMissWithin<T>(a: usize, r: usize, from: i32, to: i32, atol: f64, rtol: f64, equalNaN: bool): i32 {
  for (let i = from; i < to; i++) {
    if (!isClose(at<T>(a, i), at<T>(r, i), atol, rtol, equalNaN)) return i
  }
  return to
}

/**
 * Whether four pairs are certainly close. `atol` and `rtol` are a little smaller than the real ones, by more than all roundings to
 * float32 here, so "yes" is always right; "no" means "look closer". A strict comparison, so that Infinity < Infinity is a "no".
 * Only with an `atol` above zero does it say "yes" to equal values.
 */
// @ts-ignore: decorator
@inline
function certainlyClose(x: v128, y: v128, atol: v128, rtol: v128, magnitude: v128): v128 {
  return f32x4.lt(v128.and(f32x4.sub(x, y), magnitude), f32x4.add(atol, f32x4.mul(rtol, v128.and(y, magnitude))))
}

// @ts-ignore: decorator
@inline
function closeAt(a: usize, r: usize, atol: v128, rtol: v128, magnitude: v128): v128 {
  return certainlyClose(v128.load(a), v128.load(r), atol, rtol, magnitude)
}

// @ts-ignore: decorator
@inline
function equalOrCloseAt(a: usize, r: usize, atol: v128, rtol: v128, magnitude: v128): v128 {
  const x = v128.load(a), y = v128.load(r)
  return v128.or(f32x4.eq(x, y), certainlyClose(x, y, atol, rtol, magnitude))
}

/** Whether all pairs up to `stop` are certainly close, with an `atol` above zero; a multiple of 16 of them, or followed by equal ones. */
// @ts-ignore: decorator
@inline
function allClose(a: usize, r: usize, stop: usize, atol: v128, rtol: v128): bool {
  const magnitude = v128.load(MAGNITUDE4)
  let close = i32x4.splat(-1), other = close
  while (a < stop) {
    close = v128.and(close, closeAt(a, r, atol, rtol, magnitude))
    other = v128.and(other, closeAt(a + 16, r + 16, atol, rtol, magnitude))
    close = v128.and(close, closeAt(a + 32, r + 32, atol, rtol, magnitude))
    other = v128.and(other, closeAt(a + 48, r + 48, atol, rtol, magnitude))
    a += 64
    r += 64
  }
  return i32x4.all_true(v128.and(close, other))
}

/**
 * As allClose, with any `atol`. Written out: of a function that is inlined twice with another constant the compiler makes one loop, which
 * asks for the constant at every vector.
 */
// @ts-ignore: decorator
@inline
function allEqualOrClose(a: usize, r: usize, stop: usize, atol: v128, rtol: v128): bool {
  const magnitude = v128.load(MAGNITUDE4)
  let close = i32x4.splat(-1), other = close
  while (a < stop) {
    close = v128.and(close, equalOrCloseAt(a, r, atol, rtol, magnitude))
    other = v128.and(other, equalOrCloseAt(a + 16, r + 16, atol, rtol, magnitude))
    close = v128.and(close, equalOrCloseAt(a + 32, r + 32, atol, rtol, magnitude))
    other = v128.and(other, equalOrCloseAt(a + 48, r + 48, atol, rtol, magnitude))
    a += 64
    r += 64
  }
  return i32x4.all_true(v128.and(close, other))
}

/** The bits of |actual - reference|: as integers they are ordered as what they mean, and those of NaN are the greatest. */
// @ts-ignore: decorator
@inline
function differenceBits(a: usize, r: usize, magnitude: v128): v128 {
  return v128.and(f32x4.sub(v128.load(a), v128.load(r)), magnitude)
}

/** Whether all pairs up to `stop` are within `atol` alone, as they mostly are; see {@link allClose}. */
// @ts-ignore: decorator
@inline
function allWithinAtol(a: usize, r: usize, stop: usize, atol: v128): bool {
  const magnitude = v128.load(MAGNITUDE4)
  let greatest = i32x4.splat(0), other = greatest
  while (a < stop) {
    greatest = i32x4.max_s(greatest, differenceBits(a, r, magnitude))
    other = i32x4.max_s(other, differenceBits(a + 16, r + 16, magnitude))
    greatest = i32x4.max_s(greatest, differenceBits(a + 32, r + 32, magnitude))
    other = i32x4.max_s(other, differenceBits(a + 48, r + 48, magnitude))
    a += 64
    r += 64
  }
  return i32x4.all_true(f32x4.lt(i32x4.max_s(greatest, other), atol))
}

/** Until a group of elements has needed more than atol; kept from one call to the next that continues it. */
let atolIsEnough: bool

/**
 * The first of `n` elements that misses the rule, `n` when none does. What lies between `n` and the next multiple of 16 must be zero
 * on both sides. `surelyAtol` and `surelyRtol`: see certainlyClose.
 */
export function firstMissFloat32(
  actual: usize, reference: usize, n: i32,
  atol: f64, rtol: f64, surelyAtol: f32, surelyRtol: f32, equalNaN: bool, continues: bool,
): i32 {
  const atol4 = held4(surelyAtol), rtol4 = held4(surelyRtol)
  if (!continues) atolIsEnough = surelyAtol > 0
  let i = 0
  while (i < n) {
    const end = min(i + GROUP, n)
    const p = actual + (<usize>i << 2), q = reference + (<usize>i << 2), stop = actual + (<usize>end << 2)
    if (atolIsEnough) atolIsEnough = allWithinAtol(p, q, stop, atol4)
    const close = atolIsEnough || (surelyAtol > 0
      ? allClose(p, q, stop, atol4, rtol4)
      : allEqualOrClose(p, q, stop, atol4, rtol4))
    if (!close) {
      const miss = firstMissWithin<f32>(actual, reference, i, end, atol, rtol, equalNaN)
      if (miss < end) return miss
    }
    i = end
  }
  return n
}

/** Whether two pairs are close; exact but for overflow and what is not finite, where "no" means "look closer". */
// @ts-ignore: decorator
@inline
function closePair(a: usize, r: usize, atol: v128, rtol: v128, greatest: v128, magnitude: v128): v128 {
  const x = v128.load(a), y = v128.load(r)
  const allowed = f64x2.add(atol, f64x2.mul(rtol, v128.and(y, magnitude)))
  return f64x2.le(v128.and(f64x2.sub(x, y), magnitude), f64x2.pmin(allowed, greatest))
}

/** As firstMissFloat32. */
export function firstMissFloat64(actual: usize, reference: usize, n: i32, atol: f64, rtol: f64, equalNaN: bool): i32 {
  const atol2 = held2(atol), rtol2 = held2(rtol), greatest = held2(f64.MAX_VALUE), magnitude = v128.load(MAGNITUDE2)
  let i = 0
  while (i < n) {
    const end = min(i + GROUP, n)
    let p = actual + (<usize>i << 3), q = reference + (<usize>i << 3)
    const stop = actual + (<usize>end << 3)
    let close = i64x2.splat(-1), other = close
    while (p < stop) {
      close = v128.and(close, closePair(p, q, atol2, rtol2, greatest, magnitude))
      other = v128.and(other, closePair(p + 16, q + 16, atol2, rtol2, greatest, magnitude))
      close = v128.and(close, closePair(p + 32, q + 32, atol2, rtol2, greatest, magnitude))
      other = v128.and(other, closePair(p + 48, q + 48, atol2, rtol2, greatest, magnitude))
      p += 64
      q += 64
    }
    if (!i64x2.all_true(v128.and(close, other))) {
      const miss = firstMissWithin<f64>(actual, reference, i, end, atol, rtol, equalNaN)
      if (miss < end) return miss
    }
    i = end
  }
  return n
}

const TWO_TO_64: f64 = 18446744073709551616.0

/**
 * The first element that misses the rule, or whose difference does not fit 64 bits: the caller has to look at it. `signs` has bit 0
 * set when actual is unsigned, bit 1 when the reference is.
 */
export function firstMissInt64(actual: usize, reference: usize, n: i32, atol: f64, rtol: f64, signs: i32): i32 {
  for (let i = 0; i < n; i++) {
    const x = load<u64>(actual + (<usize>i << 3)), y = load<u64>(reference + (<usize>i << 3))
    const negativeX = !(signs & 1) && <i64>x < 0, negativeY = !(signs & 2) && <i64>y < 0
    const absX = negativeX ? 0 - x : x, absY = negativeY ? 0 - y : y
    let diff: u64
    if (negativeX == negativeY) diff = absX > absY ? absX - absY : absY - absX
    else {
      diff = absX + absY
      if (diff < absX) return i
    }
    const allowed = atol + rtol * <f64>absY
    if (diff != 0 && allowed < TWO_TO_64 && diff > <u64>allowed) return i
  }
  return n
}

// ---- statistics ----

// Where the running results lie, in float64 slots; src/kernels/compare.ts reads the same.
const MISMATCHED: usize = 0
const NON_FINITE_MISMATCHED: usize = 8
const FINITE_PAIRS: usize = 16
const MAX_ABS: usize = 24
const MAX_ABS_AT: usize = 32
const MAX_REL: usize = 40
const MAX_REL_AT: usize = 48
const ZERO_REFERENCES: usize = 56
const SUM_OF_DIFFS: usize = 64
const SUM_OF_SQUARED_DIFFS: usize = 72
const SUM_OF_PRODUCTS: usize = 80
const MAX_EXCESS: usize = 88
const ACTUAL: usize = 96
const REFERENCE: usize = 144
// within a side
const NAN: usize = 0
const POS_INF: usize = 8
const NEG_INF: usize = 16
const MIN: usize = 24
const MAX: usize = 32
const SUM_OF_SQUARES: usize = 40

// @ts-ignore: decorator
@inline
function add(slot: usize, value: f64): void {
  store<f64>(slot, load<f64>(slot) + value)
}

// @ts-ignore: decorator
@inline
function sum2(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1)
}

function addExtremes(side: usize, value: f64): void {
  if (value - value == 0) {
    if (value < load<f64>(side + MIN)) store<f64>(side + MIN, value)
    if (value > load<f64>(side + MAX)) store<f64>(side + MAX, value)
  } else add(side + (isNaN(value) ? NAN : value > 0 ? POS_INF : NEG_INF), 1)
}

function updateMaxAbs(s: usize, diff: f64, position: f64): void {
  if (diff > load<f64>(s + MAX_ABS)) {
    store<f64>(s + MAX_ABS, diff)
    store<f64>(s + MAX_ABS_AT, position)
  }
}

function updateMaxRel(s: usize, diff: f64, reference: f64, position: f64): void {
  if (reference == 0) return
  const error = diff / abs(reference)
  if (error > load<f64>(s + MAX_REL)) {
    store<f64>(s + MAX_REL, error)
    store<f64>(s + MAX_REL_AT, position)
  }
}

function updateMaxExcess(s: usize, excess: f64): void {
  if (excess > load<f64>(s + MAX_EXCESS)) store<f64>(s + MAX_EXCESS, excess)
}

/** `excessOf` in src/compare/verdict/element-rule.ts. */
function excessOf(x: f64, y: f64, diff: f64, atol: f64, rtol: f64): f64 {
  if (diff <= f64.MAX_VALUE) return diff / (atol + rtol * abs(y))
  return abs(x / 2 - y / 2) / (atol / 2 + rtol * abs(y / 2))
}

/** One pair, whatever its values. */
function addPair(s: usize, x: f64, y: f64, position: f64, atol: f64, rtol: f64, equalNaN: bool): void {
  const missed: f64 = isClose(x, y, atol, rtol, equalNaN) ? 0 : 1
  add(s + MISMATCHED, missed)
  addExtremes(s + ACTUAL, x)
  addExtremes(s + REFERENCE, y)
  if (!isFinite(x) || !isFinite(y)) {
    add(s + NON_FINITE_MISMATCHED, missed)
    return
  }
  const diff = abs(x - y)
  add(s + FINITE_PAIRS, 1)
  updateMaxAbs(s, diff, position)
  if (y == 0) add(s + ZERO_REFERENCES, 1)
  updateMaxRel(s, diff, y, position)
  updateMaxExcess(s, excessOf(x, y, diff, atol, rtol))
  add(s + SUM_OF_DIFFS, diff)
  add(s + SUM_OF_SQUARED_DIFFS, diff * diff)
  add(s + SUM_OF_PRODUCTS, x * y)
  add(s + ACTUAL + SUM_OF_SQUARES, x * x)
  add(s + REFERENCE + SUM_OF_SQUARES, y * y)
}

/** Adds the squares, products and differences of a group of pairs to the sums; false, and nothing added, when one is not finite or too large. */
// @ts-ignore: decorator
@inline
function addSums<T>(s: usize, a: usize, r: usize, n: i32): bool {
  const step = <usize>2 << alignof<T>(), stop = a + (<usize>n << alignof<T>()), magnitude = v128.load(MAGNITUDE2)
  let xx = f64x2.splat(0), yy = xx, xy = xx, dd = xx, d1 = xx
  while (a < stop) {
    const x = pairAt<T>(a), y = pairAt<T>(r), d = f64x2.sub(x, y)
    xx = f64x2.add(xx, f64x2.mul(x, x))
    yy = f64x2.add(yy, f64x2.mul(y, y))
    xy = f64x2.add(xy, f64x2.mul(x, y))
    dd = f64x2.add(dd, f64x2.mul(d, d))
    d1 = f64x2.add(d1, v128.and(d, magnitude))
    a += step
    r += step
  }
  const sumXX = sum2(xx), sumYY = sum2(yy)
  if (!(sumXX + sumYY < Infinity)) return false
  add(s + ACTUAL + SUM_OF_SQUARES, sumXX)
  add(s + REFERENCE + SUM_OF_SQUARES, sumYY)
  add(s + SUM_OF_PRODUCTS, sum2(xy))
  add(s + SUM_OF_SQUARED_DIFFS, sum2(dd))
  add(s + SUM_OF_DIFFS, sum2(d1))
  add(s + FINITE_PAIRS, n)
  return true
}

/** How many of a group of finite pairs miss the rule. */
function countMisses<T>(a: usize, r: usize, n: i32, atol: f64, rtol: f64): i64 {
  const atol2 = held2(atol), rtol2 = held2(rtol), magnitude = v128.load(MAGNITUDE2)
  const step = <usize>2 << alignof<T>(), stop = a + (<usize>n << alignof<T>())
  let missed = i64x2.splat(0)
  while (a < stop) {
    const y = pairAt<T>(r), d = v128.and(f64x2.sub(pairAt<T>(a), y), magnitude)
    missed = i64x2.sub(missed, f64x2.gt(d, f64x2.add(atol2, f64x2.mul(rtol2, v128.and(y, magnitude)))))
    a += step
    r += step
  }
  return i64x2.extract_lane(missed, 0) + i64x2.extract_lane(missed, 1)
}

/** Less than 1 by more than float32 rounds, and by more than float64 does. */
const SLIGHTLY_LESS: f64 = 1.0 - 1.0 / 2097152.0
const HARDLY_LESS: f64 = 1.0 - 1.0 / 1099511627776.0

// Most groups hold nothing greater than what is known: the searches look at each pair of elements once, and compute what decides, with its
// place, only where a product says that it might be greater.

/** Looks for a greater absolute error in a group of finite pairs. */
function searchMaxAbs<T>(s: usize, a: usize, r: usize, n: i32, position: f64): void {
  const magnitude = v128.load(MAGNITUDE2)
  let known = f64x2.splat(load<f64>(s + MAX_ABS))
  for (let i = 0; i < n; i += 2) {
    const d = v128.and(f64x2.sub(pairAt<T>(elementOf<T>(a, i)), pairAt<T>(elementOf<T>(r, i))), magnitude)
    if (!v128.any_true(f64x2.gt(d, known))) continue
    updateMaxAbs(s, f64x2.extract_lane(d, 0), position + i)
    updateMaxAbs(s, f64x2.extract_lane(d, 1), position + i + 1)
    known = f64x2.splat(load<f64>(s + MAX_ABS))
  }
}

/** Looks for a greater relative error in a group of finite pairs. */
function searchMaxRel<T>(s: usize, a: usize, r: usize, n: i32, position: f64): void {
  const least = held2(f64.MIN_VALUE), magnitude = v128.load(MAGNITUDE2)
  let known = f64x2.splat(load<f64>(s + MAX_REL) * HARDLY_LESS)
  for (let i = 0; i < n; i += 2) {
    const y = pairAt<T>(elementOf<T>(r, i)), d = v128.and(f64x2.sub(pairAt<T>(elementOf<T>(a, i)), y), magnitude)
    if (!v128.any_true(f64x2.ge(d, f64x2.pmax(f64x2.mul(known, v128.and(y, magnitude)), least)))) continue
    updateMaxRel(s, f64x2.extract_lane(d, 0), f64x2.extract_lane(y, 0), position + i)
    updateMaxRel(s, f64x2.extract_lane(d, 1), f64x2.extract_lane(y, 1), position + i + 1)
    known = f64x2.splat(load<f64>(s + MAX_REL) * HARDLY_LESS)
  }
}

/** Looks for a greater excess over the rule in a group of finite pairs. */
function searchMaxExcess<T>(s: usize, a: usize, r: usize, n: i32, atol: f64, rtol: f64): void {
  const atol2 = held2(atol), rtol2 = held2(rtol), least = held2(f64.MIN_VALUE), magnitude = v128.load(MAGNITUDE2)
  let known = f64x2.splat(load<f64>(s + MAX_EXCESS) * HARDLY_LESS)
  for (let i = 0; i < n; i += 2) {
    const y = pairAt<T>(elementOf<T>(r, i)), d = v128.and(f64x2.sub(pairAt<T>(elementOf<T>(a, i)), y), magnitude)
    const allowed = f64x2.add(atol2, f64x2.mul(rtol2, v128.and(y, magnitude)))
    // where nothing is allowed, an error of nothing is none
    if (!v128.any_true(f64x2.ge(d, f64x2.pmax(f64x2.mul(known, allowed), least)))) continue
    updateMaxExcess(s, f64x2.extract_lane(d, 0) / f64x2.extract_lane(allowed, 0))
    updateMaxExcess(s, f64x2.extract_lane(d, 1) / f64x2.extract_lane(allowed, 1))
    known = f64x2.splat(load<f64>(s + MAX_EXCESS) * HARDLY_LESS)
  }
}

// @ts-ignore: decorator
@inline
function least4(v: v128): f64 {
  const w = f32x4.pmin(v, i32x4.shuffle(v, v, 2, 3, 0, 1))
  return <f64>min(f32x4.extract_lane(w, 0), f32x4.extract_lane(w, 1))
}

// @ts-ignore: decorator
@inline
function greatest4(v: v128): f64 {
  const w = f32x4.pmax(v, i32x4.shuffle(v, v, 2, 3, 0, 1))
  return <f64>max(f32x4.extract_lane(w, 0), f32x4.extract_lane(w, 1))
}

// @ts-ignore: decorator
@inline
function sumOfLanes(v: v128): i32 {
  const pairs = i32x4.add(v, i32x4.shuffle(v, v, 2, 3, 0, 1))
  return i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1)
}

// @ts-ignore: decorator
@inline
function widenRange(side: usize, least: f64, greatest: f64): void {
  if (least < load<f64>(side + MIN)) store<f64>(side + MIN, least)
  if (greatest > load<f64>(side + MAX)) store<f64>(side + MAX, greatest)
}

/** A float32 below `bound` by more than the roundings of a float32 comparison add up to, as in src/kernels/compare.ts; NaN for NaN. */
function safelyBelow(bound: f64): f32 {
  // 2^-100
  return bound < 7.888609052210118e-31 ? 0 : <f32>min(bound * SLIGHTLY_LESS, <f64>f32.MAX_VALUE)
}

/** As safelyBelow, above `bound`; what it allows beside a reference of 0 is more than products lose that underflow. */
function safelyAbove(bound: f64): f32 {
  return bound > 1e38 ? Infinity : <f32>max(bound * (2 - SLIGHTLY_LESS), 7.888609052210118e-31)
}

/** Where an error might be larger than `bound`: also where the two are equal because both were rounded or have overflowed. */
// @ts-ignore: decorator
@inline
function isLarger4(error: v128, bound: v128, least: v128): v128 {
  return f32x4.ge(error, f32x4.pmax(bound, least))
}

/** Whether an error of a group of finite pairs might be larger than `atol + rtol * |reference|`; not where that is NaN. */
function mayExceed(a: usize, r: usize, n: i32, atol: f32, rtol: f32): bool {
  const atol4 = held4(atol), rtol4 = held4(rtol), magnitude = v128.load(MAGNITUDE4), least = v128.load(LEAST4)
  const stop = a + (<usize>n << 2)
  let larger = f32x4.splat(0)
  while (a < stop) {
    const y = v128.load(r), d = v128.and(f32x4.sub(v128.load(a), y), magnitude)
    larger = v128.or(larger, isLarger4(d, f32x4.add(atol4, f32x4.mul(rtol4, v128.and(y, magnitude))), least))
    a += 16
    r += 16
  }
  return v128.any_true(larger)
}

/**
 * How many of a group of finite pairs of float32 miss the rule. Counted in float32 twice, with tolerances safely below and safely above;
 * in float64 where that gives two numbers.
 */
function countMissesFloat32(a: usize, r: usize, n: i32, atol: f64, rtol: f64, surelyAtol: f32, surelyRtol: f32): f64 {
  const atolBelow = held4(surelyAtol), rtolBelow = held4(surelyRtol), magnitude = v128.load(MAGNITUDE4), least = v128.load(LEAST4)
  const atolAbove = held4(safelyAbove(atol)), rtolAbove = held4(safelyAbove(rtol)), stop = a + (<usize>n << 2)
  let atMost = i32x4.splat(0), atLeast = atMost
  for (let p = a, q = r; p < stop; p += 16, q += 16) {
    const y = v128.load(q), d = v128.and(f32x4.sub(v128.load(p), y), magnitude), size = v128.and(y, magnitude)
    atMost = i32x4.sub(atMost, isLarger4(d, f32x4.add(atolBelow, f32x4.mul(rtolBelow, size)), least))
    atLeast = i32x4.sub(atLeast, f32x4.gt(d, f32x4.add(atolAbove, f32x4.mul(rtolAbove, size))))
  }
  const missed = sumOfLanes(atLeast)
  return missed == sumOfLanes(atMost) ? <f64>missed : <f64>countMisses<f32>(a, r, n, atol, rtol)
}

/**
 * Extremes and counts of a group of finite pairs of float32. Errors are looked at in float32 first: only where one might be a miss,
 * or larger than all before, are they computed in float64; and most groups need no more than their greatest error to tell.
 */
function addExtremesFloat32(
  s: usize, a: usize, r: usize, n: i32, position: f64, atol: f64, rtol: f64, surelyAtol: f32, surelyRtol: f32,
): void {
  const magnitude = v128.load(MAGNITUDE4), least = v128.load(LEAST4), zero = f32x4.splat(0)
  const knownRel = held4(safelyBelow(load<f64>(s + MAX_REL))), stop = a + (<usize>n << 2)
  let smaller = i32x4.splat(-1), greatest = zero, zeros = zero
  let lowA = v128.load(a), highA = lowA, lowR = v128.load(r), highR = lowR
  for (let p = a, q = r; p < stop; p += 16, q += 16) {
    const x = v128.load(p), y = v128.load(q), d = v128.and(f32x4.sub(x, y), magnitude)
    // not isLarger4, by bits, see differenceBits: processors compare more integers at a time
    smaller = v128.and(smaller, i32x4.lt_s(d, i32x4.max_s(f32x4.mul(knownRel, v128.and(y, magnitude)), least)))
    greatest = i32x4.max_s(greatest, d)
    zeros = i32x4.sub(zeros, f32x4.eq(y, zero))
    lowA = f32x4.pmin(lowA, x)
    highA = f32x4.pmax(highA, x)
    lowR = f32x4.pmin(lowR, y)
    highR = f32x4.pmax(highR, y)
  }
  widenRange(s + ACTUAL, least4(lowA), greatest4(highA))
  widenRange(s + REFERENCE, least4(lowR), greatest4(highR))
  add(s + ZERO_REFERENCES, <f64>sumOfLanes(zeros))
  const most = greatest4(greatest)
  if (most == 0) return
  if (most >= surelyAtol) add(s + MISMATCHED, countMissesFloat32(a, r, n, atol, rtol, surelyAtol, surelyRtol))
  if (most >= load<f64>(s + MAX_ABS) * SLIGHTLY_LESS) searchMaxAbs<f32>(s, a, r, n, position)
  if (!i32x4.all_true(smaller)) searchMaxRel<f32>(s, a, r, n, position)
  // what an excess as great as the greatest before allows; NaN, which nothing is larger than, where nothing can exceed it
  const known = load<f64>(s + MAX_EXCESS), knownAtol = safelyBelow(known * atol), knownRtol = safelyBelow(known * rtol)
  if (most >= knownAtol && mayExceed(a, r, n, knownAtol, knownRtol)) searchMaxExcess<f32>(s, a, r, n, atol, rtol)
}

/** Extremes and counts of a group of finite pairs of float64. */
function addExtremesFloat64(s: usize, a: usize, r: usize, n: i32, position: f64, atol: f64, rtol: f64): void {
  const magnitude = v128.load(MAGNITUDE2), zero = f64x2.splat(0), stop = a + (<usize>n << 3)
  const knownRel = held2(load<f64>(s + MAX_REL) * HARDLY_LESS)
  let larger = zero, greatest = zero, zeros = zero
  let lowA = v128.load(a), highA = lowA, lowR = v128.load(r), highR = lowR
  for (let p = a, q = r; p < stop; p += 16, q += 16) {
    const x = v128.load(p), y = v128.load(q), d = v128.and(f64x2.sub(x, y), magnitude)
    larger = v128.or(larger, f64x2.gt(d, f64x2.mul(knownRel, v128.and(y, magnitude))))
    greatest = f64x2.pmax(greatest, d)
    zeros = i64x2.sub(zeros, f64x2.eq(y, zero))
    lowA = f64x2.pmin(lowA, x)
    highA = f64x2.pmax(highA, x)
    lowR = f64x2.pmin(lowR, y)
    highR = f64x2.pmax(highR, y)
  }
  widenRange(
    s + ACTUAL,
    min(f64x2.extract_lane(lowA, 0), f64x2.extract_lane(lowA, 1)),
    max(f64x2.extract_lane(highA, 0), f64x2.extract_lane(highA, 1)),
  )
  widenRange(
    s + REFERENCE,
    min(f64x2.extract_lane(lowR, 0), f64x2.extract_lane(lowR, 1)),
    max(f64x2.extract_lane(highR, 0), f64x2.extract_lane(highR, 1)),
  )
  add(s + ZERO_REFERENCES, <f64>(i64x2.extract_lane(zeros, 0) + i64x2.extract_lane(zeros, 1)))
  const most = max(f64x2.extract_lane(greatest, 0), f64x2.extract_lane(greatest, 1))
  if (most == 0) return
  // the rule allows atol at least
  if (most > atol) add(s + MISMATCHED, <f64>countMisses<f64>(a, r, n, atol, rtol))
  if (most > load<f64>(s + MAX_ABS)) searchMaxAbs<f64>(s, a, r, n, position)
  if (v128.any_true(larger)) searchMaxRel<f64>(s, a, r, n, position)
  if (most / atol > load<f64>(s + MAX_EXCESS)) searchMaxExcess<f64>(s, a, r, n, atol, rtol)
}

/**
 * The square of the distance between `n` pairs, each side times a factor. Pairs that are not finite do not count. What lies between `n`
 * and the next multiple of 16 must be zero on both sides.
 */
function squaredDistance<T>(a: usize, r: usize, n: i32, aFactor: f64, rFactor: f64): f64 {
  const sum = sumOfSquares<T>(a, r, n, aFactor, rFactor, false)
  return sum < Infinity ? sum : sumOfSquares<T>(a, r, n, aFactor, rFactor, true)
}

/** The sum over all pairs is finite only if they are; else that over pairs of `finiteOnly` is wanted. */
// @ts-ignore: decorator
@inline
function sumOfSquares<T>(a: usize, r: usize, n: i32, aFactor: f64, rFactor: f64, finiteOnly: bool): f64 {
  const step = <usize>2 << alignof<T>(), stop = a + (<usize>n << alignof<T>())
  const aFactor2 = held2(aFactor), rFactor2 = held2(rFactor)
  let sum = f64x2.splat(0), other = sum
  for (let p = a, q = r; p < stop; p += step << 1, q += step << 1) {
    const d = scaledDistance(pairAt<T>(p), pairAt<T>(q), aFactor2, rFactor2, finiteOnly)
    sum = f64x2.add(sum, f64x2.mul(d, d))
    const e = scaledDistance(pairAt<T>(p + step), pairAt<T>(q + step), aFactor2, rFactor2, finiteOnly)
    other = f64x2.add(other, f64x2.mul(e, e))
  }
  return sum2(f64x2.add(sum, other))
}

// @ts-ignore: decorator
@inline
function scaledDistance(x: v128, y: v128, xFactor: v128, yFactor: v128, ofFiniteOnly: bool): v128 {
  const distance = f64x2.sub(f64x2.mul(x, xFactor), f64x2.mul(y, yFactor))
  if (!ofFiniteOnly) return distance
  return v128.and(distance, f64x2.eq(f64x2.add(f64x2.sub(x, x), f64x2.sub(y, y)), f64x2.splat(0)))
}

export function squaredDistanceFloat32(actual: usize, reference: usize, n: i32, actualFactor: f64, referenceFactor: f64): f64 {
  return squaredDistance<f32>(actual, reference, n, actualFactor, referenceFactor)
}

export function squaredDistanceFloat64(actual: usize, reference: usize, n: i32, actualFactor: f64, referenceFactor: f64): f64 {
  return squaredDistance<f64>(actual, reference, n, actualFactor, referenceFactor)
}

/** Adds `n` pairs, the first of which is at `position`, to the results at `s`. Pairs that are not finite are added one by one. */
function addStatistics<T>(
  s: usize, a: usize, r: usize, n: i32, position: f64,
  atol: f64, rtol: f64, surelyAtol: f32, surelyRtol: f32, equalNaN: bool,
): void {
  for (let start = 0; start < n; start += GROUP) {
    const count = min(n - start, GROUP)
    const aStart = a + (<usize>start << alignof<T>()), rStart = r + (<usize>start << alignof<T>())
    let done = count & ~3
    if (done > 0 && addSums<T>(s, aStart, rStart, done)) {
      if (sizeof<T>() == 4) addExtremesFloat32(s, aStart, rStart, done, position + start, atol, rtol, surelyAtol, surelyRtol)
      else addExtremesFloat64(s, aStart, rStart, done, position + start, atol, rtol)
    } else done = 0
    for (let i = done; i < count; i++) {
      addPair(s, at<T>(aStart, i), at<T>(rStart, i), position + start + i, atol, rtol, equalNaN)
    }
  }
}

export function statisticsFloat32(
  results: usize, actual: usize, reference: usize, n: i32, position: f64,
  atol: f64, rtol: f64, surelyAtol: f32, surelyRtol: f32, equalNaN: bool,
): void {
  addStatistics<f32>(results, actual, reference, n, position, atol, rtol, surelyAtol, surelyRtol, equalNaN)
}

export function statisticsFloat64(
  results: usize, actual: usize, reference: usize, n: i32, position: f64,
  atol: f64, rtol: f64, surelyAtol: f32, surelyRtol: f32, equalNaN: bool,
): void {
  addStatistics<f64>(results, actual, reference, n, position, atol, rtol, surelyAtol, surelyRtol, equalNaN)
}

// ---- moments ----

// Where they lie, in float64 slots; src/kernels/compare.ts reads the same. Sums of distances are those from the pivots.
const PAIRS: usize = 0
const DIFFERING: usize = 8
const ZEROS: usize = 16
const SQUARED_ERRORS: usize = 24
const FOURTH_POWERS: usize = 32
const POWER_ACTUAL: usize = 40
const POWER_REFERENCE: usize = 48
const SUM_ACTUAL: usize = 56
const SUM_REFERENCE: usize = 64
const SQUARES_ACTUAL: usize = 72
const SQUARES_REFERENCE: usize = 80
const PRODUCTS: usize = 88
const LEAST_ACTUAL: usize = 96
const GREATEST_ACTUAL: usize = 104
const LEAST_REFERENCE: usize = 112
const GREATEST_REFERENCE: usize = 120

/** Pairs that are counted together: what a byte can count. */
const COUNTED: i32 = 64

// @ts-ignore: decorator
@inline
function lower(slot: usize, value: f64): void {
  if (value < load<f64>(slot)) store<f64>(slot, value)
}

// @ts-ignore: decorator
@inline
function raise(slot: usize, value: f64): void {
  if (value > load<f64>(slot)) store<f64>(slot, value)
}

/** Adds one pair, whatever its values; nothing for one that is not finite. */
function addMoments(s: usize, x: f64, y: f64, pivotX: f64, pivotY: f64, counts: usize): void {
  if (!isFinite(x) || !isFinite(y)) return
  add(s + PAIRS, 1)
  if (x != y) {
    const square = (x - y) * (x - y)
    add(s + DIFFERING, 1)
    add(s + SQUARED_ERRORS, square)
    add(s + FOURTH_POWERS, square * square)
    store<u8>(counts + 1, load<u8>(counts + 1) + 1)
  } else {
    if (x == 0) add(s + ZEROS, 1)
    store<u8>(counts, load<u8>(counts) + 1)
  }
  const u = x - pivotX, v = y - pivotY
  add(s + POWER_ACTUAL, x * x)
  add(s + POWER_REFERENCE, y * y)
  add(s + SUM_ACTUAL, u)
  add(s + SUM_REFERENCE, v)
  add(s + SQUARES_ACTUAL, u * u)
  add(s + SQUARES_REFERENCE, v * v)
  add(s + PRODUCTS, u * v)
  lower(s + LEAST_ACTUAL, x)
  raise(s + GREATEST_ACTUAL, x)
  lower(s + LEAST_REFERENCE, y)
  raise(s + GREATEST_REFERENCE, y)
}

/** Adds `COUNTED` pairs; false, and nothing added, when one is not finite or too large. */
// @ts-ignore: decorator
@inline
function addMomentsOfGroup(s: usize, a: usize, r: usize, pivotX: f64, pivotY: f64, counts: usize): bool {
  const zero = f64x2.splat(0), px = f64x2.splat(pivotX), py = f64x2.splat(pivotY), stop = a + (<usize>COUNTED << 3)
  let xx = zero, yy = zero, dd = zero, d4 = zero, differing = zero, zeros = zero
  let lowA = v128.load(a), highA = lowA, lowR = v128.load(r), highR = lowR
  for (let p = a, q = r; p < stop; p += 16, q += 16) {
    const x = v128.load(p), y = v128.load(q), d = f64x2.sub(x, y), square = f64x2.mul(d, d)
    xx = f64x2.add(xx, f64x2.mul(x, x))
    yy = f64x2.add(yy, f64x2.mul(y, y))
    dd = f64x2.add(dd, square)
    d4 = f64x2.add(d4, f64x2.mul(square, square))
    differing = i64x2.sub(differing, f64x2.ne(x, y))
    zeros = i64x2.sub(zeros, v128.and(f64x2.eq(x, zero), f64x2.eq(y, zero)))
    lowA = f64x2.pmin(lowA, x)
    highA = f64x2.pmax(highA, x)
    lowR = f64x2.pmin(lowR, y)
    highR = f64x2.pmax(highR, y)
  }
  const sumXX = sum2(xx), sumYY = sum2(yy)
  if (!(sumXX + sumYY < Infinity)) return false
  // in a loop of its own, so that all accumulators stay in registers
  let u1 = zero, v1 = zero, uu = zero, vv = zero, uv = zero
  for (let p = a, q = r; p < stop; p += 16, q += 16) {
    const u = f64x2.sub(v128.load(p), px), v = f64x2.sub(v128.load(q), py)
    u1 = f64x2.add(u1, u)
    v1 = f64x2.add(v1, v)
    uu = f64x2.add(uu, f64x2.mul(u, u))
    vv = f64x2.add(vv, f64x2.mul(v, v))
    uv = f64x2.add(uv, f64x2.mul(u, v))
  }
  const different = <i32>(i64x2.extract_lane(differing, 0) + i64x2.extract_lane(differing, 1))
  store<u8>(counts, <u8>(COUNTED - different))
  store<u8>(counts + 1, <u8>different)
  add(s + PAIRS, COUNTED)
  add(s + DIFFERING, different)
  add(s + ZEROS, <f64>(i64x2.extract_lane(zeros, 0) + i64x2.extract_lane(zeros, 1)))
  add(s + SQUARED_ERRORS, sum2(dd))
  add(s + FOURTH_POWERS, sum2(d4))
  add(s + POWER_ACTUAL, sumXX)
  add(s + POWER_REFERENCE, sumYY)
  add(s + SUM_ACTUAL, sum2(u1))
  add(s + SUM_REFERENCE, sum2(v1))
  add(s + SQUARES_ACTUAL, sum2(uu))
  add(s + SQUARES_REFERENCE, sum2(vv))
  add(s + PRODUCTS, sum2(uv))
  lower(s + LEAST_ACTUAL, min(f64x2.extract_lane(lowA, 0), f64x2.extract_lane(lowA, 1)))
  raise(s + GREATEST_ACTUAL, max(f64x2.extract_lane(highA, 0), f64x2.extract_lane(highA, 1)))
  lower(s + LEAST_REFERENCE, min(f64x2.extract_lane(lowR, 0), f64x2.extract_lane(lowR, 1)))
  raise(s + GREATEST_REFERENCE, max(f64x2.extract_lane(highR, 0), f64x2.extract_lane(highR, 1)))
  return true
}

/**
 * Adds the moments of `n` pairs, of those of finite elements, to the slots at `results`. Writes two bytes at `counts` for every 64
 * pairs: how many of them are equal, and how many differ.
 */
export function momentsFloat64(
  results: usize, actual: usize, reference: usize, n: i32, pivotActual: f64, pivotReference: f64, counts: usize,
): void {
  for (let start = 0; start < n; start += COUNTED) {
    const a = actual + (<usize>start << 3), r = reference + (<usize>start << 3), count = min(n - start, COUNTED)
    if (count < COUNTED || !addMomentsOfGroup(results, a, r, pivotActual, pivotReference, counts)) {
      store<u16>(counts, 0)
      for (let i = 0; i < count; i++) {
        addMoments(results, at<f64>(a, i), at<f64>(r, i), pivotActual, pivotReference, counts)
      }
    }
    counts += 2
  }
}

// ---- distribution of errors ----

// Buckets are what the upper 17 bits of a double that is not negative tell apart: 32 steps between two powers of two. The last ones
// are those of NaN, the error of a pair that has none.
const BUCKET_SHIFT: i64 = 47

/** The errors of two pairs: absolute, or relative to a reference that is not zero; NaN for a pair without one. */
// @ts-ignore: decorator
@inline
function errors2<T>(a: usize, r: usize, relative: bool, magnitude: v128): v128 {
  const y = pairAt<T>(r), d = v128.and(f64x2.sub(pairAt<T>(a), y), magnitude)
  // 0 for a finite difference, else NaN
  const check = f64x2.sub(d, d)
  if (!relative) return v128.and(f64x2.add(d, check), magnitude)
  const quotient = f64x2.add(f64x2.div(d, v128.and(y, magnitude)), check)
  return v128.and(v128.bitselect(f64x2.splat(NaN), quotient, f64x2.eq(y, f64x2.splat(0))), magnitude)
}

// @ts-ignore: decorator
@inline
function increment(buckets: usize, bits: i64): void {
  const bucket = buckets + (<usize>(bits >> BUCKET_SHIFT) << 2)
  store<u32>(bucket, load<u32>(bucket) + 1)
}

/** Counts the errors of `n` pairs per bucket (65536 of u32 at `buckets`); adds to the count of zeros and to the sum at `totals`. */
function countBuckets<T>(a: usize, r: usize, n: i32, relative: bool, buckets: usize, totals: usize): void {
  const step = <usize>2 << alignof<T>(), stop = a + (<usize>(n & ~1) << alignof<T>()), magnitude = v128.load(MAGNITUDE2)
  let zeros = i64x2.splat(0), sum = f64x2.splat(0)
  while (a < stop) {
    const errors = errors2<T>(a, r, relative, magnitude)
    zeros = i64x2.sub(zeros, f64x2.eq(errors, f64x2.splat(0)))
    sum = f64x2.add(sum, v128.and(errors, f64x2.eq(errors, errors)))
    increment(buckets, i64x2.extract_lane(errors, 0))
    increment(buckets, i64x2.extract_lane(errors, 1))
    a += step
    r += step
  }
  add(totals, <f64>(i64x2.extract_lane(zeros, 0) + i64x2.extract_lane(zeros, 1)))
  add(totals + 8, sum2(sum))
  if (n & 1) {
    const error = f64x2.extract_lane(errors2<T>(a, r, relative, magnitude), 0)
    increment(buckets, reinterpret<i64>(error))
    add(totals, error == 0 ? 1 : 0)
    add(totals + 8, isNaN(error) ? 0 : error)
  }
}

/** Copies those errors of `n` pairs whose bucket is marked (a byte of 1 for each at `marks`) to `out`; returns how many. */
function collectMarked<T>(a: usize, r: usize, n: i32, relative: bool, marks: usize, out: usize): i32 {
  const step = <usize>2 << alignof<T>(), stop = a + (<usize>(n & ~1) << alignof<T>()), magnitude = v128.load(MAGNITUDE2)
  const start = out
  while (a < stop) {
    const errors = errors2<T>(a, r, relative, magnitude)
    v128.store64_lane(out, errors, 0)
    out += <usize>load<u8>(marks + <usize>(i64x2.extract_lane(errors, 0) >> BUCKET_SHIFT)) << 3
    v128.store64_lane(out, errors, 1)
    out += <usize>load<u8>(marks + <usize>(i64x2.extract_lane(errors, 1) >> BUCKET_SHIFT)) << 3
    a += step
    r += step
  }
  if (n & 1) {
    const errors = errors2<T>(a, r, relative, magnitude)
    v128.store64_lane(out, errors, 0)
    out += <usize>load<u8>(marks + <usize>(i64x2.extract_lane(errors, 0) >> BUCKET_SHIFT)) << 3
  }
  return <i32>((out - start) >> 3)
}

export function countAbsoluteFloat32(actual: usize, reference: usize, n: i32, buckets: usize, totals: usize): void {
  countBuckets<f32>(actual, reference, n, false, buckets, totals)
}

export function countRelativeFloat32(actual: usize, reference: usize, n: i32, buckets: usize, totals: usize): void {
  countBuckets<f32>(actual, reference, n, true, buckets, totals)
}

export function countAbsoluteFloat64(actual: usize, reference: usize, n: i32, buckets: usize, totals: usize): void {
  countBuckets<f64>(actual, reference, n, false, buckets, totals)
}

export function countRelativeFloat64(actual: usize, reference: usize, n: i32, buckets: usize, totals: usize): void {
  countBuckets<f64>(actual, reference, n, true, buckets, totals)
}

export function collectAbsoluteFloat32(actual: usize, reference: usize, n: i32, marks: usize, errors: usize): i32 {
  return collectMarked<f32>(actual, reference, n, false, marks, errors)
}

export function collectRelativeFloat32(actual: usize, reference: usize, n: i32, marks: usize, errors: usize): i32 {
  return collectMarked<f32>(actual, reference, n, true, marks, errors)
}

export function collectAbsoluteFloat64(actual: usize, reference: usize, n: i32, marks: usize, errors: usize): i32 {
  return collectMarked<f64>(actual, reference, n, false, marks, errors)
}

export function collectRelativeFloat64(actual: usize, reference: usize, n: i32, marks: usize, errors: usize): i32 {
  return collectMarked<f64>(actual, reference, n, true, marks, errors)
}
