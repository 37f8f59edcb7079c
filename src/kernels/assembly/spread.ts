// Spreading: every element of an image is added, weighed, to the places under a kernel. Deconvolution and Fold end so.
//
// The places that the taps of one row of the kernel reach with a stride are `stride` apart: a row of the result is taken apart into its
// remainders modulo the stride, where every tap of every input row adds neighbours to neighbours.
import { madd } from './madd'

// A run: what one tap in a row of the kernel adds to a row of the result. Byte offsets of its first element in the input row and in the
// remainders, and how many elements there are.
export const RUN_BYTES: usize = 12

// @ts-ignore: decorator
@inline
export function remainderBytes(outW: i32, strideW: i32): i32 {
  return ((outW - 1) / strideW + 4 & ~3) << 2
}

export function spreadScratchBytes(outW: i32, kernelW: i32, strideW: i32): i32 {
  return (kernelW * <i32>RUN_BYTES + 15 & ~15) + min(strideW, outW) * remainderBytes(outW, strideW) + 64
}

/** Finds the runs of the taps in a row of the kernel. */
export function findRuns(runs: usize, w: i32, outW: i32, kernelW: i32, strideW: i32, dilationW: i32, left: i32): void {
  const step = remainderBytes(outW, strideW)
  for (let kx = 0; kx < kernelW; kx++, runs += RUN_BYTES) {
    const shift = kx * dilationW - left
    // The first and the one behind the last element that come to lie within the row; sums could exceed 31 bits.
    const first = shift < 0 ? (-shift - 1) / strideW + 1 : 0
    const end = outW > shift ? min(<i32>(<u32>(outW - shift - 1) / <u32>strideW) + 1, w) : 0
    const x = first * strideW + shift
    store<i32>(runs, first << 2)
    store<i32>(runs, x % strideW * step + (x / strideW << 2), 4)
    store<i32>(runs, max(end - first, 0), 8)
  }
}

/** target[i] += source[i] */
// @ts-ignore: decorator
@inline
function addRun(source: usize, target: usize, n: i32): void {
  for (; n >= 4; n -= 4, source += 16, target += 16) v128.store(target, f32x4.add(v128.load(target), v128.load(source)))
  for (; n > 0; n--, source += 4, target += 4) store<f32>(target, load<f32>(target) + load<f32>(source))
}

/** target[i] += weight * source[i] */
// @ts-ignore: decorator
@inline
function addWeighedRun(source: usize, target: usize, n: i32, weight: v128): void {
  for (; n >= 4; n -= 4, source += 16, target += 16) {
    v128.store(target, madd(v128.load(target), weight, v128.load(source)))
  }
  for (; n > 0; n--, source += 4, target += 4) {
    v128.store32_lane(target, madd(v128.load32_zero(target), weight, v128.load32_zero(source)), 0)
  }
}

/** Takes a row apart into its remainders, or puts it together again. */
// @ts-ignore: decorator
@inline
export function exchangeRemainders(row: usize, remainders: usize, step: usize, outW: i32, strideW: i32, back: bool): void {
  let x = 0, p = row, q = remainders
  if (strideW == 2) {
    for (; x <= outW - 8; x += 8, p += 32, q += 16) {
      if (back) {
        const even = v128.load(q), odd = v128.load(q + step)
        v128.store(p, i32x4.shuffle(even, odd, 0, 4, 1, 5))
        v128.store(p, i32x4.shuffle(even, odd, 2, 6, 3, 7), 16)
      } else {
        const a = v128.load(p), b = v128.load(p, 16)
        v128.store(q, i32x4.shuffle(a, b, 0, 2, 4, 6))
        v128.store(q + step, i32x4.shuffle(a, b, 1, 3, 5, 7))
      }
    }
  }
  for (; x < outW; q += 4) {
    for (let r = q, i = 0; i < strideW && x < outW; i++, x++, r += step, p += 4) {
      if (back) store<f32>(p, load<f32>(r))
      else store<f32>(r, load<f32>(p))
    }
  }
}

export function spread(
  source: usize, channels: i32, channelStride: i32, tapStride: i32, weights: usize, d: i32, h: i32, w: i32, firstRow: i32, rowCount: i32,
  target: usize, outD: i32, outH: i32, outW: i32, kernelD: i32, kernelH: i32, kernelW: i32, strideD: i32, strideH: i32, strideW: i32,
  dilationD: i32, dilationH: i32, dilationW: i32, front: i32, top: i32, left: i32, scratch: usize,
): void {
  const runs = scratch, remainders = scratch + <usize>(kernelW * <i32>RUN_BYTES + 15 & ~15), step = <usize>remainderBytes(outW, strideW)
  findRuns(runs, w, outW, kernelW, strideW, dilationW, left)
  const rowBytes = <usize>w << 2, outBytes = <usize>outW << 2, tapBytes = <usize>tapStride << 2, taps = kernelD * kernelH * kernelW
  for (let q = 0; q < channels; q++, source += <usize>channelStride << 2) {
    for (let oz = 0; oz < outD; oz++) {
      for (let oy = 0; oy < outH; oy++, target += outBytes) {
        const sums = strideW > 1 ? remainders : target
        let untouched = true
        for (let kz = 0; kz < kernelD; kz++) {
          const placeZ = oz + front - kz * dilationD, z = placeZ / strideD
          if (placeZ < 0 || z * strideD != placeZ || z >= d) continue
          for (let ky = 0; ky < kernelH; ky++) {
            const placeY = oy + top - ky * dilationH, y = placeY / strideH, row = z * h + y - firstRow
            if (placeY < 0 || y * strideH != placeY || y >= h || <u32>row >= <u32>rowCount) continue
            if (untouched && strideW > 1) exchangeRemainders(target, remainders, step, outW, strideW, false)
            untouched = false
            let tap = (kz * kernelH + ky) * kernelW, run = runs
            for (const end = tap + kernelW; tap < end; tap++, run += RUN_BYTES) {
              const from = source + <usize>tap * tapBytes + <usize>row * rowBytes + load<u32>(run)
              const to = sums + load<u32>(run, 4), n = load<i32>(run, 8)
              if (weights) addWeighedRun(from, to, n, v128.load32_splat(weights + (<usize>tap << 2)))
              else addRun(from, to, n)
            }
          }
        }
        if (!untouched && strideW > 1) exchangeRemainders(target, remainders, step, outW, strideW, true)
      }
    }
    if (weights) weights += <usize>taps << 2
  }
}
