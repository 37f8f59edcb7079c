// Convolution as a matrix product: patches of the input are packed straight into the panels of B, no patch matrix is ever stored.
import { isClamp } from './activation'
import {
  activateRows, BLOCK_BYTES, COLUMN_BLOCK, DEPTH_BLOCK, gemmLeft, INITIAL_ACCUMULATE, INITIAL_ROW_BIAS, INITIAL_ZERO, multiplyPanels,
  panelWidth,
} from './gemm'
import { evens, odds } from './lanes'

/** Copies floats that lie next to each other in each of `count` channels: 4 or 8 of them. */
// @ts-ignore: decorator
@inline
function packRun(src: usize, channelStep: usize, dst: usize, step: usize, count: i32, lanes: i32): void {
  for (; count > 0; count--, src += channelStep, dst += step) {
    v128.store(dst, v128.load(src))
    if (lanes == 8) v128.store(dst, v128.load(src, 16), 16)
  }
}

/** Takes every second of 8 floats in each channel. */
function packEven(src: usize, channelStep: usize, dst: usize, step: usize, count: i32): void {
  for (; count > 0; count--, src += channelStep, dst += step) {
    v128.store(dst, evens(v128.load(src), v128.load(src, 16)))
  }
}

function packConstant(value: v128, dst: usize, step: usize, count: i32): void {
  for (; count > 0; count--, dst += step) v128.store(dst, value)
}

/** Gathers four floats at byte offsets o0..o3 of each channel; lanes outside the mask get `pad`. */
function packGather(
  src: usize, channelStep: usize, o0: usize, o1: usize, o2: usize, o3: usize, inside: v128, pad: v128,
  dst: usize, step: usize, count: i32,
): void {
  for (; count > 0; count--, src += channelStep, dst += step) {
    let v = v128.load32_zero(src + o0)
    v = v128.load32_lane(src + o1, v, 1)
    v = v128.load32_lane(src + o2, v, 2)
    v = v128.load32_lane(src + o3, v, 3)
    v128.store(dst, v128.bitselect(v, pad, inside))
  }
}

/** Byte offset of input (y, x) in its channel, or 0 outside. */
// @ts-ignore: decorator
@inline
function offsetOf(y: i32, x: i32, h: i32, w: i32): usize {
  return <u32>y < <u32>h && <u32>x < <u32>w ? <usize>(y * w + x) << 2 : 0
}

// @ts-ignore: decorator
@inline
function maskOf(y: i32, x: i32, h: i32, w: i32): i32 {
  return <u32>y < <u32>h && <u32>x < <u32>w ? -1 : 0
}

/** So many times as many columns at a time, where the depth leaves room: longer runs of each row are written. */
const WIDE: i32 = 4

export function convolution(
  input: usize, inch: i32, h: i32, w: i32, packedWeights: usize, bias: usize, output: usize, outch: i32, outH: i32, outW: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32, padTop: i32, padLeft: i32, padValue: f32,
  activation: i32, activationA: f32, activationB: f32, scratch: usize,
): void {
  const taps = kernelH * kernelW, k = inch * taps, n = outH * outW
  const initial = bias ? INITIAL_ROW_BIAS : INITIAL_ZERO
  if (taps == 1 && strideH == 1 && strideW == 1 && padTop == 0 && padLeft == 0 && outH == h && outW == w) {
    gemmLeft(packedWeights, input, n, 1, output, n, outch, n, k, initial, bias, activation, activationA, activationB, scratch)
    return
  }
  const clamps = isClamp(activation)
  const channelStep = <usize>(h * w) << 2, rowBytes = <usize>n << 2, aStep = <usize>k << 4
  const pad = f32x4.splat(padValue)
  // A block of depths is some whole channels, or a part of the taps of one channel when the kernel is huge.
  const channelBlock = max(DEPTH_BLOCK / taps, 1), tapBlock = min(taps, DEPTH_BLOCK)
  const block = k <= DEPTH_BLOCK / WIDE ? WIDE * COLUMN_BLOCK : COLUMN_BLOCK
  for (let n0 = 0; n0 < n; n0 += block) {
    const columns = min(n - n0, block)
    const out = output + (<usize>n0 << 2)
    let start = initial
    for (let q = 0; q < inch; q += channelBlock) {
      const channels = min(inch - q, channelBlock)
      const source = input + <usize>q * channelStep
      for (let t0 = 0; t0 < taps; t0 += tapBlock) {
        const tapCount = min(taps - t0, tapBlock)
        const depth = channels * tapCount, k0 = q * taps + t0
        const bStep = <usize>depth << 5
        packPatches(
          scratch, bStep, false, source, channelStep, channels, h, w, n0, columns, outW,
          t0, tapCount, kernelH, kernelW, strideH, strideW, dilationH, dilationW, padTop, padLeft, pad,
        )
        const last = k0 + depth == k
        multiplyPanels(
          packedWeights + (<usize>k0 << 4), aStep, scratch, bStep, depth, out, rowBytes, outch, columns,
          start, bias, last && clamps ? activation : 0, activationA, activationB, scratch + BLOCK_BYTES,
        )
        start = INITIAL_ACCUMULATE
      }
    }
    if (activation != 0 && !clamps) activateRows(activation, out, rowBytes, outch, columns, activationA, activationB)
  }
}

/** Packs neighbouring panels of one row of outputs of stride 1 whose taps all lie inside the input, tap by tap. */
function packInterior(
  panel: usize, panelStep: usize, panels: i32, source: usize, channelStep: usize, channels: i32, kernelH: i32, kernelW: i32,
  rowStep: usize, tapStep: usize,
): void {
  for (; channels > 0; channels--, source += channelStep) {
    let row = source
    for (let ky = 0; ky < kernelH; ky++, row += rowStep) {
      let tap = row
      for (let kx = 0; kx < kernelW; kx++, tap += tapStep, panel += 32) {
        let dst = panel, p = tap
        for (let i = panels; i > 0; i--, dst += panelStep, p += 32) v128.store(dst, v128.load(p)), v128.store(dst, v128.load(p, 16), 16)
      }
    }
  }
}

/** Four floats `step` bytes apart. */
// @ts-ignore: decorator
@inline
function loadApart(p: usize, step: usize): v128 {
  let v = v128.load32_zero(p)
  v = v128.load32_lane(p + step, v, 1)
  v = v128.load32_lane(p + 2 * step, v, 2)
  return v128.load32_lane(p + 3 * step, v, 3)
}

/** {@link packInterior} of a stride of `step` bytes: a function of its own, since V8 keeps less in registers in loops with more beside them. */
function packInteriorApart(
  panel: usize, panelStep: usize, panels: i32, source: usize, channelStep: usize, channels: i32, kernelH: i32, kernelW: i32,
  rowStep: usize, tapStep: usize, step: usize,
): void {
  for (; channels > 0; channels--, source += channelStep) {
    let row = source
    for (let ky = 0; ky < kernelH; ky++, row += rowStep) {
      let tap = row
      for (let kx = 0; kx < kernelW; kx++, tap += tapStep, panel += 32) {
        let dst = panel, p = tap
        if (step == 8) {
          for (let i = panels; i > 0; i--, dst += panelStep, p += 64) {
            v128.store(dst, evens(v128.load(p), v128.load(p, 16)))
            v128.store(dst, evens(v128.load(p, 32), v128.load(p, 48)), 16)
          }
        } else {
          for (let i = panels; i > 0; i--, dst += panelStep, p += step << 3) {
            v128.store(dst, loadApart(p, step)), v128.store(dst, loadApart(p + (step << 2), step), 16)
          }
        }
      }
    }
  }
}

/** Up to so many channels all taps of one after the other are packed rather than all channels of one tap. */
const FEW_CHANNELS: i32 = 8
/** Floats before and behind a row that may be read. */
const SLACK: i32 = 14

/** {@link packInterior} where some taps lie outside the input: `y` and `x` are where the first would lie. */
function packBorder(
  panel: usize, source: usize, channelStep: usize, channels: i32, h: i32, w: i32, y: i32, x: i32, kernelH: i32, kernelW: i32,
  dilationH: i32, dilationW: i32, pad: v128,
): void {
  const step = <usize>kernelW << 5, rowBytes = <usize>w << 2, width = i32x4.splat(w)
  for (let kx = 0; kx < kernelW; kx++, x += dilationW, panel += 32) {
    const first = i32x4.add(i32x4.splat(x), i32x4(0, 1, 2, 3))
    const inside = i32x4.lt_u(first, width), insideNext = i32x4.lt_u(i32x4.add(first, i32x4.splat(4)), width)
    const outside = v128.andnot(pad, inside), outsideNext = v128.andnot(pad, insideNext)
    let channel = source + (<usize>x << 2), dst = panel
    for (let q = 0; q < channels; q++, channel += channelStep) {
      for (let ky = 0, row = y; ky < kernelH; ky++, row += dilationH, dst += step) {
        if (<u32>row >= <u32>h) {
          v128.store(dst, pad), v128.store(dst, pad, 16)
          continue
        }
        const p = channel + <usize>row * rowBytes
        v128.store(dst, v128.or(v128.and(v128.load(p), inside), outside))
        v128.store(dst, v128.or(v128.and(v128.load(p, 16), insideNext), outsideNext), 16)
      }
    }
  }
}

/** The widest kernel of {@link packPairs}, and the most floats before a row that it begins at. */
const PAIRED_WIDTH: i32 = 7
const PAIRED_SLACK: i32 = 8

/**
 * Packs neighbouring panels of one row of outputs, of stride 2 and a kernel of 2 to 7 columns: under its even columns lie the same elements of
 * an input's row, every second, shifted by an output each, and under the odd ones those between. `y` and `x` are where the first tap lies.
 */
function packPairs(
  panel: usize, panelStep: usize, panels: i32, source: usize, channelStep: usize, channels: i32, h: i32, w: i32, y: i32, x: i32,
  kernelH: i32, kernelW: i32, dilationH: i32, pad: v128,
): void {
  const step = <usize>kernelW << 5, rowStep = <usize>(dilationH * w) << 2, width = i32x4.splat(w)
  const first = i32x4.add(i32x4.splat(x), i32x4(0, 2, 4, 6)), behind = i32x4.add(first, i32x4.splat(panels << 4))
  const evenInside = i32x4.lt_u(first, width), oddInside = i32x4.lt_u(i32x4.add(first, i32x4.splat(1)), width)
  const evenInsideBehind = i32x4.lt_u(behind, width), oddInsideBehind = i32x4.lt_u(i32x4.add(behind, i32x4.splat(1)), width)
  source += <usize>(y * w + x) << 2
  for (; channels > 0; channels--, source += channelStep) {
    let row = source
    for (let ky = 0, at = y; ky < kernelH; ky++, at += dilationH, row += rowStep, panel += step) {
      let dst = panel
      if (<u32>at >= <u32>h) {
        for (let i = panels; i > 0; i--, dst += panelStep) packConstant(pad, dst, 16, kernelW << 1)
        continue
      }
      let p = row
      const a = v128.load(p), b = v128.load(p, 16)
      let e0 = v128.bitselect(evens(a, b), pad, evenInside), o0 = v128.bitselect(odds(a, b), pad, oddInside)
      for (let i = panels; i > 0; i--, dst += panelStep) {
        p += 64
        const a = v128.load(p - 32), b = v128.load(p - 16), c = v128.load(p), d = v128.load(p, 16)
        const e1 = evens(a, b), o1 = odds(a, b)
        let e2 = evens(c, d), o2 = odds(c, d)
        if (i == 1) e2 = v128.bitselect(e2, pad, evenInsideBehind), o2 = v128.bitselect(o2, pad, oddInsideBehind)
        v128.store(dst, e0), v128.store(dst, e1, 16), v128.store(dst, o0, 32), v128.store(dst, o1, 48)
        if (kernelW > 2) v128.store(dst, i32x4.shuffle(e0, e1, 1, 2, 3, 4), 64), v128.store(dst, i32x4.shuffle(e1, e2, 1, 2, 3, 4), 80)
        if (kernelW > 3) {
          v128.store(dst, i32x4.shuffle(o0, o1, 1, 2, 3, 4), 96), v128.store(dst, i32x4.shuffle(o1, o2, 1, 2, 3, 4), 112)
          if (kernelW > 4) v128.store(dst, i32x4.shuffle(e0, e1, 2, 3, 4, 5), 128), v128.store(dst, i32x4.shuffle(e1, e2, 2, 3, 4, 5), 144)
          if (kernelW > 5) v128.store(dst, i32x4.shuffle(o0, o1, 2, 3, 4, 5), 160), v128.store(dst, i32x4.shuffle(o1, o2, 2, 3, 4, 5), 176)
          if (kernelW > 6) v128.store(dst, i32x4.shuffle(e0, e1, 3, 4, 5, 6), 192), v128.store(dst, i32x4.shuffle(e1, e2, 3, 4, 5, 6), 208)
        }
        e0 = e2, o0 = o2
      }
    }
  }
}

/**
 * Packs the panels, `panelStep` bytes apart, of the output positions p0 .. p0 + columns: for each of the taps t0 .. t0 + tapCount the input under
 * the tap, channel by channel. The last panel is as wide as it need be, unless it is `whole`.
 */
export function packPatches(
  panel: usize, panelStep: usize, whole: bool, source: usize, channelStep: usize, channels: i32, h: i32, w: i32, p0: i32, columns: i32, outW: i32,
  t0: i32, tapCount: i32, kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32, padTop: i32, padLeft: i32, pad: v128,
): void {
  const isWhole = tapCount == kernelH * kernelW
  const isPaired = isWhole && strideW == 2 && dilationW == 1 && kernelW >= 2 && kernelW <= PAIRED_WIDTH
  // From an x inside the row on (w - x - reach) / strideW outputs have all their taps inside.
  const reach = (kernelW - 1) * dilationW + 1 - strideW
  for (const end = p0 + columns; p0 < end; p0 += 8, panel += panelStep) {
    if (isWhole) {
      const oy = p0 / outW, ox = p0 - oy * outW, y = oy * strideH - padTop, x = ox * strideW - padLeft
      const outputs = min(end - p0, outW - ox)
      let panels = 0
      if (isPaired) {
        if (x >= -PAIRED_SLACK) panels = min(outputs >> 3, (w - x) >> 4)
        if (panels > 0) packPairs(panel, panelStep, panels, source, channelStep, channels, h, w, y, x, kernelH, kernelW, dilationH, pad)
      } else if (y >= 0 && x >= 0 && y + (kernelH - 1) * dilationH < h) {
        panels = min(outputs, (w - x - reach) / strideW) >> 3
        const first = source + (<usize>(y * w + x) << 2), rowStep = <usize>(dilationH * w) << 2, tapStep = <usize>dilationW << 2
        if (panels > 0) {
          if (strideW == 1) packInterior(panel, panelStep, panels, first, channelStep, channels, kernelH, kernelW, rowStep, tapStep)
          else packInteriorApart(panel, panelStep, panels, first, channelStep, channels, kernelH, kernelW, rowStep, tapStep, <usize>strideW << 2)
        }
      }
      if (panels > 0) {
        p0 += (panels - 1) << 3, panel += panelStep * (panels - 1)
        continue
      }
    }
    const lanes = min(end - p0, 8)
    packPanel(
      panel, whole ? 8 : panelWidth(lanes), source, channelStep, channels, h, w, p0, lanes, outW,
      t0, tapCount, kernelH, kernelW, strideH, strideW, dilationH, dilationW, padTop, padLeft, pad,
    )
  }
}

/** One of the panels of {@link packPatches}. Where the input lies is decided once for all channels. */
function packPanel(
  panel: usize, width: i32, source: usize, channelStep: usize, channels: i32, h: i32, w: i32, p0: i32, lanes: i32, outW: i32,
  t0: i32, tapCount: i32, kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32, padTop: i32, padLeft: i32, pad: v128,
): void {
  const taps = kernelH * kernelW, vector = <usize>width << 2, step = <usize>tapCount * vector
  const oy = p0 / outW, ox = p0 - oy * outW
  if (width == 1) {
    for (let t = 0; t < tapCount; t++) {
      const ky = (t0 + t) / kernelW, kx = (t0 + t) - ky * kernelW
      const y = oy * strideH - padTop + ky * dilationH, x = ox * strideW - padLeft + kx * dilationW
      const inside = maskOf(y, x, h, w) != 0, value = f32x4.extract_lane(pad, 0)
      let src = source + offsetOf(y, x, h, w), dst = panel + (<usize>t << 2)
      for (let q = 0; q < channels; q++, src += channelStep, dst += step) store<f32>(dst, inside ? load<f32>(src) : value)
    }
    return
  }
  const inRow = lanes == 8 && ox + 8 <= outW
  if (inRow && strideW == 1 && tapCount == taps && channels <= FEW_CHANNELS) {
    const y = oy * strideH - padTop, x = ox - padLeft
    if (x >= -SLACK && x + (kernelW - 1) * dilationW + 7 < w + SLACK) {
      packBorder(panel, source, channelStep, channels, h, w, y, x, kernelH, kernelW, dilationH, dilationW, pad)
      return
    }
  }
  const whole = inRow && strideW == 1
  for (let half = 0; half < width; half += 4) {
    // Lanes beyond the last position repeat it: what they compute is never stored.
    const last = lanes - 1
    const pa = p0 + min(half, last), pb = p0 + min(half + 1, last), pc = p0 + min(half + 2, last), pd = p0 + min(half + 3, last)
    const ya = pa / outW, yb = pb / outW, yc = pc / outW, yd = pd / outW
    const xa = pa - ya * outW, xb = pb - yb * outW, xc = pc - yc * outW, xd = pd - yd * outW
    const sameRow = ya == yd && xd - xa == 3
    let dst = panel + (<usize>half << 2)
    let ky = t0 / kernelW, kx = t0 - ky * kernelW
    for (let t = 0; t < tapCount; t++, dst += vector) {
      const dy = ky * dilationH - padTop, dx = kx * dilationW - padLeft
      if (++kx == kernelW) kx = 0, ky++
      if (sameRow) {
        const y = ya * strideH + dy, x = xa * strideW + dx
        if (<u32>y >= <u32>h) {
          packConstant(pad, dst, step, channels)
          continue
        }
        const src = source + (<usize>(y * w + x) << 2)
        if (x >= 0 && x + 3 * strideW < w) {
          if (strideW == 1) {
            // Both halves at once where all eight lie inside; the second half then has nothing left to do.
            const first = x - half
            if (whole && first >= 0 && first + 7 < w) {
              if (half == 0) packRun(src, channelStep, dst, step, channels, 8)
            } else packRun(src, channelStep, dst, step, channels, 4)
            continue
          }
          if (strideW == 2) {
            packEven(src, channelStep, dst, step, channels)
            continue
          }
        }
      }
      const y0 = ya * strideH + dy, x0 = xa * strideW + dx, y1 = yb * strideH + dy, x1 = xb * strideW + dx
      const y2 = yc * strideH + dy, x2 = xc * strideW + dx, y3 = yd * strideH + dy, x3 = xd * strideW + dx
      const inside = i32x4(maskOf(y0, x0, h, w), maskOf(y1, x1, h, w), maskOf(y2, x2, h, w), maskOf(y3, x3, h, w))
      packGather(
        source, channelStep, offsetOf(y0, x0, h, w), offsetOf(y1, x1, h, w), offsetOf(y2, x2, h, w), offsetOf(y3, x3, h, w),
        inside, pad, dst, step, channels,
      )
    }
  }
}
