// Depthwise convolution of 3x3 with stride 1 or 2 and a border of at most one zero, straight from the image.
//
// Four neighbouring outputs are computed down a whole column at a time: every input row is loaded once and serves the output rows
// around it. Rows of the border are read from a few zeros; its columns are masked away, which only the first and last outputs need.
//
// V8 would sink sums that are not finished to where they are needed, each then a chain of nine, and hoist more loads than there are
// registers: ways out that are never taken, but would use the sums, prevent both.
import { activate, CLIP, RELU } from './activation'
import { Limits, Relu } from './clamps'
import { madd } from './madd'

/** Bytes of zeros that stand for a row of the border, of which four outputs are computed at a time. */
const ZERO_BYTES: usize = 64

/** From so many pixels on an image with stride 2 is read row by row: it is not in the first-level cache anyway. */
const LARGE_IMAGE: i32 = 8192

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

// The inputs under the left, middle and right tap of four outputs, `p` being where the first of them begins.

// @ts-ignore: decorator
@inline
function left(p: usize, stride: i32, edge: bool, mask: v128): v128 {
  return masked(stride == 1 ? v128.load(p) : i32x4.shuffle(v128.load(p), v128.load(p, 16), 0, 2, 4, 6), edge, mask)
}

// @ts-ignore: decorator
@inline
function middle(p: usize, stride: i32): v128 {
  return stride == 1 ? v128.load(p, 4) : i32x4.shuffle(v128.load(p), v128.load(p, 16), 1, 3, 5, 7)
}

// @ts-ignore: decorator
@inline
function right(p: usize, stride: i32, edge: bool, mask: v128): v128 {
  return masked(stride == 1 ? v128.load(p, 8) : i32x4.shuffle(v128.load(p, 8), v128.load(p, 24), 0, 2, 4, 6), edge, mask)
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
  let a = left(p, 1, edge, leftMask), b = middle(p, 1), c = right(p, 1, edge, rightMask)
  let first = madd(madd(madd(start, w0, a), w1, b), w2, c)
  p = padTop ? image : image + inBytes
  a = left(p, 1, edge, leftMask), b = middle(p, 1), c = right(p, 1, edge, rightMask)
  let second = madd(madd(madd(first, w3, a), w4, b), w5, c)
  first = madd(madd(madd(start, w0, a), w1, b), w2, c)
  // Rows whose last inputs are in the image; then the one that ends in the border, if there is one.
  const last = out + <usize>outH * outBytes
  let delta = inBytes, end = out + <usize>min(outH, h + padTop - 2) * outBytes
  while (true) {
    for (; out < end; out += outBytes) {
      p += delta
      a = left(p, 1, edge, leftMask), b = middle(p, 1), c = right(p, 1, edge, rightMask)
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

/** One column of vectors of outputs with stride 2. */
// @ts-ignore: decorator
@inline
function column2<F>(
  edge: bool, image: usize, h: i32, inBytes: usize, padTop: i32, zeros: usize, weights: usize, start: v128,
  out: usize, outH: i32, outBytes: usize, leftMask: v128, rightMask: v128, lo: v128, hi: v128,
): void {
  const f = changetype<F>(0)
  const w0 = v128.load32_splat(weights), w1 = v128.load32_splat(weights, 4), w2 = v128.load32_splat(weights, 8)
  const w3 = v128.load32_splat(weights, 12), w4 = v128.load32_splat(weights, 16), w5 = v128.load32_splat(weights, 20)
  const w6 = v128.load32_splat(weights, 24), w7 = v128.load32_splat(weights, 28), w8 = v128.load32_splat(weights, 32)
  let p = padTop ? zeros : image
  let a = left(p, 2, edge, leftMask), b = middle(p, 2), c = right(p, 2, edge, rightMask)
  let v = madd(madd(madd(start, w0, a), w1, b), w2, c)
  p = padTop ? image : image + inBytes
  const last = out + <usize>outH * outBytes
  let delta = inBytes, end = out + <usize>min(outH, (h + padTop - 1) >> 1) * outBytes
  while (true) {
    for (; out < end; out += outBytes) {
      a = left(p, 2, edge, leftMask), b = middle(p, 2), c = right(p, 2, edge, rightMask)
      v = madd(madd(madd(v, w3, a), w4, b), w5, c)
      p += delta
      if (!p) return v128.store(out, v)
      a = left(p, 2, edge, leftMask), b = middle(p, 2), c = right(p, 2, edge, rightMask)
      v128.store(out, f.apply(madd(madd(madd(v, w6, a), w7, b), w8, c), lo, hi))
      v = madd(madd(madd(start, w0, a), w1, b), w2, c)
      p += inBytes
      if (!p) return v128.store(out, v)
    }
    if (end == last) break
    end = last
    delta = zeros - p
  }
}

/** Where row y of an image begins, or the zeros that stand for one outside of it. */
// @ts-ignore: decorator
@inline
function rowOr(zeros: usize, image: usize, y: i32, h: i32, rowBytes: usize): usize {
  return <u32>y < <u32>h ? image + <usize>y * rowBytes : zeros
}

/**
 * One channel with stride 2 by two rows of outputs at a time, from left to right: five rows of inputs, of which one serves both. In this
 * order a large image arrives at the speed of memory. The last two rows overlap their neighbours.
 */
function rows2<F>(
  input: usize, h: i32, w: i32, padTop: i32, padLeft: i32, zeros: usize, weights: usize, start: v128,
  output: usize, outH: i32, outW: i32, lo: v128, hi: v128,
): void {
  const f = changetype<F>(0), all = i32x4.splat(-1)
  const w0 = v128.load32_splat(weights), w1 = v128.load32_splat(weights, 4), w2 = v128.load32_splat(weights, 8)
  const w3 = v128.load32_splat(weights, 12), w4 = v128.load32_splat(weights, 16), w5 = v128.load32_splat(weights, 20)
  const w6 = v128.load32_splat(weights, 24), w7 = v128.load32_splat(weights, 28), w8 = v128.load32_splat(weights, 32)
  const inBytes = <usize>w << 2, outBytes = <usize>outW << 2, last = outW - 4, image = input - (<usize>padLeft << 2)
  const firstMask = padLeft ? i32x4(0, -1, -1, -1) : all, lastMask = overhang(w, outW, 2, padLeft) > 0 ? i32x4(-1, -1, -1, 0) : all
  let a: v128, b: v128, c: v128, v: v128, u: v128
  for (let row = 0; row < outH; row += 2) {
    const first = min(row, outH - 2), y = 2 * first - padTop, out = output + <usize>first * outBytes
    const r0 = rowOr(zeros, image, y, h, inBytes), r1 = rowOr(zeros, image, y + 1, h, inBytes), r2 = rowOr(zeros, image, y + 2, h, inBytes)
    const r3 = rowOr(zeros, image, y + 3, h, inBytes), r4 = rowOr(zeros, image, y + 4, h, inBytes)
    let x = 0
    while (true) {
      const leftMask = x == 0 ? firstMask : all, rightMask = x == last ? lastMask : all
      let x8 = <usize>x << 3
      a = left(r0 + x8, 2, true, leftMask), b = middle(r0 + x8, 2), c = right(r0 + x8, 2, true, rightMask)
      v = madd(madd(madd(start, w0, a), w1, b), w2, c)
      if (x == -1) return v128.store(out, v)
      a = left(r1 + x8, 2, true, leftMask), b = middle(r1 + x8, 2), c = right(r1 + x8, 2, true, rightMask)
      v = madd(madd(madd(v, w3, a), w4, b), w5, c)
      if (x == -2) return v128.store(out, v)
      a = left(r2 + x8, 2, true, leftMask), b = middle(r2 + x8, 2), c = right(r2 + x8, 2, true, rightMask)
      v = madd(madd(madd(v, w6, a), w7, b), w8, c), u = madd(madd(madd(start, w0, a), w1, b), w2, c)
      if (x == -3) return v128.store(out, f32x4.add(v, u))
      a = left(r3 + x8, 2, true, leftMask), b = middle(r3 + x8, 2), c = right(r3 + x8, 2, true, rightMask)
      u = madd(madd(madd(u, w3, a), w4, b), w5, c)
      if (x == -4) return v128.store(out, f32x4.add(v, u))
      a = left(r4 + x8, 2, true, leftMask), b = middle(r4 + x8, 2), c = right(r4 + x8, 2, true, rightMask)
      u = madd(madd(madd(u, w6, a), w7, b), w8, c)
      v128.store(out + (<usize>x << 2), f.apply(v, lo, hi)), v128.store(out + outBytes + (<usize>x << 2), f.apply(u, lo, hi))
      if (x == last) break
      for (x += 4; x < last; x += 4) {
        x8 = <usize>x << 3
        a = left(r0 + x8, 2, false, leftMask), b = middle(r0 + x8, 2), c = right(r0 + x8, 2, false, rightMask)
        v = madd(madd(madd(start, w0, a), w1, b), w2, c)
        if (x == -5) return v128.store(out, v)
        a = left(r1 + x8, 2, false, leftMask), b = middle(r1 + x8, 2), c = right(r1 + x8, 2, false, rightMask)
        v = madd(madd(madd(v, w3, a), w4, b), w5, c)
        if (x == -6) return v128.store(out, v)
        a = left(r2 + x8, 2, false, leftMask), b = middle(r2 + x8, 2), c = right(r2 + x8, 2, false, rightMask)
        v = madd(madd(madd(v, w6, a), w7, b), w8, c), u = madd(madd(madd(start, w0, a), w1, b), w2, c)
        if (x == -7) return v128.store(out, f32x4.add(v, u))
        a = left(r3 + x8, 2, false, leftMask), b = middle(r3 + x8, 2), c = right(r3 + x8, 2, false, rightMask)
        u = madd(madd(madd(u, w3, a), w4, b), w5, c)
        if (x == -8) return v128.store(out, f32x4.add(v, u))
        a = left(r4 + x8, 2, false, leftMask), b = middle(r4 + x8, 2), c = right(r4 + x8, 2, false, rightMask)
        u = madd(madd(madd(u, w6, a), w7, b), w8, c)
        v128.store(out + (<usize>x << 2), f.apply(v, lo, hi)), v128.store(out + outBytes + (<usize>x << 2), f.apply(u, lo, hi))
      }
      x = last
    }
  }
}

/** All columns of one channel; the last four outputs overlap their neighbours. */
function channel<F>(
  stride: i32, input: usize, h: i32, w: i32, padTop: i32, padLeft: i32, zeros: usize, weights: usize, start: v128,
  output: usize, outH: i32, outW: i32, lo: v128, hi: v128,
): void {
  const all = i32x4.splat(-1), inBytes = <usize>w << 2, outBytes = <usize>outW << 2
  let x = 0
  while (true) {
    const begin = x * stride - padLeft, beyond = begin + 3 * stride + 2 >= w
    const image = input + (<isize>begin << 2), out = output + (<usize>x << 2)
    const leftMask = begin < 0 ? i32x4(0, -1, -1, -1) : all, rightMask = beyond ? i32x4(-1, -1, -1, 0) : all
    if (stride == 1) {
      if (begin < 0 || beyond) {
        column1<F>(true, image, h, inBytes, padTop, zeros, weights, start, out, outH, outBytes, leftMask, rightMask, lo, hi)
      } else column1<F>(false, image, h, inBytes, padTop, zeros, weights, start, out, outH, outBytes, all, all, lo, hi)
    } else if (begin < 0 || beyond) {
      column2<F>(true, image, h, inBytes, padTop, zeros, weights, start, out, outH, outBytes, leftMask, rightMask, lo, hi)
    } else column2<F>(false, image, h, inBytes, padTop, zeros, weights, start, out, outH, outBytes, all, all, lo, hi)
    if (x == outW - 4) return
    x = min(x + 4, outW - 4)
  }
}

export function depthwise3x3(
  stride: i32, input: usize, channels: i32, h: i32, w: i32, weights: usize, bias: usize, output: usize, outH: i32, outW: i32,
  padTop: i32, padLeft: i32, activation: i32, activationA: f32, activationB: f32, scratch: usize,
): void {
  const byRows = stride == 2 && h * w >= LARGE_IMAGE && outH > 1
  const zeroBytes = byRows ? (<usize>outW << 3) + ZERO_BYTES : ZERO_BYTES
  for (let i: usize = 0; i < zeroBytes; i += 16) v128.store(scratch + i, f32x4.splat(0))
  const clip = activation == CLIP
  const lo = f32x4.splat(clip ? activationA : -Infinity), hi = f32x4.splat(clip ? activationB : Infinity)
  const inputBytes = <usize>(h * w) << 2, outputBytes = <usize>(outH * outW) << 2
  for (let q = 0; q < channels; q++, input += inputBytes, output += outputBytes, weights += 36) {
    const start = bias ? v128.load32_splat(bias + (<usize>q << 2)) : f32x4.splat(0)
    if (byRows) {
      if (activation == RELU) rows2<Relu>(input, h, w, padTop, padLeft, scratch, weights, start, output, outH, outW, lo, hi)
      else rows2<Limits>(input, h, w, padTop, padLeft, scratch, weights, start, output, outH, outW, lo, hi)
    } else if (activation == RELU) {
      channel<Relu>(stride, input, h, w, padTop, padLeft, scratch, weights, start, output, outH, outW, lo, hi)
    } else channel<Limits>(stride, input, h, w, padTop, padLeft, scratch, weights, start, output, outH, outW, lo, hi)
    if (activation > RELU && !clip) activate(activation, output, output, outH * outW, activationA, activationB)
  }
}
