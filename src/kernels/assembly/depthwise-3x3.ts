// Depthwise convolution of 3x3 with stride 1 or 2 and a border of at most one zero, straight from the image.
//
// Four neighbouring outputs, with stride 2 up to sixteen, are computed down a column at a time: every input row is loaded once and serves
// the output rows around it. Large images and rows of 13 to 16 outputs are computed by pairs of rows. Rows of the border are read from a few
// zeros; its columns are masked away, which only the first and last outputs need.
//
// V8 would sink sums that are not finished to where they are needed, each then a chain of nine, and hoist more loads than there are
// registers: ways out that are never taken, but would use the sums, prevent both.
import { activate, CLIP, RELU } from './activation'
import { Limits, Relu } from './clamps'
import { evens, odds } from './lanes'
import { madd } from './madd'
import { unrolled } from './unrolled'

// From so many pixels on an image with stride 1 is read row by row, if all channels have so many: it is in neither cache anyway.
const LARGE_IMAGE: i32 = 8192
const LARGE_INPUT: i32 = 262144

/** Bytes of the taps of a channel as vectors. */
const TABLE_BYTES: usize = 144

/** Bytes of zeros that stand for a row of the border, of which sixteen outputs are computed at a time. */
const ZERO_BYTES: usize = 160

/** Outputs of stride 2 that are computed before those below them: their inputs, four times as many, stay in the first-level cache. */
const CHUNK: i32 = 1024

/** Inputs that the last output reaches beyond the image. */
// @ts-ignore: decorator
@inline
function overhang(inputs: i32, outputs: i32, stride: i32, before: i32): i32 {
  return (outputs - 1) * stride + 3 - before - inputs
}

/** Whether {@link depthwise3x3} computes this. */
// @ts-ignore: decorator
@inline
export function isPlain3x3(
  h: i32, w: i32, outH: i32, outW: i32, kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32,
  padTop: i32, padLeft: i32, padValue: f32,
): bool {
  return kernelH == 3 && kernelW == 3 && dilationH == 1 && dilationW == 1 && strideH == strideW && strideW <= 2 && padValue == 0 &&
    <u32>padTop <= 1 && <u32>padLeft <= 1 && outW >= 4 &&
    overhang(h, outH, strideH, padTop) <= 1 && overhang(w, outW, strideW, padLeft) <= 1
}

// @ts-ignore: decorator
@inline
function masked(v: v128, edge: bool, mask: v128): v128 {
  return edge ? v128.and(v, mask) : v
}

// The inputs under the left and right taps of four outputs with stride 1, `p` being where the first of them begins.

// @ts-ignore: decorator
@inline
function left(p: usize, edge: bool, mask: v128): v128 {
  return masked(v128.load(p), edge, mask)
}

// @ts-ignore: decorator
@inline
function right(p: usize, edge: bool, mask: v128): v128 {
  return masked(v128.load(p, 8), edge, mask)
}

// @ts-ignore: decorator
@inline
function splatTaps(weights: usize, table: usize): void {
  const tap = unrolled(9)
  v128.store(table, v128.load32_splat(weights, 4 * tap), 16 * tap)
}

/** One column of vectors of outputs with stride 1; `image` is where the first of its inputs in the first row of the image lies. */
// @ts-ignore: decorator
@inline
function column1<F>(
  edge: bool, image: usize, h: i32, inBytes: usize, padTop: i32, zeros: usize, weights: usize, start: v128,
  out: usize, outH: i32, outBytes: usize, leftMask: v128, rightMask: v128, lo: v128, hi: v128,
): void {
  const f = changetype<F>(0)
  const w0 = v128.load32_splat(weights), w1 = v128.load32_splat(weights, 4), w2 = v128.load32_splat(weights, 8)
  const w3 = v128.load32_splat(weights, 12), w4 = v128.load32_splat(weights, 16), w5 = v128.load32_splat(weights, 20)
  const w6 = v128.load32_splat(weights, 24), w7 = v128.load32_splat(weights, 28), w8 = v128.load32_splat(weights, 32)
  let p = padTop ? zeros : image
  let a = left(p, edge, leftMask), b = v128.load(p, 4), c = right(p, edge, rightMask)
  let first = madd(madd(madd(start, w0, a), w1, b), w2, c)
  p = padTop ? image : image + inBytes
  a = left(p, edge, leftMask), b = v128.load(p, 4), c = right(p, edge, rightMask)
  let second = madd(madd(madd(first, w3, a), w4, b), w5, c)
  first = madd(madd(madd(start, w0, a), w1, b), w2, c)
  // Rows whose last inputs are in the image; then the one that ends in the border, if there is one.
  const last = out + <usize>outH * outBytes
  let delta = inBytes, end = out + <usize>min(outH, h + padTop - 2) * outBytes
  while (true) {
    for (; out < end; out += outBytes) {
      p += delta
      a = left(p, edge, leftMask), b = v128.load(p, 4), c = right(p, edge, rightMask)
      v128.store(out, f.apply(madd(madd(madd(second, w6, a), w7, b), w8, c), lo, hi))
      second = madd(madd(madd(first, w3, a), w4, b), w5, c)
      first = madd(madd(madd(start, w0, a), w1, b), w2, c)
      if (!p) return v128.store(out, f32x4.add(first, second))
    }
    if (end == last) break
    end = last
    delta = zeros - p
  }
}

// Of eight inputs of a row, from that under the left tap of the first of four outputs with stride 2 on, the left taps take the evens and the
// middle ones the odds. The right ones take what the left ones do, shifted.

// @ts-ignore: decorator
@inline
function shifted(evens: v128, next: v128): v128 {
  return i32x4.shuffle(evens, next, 1, 2, 3, 4)
}

// @ts-ignore: decorator
@inline
function row(v: v128, w0: v128, e: v128, w1: v128, o: v128, w2: v128, r: v128): v128 {
  return madd(madd(madd(v, w0, e), w1, o), w2, r)
}

// @ts-ignore: decorator
@inline
function sum(a: v128, b: v128, c: v128, d: v128): v128 {
  return f32x4.add(f32x4.add(a, b), f32x4.add(c, d))
}

/** One column of vectors of outputs with stride 2. */
// @ts-ignore: decorator
@inline
function column2<F>(
  image: usize, h: i32, inBytes: usize, padTop: i32, zeros: usize, weights: usize, start: v128,
  out: usize, outH: i32, outBytes: usize, leftMask: v128, rightMask: v128, lo: v128, hi: v128,
): void {
  const f = changetype<F>(0)
  const w0 = v128.load32_splat(weights), w1 = v128.load32_splat(weights, 4), w2 = v128.load32_splat(weights, 8)
  const w3 = v128.load32_splat(weights, 12), w4 = v128.load32_splat(weights, 16), w5 = v128.load32_splat(weights, 20)
  const w6 = v128.load32_splat(weights, 24), w7 = v128.load32_splat(weights, 28), w8 = v128.load32_splat(weights, 32)
  let p = padTop ? zeros : image
  let a = v128.load(p), b = v128.load(p, 16), e = v128.and(evens(a, b), leftMask), r = v128.and(shifted(e, v128.load(p, 32)), rightMask)
  let v = row(start, w0, e, w1, odds(a, b), w2, r)
  p = padTop ? image : image + inBytes
  const last = out + <usize>outH * outBytes
  let delta = inBytes, end = out + <usize>min(outH, (h + padTop - 1) >> 1) * outBytes
  while (true) {
    for (; out < end; out += outBytes) {
      a = v128.load(p), b = v128.load(p, 16), e = v128.and(evens(a, b), leftMask), r = v128.and(shifted(e, v128.load(p, 32)), rightMask)
      v = row(v, w3, e, w4, odds(a, b), w5, r)
      p += delta
      if (!p) return v128.store(out, v)
      a = v128.load(p), b = v128.load(p, 16), e = v128.and(evens(a, b), leftMask), r = v128.and(shifted(e, v128.load(p, 32)), rightMask)
      v128.store(out, f.apply(row(v, w6, e, w7, odds(a, b), w8, r), lo, hi))
      v = row(start, w0, e, w1, odds(a, b), w2, r)
      p += inBytes
      if (!p) return v128.store(out, v)
    }
    if (end == last) break
    end = last
    delta = zeros - p
  }
}

/**
 * Two or four columns of vectors of outputs with stride 2, the last of which lies `apart` bytes from the first: the additions of one are done
 * while those of another wait for each other. `table` are the taps as vectors.
 */
// @ts-ignore: decorator
@inline
function columns2<F>(
  four: bool, image: usize, apart: usize, h: i32, inBytes: usize, padTop: i32, zeros: usize, table: usize, start: v128,
  out: usize, outH: i32, outBytes: usize, leftMask: v128, rightMask: v128, lo: v128, hi: v128,
): void {
  const f = changetype<F>(0)
  let a: v128, b: v128, e: v128, o: v128, r: v128
  let w0: v128, w1: v128, w2: v128, w3: v128, w4: v128, w5: v128, w6: v128, w7: v128, w8: v128
  let v0 = start, v1 = start, v2 = start, v3 = start, p = padTop ? zeros : image, q = p + 2 * apart
  w0 = v128.load(table), w1 = v128.load(table, 16), w2 = v128.load(table, 32)
  a = v128.load(p), b = v128.load(p, 16), e = v128.and(evens(a, b), leftMask), o = odds(a, b), r = shifted(e, v128.load(p, 32))
  v0 = row(start, w0, e, w1, o, w2, r)
  if (out == 1) return v128.store(out, sum(v0, v1, v2, v3))
  if (four) {
    a = v128.load(p, 32), b = v128.load(p, 48), e = evens(a, b), o = odds(a, b), r = shifted(e, v128.load(p, 64))
    v1 = row(start, w0, e, w1, o, w2, r)
    if (out == 2) return v128.store(out, sum(v0, v1, v2, v3))
    a = v128.load(p, 64), b = v128.load(p, 80), e = evens(a, b), o = odds(a, b), r = shifted(e, v128.load(p, 96))
    v2 = row(start, w0, e, w1, o, w2, r)
    if (out == 3) return v128.store(out, sum(v0, v1, v2, v3))
  }
  a = v128.load(q), b = v128.load(q, 16), e = evens(a, b), o = odds(a, b), r = v128.and(shifted(e, v128.load(q, 32)), rightMask)
  v3 = row(start, w0, e, w1, o, w2, r)
  if (out == 4) return v128.store(out, sum(v0, v1, v2, v3))
  p = padTop ? image : image + inBytes
  for (let left = outH, below = h + padTop - 2; left > 0; left--, below -= 2) {
    q = p + 2 * apart
    w3 = v128.load(table, 48), w4 = v128.load(table, 64), w5 = v128.load(table, 80)
    a = v128.load(p), b = v128.load(p, 16), e = v128.and(evens(a, b), leftMask), o = odds(a, b), r = shifted(e, v128.load(p, 32))
    v0 = row(v0, w3, e, w4, o, w5, r)
    if (out == 5) return v128.store(out, sum(v0, v1, v2, v3))
    if (four) {
      a = v128.load(p, 32), b = v128.load(p, 48), e = evens(a, b), o = odds(a, b), r = shifted(e, v128.load(p, 64))
      v1 = row(v1, w3, e, w4, o, w5, r)
      if (out == 6) return v128.store(out, sum(v0, v1, v2, v3))
      a = v128.load(p, 64), b = v128.load(p, 80), e = evens(a, b), o = odds(a, b), r = shifted(e, v128.load(p, 96))
      v2 = row(v2, w3, e, w4, o, w5, r)
      if (out == 7) return v128.store(out, sum(v0, v1, v2, v3))
    }
    a = v128.load(q), b = v128.load(q, 16), e = evens(a, b), o = odds(a, b), r = v128.and(shifted(e, v128.load(q, 32)), rightMask)
    v3 = row(v3, w3, e, w4, o, w5, r)
    if (out == 8) return v128.store(out, sum(v0, v1, v2, v3))
    p = below > 0 ? p + inBytes : zeros, q = p + 2 * apart
    w6 = v128.load(table, 96), w7 = v128.load(table, 112), w8 = v128.load(table, 128)
    w0 = v128.load(table), w1 = v128.load(table, 16), w2 = v128.load(table, 32)
    a = v128.load(p), b = v128.load(p, 16), e = v128.and(evens(a, b), leftMask), o = odds(a, b), r = shifted(e, v128.load(p, 32))
    v128.store(out, f.apply(row(v0, w6, e, w7, o, w8, r), lo, hi)), v0 = row(start, w0, e, w1, o, w2, r)
    if (out == 9) return v128.store(out, sum(v0, v1, v2, v3))
    if (four) {
      a = v128.load(p, 32), b = v128.load(p, 48), e = evens(a, b), o = odds(a, b), r = shifted(e, v128.load(p, 64))
      v128.store(out, f.apply(row(v1, w6, e, w7, o, w8, r), lo, hi), 16), v1 = row(start, w0, e, w1, o, w2, r)
      if (out == 10) return v128.store(out, sum(v0, v1, v2, v3))
      a = v128.load(p, 64), b = v128.load(p, 80), e = evens(a, b), o = odds(a, b), r = shifted(e, v128.load(p, 96))
      v128.store(out, f.apply(row(v2, w6, e, w7, o, w8, r), lo, hi), 32), v2 = row(start, w0, e, w1, o, w2, r)
      if (out == 11) return v128.store(out, sum(v0, v1, v2, v3))
    }
    a = v128.load(q), b = v128.load(q, 16), e = evens(a, b), o = odds(a, b), r = v128.and(shifted(e, v128.load(q, 32)), rightMask)
    v128.store(out + apart, f.apply(row(v3, w6, e, w7, o, w8, r), lo, hi)), v3 = row(start, w0, e, w1, o, w2, r)
    p += inBytes, out += outBytes
  }
}

function twoColumns<F>(
  image: usize, apart: usize, h: i32, inBytes: usize, padTop: i32, zeros: usize, table: usize, start: v128,
  out: usize, outH: i32, outBytes: usize, leftMask: v128, rightMask: v128, lo: v128, hi: v128,
): void {
  columns2<F>(false, image, apart, h, inBytes, padTop, zeros, table, start, out, outH, outBytes, leftMask, rightMask, lo, hi)
}

function fourColumns<F>(
  image: usize, apart: usize, h: i32, inBytes: usize, padTop: i32, zeros: usize, table: usize, start: v128,
  out: usize, outH: i32, outBytes: usize, leftMask: v128, rightMask: v128, lo: v128, hi: v128,
): void {
  columns2<F>(true, image, apart, h, inBytes, padTop, zeros, table, start, out, outH, outBytes, leftMask, rightMask, lo, hi)
}

/**
 * One channel with stride 1 by sixteen outputs of each of two rows at a time, the last of which overlap their neighbours, or each other where
 * rows have 13 to 15. In this order a large image arrives at the speed of memory, and around a small one there is little to do. `table` and
 * `again`, the taps as vectors, are the same, which the compiler must not know: it would keep them in registers that it does not have.
 */
function tiles1<F>(
  input: usize, h: i32, w: i32, padTop: i32, padLeft: i32, zeros: usize, table: usize, again: usize, start: v128,
  out: usize, outH: i32, outW: i32, lo: v128, hi: v128,
): void {
  const f = changetype<F>(0), all = i32x4.splat(-1)
  const inBytes = <usize>w << 2, outBytes = <usize>outW << 2, last = <usize>max(outW - 16, 0) << 2, apart = <usize>min(outW - 4, 12) << 2
  const firstMask = padLeft ? i32x4(0, -1, -1, -1) : all, lastMask = overhang(w, outW, 1, padLeft) > 0 ? i32x4(-1, -1, -1, 0) : all
  const lowest = overhang(h, outH, 1, padTop) > 0 ? 2 : 0
  let a: v128, x: v128, y: v128, v0: v128, v1: v128, v2: v128, v3: v128, u0: v128, u1: v128, u2: v128, u3: v128, s: usize
  let r1 = input + <usize>(1 - padTop) * inBytes - (<usize>padLeft << 2), r0 = padTop ? zeros : r1 - inBytes
  for (let left = outH; ; ) {
    let r2 = r1 + inBytes, r3 = left > lowest ? r2 + inBytes : zeros, leftMask = firstMask
    const end = out + last
    while (true) {
      const rightMask = out == end ? lastMask : all
      s = r0 + apart
      v0 = v1 = v2 = v3 = start
      {
        const tap = unrolled(3), at = 4 * tap
        x = v128.load(table, 16 * tap)
        v0 = madd(v0, x, tap ? v128.load(r0, at) : v128.and(v128.load(r0), leftMask))
        v1 = madd(v1, x, v128.load(r0, at + 16)), v2 = madd(v2, x, v128.load(r0, at + 32))
        v3 = madd(v3, x, tap < 2 ? v128.load(s, at) : v128.and(v128.load(s, 8), rightMask))
        if (out == 1 + tap) return v128.store(out, sum(v0, v1, v2, v3))
      }
      s = r1 + apart
      u0 = u1 = u2 = u3 = start
      {
        const tap = unrolled(3), at = 4 * tap
        x = v128.load(table, 16 * tap + 48), y = v128.load(again, 16 * tap)
        a = tap ? v128.load(r1, at) : v128.and(v128.load(r1), leftMask), v0 = madd(v0, x, a), u0 = madd(u0, y, a)
        a = v128.load(r1, at + 16), v1 = madd(v1, x, a), u1 = madd(u1, y, a)
        a = v128.load(r1, at + 32), v2 = madd(v2, x, a), u2 = madd(u2, y, a)
        a = tap < 2 ? v128.load(s, at) : v128.and(v128.load(s, 8), rightMask), v3 = madd(v3, x, a), u3 = madd(u3, y, a)
        if (out == 4 + tap) return v128.store(out, f32x4.add(sum(v0, v1, v2, v3), sum(u0, u1, u2, u3)))
      }
      s = r2 + apart
      {
        const tap = unrolled(3), at = 4 * tap
        x = v128.load(table, 16 * tap + 96), y = v128.load(again, 16 * tap + 48)
        a = tap ? v128.load(r2, at) : v128.and(v128.load(r2), leftMask), v0 = madd(v0, x, a), u0 = madd(u0, y, a)
        a = v128.load(r2, at + 16), v1 = madd(v1, x, a), u1 = madd(u1, y, a)
        a = v128.load(r2, at + 32), v2 = madd(v2, x, a), u2 = madd(u2, y, a)
        a = tap < 2 ? v128.load(s, at) : v128.and(v128.load(s, 8), rightMask), v3 = madd(v3, x, a), u3 = madd(u3, y, a)
        if (out == 7 + tap) return v128.store(out, f32x4.add(sum(v0, v1, v2, v3), sum(u0, u1, u2, u3)))
      }
      s = r3 + apart
      {
        const tap = unrolled(3), at = 4 * tap
        y = v128.load(again, 16 * tap + 96)
        u0 = madd(u0, y, tap ? v128.load(r3, at) : v128.and(v128.load(r3), leftMask))
        u1 = madd(u1, y, v128.load(r3, at + 16)), u2 = madd(u2, y, v128.load(r3, at + 32))
        u3 = madd(u3, y, tap < 2 ? v128.load(s, at) : v128.and(v128.load(s, 8), rightMask))
        if (tap < 2 && out == 10 + tap) return v128.store(out, f32x4.add(sum(v0, v1, v2, v3), sum(u0, u1, u2, u3)))
      }
      v128.store(out, f.apply(v0, lo, hi)), v128.store(out, f.apply(v1, lo, hi), 16)
      v128.store(out, f.apply(v2, lo, hi), 32), v128.store(out + apart, f.apply(v3, lo, hi))
      const under = out + outBytes
      v128.store(under, f.apply(u0, lo, hi)), v128.store(under, f.apply(u1, lo, hi), 16)
      v128.store(under, f.apply(u2, lo, hi), 32), v128.store(under + apart, f.apply(u3, lo, hi))
      if (out == end) break
      leftMask = all
      const step = min(end - out, 64)
      out += step, r0 += step, r1 += step, r2 += step, r3 += step
    }
    left -= 2
    if (left <= 0) return
    // Of an odd number of rows the last two overlap the two before.
    r1 += (left > 1 ? inBytes << 1 : inBytes) - last
    r0 = r1 - inBytes
    out += (left > 1 ? outBytes << 1 : outBytes) - last
  }
}

/** All columns of one channel with stride 1; the last four outputs overlap their neighbours. */
function channel1<F>(
  input: usize, h: i32, w: i32, padTop: i32, padLeft: i32, zeros: usize, weights: usize, start: v128,
  output: usize, outH: i32, outW: i32, lo: v128, hi: v128,
): void {
  const all = i32x4.splat(-1), inBytes = <usize>w << 2, outBytes = <usize>outW << 2
  let x = 0
  while (true) {
    const begin = x - padLeft, beyond = begin + 5 >= w
    const image = input + (<isize>begin << 2), out = output + (<usize>x << 2)
    const leftMask = begin < 0 ? i32x4(0, -1, -1, -1) : all, rightMask = beyond ? i32x4(-1, -1, -1, 0) : all
    if (begin < 0 || beyond) {
      column1<F>(true, image, h, inBytes, padTop, zeros, weights, start, out, outH, outBytes, leftMask, rightMask, lo, hi)
    } else column1<F>(false, image, h, inBytes, padTop, zeros, weights, start, out, outH, outBytes, all, all, lo, hi)
    if (x == outW - 4) return
    x = min(x + 4, outW - 4)
  }
}

/** All columns of one channel with stride 2, from chunk to chunk; the last columns overlap their neighbours. */
function channel2<F>(
  chunk: i32, input: usize, h: i32, w: i32, padTop: i32, padLeft: i32, zeros: usize, weights: usize, start: v128,
  output: usize, outH: i32, outW: i32, lo: v128, hi: v128,
): void {
  const all = i32x4.splat(-1), inBytes = <usize>w << 2, outBytes = <usize>outW << 2, table = zeros - TABLE_BYTES
  const firstMask = padLeft ? i32x4(0, -1, -1, -1) : all, lastMask = overhang(w, outW, 2, padLeft) > 0 ? i32x4(-1, -1, -1, 0) : all
  if (outW <= 5) {
    // Too few outputs for what precedes the others.
    const image = input - (<usize>padLeft << 2)
    for (let x = 0; ; x = outW - 4) {
      const p = image + (<usize>x << 3), leftMask = x ? all : firstMask, rightMask = x < outW - 4 ? all : lastMask
      column2<F>(p, h, inBytes, padTop, zeros, weights, start, output + (<usize>x << 2), outH, outBytes, leftMask, rightMask, lo, hi)
      if (x == outW - 4) return
    }
  }
  splatTaps(weights, table)
  for (let y = 0; y < outH; y += chunk) {
    const rows = min(outH - y, chunk), top = y ? 0 : padTop, skipped = y ? 2 * y - padTop : 0
    const image = input + <usize>skipped * inBytes - (<usize>padLeft << 2), out = output + <usize>y * outBytes
    for (let x = 0; x < outW; ) {
      const rest = outW - x, columns = rest > 12 ? 4 : rest > 5 ? 2 : 1
      x = min(x, max(outW - 4 * columns, 0))
      const p = image + (<usize>x << 3), to = out + (<usize>x << 2), apart = <usize>min(4 * columns, outW) - 4 << 2
      const leftMask = x ? all : firstMask
      x += 4 * columns
      const rightMask = x < outW ? all : lastMask
      if (columns == 4) {
        fourColumns<F>(p, apart, h - skipped, inBytes, top, zeros, table, start, to, rows, outBytes, leftMask, rightMask, lo, hi)
      } else if (columns == 2) {
        twoColumns<F>(p, apart, h - skipped, inBytes, top, zeros, table, start, to, rows, outBytes, leftMask, rightMask, lo, hi)
      } else column2<F>(p, h - skipped, inBytes, top, zeros, weights, start, to, rows, outBytes, leftMask, rightMask, lo, hi)
    }
  }
}

export function depthwise3x3(
  stride: i32, input: usize, channels: i32, h: i32, w: i32, weights: usize, bias: usize, output: usize, outH: i32, outW: i32,
  padTop: i32, padLeft: i32, activation: i32, activationA: f32, activationB: f32, scratch: usize,
): void {
  const tiles = stride == 1 && outH > 1 && (outW > 16 ? h * w >= LARGE_IMAGE && channels * h * w >= LARGE_INPUT : outW > 12)
  const table = scratch, zeros = table + TABLE_BYTES
  const zeroBytes = tiles ? ZERO_BYTES + (<usize>outW << 2) : ZERO_BYTES
  for (let i: usize = 0; i < zeroBytes; i += 16) v128.store(zeros + i, f32x4.splat(0))
  const clip = activation == CLIP
  const lo = f32x4.splat(clip ? activationA : -Infinity), hi = f32x4.splat(clip ? activationB : Infinity)
  const inputBytes = <usize>(h * w) << 2, outputBytes = <usize>(outH * outW) << 2, chunk = max(CHUNK / outW, 2)
  for (let q = 0; q < channels; q++, input += inputBytes, output += outputBytes, weights += 36) {
    const start = bias ? v128.load32_splat(bias + (<usize>q << 2)) : f32x4.splat(0)
    if (tiles) {
      splatTaps(weights, table)
      if (activation == RELU) tiles1<Relu>(input, h, w, padTop, padLeft, zeros, table, table, start, output, outH, outW, lo, hi)
      else tiles1<Limits>(input, h, w, padTop, padLeft, zeros, table, table, start, output, outH, outW, lo, hi)
    } else if (stride == 1) {
      if (activation == RELU) channel1<Relu>(input, h, w, padTop, padLeft, zeros, weights, start, output, outH, outW, lo, hi)
      else channel1<Limits>(input, h, w, padTop, padLeft, zeros, weights, start, output, outH, outW, lo, hi)
    } else if (activation == RELU) channel2<Relu>(chunk, input, h, w, padTop, padLeft, zeros, weights, start, output, outH, outW, lo, hi)
    else channel2<Limits>(chunk, input, h, w, padTop, padLeft, zeros, weights, start, output, outH, outW, lo, hi)
    if (activation > RELU && !clip) activate(activation, output, output, outH * outW, activationA, activationB)
  }
}
