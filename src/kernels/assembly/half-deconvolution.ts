// Deconvolution in half precision without a matrix product: each sum takes its products one by one, with one rounding to float16 each. Sums are
// float64, which holds what is rounded, or a number so near to it that it is rounded alike: a sum of more than 53 bits has one part beside
// which the other one is nothing to a half, or is infinite as a half.

// A tap that reaches some of four outputs, which lie a stride apart: byte offsets of its weights and of the first one's input, and which of the
// outputs it reaches.
const TAP_BYTES: usize = 32
const WEIGHT: usize = 0
const INPUT: usize = 4
const REACHED: usize = 16

/** Lists, from the last one on, the taps that reach the outputs in a row from `x` on; gives where the list ends. */
function listTaps(
  list: usize, y: i32, x: i32, inputs: i32, h: i32, w: i32, kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32,
  top: i32, left: i32,
): usize {
  for (let ky = kernelH - 1; ky >= 0; ky--) {
    const placeH = y + top - ky * dilationH, row = placeH / strideH
    if (placeH < 0 || row * strideH != placeH || row >= h) continue
    for (let kx = kernelW - 1; kx >= 0; kx--) {
      const placeW = x + left - kx * dilationW, first = placeW / strideW
      if (first * strideW != placeW || first <= -4 || first >= w) continue
      store<i32>(list, (ky * kernelW + kx) * inputs << 5, WEIGHT)
      store<i32>(list, row * w + first << 2, INPUT)
      v128.store(list, i32x4.lt_u(i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3)), i32x4.splat(w)), REACHED)
      list += TAP_BYTES
    }
  }
  return list
}

/** As ROUNDING, for float64; nothing lies in the lower words, so that integers of 32 bits do. */
const ROUNDING_64 = memory.data<u64>([
  0x7ff0000000000000, 0x7ff0000000000000, 0x3f10000000000000, 0x3f10000000000000, 0x02a8000000000000, 0x02a8000000000000,
], 16)

/** The nearest half, ties to even; what is beyond the halves stays as it is. */
// @ts-ignore: decorator
@inline
function round(v: v128, mask: v128, least: v128, shift: v128): v128 {
  const magic = i32x4.add(i32x4.max_s(v128.and(v, mask), least), shift)
  return f64x2.sub(f64x2.add(v, magic), magic)
}

/** The last two of four floats in float64. */
// @ts-ignore: decorator
@inline
function highHalf(v: v128): v128 {
  return f64x2.promote_low_f32x4(i64x2.shuffle(v, v, 1, 1))
}

/** The eight vectors of sums go on as they may, infinite ones, too: two for each of four channels. */
function addCarefully(sums: usize, tap: usize, end: usize, image: usize, inputBytes: usize, factors: usize, block: i32): void {
  const mask = v128.load(ROUNDING_64), least = v128.load(ROUNDING_64, 16), shift = v128.load(ROUNDING_64, 32)
  const sign = i64x2.splat(0x8000000000000000), infinity = f64x2.splat(Infinity), limit = f64x2.splat(65520)
  for (; tap < end; tap += TAP_BYTES) {
    const reached = v128.load(tap, REACHED)
    let from = image + load<i32>(tap, INPUT), factor = factors + load<i32>(tap, WEIGHT)
    for (const last = factor + (<usize>block << 5); factor < last; factor += 32, from += inputBytes) {
      const x = v128.and(v128.load(from), reached)
      for (let i: usize = 0; i < 8; i++) {
        const high = (i & 1) != 0, sum = v128.load(sums + (i << 4))
        const v = f64x2.add(sum, f64x2.mul(v128.load64_splat(factor + ((i >> 1) << 3)), high ? highHalf(x) : f64x2.promote_low_f32x4(x)))
        const infinite = v128.or(v128.and(v, sign), infinity), beyond = f64x2.ge(f64x2.abs(v), limit)
        const rounded = v128.bitselect(infinite, round(v, mask, least, shift), beyond)
        // An infinite weight times the 0 that stands for no input is NaN.
        const here = high ? i64x2.extend_high_i32x4_s(reached) : i64x2.extend_low_i32x4_s(reached)
        v128.store(sums + (i << 4), v128.bitselect(rounded, sum, here))
      }
    }
  }
}

/** The weights of up to four channels in float64: [tap][input][4]. */
function packFour(weights: usize, count: i32, filter: usize, inputs: i32, filters: usize, taps: i32, packed: usize): void {
  for (; taps > 0; taps--, weights += 4) {
    let p = weights
    for (let n = inputs; n > 0; n--, p += filters, packed += 32) {
      for (let i = 0; i < 4; i++) store<f64>(packed + (<usize>i << 3), i < count ? <f64>load<f32>(p + <usize>i * filter) : 0)
    }
  }
}

/** The largest magnitude of n numbers; NaN if one is. */
function largest(p: usize, n: i32): f32 {
  let most = i32x4.splat(0)
  for (; n >= 4; n -= 4, p += 16) most = i32x4.max_u(most, i32x4.shl(v128.load(p), 1))
  for (; n > 0; n--, p += 4) most = i32x4.max_u(most, i32x4.shl(v128.load32_zero(p), 1))
  const two = max(<u32>i32x4.extract_lane(most, 0), <u32>i32x4.extract_lane(most, 1))
  return reinterpret<f32>(max(two, max(<u32>i32x4.extract_lane(most, 2), <u32>i32x4.extract_lane(most, 3))) >> 1)
}

/** The larger ones of two vectors' magnitudes. */
// @ts-ignore: decorator
@inline
function larger(a: v128, b: v128): v128 {
  return f64x2.pmax(f64x2.abs(a), f64x2.abs(b))
}

/** From here on a sum might become infinite within a calm unit of products. */
const LARGE: f64 = 32768

/** Whether so many products, none of them beyond `most`, and their roundings take a sum that is not {@link LARGE} to no more than 65504. */
function isCalm(most: f32, products: i32): bool {
  return products <= 512 && most * <f32>products < 8192
}

/** What sums of channel q begin with. */
// @ts-ignore: decorator
@inline
function startOf(target: usize, plane: usize, q: i32, count: i32): f64 {
  return q < count ? <f64>load<f32>(target + <usize>q * plane) : 0
}

/** Stores the sums of up to four outputs of a channel. */
// @ts-ignore: decorator
@inline
function storeApart(p: usize, step: usize, low: v128, high: v128, n: i32): void {
  const v = i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2)
  v128.store32_lane(p, v, 0)
  if (n > 1) v128.store32_lane(p + step, v, 1)
  if (n > 2) v128.store32_lane(p + 2 * step, v, 2)
  if (n > 3) v128.store32_lane(p + 3 * step, v, 3)
}

export function halfDeconvolution(
  source: usize, inputs: i32, block: i32, h: i32, w: i32, weights: usize, channels: i32, target: usize, outH: i32, outW: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32, top: i32, left: i32, scratch: usize,
): void {
  const plane = <usize>(outH * outW) << 2, taps = kernelH * kernelW, filter = <usize>taps << 2
  const inputBytes = <usize>(h * w) << 2, filters = filter * <usize>channels
  const apart = min(strideW, outW), step = <usize>apart << 2
  const sums = scratch, packed = scratch + 128, list = packed + (<usize>(inputs * taps) << 5)
  const mask = v128.load(ROUNDING_64), least = v128.load(ROUNDING_64, 16), shift = v128.load(ROUNDING_64, 32)
  // How far a product can move a sum, and how many products make a unit: all taps with a block of inputs, or one of them where that is too far.
  const most = largest(source, inputs * h * w) * largest(weights, inputs * channels * taps), all = block * taps
  const wide = isCalm(most, all), calm = wide || isCalm(most, block)
  // Two vectors of outputs for each of four channels: sums that do not wait for each other.
  for (let q = 0; q < channels; q += 4, target += 4 * plane, weights += 4 * filter) {
    const count = min(channels - q, 4)
    const start0 = startOf(target, plane, 0, count), start1 = startOf(target, plane, 1, count)
    const start2 = startOf(target, plane, 2, count), start3 = startOf(target, plane, 3, count)
    const quick = calm && abs(start0) < LARGE && abs(start1) < LARGE && abs(start2) < LARGE && abs(start3) < LARGE
    packFour(weights, count, filter, inputs, filters, taps, packed)
    for (let y = 0; y < outH; y++) {
      for (let r = 0; r < apart; r++) {
        for (let x = r, rest = (outW - 1 - r) / apart + 1; rest > 0; rest -= 4, x += 4 * apart) {
          const end = listTaps(list, y, x, inputs, h, w, kernelH, kernelW, strideH, strideW, dilationH, dilationW, top, left)
          let a0 = f64x2.splat(start0), a1 = f64x2.splat(start1), a2 = f64x2.splat(start2), a3 = f64x2.splat(start3)
          let b0 = a0, b1 = a1, b2 = a2, b3 = a3, image = source, factors = packed
          for (let first = 0; first < inputs; first += block) {
            for (let unit = list; unit < end;) {
              const next = wide ? end : unit + TAP_BYTES
              const magnitudes = f64x2.pmax(f64x2.pmax(larger(a0, b0), larger(a1, b1)), f64x2.pmax(larger(a2, b2), larger(a3, b3)))
              if (!quick || v128.any_true(f64x2.ge(magnitudes, f64x2.splat(LARGE)))) {
                v128.store(sums, a0), v128.store(sums, b0, 16), v128.store(sums, a1, 32), v128.store(sums, b1, 48)
                v128.store(sums, a2, 64), v128.store(sums, b2, 80), v128.store(sums, a3, 96), v128.store(sums, b3, 112)
                addCarefully(sums, unit, next, image, inputBytes, factors, block)
                a0 = v128.load(sums), b0 = v128.load(sums, 16), a1 = v128.load(sums, 32), b1 = v128.load(sums, 48)
                a2 = v128.load(sums, 64), b2 = v128.load(sums, 80), a3 = v128.load(sums, 96), b3 = v128.load(sums, 112)
                unit = next
                continue
              }
              for (; unit < next; unit += TAP_BYTES) {
                const reached = v128.load(unit, REACHED)
                let from = image + load<i32>(unit, INPUT), factor = factors + load<i32>(unit, WEIGHT)
                for (const last = factor + (<usize>block << 5); factor < last; factor += 32, from += inputBytes) {
                  // The ways out, which are never taken, keep V8 from loading the weights of all channels at once: it has fifteen registers.
                  const v = v128.and(v128.load(from), reached), low = f64x2.promote_low_f32x4(v), high = highHalf(v)
                  let weight = v128.load64_splat(factor)
                  a0 = round(f64x2.add(a0, f64x2.mul(weight, low)), mask, least, shift)
                  b0 = round(f64x2.add(b0, f64x2.mul(weight, high)), mask, least, shift)
                  if (block == -1) break
                  weight = v128.load64_splat(factor, 8)
                  a1 = round(f64x2.add(a1, f64x2.mul(weight, low)), mask, least, shift)
                  b1 = round(f64x2.add(b1, f64x2.mul(weight, high)), mask, least, shift)
                  if (block == -2) break
                  weight = v128.load64_splat(factor, 16)
                  a2 = round(f64x2.add(a2, f64x2.mul(weight, low)), mask, least, shift)
                  b2 = round(f64x2.add(b2, f64x2.mul(weight, high)), mask, least, shift)
                  if (block == -3) break
                  weight = v128.load64_splat(factor, 24)
                  a3 = round(f64x2.add(a3, f64x2.mul(weight, low)), mask, least, shift)
                  b3 = round(f64x2.add(b3, f64x2.mul(weight, high)), mask, least, shift)
                }
              }
            }
            image += <usize>block * inputBytes, factors += <usize>block << 5
          }
          const to = target + (<usize>(y * outW + x) << 2)
          storeApart(to, step, a0, b0, rest)
          if (count > 1) storeApart(to + plane, step, a1, b1, rest)
          if (count > 2) storeApart(to + 2 * plane, step, a2, b2, rest)
          if (count > 3) storeApart(to + 3 * plane, step, a3, b3, rest)
        }
      }
    }
  }
}
