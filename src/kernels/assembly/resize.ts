// Resizing images: every element is a weighted sum of a few consecutive elements along w, of which then along h.
//
// Rows are made a few at a time, so that places and weights are loaded once for all of them, and wait in a ring of as many as one row of
// the result can need. Weights are [count][length]: one vector has those of neighbouring results.
import { mulHalf, roundHalf } from './half-rounding'
import { step } from './half-sums'
import { storeFirst } from './lanes'
import { madd } from './madd'
import { copyFloats, roundToHalf } from './memory'

/** What is rounded to float16: nothing, each step, or each sum, other than those of two rows in whole vectors of eight. */
const EACH_STEP: i32 = 1
const EACH_SUM: i32 = 2

/** Rows that are made together. */
const BLOCK_ROWS: i32 = 4
/** Rows in the ring, a power of two: four that are read at a time, and those that are made with the last of them. */
const RING_ROWS: i32 = 8

// @ts-ignore: decorator
@inline
function ringRowBytes(outW: i32): usize {
  return <usize>((outW + 3) & ~3) << 2
}

export function resizeScratchBytes(outW: i32): i32 {
  return <i32>ringRowBytes(outW) * RING_ROWS + 64
}

// Four neighbouring results of one row, from the places p0 ... p3 on; classes, for the reason given in activation.ts.

class Nearest {
  @inline sum(p0: usize, p1: usize, p2: usize, p3: usize, w0: v128, w1: v128, w2: v128, w3: v128): v128 {
    return v128.load32_lane(p3, v128.load32_lane(p2, v128.load32_lane(p1, v128.load32_zero(p0), 1), 2), 3)
  }
}

class Linear {
  @inline sum(p0: usize, p1: usize, p2: usize, p3: usize, w0: v128, w1: v128, w2: v128, w3: v128): v128 {
    const a = v128.load64_lane(p1, v128.load64_zero(p0), 1), b = v128.load64_lane(p3, v128.load64_zero(p2), 1)
    return madd(f32x4.mul(i32x4.shuffle(a, b, 0, 2, 4, 6), w0), i32x4.shuffle(a, b, 1, 3, 5, 7), w1)
  }
}

class Cubic {
  @inline sum(p0: usize, p1: usize, p2: usize, p3: usize, w0: v128, w1: v128, w2: v128, w3: v128): v128 {
    const a = v128.load(p0), b = v128.load(p1), c = v128.load(p2), d = v128.load(p3)
    const ab = i32x4.shuffle(a, b, 0, 4, 1, 5), cd = i32x4.shuffle(c, d, 0, 4, 1, 5)
    const v = madd(f32x4.mul(i64x2.shuffle(ab, cd, 0, 2), w0), i64x2.shuffle(ab, cd, 1, 3), w1)
    const ef = i32x4.shuffle(a, b, 2, 6, 3, 7), gh = i32x4.shuffle(c, d, 2, 6, 3, 7)
    return madd(madd(v, i64x2.shuffle(ef, gh, 0, 2), w2), i64x2.shuffle(ef, gh, 1, 3), w3)
  }
}

/** In half precision every sum is rounded to float16. */
class HalfLinear {
  @inline sum(p0: usize, p1: usize, p2: usize, p3: usize, w0: v128, w1: v128, w2: v128, w3: v128): v128 {
    const a = v128.load64_lane(p1, v128.load64_zero(p0), 1), b = v128.load64_lane(p3, v128.load64_zero(p2), 1)
    return step(mulHalf(i32x4.shuffle(a, b, 0, 2, 4, 6), w0), i32x4.shuffle(a, b, 1, 3, 5, 7), w1)
  }
}

class HalfCubic {
  @inline sum(p0: usize, p1: usize, p2: usize, p3: usize, w0: v128, w1: v128, w2: v128, w3: v128): v128 {
    const a = v128.load(p0), b = v128.load(p1), c = v128.load(p2), d = v128.load(p3)
    const ab = i32x4.shuffle(a, b, 0, 4, 1, 5), cd = i32x4.shuffle(c, d, 0, 4, 1, 5)
    const v = step(mulHalf(i64x2.shuffle(ab, cd, 0, 2), w0), i64x2.shuffle(ab, cd, 1, 3), w1)
    const ef = i32x4.shuffle(a, b, 2, 6, 3, 7), gh = i32x4.shuffle(c, d, 2, 6, 3, 7)
    return step(step(v, i64x2.shuffle(ef, gh, 0, 2), w2), i64x2.shuffle(ef, gh, 1, 3), w3)
  }
}

/** `rows` rows of at least four results; the last vector overlaps its neighbour. */
function resampleRows<F>(
  source: usize, rowBytes: usize, rows: i32, target: usize, targetBytes: usize, outW: i32, count: i32, first: usize, weight: usize,
): void {
  const f = changetype<F>(0), between = <usize>outW << 2
  let x: usize = 0
  const last = <usize>(outW - 4) << 2
  while (true) {
    let p0 = source + (<usize>load<u32>(first + x) << 2), p1 = source + (<usize>load<u32>(first + x, 4) << 2)
    let p2 = source + (<usize>load<u32>(first + x, 8) << 2), p3 = source + (<usize>load<u32>(first + x, 12) << 2)
    const w = weight + x, w0 = v128.load(w)
    const w1 = count > 1 ? v128.load(w + between) : w0
    const w2 = count > 2 ? v128.load(w + 2 * between) : w0, w3 = count > 2 ? v128.load(w + 3 * between) : w0
    let to = target + x
    for (let r = rows; r > 0; r--, to += targetBytes) {
      v128.store(to, f.sum(p0, p1, p2, p3, w0, w1, w2, w3))
      p0 += rowBytes, p1 += rowBytes, p2 += rowBytes, p3 += rowBytes
    }
    if (x == last) return
    x = min(x + 16, last)
  }
}

/** The same for any count and width, one result at a time. */
function resampleRowsPlain(
  source: usize, rowBytes: usize, rows: i32, target: usize, targetBytes: usize, outW: i32, count: i32, first: usize, weight: usize,
  half: i32,
): void {
  for (; rows > 0; rows--, source += rowBytes, target += targetBytes) {
    for (let x = 0; x < outW; x++) {
      const at = <usize>x << 2, p = source + (<usize>load<u32>(first + at) << 2)
      let v = f32x4.mul(v128.load32_zero(p), v128.load32_zero(weight + at))
      if (half == EACH_STEP) v = roundHalf(v)
      for (let k = 1; k < count; k++) {
        const a = v128.load32_zero(p + (<usize>k << 2)), w = v128.load32_zero(weight + (<usize>(k * outW) << 2) + at)
        v = half == EACH_STEP ? step(v, a, w) : madd(v, a, w)
      }
      v128.store32_lane(target + at, v, 0)
    }
  }
}

/** One row of the result from `count` rows of the ring. */
function blendRows(ring: usize, rowBytes: usize, row: i32, count: i32, weight: usize, between: usize, target: usize, n: i32): void {
  const r0 = ring + <usize>(row & (RING_ROWS - 1)) * rowBytes
  if (count == 1) return copyFloats(r0, target, n)
  const r1 = ring + <usize>((row + 1) & (RING_ROWS - 1)) * rowBytes, r2 = ring + <usize>((row + 2) & (RING_ROWS - 1)) * rowBytes
  const r3 = ring + <usize>((row + 3) & (RING_ROWS - 1)) * rowBytes
  const w0 = v128.load32_splat(weight), w1 = v128.load32_splat(weight + between)
  const w2 = count > 2 ? v128.load32_splat(weight + 2 * between) : w0, w3 = count > 3 ? v128.load32_splat(weight + 3 * between) : w0
  for (let x: usize = 0; n > 0; n -= 4, x += 16) {
    let v = madd(f32x4.mul(v128.load(r0 + x), w0), v128.load(r1 + x), w1)
    if (count > 2) v = madd(v, v128.load(r2 + x), w2)
    if (count > 3) v = madd(v, v128.load(r3 + x), w3)
    if (n >= 4) v128.store(target + x, v)
    else storeFirst(target + x, v, n)
  }
}

/** The same in half precision. */
function blendHalves(ring: usize, rowBytes: usize, row: i32, count: i32, weight: usize, between: usize, target: usize, n: i32): void {
  const r0 = ring + <usize>(row & (RING_ROWS - 1)) * rowBytes
  if (count == 1) return copyFloats(r0, target, n)
  for (let x: usize = 0; n > 0; n -= 4, x += 16) {
    let v = mulHalf(v128.load(r0 + x), v128.load32_splat(weight))
    for (let k = 1; k < count; k++) {
      const r = ring + <usize>((row + k) & (RING_ROWS - 1)) * rowBytes
      v = step(v, v128.load(r + x), v128.load32_splat(weight + <usize>k * between))
    }
    if (n >= 4) v128.store(target + x, v)
    else storeFirst(target + x, v, n)
  }
}

export function resize(
  input: usize, channels: i32, h: i32, w: i32, output: usize, outH: i32, outW: i32,
  countH: i32, firstH: usize, weightH: usize, countW: i32, firstW: usize, weightW: usize, half: i32, scratch: usize,
): void {
  const rowBytes = <usize>w << 2, outBytes = <usize>outW << 2, ringBytes = ringRowBytes(outW)
  for (let q = 0; q < channels; q++, input += <usize>h * rowBytes) {
    let done = 0
    for (let y = 0; y < outH; y++, output += outBytes) {
      const row = load<i32>(firstH + (<usize>y << 2)), end = row + countH
      if (row > done) done = row
      while (done < end) {
        const slot = done & (RING_ROWS - 1)
        const rows = min(min(outH < h ? end - done : BLOCK_ROWS, h - done), RING_ROWS - slot)
        const from = input + <usize>done * rowBytes, to = scratch + <usize>slot * ringBytes
        if (outW < 4 || countW == 3) {
          resampleRowsPlain(from, rowBytes, rows, to, ringBytes, outW, countW, firstW, weightW, half)
        } else if (countW == 1) resampleRows<Nearest>(from, rowBytes, rows, to, ringBytes, outW, countW, firstW, weightW)
        else if (half == EACH_STEP) {
          if (countW == 2) resampleRows<HalfLinear>(from, rowBytes, rows, to, ringBytes, outW, countW, firstW, weightW)
          else resampleRows<HalfCubic>(from, rowBytes, rows, to, ringBytes, outW, countW, firstW, weightW)
        } else if (countW == 2) resampleRows<Linear>(from, rowBytes, rows, to, ringBytes, outW, countW, firstW, weightW)
        else resampleRows<Cubic>(from, rowBytes, rows, to, ringBytes, outW, countW, firstW, weightW)
        if (half == EACH_SUM) for (let r: usize = 0; r < <usize>rows; r++) roundToHalf(to + r * ringBytes, outW)
        done += rows
      }
      const weights = weightH + (<usize>y << 2), between = <usize>outH << 2
      const halves = half == EACH_STEP ? outW : half == EACH_SUM && countH == 2 ? outW & ~7 : 0
      if (halves > 0) blendHalves(scratch, ringBytes, row, countH, weights, between, output, halves)
      const rest = <usize>halves << 2
      if (halves < outW) blendRows(scratch + rest, ringBytes, row, countH, weights, between, output + rest, outW - halves)
    }
  }
}
