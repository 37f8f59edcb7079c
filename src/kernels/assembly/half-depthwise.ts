// Depthwise convolution in half precision: the products of a filter are added to the bias one by one, each sum rounded to float16.
import { packPatches } from './convolution'
import { overflowHalf, ROUNDING, stepBy } from './half-rounding'
import { step } from './half-sums'
import { storeLanes } from './lanes'

/** Panels of 8 outputs that are computed side by side. */
const PANELS: i32 = 4

/** Floats of a row of the padded image, from which whole vectors are read beyond the last output. */
function paddedWidth(outW: i32, kernelW: i32, strideW: i32, dilationW: i32): i32 {
  return (outW + 15) * strideW + (kernelW - 1) * dilationW + 8
}

// @ts-ignore: decorator
@inline
function paddedHeight(outH: i32, kernelH: i32, strideH: i32, dilationH: i32): i32 {
  return (outH - 1) * strideH + (kernelH - 1) * dilationH + 1
}

/** Images of more floats than these are not copied with their padding, but patch by patch. */
const MOST_PADDED: i32 = 1 << 22

// @ts-ignore: decorator
@inline
function isCopied(outH: i32, outW: i32, kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32): bool {
  if (strideW > 2) return false
  return <f64>paddedHeight(outH, kernelH, strideH, dilationH) * <f64>paddedWidth(outW, kernelW, strideW, dilationW) <= <f64>MOST_PADDED
}

export function halfDepthwiseScratchBytes(
  outH: i32, outW: i32, kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32,
): i32 {
  if (!isCopied(outH, outW, kernelH, kernelW, strideH, strideW, dilationH, dilationW)) return PANELS * kernelH * kernelW * 32
  return paddedHeight(outH, kernelH, strideH, dilationH) * paddedWidth(outW, kernelW, strideW, dilationW) << 2
}

/** Copies a channel with `padValue` around it. */
function copyPadded(
  image: usize, h: i32, w: i32, padTop: i32, padLeft: i32, padValue: f32, target: usize, height: i32, width: i32,
): void {
  const pad = f32x4.splat(padValue)
  const first = min(max(padLeft, 0), width), skipped = max(-padLeft, 0)
  const count = max(min(w - skipped, width - first), 0)
  for (let row = 0; row < height; row++, target += <usize>width << 2) {
    const y = row - padTop
    for (let x = 0; x < width; x += 4) storeLanes(target + (<usize>x << 2), pad, width - x)
    if (<u32>y < <u32>h) memory.copy(target + (<usize>first << 2), image + (<usize>(y * w + skipped) << 2), <usize>count << 2)
  }
}

/** Four neighbouring outputs' inputs under a tap. */
// @ts-ignore: decorator
@inline
function tap4(p: usize, stride: i32): v128 {
  return stride == 1 ? v128.load(p) : i32x4.shuffle(v128.load(p), v128.load(p, 16), 0, 2, 4, 6)
}

/** One output of column `slipped` of a 3x3 filter. */
function slippedOutput(p: usize, rowStep: usize, tapStep: usize, weights: usize, start: v128): v128 {
  let sum = start
  for (let i = 0; i < 9; i++) {
    const row = i % 3 == 2 ? 0 : i / 3
    const tap = v128.load32_splat(p + <usize>row * rowStep + <usize>(i % 3) * tapStep)
    sum = step(sum, v128.load32_splat(weights + (<usize>i << 2)), tap)
  }
  return overflowHalf(sum)
}

/** One channel from its padded copy: sixteen outputs of a row at a time, or eight of two rows each, where they are as short. */
function paddedChannel(
  padded: usize, width: i32, weights: usize, start: v128, output: usize, outH: i32, outW: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32, slipped: i32,
): void {
  const mask = v128.load(ROUNDING), least = v128.load(ROUNDING, 16), shift = v128.load(ROUNDING, 32)
  const rowStep = <usize>(dilationH * width) << 2, tapStep = <usize>dilationW << 2, vector = <usize>strideW << 4
  const nextRow = <usize>(strideH * width) << 2, isShort = outW <= 8, rowBytes = <usize>outW << 2
  for (let y = 0; y < outH;) {
    const hasSecond = isShort && y + 1 < outH
    const other = isShort ? (hasSecond ? nextRow : 0) : 2 * vector
    for (let x = 0; x < outW; x += 16) {
      let c0 = start, c1 = start, c2 = start, c3 = start
      let row = padded + (<usize>(x * strideW) << 2), t = weights
      for (let ky = 0; ky < kernelH; ky++, row += rowStep) {
        let p = row
        for (let kx = 0; kx < kernelW; kx++, p += tapStep, t += 4) {
          const v = v128.load32_splat(t), q = p + other
          c0 = stepBy(c0, v, tap4(p, strideW), mask, least, shift), c1 = stepBy(c1, v, tap4(p + vector, strideW), mask, least, shift)
          c2 = stepBy(c2, v, tap4(q, strideW), mask, least, shift), c3 = stepBy(c3, v, tap4(q + vector, strideW), mask, least, shift)
        }
      }
      const c = output + (<usize>x << 2), left = outW - x
      storeLanes(c, overflowHalf(c0), left)
      if (left > 4) storeLanes(c + 16, overflowHalf(c1), left - 4)
      if (isShort) {
        if (!hasSecond) continue
        storeLanes(c + rowBytes, overflowHalf(c2), left)
        if (left > 4) storeLanes(c + rowBytes + 16, overflowHalf(c3), left - 4)
        continue
      }
      if (left > 8) storeLanes(c + 32, overflowHalf(c2), left - 8)
      if (left > 12) storeLanes(c + 48, overflowHalf(c3), left - 12)
    }
    const rows = hasSecond ? 2 : 1
    y += rows
    for (let i = 0; i < rows; i++, padded += nextRow, output += rowBytes) {
      if (slipped < 0) continue
      const sum = slippedOutput(padded + (<usize>(slipped * strideW) << 2), rowStep, tapStep, weights, start)
      v128.store32_lane(output + (<usize>slipped << 2), sum, 0)
    }
  }
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
  const copied = isCopied(outH, outW, kernelH, kernelW, strideH, strideW, dilationH, dilationW)
  const width = paddedWidth(outW, kernelW, strideW, dilationW), height = paddedHeight(outH, kernelH, strideH, dilationH)
  const p1 = panelBytes, p2 = 2 * panelBytes, p3 = 3 * panelBytes
  for (; channels > 0; channels--, input += channelStep, weights += <usize>taps << 2) {
    const start = bias ? v128.load32_splat(bias) : f32x4.splat(0)
    if (bias) bias += 4
    if (copied) {
      copyPadded(input, h, w, padTop, padLeft, padValue, scratch, height, width)
      paddedChannel(
        scratch, width, weights, start, output, outH, outW, kernelH, kernelW, strideH, strideW, dilationH, dilationW, slipped,
      )
      output += <usize>n << 2
      continue
    }
    for (let j = 0; j < n; j += 8 * PANELS) {
      const columns = min(n - j, 8 * PANELS)
      packPatches(
        scratch, panelBytes, true, input, channelStep, 1, h, w, j, columns, outW,
        0, taps, kernelH, kernelW, strideH, strideW, dilationH, dilationW, padTop, padLeft, pad,
      )
      if (slipped >= 0) {
        for (let i = 0; i < columns; i += 8) slip(scratch + <usize>(i >> 3) * panelBytes, j + i, min(columns - i, 8), outW, slipped)
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
