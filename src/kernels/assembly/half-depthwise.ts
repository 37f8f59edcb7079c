// Depthwise convolution in half precision: the products of a filter are added to the bias one by one, each sum rounded to float16.
import { packPatches } from './convolution'
import { overflowHalf } from './half-rounding'
import { step } from './half-sums'
import { storeLanes } from './lanes'

/** Panels of 8 outputs that are computed side by side. */
const PANELS: i32 = 4

export function halfDepthwiseScratchBytes(kernelH: i32, kernelW: i32): i32 {
  return PANELS * kernelH * kernelW * 32
}

/** In column `slipped` of the outputs the last taps of the second and third row of a 3x3 filter read what the first row's reads. */
function slip(panel: usize, p0: i32, lanes: i32, outW: i32, slipped: i32): void {
  for (let lane = 0; lane < lanes; lane++, panel += 4) {
    if ((p0 + lane) % outW != slipped) continue
    const value = load<f32>(panel, 2 * 32)
    store<f32>(panel, value, 5 * 32)
    store<f32>(panel, value, 8 * 32)
  }
}

export function halfDepthwise(
  input: usize, channels: i32, h: i32, w: i32, weights: usize, bias: usize, output: usize, outH: i32, outW: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32, padTop: i32, padLeft: i32, padValue: f32,
  slipped: i32, scratch: usize,
): void {
  const taps = kernelH * kernelW, n = outH * outW
  const channelStep = <usize>(h * w) << 2, panelBytes = <usize>taps << 5, pad = f32x4.splat(padValue)
  const p1 = panelBytes, p2 = 2 * panelBytes, p3 = 3 * panelBytes
  for (; channels > 0; channels--, input += channelStep, weights += <usize>taps << 2) {
    const start = bias ? v128.load32_splat(bias) : f32x4.splat(0)
    if (bias) bias += 4
    for (let j = 0; j < n; j += 8 * PANELS) {
      const columns = min(n - j, 8 * PANELS)
      for (let first = 0; first < columns; first += 8) {
        const panel = scratch + <usize>(first >> 3) * panelBytes, lanes = min(columns - first, 8)
        packPatches(
          panel, 8, input, channelStep, 1, h, w, j + first, lanes, outW,
          0, taps, kernelH, kernelW, strideH, strideW, dilationH, dilationW, padTop, padLeft, pad,
        )
        if (slipped >= 0) slip(panel, j + first, lanes, outW, slipped)
      }
      let c0 = start, c1 = start, c2 = start, c3 = start, c4 = start, c5 = start, c6 = start, c7 = start
      let p = scratch
      for (let t = weights, end = weights + (<usize>taps << 2); t < end; t += 4, p += 32) {
        const v = v128.load32_splat(t)
        c0 = step(c0, v, v128.load(p)), c1 = step(c1, v, v128.load(p, 16))
        c2 = step(c2, v, v128.load(p + p1)), c3 = step(c3, v, v128.load(p + p1, 16))
        c4 = step(c4, v, v128.load(p + p2)), c5 = step(c5, v, v128.load(p + p2, 16))
        c6 = step(c6, v, v128.load(p + p3)), c7 = step(c7, v, v128.load(p + p3, 16))
      }
      const c = output + (<usize>j << 2)
      storeLanes(c, overflowHalf(c0), columns)
      if (columns > 4) storeLanes(c + 16, overflowHalf(c1), columns - 4)
      if (columns > 8) storeLanes(c + 32, overflowHalf(c2), columns - 8)
      if (columns > 12) storeLanes(c + 48, overflowHalf(c3), columns - 12)
      if (columns > 16) storeLanes(c + 64, overflowHalf(c4), columns - 16)
      if (columns > 20) storeLanes(c + 80, overflowHalf(c5), columns - 20)
      if (columns > 24) storeLanes(c + 96, overflowHalf(c6), columns - 24)
      if (columns > 28) storeLanes(c + 112, overflowHalf(c7), columns - 28)
    }
    output += <usize>n << 2
  }
}
