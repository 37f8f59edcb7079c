// Depthwise convolution with filters 5 wide, of stride 1 or 2, or 7 wide, of stride 1, that take neighbouring inputs: the inner loop of
// depthwise.ts, unrolled over a row of taps, so that where their inputs lie is known to the compiler. With stride 1 two rows of outputs are
// computed at a time, so that an input under both is loaded once: with one row it is loads that take longest.
import { CLIP, RELU } from './activation'
import { madd } from './madd'
import { unrolled } from './unrolled'

/** Whether {@link convolvePairs} computes this. */
// @ts-ignore: decorator
@inline
export function isPaired(outH: i32, outW: i32, kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32): bool {
  return outH > 1 && outW >= 4 && kernelH > 1 && (kernelW == 5 || kernelW == 7) && strideH * strideW * dilationH * dilationW == 1
}

/** Whether {@link convolveRows} computes this. */
// @ts-ignore: decorator
@inline
export function isWrittenOut(outW: i32, kernelW: i32, strideW: i32, dilationW: i32): bool {
  return dilationW == 1 && (kernelW == 5 && strideW == 2 && outW >= 4 || (kernelW == 5 || kernelW == 7) && strideW == 1 && outW >= 8)
}

/** NaN becomes 0, as in ncnn. */
// @ts-ignore: decorator
@inline
function relu(v: v128): v128 {
  return f32x4.pmax(f32x4.splat(0), v)
}

/** NaN stays, as in ncnn. */
// @ts-ignore: decorator
@inline
function clip(v: v128, lo: v128, hi: v128): v128 {
  return f32x4.pmin(f32x4.pmax(v, lo), hi)
}

/**
 * The sums at `count` places of eight outputs, four at a time; there are at least four. `weights` .. `end` are vectors of four equal taps.
 * Ways out that are never taken, since no filter lies there, keep V8 from loading more than there are registers.
 */
// @ts-ignore: decorator
@inline
function convolveFilter(
  kernelW: i32, strip: usize, places: usize, count: i32, rowStep: usize, weights: usize, end: usize, start: v128, output: usize,
  activation: i32, lo: v128, hi: v128,
): void {
  const last = places + (<usize>(count - 4) << 3)
  let x: v128, v0: v128, v1: v128, v2: v128, v3: v128, w0: v128, w1: v128, w2: v128, w3: v128
  while (true) {
    let p0 = strip + load<u32>(places), p1 = strip + load<u32>(places, 8)
    let p2 = strip + load<u32>(places, 16), p3 = strip + load<u32>(places, 24)
    v0 = v1 = v2 = v3 = w0 = w1 = w2 = w3 = start
    for (let t = weights; ; ) {
      {
        const tap = unrolled(7), at = 4 * tap
        if (tap < kernelW) {
          if (tap > 0 && t == 2 * tap) break
          x = v128.load(t, 16 * tap)
          v0 = madd(v0, x, v128.load(p0, at)), v1 = madd(v1, x, v128.load(p1, at))
          v2 = madd(v2, x, v128.load(p2, at)), v3 = madd(v3, x, v128.load(p3, at))
          if (t == 1 + 2 * tap) break
          w0 = madd(w0, x, v128.load(p0, at + 16)), w1 = madd(w1, x, v128.load(p1, at + 16))
          w2 = madd(w2, x, v128.load(p2, at + 16)), w3 = madd(w3, x, v128.load(p3, at + 16))
        }
      }
      t += kernelW << 4
      if (t >= end) break
      p0 += rowStep, p1 += rowStep, p2 += rowStep, p3 += rowStep
    }
    if (activation == RELU) {
      v0 = relu(v0), v1 = relu(v1), v2 = relu(v2), v3 = relu(v3)
      w0 = relu(w0), w1 = relu(w1), w2 = relu(w2), w3 = relu(w3)
    } else if (activation == CLIP) {
      v0 = clip(v0, lo, hi), v1 = clip(v1, lo, hi), v2 = clip(v2, lo, hi), v3 = clip(v3, lo, hi)
      w0 = clip(w0, lo, hi), w1 = clip(w1, lo, hi), w2 = clip(w2, lo, hi), w3 = clip(w3, lo, hi)
    }
    const o0 = output + load<u32>(places, 4), o1 = output + load<u32>(places, 12)
    const o2 = output + load<u32>(places, 20), o3 = output + load<u32>(places, 28)
    v128.store(o0, v0), v128.store(o1, v1), v128.store(o2, v2), v128.store(o3, v3)
    v128.store(o0, w0, 16), v128.store(o1, w1, 16), v128.store(o2, w2, 16), v128.store(o3, w3, 16)
    if (places >= last) return
    // The last four are computed together, whether or not some of them were before.
    places = min(places + 32, last)
  }
}

/**
 * The sums v in one row and u in the next at `count` places of four outputs in each, otherwise as {@link convolveFilter}; the outputs in the
 * next row lie `outStep` bytes behind.
 */
// @ts-ignore: decorator
@inline
function convolvePair(
  kernelW: i32, strip: usize, places: usize, count: i32, rowStep: usize, weights: usize, end: usize, start: v128,
  output: usize, outStep: usize, activation: i32, lo: v128, hi: v128,
): void {
  const last = places + (<usize>(count - 4) << 3), row = <usize>kernelW << 4, lastRow = end - row
  let a: v128, x: v128, y: v128, v0: v128, v1: v128, v2: v128, v3: v128, u0: v128, u1: v128, u2: v128, u3: v128
  while (true) {
    let p0 = strip + load<u32>(places), p1 = strip + load<u32>(places, 8)
    let p2 = strip + load<u32>(places, 16), p3 = strip + load<u32>(places, 24)
    v0 = v1 = v2 = v3 = u0 = u1 = u2 = u3 = start
    let s = weights
    do {
      // The first row of inputs is under v alone,
      {
        const tap = unrolled(5), at = 4 * tap
        if (tap > 0 && s == 30 + tap) break
        x = v128.load(s, 16 * tap)
        v0 = madd(v0, x, v128.load(p0, at)), v1 = madd(v1, x, v128.load(p1, at))
        v2 = madd(v2, x, v128.load(p2, at)), v3 = madd(v3, x, v128.load(p3, at))
      }
      if (kernelW > 5) {
        const more = unrolled(2), tap = 5 + more, at = 4 * tap
        if (s == 30 + tap) break
        x = v128.load(s, 16 * tap)
        v0 = madd(v0, x, v128.load(p0, at)), v1 = madd(v1, x, v128.load(p1, at))
        v2 = madd(v2, x, v128.load(p2, at)), v3 = madd(v3, x, v128.load(p3, at))
      }
      if (s == 37) break
      while (true) {
        p0 += rowStep, p1 += rowStep, p2 += rowStep, p3 += rowStep
        const t = s + row
        {
          const tap = unrolled(7), at = 4 * tap
          if (tap < kernelW) {
            if (tap > 0 && s == 37 + tap) break
            x = v128.load(t, 16 * tap), y = v128.load(s, 16 * tap)
            a = v128.load(p0, at), v0 = madd(v0, x, a), u0 = madd(u0, y, a)
            a = v128.load(p1, at), v1 = madd(v1, x, a), u1 = madd(u1, y, a)
            a = v128.load(p2, at), v2 = madd(v2, x, a), u2 = madd(u2, y, a)
            a = v128.load(p3, at), v3 = madd(v3, x, a), u3 = madd(u3, y, a)
          }
        }
        s = t
        if (s >= lastRow) break
      }
      // the last one under u alone.
      p0 += rowStep, p1 += rowStep, p2 += rowStep, p3 += rowStep
      {
        const tap = unrolled(7), at = 4 * tap
        if (tap < kernelW) {
          if (tap > 0 && s == 43 + tap) break
          y = v128.load(s, 16 * tap)
          u0 = madd(u0, y, v128.load(p0, at)), u1 = madd(u1, y, v128.load(p1, at))
          u2 = madd(u2, y, v128.load(p2, at)), u3 = madd(u3, y, v128.load(p3, at))
        }
      }
    } while (false)
    if (activation == RELU) {
      v0 = relu(v0), v1 = relu(v1), v2 = relu(v2), v3 = relu(v3), u0 = relu(u0), u1 = relu(u1), u2 = relu(u2), u3 = relu(u3)
    } else if (activation == CLIP) {
      v0 = clip(v0, lo, hi), v1 = clip(v1, lo, hi), v2 = clip(v2, lo, hi), v3 = clip(v3, lo, hi)
      u0 = clip(u0, lo, hi), u1 = clip(u1, lo, hi), u2 = clip(u2, lo, hi), u3 = clip(u3, lo, hi)
    }
    const o0 = output + load<u32>(places, 4), o1 = output + load<u32>(places, 12)
    const o2 = output + load<u32>(places, 20), o3 = output + load<u32>(places, 28)
    v128.store(o0, v0), v128.store(o1, v1), v128.store(o2, v2), v128.store(o3, v3)
    v128.store(o0 + outStep, u0), v128.store(o1 + outStep, u1), v128.store(o2 + outStep, u2), v128.store(o3 + outStep, u3)
    if (places >= last) return
    places = min(places + 32, last)
  }
}

/** {@link convolveFilter} for filters 5 wide of stride 2: the inputs under odd taps lie `odd` bytes behind those under even ones. */
// @ts-ignore: decorator
@inline
function convolveStrided(
  width: i32, odd: usize, strip: usize, places: usize, count: i32, rowStep: usize, weights: usize, end: usize, start: v128, output: usize,
  activation: i32, lo: v128, hi: v128,
): void {
  const last = places + (<usize>(count - 4) << 3)
  let x: v128, v0: v128, v1: v128, v2: v128, v3: v128, w0: v128, w1: v128, w2: v128, w3: v128
  while (true) {
    let p0 = strip + load<u32>(places), p1 = strip + load<u32>(places, 8)
    let p2 = strip + load<u32>(places, 16), p3 = strip + load<u32>(places, 24)
    v0 = v1 = v2 = v3 = w0 = w1 = w2 = w3 = start
    for (let t = weights; ; ) {
      {
        const tap = unrolled(5), at = 4 * (tap >> 1), isOdd = (tap & 1) != 0
        if (tap > 0 && t == 20 + 2 * tap) break
        x = v128.load(t, 16 * tap)
        v0 = madd(v0, x, v128.load(isOdd ? p0 + odd : p0, at)), v1 = madd(v1, x, v128.load(isOdd ? p1 + odd : p1, at))
        v2 = madd(v2, x, v128.load(isOdd ? p2 + odd : p2, at)), v3 = madd(v3, x, v128.load(isOdd ? p3 + odd : p3, at))
        if (width == 8) {
          if (t == 21 + 2 * tap) break
          w0 = madd(w0, x, v128.load(isOdd ? p0 + odd : p0, at + 16)), w1 = madd(w1, x, v128.load(isOdd ? p1 + odd : p1, at + 16))
          w2 = madd(w2, x, v128.load(isOdd ? p2 + odd : p2, at + 16)), w3 = madd(w3, x, v128.load(isOdd ? p3 + odd : p3, at + 16))
        }
      }
      t += 80
      if (t >= end) break
      p0 += rowStep, p1 += rowStep, p2 += rowStep, p3 += rowStep
    }
    if (activation == RELU) {
      v0 = relu(v0), v1 = relu(v1), v2 = relu(v2), v3 = relu(v3)
      if (width == 8) w0 = relu(w0), w1 = relu(w1), w2 = relu(w2), w3 = relu(w3)
    } else if (activation == CLIP) {
      v0 = clip(v0, lo, hi), v1 = clip(v1, lo, hi), v2 = clip(v2, lo, hi), v3 = clip(v3, lo, hi)
      if (width == 8) w0 = clip(w0, lo, hi), w1 = clip(w1, lo, hi), w2 = clip(w2, lo, hi), w3 = clip(w3, lo, hi)
    }
    const o0 = output + load<u32>(places, 4), o1 = output + load<u32>(places, 12)
    const o2 = output + load<u32>(places, 20), o3 = output + load<u32>(places, 28)
    v128.store(o0, v0), v128.store(o1, v1), v128.store(o2, v2), v128.store(o3, v3)
    if (width == 8) v128.store(o0, w0, 16), v128.store(o1, w1, 16), v128.store(o2, w2, 16), v128.store(o3, w3, 16)
    if (places >= last) return
    // The last four are computed together, whether or not some of them were before.
    places = min(places + 32, last)
  }
}

function five(
  strip: usize, places: usize, count: i32, rowStep: usize, weights: usize, end: usize, start: v128, output: usize,
  activation: i32, lo: v128, hi: v128,
): void {
  convolveFilter(5, strip, places, count, rowStep, weights, end, start, output, activation, lo, hi)
}

function seven(
  strip: usize, places: usize, count: i32, rowStep: usize, weights: usize, end: usize, start: v128, output: usize,
  activation: i32, lo: v128, hi: v128,
): void {
  convolveFilter(7, strip, places, count, rowStep, weights, end, start, output, activation, lo, hi)
}

function fiveApartByEight(
  odd: usize, strip: usize, places: usize, count: i32, rowStep: usize, weights: usize, end: usize, start: v128, output: usize,
  activation: i32, lo: v128, hi: v128,
): void {
  convolveStrided(8, odd, strip, places, count, rowStep, weights, end, start, output, activation, lo, hi)
}

function fiveApartByFour(
  odd: usize, strip: usize, places: usize, count: i32, rowStep: usize, weights: usize, end: usize, start: v128, output: usize,
  activation: i32, lo: v128, hi: v128,
): void {
  convolveStrided(4, odd, strip, places, count, rowStep, weights, end, start, output, activation, lo, hi)
}

function pairsOfFive(
  strip: usize, places: usize, count: i32, rowStep: usize, weights: usize, end: usize, start: v128, output: usize, outStep: usize,
  activation: i32, lo: v128, hi: v128,
): void {
  convolvePair(5, strip, places, count, rowStep, weights, end, start, output, outStep, activation, lo, hi)
}

function pairsOfSeven(
  strip: usize, places: usize, count: i32, rowStep: usize, weights: usize, end: usize, start: v128, output: usize, outStep: usize,
  activation: i32, lo: v128, hi: v128,
): void {
  convolvePair(7, strip, places, count, rowStep, weights, end, start, output, outStep, activation, lo, hi)
}

/** Sums of one channel's strip, at places of four outputs in each of two rows. */
export function convolvePairs(
  kernelW: i32, strip: usize, places: usize, count: i32, rowStep: usize, weights: usize, end: usize, start: v128, output: usize, outStep: usize,
  activation: i32, lo: v128, hi: v128,
): void {
  if (kernelW == 5) pairsOfFive(strip, places, count, rowStep, weights, end, start, output, outStep, activation, lo, hi)
  else pairsOfSeven(strip, places, count, rowStep, weights, end, start, output, outStep, activation, lo, hi)
}

/**
 * Sums of one channel's strip, at places of 8 outputs; with stride 2 of `width`, 8 or 4. With stride 2 the odd columns lie `odd` bytes behind
 * the even ones.
 */
export function convolveRows(
  kernelW: i32, strideW: i32, width: i32, odd: usize, strip: usize, places: usize, count: i32, rowStep: usize, weights: usize, end: usize,
  start: v128, output: usize, activation: i32, lo: v128, hi: v128,
): void {
  if (strideW == 2) {
    if (width == 8) fiveApartByEight(odd, strip, places, count, rowStep, weights, end, start, output, activation, lo, hi)
    else fiveApartByFour(odd, strip, places, count, rowStep, weights, end, start, output, activation, lo, hi)
  } else if (kernelW == 5) five(strip, places, count, rowStep, weights, end, start, output, activation, lo, hi)
  else seven(strip, places, count, rowStep, weights, end, start, output, activation, lo, hi)
}
