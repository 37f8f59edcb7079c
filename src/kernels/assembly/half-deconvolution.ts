// Deconvolution in half precision without a matrix product: each sum takes its products one by one, with one rounding to float16 each.
// Numbers are float32 that float16 holds.
import { addProductOnce, ROUNDING } from './half-rounding'

// A tap that reaches some of eight outputs, which lie a stride apart: byte offsets of its weight and of the first one's input, and which of the
// outputs it reaches.
const TAP_BYTES: usize = 48
const WEIGHT: usize = 0
const INPUT: usize = 4
const LOW: usize = 16
const HIGH: usize = 32

/** Which of four numbers from `first` on are at least 0 and below n. */
// @ts-ignore: decorator
@inline
function within(first: i32, n: i32): v128 {
  return i32x4.lt_u(i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3)), i32x4.splat(n))
}

/** Lists, from the last one on, the taps that reach the outputs in a row from `x` on; gives where the list ends. */
function listTaps(
  list: usize, y: i32, x: i32, h: i32, w: i32, kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32,
  top: i32, left: i32,
): usize {
  for (let ky = kernelH - 1; ky >= 0; ky--) {
    const placeH = y + top - ky * dilationH, row = placeH / strideH
    if (placeH < 0 || row * strideH != placeH || row >= h) continue
    for (let kx = kernelW - 1; kx >= 0; kx--) {
      const placeW = x + left - kx * dilationW, first = placeW / strideW
      if (first * strideW != placeW || first <= -8 || first >= w) continue
      store<i32>(list, ky * kernelW + kx << 2, WEIGHT)
      store<i32>(list, row * w + first << 2, INPUT)
      v128.store(list + LOW, within(first, w)), v128.store(list + HIGH, within(first + 4, w))
      list += TAP_BYTES
    }
  }
  return list
}

/** sum + a b, rounded once, where the tap reaches the output. A call, as it is rare: in place it would take registers from the loop. */
function exactStep(sum: v128, a: v128, b: v128, reached: v128): v128 {
  // An infinite weight times the 0 that stands for no input is NaN.
  return v128.bitselect(addProductOnce(sum, a, b), sum, reached)
}

/** Less than the number that is added in order to round a sum, where that is half a unit of the last place away from the half. */
const TIE: i32 = 0x06c00000 + (11 << 23)
/** That number for sums from 2^15 on, which may overflow. */
const LARGE: i32 = 0x47000000 + 0x06c00000

// @ts-ignore: decorator
@inline
function storeApart(p: usize, step: usize, v: v128, n: i32): void {
  v128.store32_lane(p, v, 0)
  if (n > 1) v128.store32_lane(p + step, v, 1)
  if (n > 2) v128.store32_lane(p + 2 * step, v, 2)
  if (n > 3) v128.store32_lane(p + 3 * step, v, 3)
}

export function halfDeconvolution(
  source: usize, inputs: i32, block: i32, h: i32, w: i32, weights: usize, channels: i32, target: usize, outH: i32, outW: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32, top: i32, left: i32, scratch: usize,
): void {
  const plane = <usize>(outH * outW) << 2, filter = <usize>(kernelH * kernelW) << 2
  const inputBytes = <usize>(h * w) << 2, filters = filter * <usize>channels
  const apart = min(strideW, outW), step = <usize>apart << 2
  const mask = v128.load(ROUNDING), least = v128.load(ROUNDING, 16), shift = v128.load(ROUNDING, 32)
  const positive = i32x4.splat(0x7fffffff), tie = i32x4.splat(TIE), large = i32x4.splat(LARGE)
  // Two channels of eight outputs: sums that do not wait for each other.
  for (let q = 0; q < channels; q += 2, target += 2 * plane, weights += 2 * filter) {
    const hasSecond = q + 1 < channels, start = v128.load32_splat(target)
    const start2 = hasSecond ? v128.load32_splat(target + plane) : start, filter2 = hasSecond ? filter : 0
    for (let y = 0; y < outH; y++) {
      for (let r = 0; r < apart; r++) {
        for (let x = r, count = (outW - 1 - r) / apart + 1; count > 0; count -= 8, x += 8 * apart) {
          const end = listTaps(scratch, y, x, h, w, kernelH, kernelW, strideH, strideW, dilationH, dilationW, top, left)
          let a = start, b = start, a2 = start2, b2 = start2, image = source, factors = weights
          for (let first = 0; first < inputs; first += block) {
            for (let tap = scratch; tap < end; tap += TAP_BYTES) {
              const low = v128.load(tap + LOW), high = v128.load(tap + HIGH)
              let from = image + load<i32>(tap, INPUT), factor = factors + load<i32>(tap, WEIGHT)
              for (let p = 0; p < block; p++, from += inputBytes, factor += filters) {
                const v = v128.and(v128.load(from), low), u = v128.and(v128.load(from, 16), high)
                const weight = v128.load32_splat(factor), weight2 = v128.load32_splat(factor + filter2)
                // The float32 sum is rounded as the exact one is, unless it lies halfway between two halves.
                let s = f32x4.add(a, f32x4.mul(weight, v)), m = i32x4.add(i32x4.max_s(v128.and(s, mask), least), shift)
                const r0 = f32x4.sub(f32x4.add(s, m), m)
                let doubt = i32x4.eq(v128.and(f32x4.sub(s, r0), positive), i32x4.sub(m, tie)), most = m
                s = f32x4.add(b, f32x4.mul(weight, u)), m = i32x4.add(i32x4.max_s(v128.and(s, mask), least), shift)
                const r1 = f32x4.sub(f32x4.add(s, m), m)
                doubt = v128.or(doubt, i32x4.eq(v128.and(f32x4.sub(s, r1), positive), i32x4.sub(m, tie))), most = i32x4.max_u(most, m)
                s = f32x4.add(a2, f32x4.mul(weight2, v)), m = i32x4.add(i32x4.max_s(v128.and(s, mask), least), shift)
                const r2 = f32x4.sub(f32x4.add(s, m), m)
                doubt = v128.or(doubt, i32x4.eq(v128.and(f32x4.sub(s, r2), positive), i32x4.sub(m, tie))), most = i32x4.max_u(most, m)
                s = f32x4.add(b2, f32x4.mul(weight2, u)), m = i32x4.add(i32x4.max_s(v128.and(s, mask), least), shift)
                const r3 = f32x4.sub(f32x4.add(s, m), m)
                doubt = v128.or(doubt, i32x4.eq(v128.and(f32x4.sub(s, r3), positive), i32x4.sub(m, tie))), most = i32x4.max_u(most, m)
                if (v128.any_true(v128.or(doubt, i32x4.ge_u(most, large)))) {
                  a = exactStep(a, weight, v, low), b = exactStep(b, weight, u, high)
                  a2 = exactStep(a2, weight2, v, low), b2 = exactStep(b2, weight2, u, high)
                } else a = r0, b = r1, a2 = r2, b2 = r3
              }
            }
            image += <usize>block * inputBytes, factors += <usize>block * filters
          }
          const to = target + (<usize>(y * outW + x) << 2)
          storeApart(to, step, a, count)
          if (count > 4) storeApart(to + 4 * step, step, b, count - 4)
          if (!hasSecond) continue
          storeApart(to + plane, step, a2, count)
          if (count > 4) storeApart(to + plane + 4 * step, step, b2, count - 4)
        }
      }
    }
  }
}
