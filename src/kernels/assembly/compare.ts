// The comparison kernels: find the first element that misses its tolerance, sum up errors, count them in a histogram.
// They work on one chunk of two tensors at a time, decoded to float32 or float64; every decision is that of the rule in float64.
import { halfToFloat4 } from './half'

// ---- decoding: n is rounded up to a multiple of 16, the caller leaves room for it ----

export function float16ToFloat32(from: usize, to: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    v128.store(to, halfToFloat4(v128.load16x4_u(from)))
    from += 8
    to += 16
  }
}

export function bfloat16ToFloat32(from: usize, to: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    v128.store(to, i32x4.shl(v128.load16x4_u(from), 16))
    from += 8
    to += 16
  }
}

export function int16ToFloat32(from: usize, to: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    v128.store(to, f32x4.convert_i32x4_s(v128.load16x4_s(from)))
    from += 8
    to += 16
  }
}

export function uint16ToFloat32(from: usize, to: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    v128.store(to, f32x4.convert_i32x4_s(v128.load16x4_u(from)))
    from += 8
    to += 16
  }
}

export function int8ToFloat32(from: usize, to: usize, n: i32): void {
  for (let i = 0; i < n; i += 8) {
    const words = v128.load8x8_s(from)
    v128.store(to, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(words)))
    v128.store(to, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(words)), 16)
    from += 8
    to += 32
  }
}

export function uint8ToFloat32(from: usize, to: usize, n: i32): void {
  for (let i = 0; i < n; i += 8) {
    const words = v128.load8x8_u(from)
    v128.store(to, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(words)))
    v128.store(to, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(words)), 16)
    from += 8
    to += 32
  }
}

export function float32ToFloat64(from: usize, to: usize, n: i32): void {
  for (let i = 0; i < n; i += 2) {
    v128.store(to, f64x2.promote_low_f32x4(v128.load64_zero(from)))
    from += 8
    to += 16
  }
}

export function int32ToFloat64(from: usize, to: usize, n: i32): void {
  for (let i = 0; i < n; i += 2) {
    v128.store(to, f64x2.convert_low_i32x4_s(v128.load64_zero(from)))
    from += 8
    to += 16
  }
}

export function uint32ToFloat64(from: usize, to: usize, n: i32): void {
  for (let i = 0; i < n; i += 2) {
    v128.store(to, f64x2.convert_low_i32x4_u(v128.load64_zero(from)))
    from += 8
    to += 16
  }
}

/** Whole numbers only. */
export function float64ToInt64(from: usize, to: usize, n: i32): void {
  for (let i = 0; i < n; i++) {
    store<i64>(to, <i64>load<f64>(from))
    from += 8
    to += 8
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
  return <f64>load<T>(array + (<usize>i << alignof<T>()))
}

/** Elements i and i + 1 of an array of T, as float64. */
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
 */
// @ts-ignore: decorator
@inline
function certainlyClose(a: usize, r: usize, atol: v128, rtol: v128): v128 {
  const x = v128.load(a), y = v128.load(r)
  const within = f32x4.lt(f32x4.abs(f32x4.sub(x, y)), f32x4.add(atol, f32x4.mul(rtol, f32x4.abs(y))))
  return v128.or(f32x4.eq(x, y), within)
}

/**
 * The first of `n` elements that misses the rule, `n` when none does. What lies between `n` and the next multiple of 16
 * must be zero on both sides. `surelyAtol` and `surelyRtol`: see certainlyClose.
 */
export function firstMissFloat32(
  a: usize, r: usize, n: i32,
  atol: f64, rtol: f64, surelyAtol: f32, surelyRtol: f32, equalNaN: bool,
): i32 {
  const atol4 = f32x4.splat(surelyAtol), rtol4 = f32x4.splat(surelyRtol)
  let i = 0
  while (i < n) {
    const end = min(i + GROUP, n)
    let p = a + (<usize>i << 2), q = r + (<usize>i << 2)
    const stop = a + (<usize>end << 2)
    let close = i32x4.splat(-1), other = close
    while (p < stop) {
      close = v128.and(close, certainlyClose(p, q, atol4, rtol4))
      other = v128.and(other, certainlyClose(p + 16, q + 16, atol4, rtol4))
      close = v128.and(close, certainlyClose(p + 32, q + 32, atol4, rtol4))
      other = v128.and(other, certainlyClose(p + 48, q + 48, atol4, rtol4))
      p += 64
      q += 64
    }
    if (!i32x4.all_true(v128.and(close, other))) {
      const miss = firstMissWithin<f32>(a, r, i, end, atol, rtol, equalNaN)
      if (miss < end) return miss
    }
    i = end
  }
  return n
}

/** Whether two pairs are close; exact but for overflow and what is not finite, where "no" means "look closer". */
// @ts-ignore: decorator
@inline
function closePair(a: usize, r: usize, atol: v128, rtol: v128, greatest: v128): v128 {
  const x = v128.load(a), y = v128.load(r)
  const allowed = f64x2.add(atol, f64x2.mul(rtol, f64x2.abs(y)))
  return f64x2.le(f64x2.abs(f64x2.sub(x, y)), f64x2.pmin(allowed, greatest))
}

/** As firstMissFloat32. */
export function firstMissFloat64(a: usize, r: usize, n: i32, atol: f64, rtol: f64, equalNaN: bool): i32 {
  const atol2 = f64x2.splat(atol), rtol2 = f64x2.splat(rtol), greatest = f64x2.splat(f64.MAX_VALUE)
  let i = 0
  while (i < n) {
    const end = min(i + GROUP, n)
    let p = a + (<usize>i << 3), q = r + (<usize>i << 3)
    const stop = a + (<usize>end << 3)
    let close = i64x2.splat(-1), other = close
    while (p < stop) {
      close = v128.and(close, closePair(p, q, atol2, rtol2, greatest))
      other = v128.and(other, closePair(p + 16, q + 16, atol2, rtol2, greatest))
      close = v128.and(close, closePair(p + 32, q + 32, atol2, rtol2, greatest))
      other = v128.and(other, closePair(p + 48, q + 48, atol2, rtol2, greatest))
      p += 64
      q += 64
    }
    if (!i64x2.all_true(v128.and(close, other))) {
      const miss = firstMissWithin<f64>(a, r, i, end, atol, rtol, equalNaN)
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
export function firstMissInt64(a: usize, r: usize, n: i32, atol: f64, rtol: f64, signs: i32): i32 {
  for (let i = 0; i < n; i++) {
    const x = load<u64>(a + (<usize>i << 3)), y = load<u64>(r + (<usize>i << 3))
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
const ACTUAL: usize = 80
const REFERENCE: usize = 128
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
  const magnitude = abs(reference)
  if (magnitude > 0 && diff > load<f64>(s + MAX_REL) * magnitude) {
    store<f64>(s + MAX_REL, diff / magnitude)
    store<f64>(s + MAX_REL_AT, position)
  }
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
  add(s + SUM_OF_DIFFS, diff)
  add(s + SUM_OF_SQUARED_DIFFS, diff * diff)
  add(s + ACTUAL + SUM_OF_SQUARES, x * x)
  add(s + REFERENCE + SUM_OF_SQUARES, y * y)
}

/** Extremes of a group of elements, all finite. */
function addRange<T>(side: usize, array: usize, n: i32): void {
  let least: f64, greatest: f64
  const stop = array + (<usize>n << alignof<T>())
  let low = v128.load(array), high = low
  for (let p = array; p < stop; p += 16) {
    const x = v128.load(p)
    low = sizeof<T>() == 4 ? f32x4.pmin(low, x) : f64x2.pmin(low, x)
    high = sizeof<T>() == 4 ? f32x4.pmax(high, x) : f64x2.pmax(high, x)
  }
  if (sizeof<T>() == 4) {
    low = f32x4.pmin(low, i32x4.shuffle(low, low, 2, 3, 0, 1))
    high = f32x4.pmax(high, i32x4.shuffle(high, high, 2, 3, 0, 1))
    least = min(f32x4.extract_lane(low, 0), f32x4.extract_lane(low, 1))
    greatest = max(f32x4.extract_lane(high, 0), f32x4.extract_lane(high, 1))
  } else {
    least = min(f64x2.extract_lane(low, 0), f64x2.extract_lane(low, 1))
    greatest = max(f64x2.extract_lane(high, 0), f64x2.extract_lane(high, 1))
  }
  if (least < load<f64>(side + MIN)) store<f64>(side + MIN, least)
  if (greatest > load<f64>(side + MAX)) store<f64>(side + MAX, greatest)
}

/** Adds `n` pairs, the first of which is at `position`, to the results at `s`. Pairs that are not finite are added one by one. */
function addStatistics<T>(s: usize, a: usize, r: usize, n: i32, position: f64, atol: f64, rtol: f64, equalNaN: bool): void {
  const zero = f64x2.splat(0), atol2 = f64x2.splat(atol), rtol2 = f64x2.splat(rtol)
  const shift = alignof<T>(), step = <usize>2 << shift
  for (let start = 0; start < n; start += GROUP) {
    const count = min(n - start, GROUP), even = count & ~3
    const aStart = a + (<usize>start << shift), rStart = r + (<usize>start << shift)
    const stop = aStart + (<usize>even << shift)
    let p = aStart, q = rStart
    let xx = zero, yy = zero, dd = zero, d1 = zero, xx2 = zero, yy2 = zero, dd2 = zero, d2 = zero
    while (p < stop) {
      const x = pairAt<T>(p), y = pairAt<T>(q), d = f64x2.abs(f64x2.sub(x, y))
      xx = f64x2.add(xx, f64x2.mul(x, x))
      yy = f64x2.add(yy, f64x2.mul(y, y))
      dd = f64x2.add(dd, f64x2.mul(d, d))
      d1 = f64x2.add(d1, d)
      const v = pairAt<T>(p + step), w = pairAt<T>(q + step), e = f64x2.abs(f64x2.sub(v, w))
      xx2 = f64x2.add(xx2, f64x2.mul(v, v))
      yy2 = f64x2.add(yy2, f64x2.mul(w, w))
      dd2 = f64x2.add(dd2, f64x2.mul(e, e))
      d2 = f64x2.add(d2, e)
      p += step << 1
      q += step << 1
    }
    const sumXX = sum2(f64x2.add(xx, xx2)), sumYY = sum2(f64x2.add(yy, yy2))
    // something is infinite, NaN, or too large to be squared
    if (even == 0 || !(sumXX + sumYY < Infinity)) {
      for (let i = 0; i < count; i++) {
        addPair(s, at<T>(aStart, i), at<T>(rStart, i), position + start + i, atol, rtol, equalNaN)
      }
      continue
    }
    add(s + ACTUAL + SUM_OF_SQUARES, sumXX)
    add(s + REFERENCE + SUM_OF_SQUARES, sumYY)
    add(s + SUM_OF_SQUARED_DIFFS, sum2(f64x2.add(dd, dd2)))
    add(s + SUM_OF_DIFFS, sum2(f64x2.add(d1, d2)))
    add(s + FINITE_PAIRS, even)
    addRange<T>(s + ACTUAL, aStart, even)
    addRange<T>(s + REFERENCE, rStart, even)
    const knownRel = f64x2.splat(load<f64>(s + MAX_REL))
    let missed = zero, zeros = zero, greatest = zero, larger = zero
    p = aStart
    q = rStart
    while (p < stop) {
      const y = pairAt<T>(q), d = f64x2.abs(f64x2.sub(pairAt<T>(p), y)), magnitude = f64x2.abs(y)
      missed = i64x2.sub(missed, f64x2.gt(d, f64x2.add(atol2, f64x2.mul(rtol2, magnitude))))
      zeros = i64x2.sub(zeros, f64x2.eq(y, zero))
      greatest = f64x2.pmax(greatest, d)
      larger = v128.or(larger, f64x2.gt(d, f64x2.mul(knownRel, magnitude)))
      p += step
      q += step
    }
    add(s + MISMATCHED, <f64>(i64x2.extract_lane(missed, 0) + i64x2.extract_lane(missed, 1)))
    add(s + ZERO_REFERENCES, <f64>(i64x2.extract_lane(zeros, 0) + i64x2.extract_lane(zeros, 1)))
    if (max(f64x2.extract_lane(greatest, 0), f64x2.extract_lane(greatest, 1)) > load<f64>(s + MAX_ABS)) {
      for (let i = 0; i < even; i++) updateMaxAbs(s, abs(at<T>(aStart, i) - at<T>(rStart, i)), position + start + i)
    }
    if (v128.any_true(larger)) {
      for (let i = 0; i < even; i++) {
        const y = at<T>(rStart, i)
        updateMaxRel(s, abs(at<T>(aStart, i) - y), y, position + start + i)
      }
    }
    for (let i = even; i < count; i++) {
      addPair(s, at<T>(aStart, i), at<T>(rStart, i), position + start + i, atol, rtol, equalNaN)
    }
  }
}

export function statisticsFloat32(s: usize, a: usize, r: usize, n: i32, position: f64, atol: f64, rtol: f64, equalNaN: bool): void {
  addStatistics<f32>(s, a, r, n, position, atol, rtol, equalNaN)
}

export function statisticsFloat64(s: usize, a: usize, r: usize, n: i32, position: f64, atol: f64, rtol: f64, equalNaN: bool): void {
  addStatistics<f64>(s, a, r, n, position, atol, rtol, equalNaN)
}

// ---- distribution of errors ----

/** The error of a pair: absolute, or relative to a reference that is not zero; NaN for a pair that has none. */
// @ts-ignore: decorator
@inline
function errorAt<T>(a: usize, r: usize, i: i32, relative: bool): f64 {
  const x = at<T>(a, i), y = at<T>(r, i)
  const diff = abs(x - y)
  if (!(diff < Infinity)) return NaN
  if (!relative) return diff
  return y == 0 ? NaN : diff / abs(y)
}

/** Buckets are what the upper 16 bits of a non-negative double tell apart: steps of a sixteenth of a power of two. */
// @ts-ignore: decorator
@inline
function bucketOf(error: f64): usize {
  return <usize>(reinterpret<u64>(error) >> 48)
}

/** How many errors are exactly zero: counted behind the last bucket. */
const ZEROS: usize = 32768 * 4

/** Counts errors per bucket (32768 of u32 at `buckets`), zeros apart; returns their sum. */
function countBuckets<T>(a: usize, r: usize, n: i32, relative: bool, buckets: usize): f64 {
  let sum: f64 = 0
  for (let i = 0; i < n; i++) {
    const error = errorAt<T>(a, r, i, relative)
    if (isNaN(error)) continue
    const bucket = buckets + (error == 0 ? ZEROS : bucketOf(error) << 2)
    store<u32>(bucket, load<u32>(bucket) + 1)
    sum += error
  }
  return sum
}

/** Copies the errors above zero whose bucket is marked (a byte of 1 for each at `marks`) to `out`; returns how many. */
function collectMarked<T>(a: usize, r: usize, n: i32, relative: bool, marks: usize, out: usize): i32 {
  const start = out
  for (let i = 0; i < n; i++) {
    const error = errorAt<T>(a, r, i, relative)
    if (!(error > 0)) continue
    store<f64>(out, error)
    out += <usize>load<u8>(marks + bucketOf(error)) << 3
  }
  return <i32>((out - start) >> 3)
}

export function countFloat32(a: usize, r: usize, n: i32, relative: bool, buckets: usize): f64 {
  return countBuckets<f32>(a, r, n, relative, buckets)
}

export function countFloat64(a: usize, r: usize, n: i32, relative: bool, buckets: usize): f64 {
  return countBuckets<f64>(a, r, n, relative, buckets)
}

export function collectFloat32(a: usize, r: usize, n: i32, relative: bool, marks: usize, out: usize): i32 {
  return collectMarked<f32>(a, r, n, relative, marks, out)
}

export function collectFloat64(a: usize, r: usize, n: i32, relative: bool, marks: usize, out: usize): i32 {
  return collectMarked<f64>(a, r, n, relative, marks, out)
}
