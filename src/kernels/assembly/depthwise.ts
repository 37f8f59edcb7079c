// Depthwise convolution: each channel on its own.
//
// A strip of input rows is copied with its padding, and with its columns sorted by their remainder modulo the stride, into a buffer that
// fits the first-level cache. There every tap of every output is a load at a fixed distance from the output's place, whatever the
// kernel, stride, dilation and padding. Four places run side by side, at each of them eight neighbouring outputs where rows have as many,
// four in each of two rows, or four: eight sums hide what an addition takes.
import { activate, CLIP, RELU } from './activation'
import { Limits, Relu } from './clamps'
import { depthwise3x3, isPlain3x3 } from './depthwise-3x3'
import { convolvePairs, convolveRows, isPaired, isWrittenOut } from './depthwise-rows'
import { storeLanes } from './lanes'
import { madd } from './madd'
import { copyFloats } from './memory'

/** Bytes of input rows that are copied at a time. */
const STRIP_BYTES: i32 = 16384
/** A place: two 32-bit numbers, the byte offsets of its input in the strip and of its outputs. */
const PLACE_BYTES: i32 = 8

/** Bytes of one copied row of one remainder: the outputs, what the taps reach beyond, and room to copy whole vectors. */
// @ts-ignore: decorator
@inline
function phaseBytes(outW: i32, kernelW: i32, strideW: i32, dilationW: i32): i32 {
  return ((outW + (kernelW - 1) * dilationW / strideW + 11) & ~3) << 2
}

/** Most output rows per strip; two rows may be computed together. */
// @ts-ignore: decorator
@inline
function stripRows(rowBytes: i32, kernelH: i32, strideH: i32, dilationH: i32): i32 {
  return max((STRIP_BYTES / rowBytes - (kernelH - 1) * dilationH - 1) / strideH + 1, 2)
}

/** Outputs at a place in a row. */
// @ts-ignore: decorator
@inline
function placeWidth(outW: i32): i32 {
  return outW >= 8 ? 8 : 4
}

// @ts-ignore: decorator
@inline
function align16(bytes: i32): i32 {
  return (bytes + 15) & ~15
}

/** Bytes of what says where the taps lie: distances, or the taps themselves as vectors, in the order in which they are written out. */
// @ts-ignore: decorator
@inline
function tableBytes(taps: i32): i32 {
  return taps << 4
}

export function depthwiseScratchBytes(
  outW: i32, kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32,
): i32 {
  const rowBytes = phaseBytes(outW, kernelW, strideW, dilationW) * strideW
  const rows = stripRows(rowBytes, kernelH, strideH, dilationH)
  const inputRows = (rows - 1) * strideH + (kernelH - 1) * dilationH + 1
  return tableBytes(kernelH * kernelW) + align16(max(rows * ((outW - 1) / placeWidth(outW) + 1), 4) * PLACE_BYTES) + inputRows * rowBytes + 64
}

/** Fills floats [0, length) of a row and up to three beyond. */
// @ts-ignore: decorator
@inline
function fillRow(row: usize, length: i32, value: v128): void {
  for (let i = 0; i < length; i += 4) v128.store(row + (<usize>i << 2), value)
}

/** Sorts eight floats into those at even and those at odd places. */
// @ts-ignore: decorator
@inline
function splitEight(from: usize, even: usize, odd: usize): void {
  const v = v128.load(from), u = v128.load(from, 16)
  v128.store(even, i32x4.shuffle(v, u, 0, 2, 4, 6))
  v128.store(odd, i32x4.shuffle(v, u, 1, 3, 5, 7))
}

/** Copies n floats, those at even and at odd places to places of their own; the last vectors over their neighbours. */
// @ts-ignore: decorator
@inline
function splitFloats(from: usize, even: usize, odd: usize, n: i32): void {
  if (n < 8) {
    for (let i = 0; i < n; i++) store<f32>((i & 1 ? odd : even) + (<usize>(i >> 1) << 2), load<f32>(from + (<usize>i << 2)))
    return
  }
  const last = <usize>((n >> 1) - 4) << 2
  for (let i: usize = 0; i < last; i += 16) splitEight(from + 2 * i, even + i, odd + i)
  splitEight(from + 2 * last, even + last, odd + last)
  if (n & 1) store<f32>(even + (<usize>(n >> 1) << 2), load<f32>(from + (<usize>(n - 1) << 2)))
}

/**
 * Copies input rows from..to (those outside 0..h are padding) into their remainders: dst[phase][i] = row[i*strideW + phase - padLeft] for
 * i < length. What lies left and right of the input is not written: it holds the padding already.
 */
function copyRows(
  channel: usize, h: i32, w: i32, from: i32, to: i32, dst: usize, length: i32, phaseStep: usize, strideW: i32, padLeft: i32, pad: v128,
): void {
  const rowStep = phaseStep * strideW, inputStep = <usize>w << 2
  const left = max(padLeft, 0), first = max(-padLeft, 0), count = min(w - first, length * strideW - left)
  let row = channel + <usize>from * inputStep + (<usize>first << 2)
  for (let y = from; y < to; y++, dst += rowStep, row += inputStep) {
    if (<u32>y >= <u32>h) {
      for (let phase = 0; phase < strideW; phase++) fillRow(dst + phase * phaseStep, length, pad)
    } else if (strideW == 1) {
      copyFloats(row, dst + (<usize>left << 2), count)
    } else if (strideW == 2) {
      // Even columns belong to one remainder, odd ones to the other; which, and from where on, the padding decides.
      const even = dst + (left & 1) * phaseStep + (<usize>(left >> 1) << 2)
      const odd = dst + (1 - (left & 1)) * phaseStep + (<usize>((left + 1) >> 1) << 2)
      splitFloats(row, even, odd, count)
    } else {
      for (let x = 0, phase = left % strideW, i = left / strideW; x < count; x++) {
        store<f32>(dst + phase * phaseStep + (<usize>i << 2), load<f32>(row + (<usize>x << 2)))
        if (++phase == strideW) phase = 0, i++
      }
    }
  }
}

/**
 * All outputs of one channel's strip, four places at a time; `width` is 8 or 4, `lanes` 4 or the width of an output narrower than that.
 * A way out that is never taken, since no filter lies there, keeps V8 from loading all eight vectors before the first product: there
 * are too few registers.
 */
// @ts-ignore: decorator
@inline
function convolveStrip<F>(
  width: i32, strip: usize, places: usize, count: i32, table: usize, taps: i32, weights: usize, start: v128, output: usize, lanes: i32,
  lo: v128, hi: v128,
): void {
  const f = changetype<F>(0)
  const end = table + (<usize>taps << 2), skip = weights - table, last = places + <usize>(count - 4) * PLACE_BYTES
  while (true) {
    const p0 = strip + load<u32>(places), p1 = strip + load<u32>(places, 8)
    const p2 = strip + load<u32>(places, 16), p3 = strip + load<u32>(places, 24)
    let v0 = start, v1 = start, v2 = start, v3 = start, w0 = start, w1 = start, w2 = start, w3 = start
    for (let t = table; t < end; t += 4) {
      const offset = <usize>load<u32>(t), x = v128.load32_splat(t + skip)
      const q0 = p0 + offset, q1 = p1 + offset, q2 = p2 + offset, q3 = p3 + offset
      v0 = madd(v0, x, v128.load(q0)), v1 = madd(v1, x, v128.load(q1))
      v2 = madd(v2, x, v128.load(q2)), v3 = madd(v3, x, v128.load(q3))
      if (width == 8) {
        if (t == 1) break
        w0 = madd(w0, x, v128.load(q0, 16)), w1 = madd(w1, x, v128.load(q1, 16))
        w2 = madd(w2, x, v128.load(q2, 16)), w3 = madd(w3, x, v128.load(q3, 16))
      }
    }
    const o0 = output + load<u32>(places, 4), o1 = output + load<u32>(places, 12)
    const o2 = output + load<u32>(places, 20), o3 = output + load<u32>(places, 28)
    if (width == 8) {
      v128.store(o0, f.apply(v0, lo, hi)), v128.store(o1, f.apply(v1, lo, hi))
      v128.store(o2, f.apply(v2, lo, hi)), v128.store(o3, f.apply(v3, lo, hi))
      v128.store(o0, f.apply(w0, lo, hi), 16), v128.store(o1, f.apply(w1, lo, hi), 16)
      v128.store(o2, f.apply(w2, lo, hi), 16), v128.store(o3, f.apply(w3, lo, hi), 16)
    } else {
      storeLanes(o0, f.apply(v0, lo, hi), lanes), storeLanes(o1, f.apply(v1, lo, hi), lanes)
      storeLanes(o2, f.apply(v2, lo, hi), lanes), storeLanes(o3, f.apply(v3, lo, hi), lanes)
    }
    if (places >= last) return
    // The last four are computed together, whether or not some of them were before.
    places = min(places + 4 * PLACE_BYTES, last)
  }
}

/** {@link convolveStrip}, compiled for each width. */
function convolve<F>(
  strip: usize, places: usize, count: i32, table: usize, taps: i32, weights: usize, start: v128, output: usize, outW: i32, lo: v128, hi: v128,
): void {
  if (placeWidth(outW) == 8) convolveStrip<F>(8, strip, places, count, table, taps, weights, start, output, 4, lo, hi)
  else convolveStrip<F>(4, strip, places, count, table, taps, weights, start, output, min(outW, 4), lo, hi)
}

export function depthwise(
  input: usize, channels: i32, h: i32, w: i32, weights: usize, bias: usize, output: usize, outH: i32, outW: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32, padTop: i32, padLeft: i32, padValue: f32,
  activation: i32, activationA: f32, activationB: f32, scratch: usize,
): void {
  if (isPlain3x3(h, w, outH, outW, kernelH, kernelW, strideH, strideW, dilationH, dilationW, padTop, padLeft, padValue)) {
    depthwise3x3(
      strideW, input, channels, h, w, weights, bias, output, outH, outW, padTop, padLeft, activation, activationA, activationB, scratch,
    )
    return
  }
  const paired = isPaired(outH, outW, kernelH, kernelW, strideH, strideW, dilationH, dilationW)
  const taps = kernelH * kernelW, width = paired ? 4 : placeWidth(outW), perRow = (outW - 1) / width + 1
  const phaseStep = phaseBytes(outW, kernelW, strideW, dilationW), rowBytes = phaseStep * strideW
  // Strips of equal height; the last one moves back over its neighbour rather than being lower.
  const strips = (outH - 1) / stripRows(rowBytes, kernelH, strideH, dilationH) + 1, rows = max((outH - 1) / strips + 1, min(outH, 2))
  const inputRows = (rows - 1) * strideH + (kernelH - 1) * dilationH + 1
  const placeCount = (paired ? (rows + 1) >> 1 : rows) * perRow, count = max(placeCount, 4)
  const table = scratch, places = table + tableBytes(taps), strip = places + align16(count * PLACE_BYTES)
  const length = outW + (kernelW - 1) * dilationW / strideW, pad = f32x4.splat(padValue)

  const writtenOut = paired || isWrittenOut(outW, kernelW, strideW, dilationW)
  for (let ky = 0; ky < kernelH && !writtenOut; ky++) {
    for (let kx = 0; kx < kernelW; kx++) {
      const x = kx * dilationW
      store<u32>(table + (<usize>(ky * kernelW + kx) << 2), ky * dilationH * rowBytes + x % strideW * phaseStep + (x / strideW << 2))
    }
  }
  for (let i = 0; i < count; i++) {
    // So does the last place of a row, or the last pair of rows. Where there are too few places, the last is there several times.
    const place = min(i, placeCount - 1), line = place / perRow, x = max(min((place - line * perRow) * width, outW - width), 0)
    const y = paired ? min(2 * line, rows - 2) : line
    store<u32>(places + <usize>i * PLACE_BYTES, y * strideH * rowBytes + (x << 2))
    store<u32>(places + <usize>i * PLACE_BYTES, (y * outW + x) << 2, 4)
  }

  const clip = activation == CLIP
  const lo = f32x4.splat(clip ? activationA : -Infinity), hi = f32x4.splat(clip ? activationB : Infinity)
  for (let i: usize = 0; i < <usize>(inputRows * rowBytes); i += 16) v128.store(strip + i, pad)
  for (let q = 0; q < channels; q++) {
    const start = bias ? v128.load32_splat(bias + (<usize>q << 2)) : f32x4.splat(0)
    for (let i: usize = 0; i < <usize>taps && writtenOut; i++) v128.store(table + (i << 4), v128.load32_splat(weights + (i << 2)))
    for (let i = 0; i < strips; i++) {
      const y0 = min(i * rows, outH - rows), top = y0 * strideH - padTop, out = output + (<usize>(y0 * outW) << 2)
      copyRows(input, h, w, top, top + inputRows, strip, length, phaseStep, strideW, padLeft, pad)
      if (paired) {
        convolvePairs(
          kernelW, strip, places, count, rowBytes, table, table + (<usize>taps << 4), start, out, <usize>outW << 2, activation, lo, hi,
        )
      } else if (writtenOut) {
        convolveRows(
          kernelW, strideW, width, phaseStep, strip, places, count, dilationH * rowBytes, table, table + (<usize>taps << 4),
          start, out, activation, lo, hi,
        )
      } else if (activation == RELU) convolve<Relu>(strip, places, count, table, taps, weights, start, out, outW, lo, hi)
      else convolve<Limits>(strip, places, count, table, taps, weights, start, out, outW, lo, hi)
      if (activation > RELU && !clip) activate(activation, out, out, rows * outW, activationA, activationB)
    }
    input += <usize>(h * w) << 2
    output += <usize>(outH * outW) << 2
    weights += <usize>taps << 2
  }
}
