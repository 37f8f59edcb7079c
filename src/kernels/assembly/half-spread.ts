// Spreading in half precision: what deconvolutions add up to the places under a kernel, every addition with one rounding to float16.
// Otherwise as spread.ts. Numbers are float32 that float16 holds.
import { addOnce, addProductOnce } from './half-rounding'
import { storeLanes } from './lanes'
import { exchangeRemainders, findRuns, remainderBytes, RUN_BYTES } from './spread'

/** target[i] += source[i] */
// @ts-ignore: decorator
@inline
function addRun(source: usize, target: usize, n: i32): void {
  for (; n > 0; n -= 4, source += 16, target += 16) storeLanes(target, addOnce(v128.load(target), v128.load(source)), n)
}

/** target[i] += weight * source[i] */
// @ts-ignore: decorator
@inline
function addWeighedRun(source: usize, target: usize, n: i32, weight: v128): void {
  for (; n > 0; n -= 4, source += 16, target += 16) {
    storeLanes(target, addProductOnce(v128.load(target), weight, v128.load(source)), n)
  }
}

export function halfSpread(
  source: usize, channels: i32, channelStride: i32, tapStride: i32, weights: usize, h: i32, w: i32, target: usize, outH: i32,
  outW: i32, kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32, top: i32, left: i32, scratch: usize,
): void {
  const runs = scratch, remainders = scratch + <usize>(kernelW * <i32>RUN_BYTES + 15 & ~15), step = <usize>remainderBytes(outW, strideW)
  findRuns(runs, w, outW, kernelW, strideW, dilationW, left)
  const taps = kernelH * kernelW, rowBytes = <usize>w << 2
  const channelBytes = <usize>channelStride << 2, tapBytes = <usize>tapStride << 2
  for (let q = 0; q < channels; q++, source += channelBytes, weights += weights ? <usize>taps << 2 : 0) {
    for (let oy = 0; oy < outH; oy++, target += <usize>outW << 2) {
      const sums = strideW > 1 ? remainders : target
      let untouched = true
      for (let i = 0; i < kernelH; i++) {
        const ky = weights ? kernelH - 1 - i : i
        const place = oy + top - ky * dilationH, y = place / strideH
        if (place < 0 || y * strideH != place || y >= h) continue
        if (untouched && strideW > 1) exchangeRemainders(target, remainders, step, outW, strideW, false)
        untouched = false
        for (let j = 0; j < kernelW; j++) {
          const kx = weights ? kernelW - 1 - j : j, run = runs + <usize>kx * RUN_BYTES
          const tap = <usize>(ky * kernelW + kx), to = sums + load<u32>(run, 4), n = load<i32>(run, 8)
          const from = source + tap * tapBytes + <usize>y * rowBytes + load<u32>(run)
          if (!weights) {
            addRun(from, to, n)
            continue
          }
          addWeighedRun(from, to, n, v128.load32_splat(weights + (tap << 2)))
        }
      }
      if (!untouched && strideW > 1) exchangeRemainders(target, remainders, step, outW, strideW, true)
    }
  }
}
