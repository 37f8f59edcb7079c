// Depthwise convolution: each channel on its own.
//
// A strip of input rows is copied with its padding, and with its columns sorted by their remainder modulo the stride, into a buffer that
// fits the first-level cache. There every tap of every output is a load at a fixed distance from the output's place, whatever the
// kernel, stride, dilation and padding, and four vectors of outputs run side by side.
import { activate, CLIP, RELU } from './activation'
import { Limits, Relu } from './clamps'
import { depthwise3x3, isPlain3x3 } from './depthwise-3x3'
import { storeLanes } from './lanes'
import { madd } from './madd'
import { copyFloats } from './memory'

/** Bytes of input rows that are copied at a time. */
const STRIP_BYTES: i32 = 16384
/** A vector of outputs: two 32-bit numbers, the byte offsets of its input in the strip and of its place in the output. */
const VECTOR_BYTES: i32 = 8

/** Bytes of one copied row of one remainder: the outputs, what the taps reach beyond, and room to copy whole vectors. */
// @ts-ignore: decorator
@inline
function phaseBytes(outW: i32, kernelW: i32, strideW: i32, dilationW: i32): i32 {
  return ((outW + (kernelW - 1) * dilationW / strideW + 11) & ~3) << 2
}

/** Output rows per strip. */
// @ts-ignore: decorator
@inline
function stripRows(rowBytes: i32, kernelH: i32, strideH: i32, dilationH: i32): i32 {
  return max((STRIP_BYTES / rowBytes - (kernelH - 1) * dilationH - 1) / strideH + 1, 1)
}

// @ts-ignore: decorator
@inline
function align16(bytes: i32): i32 {
  return (bytes + 15) & ~15
}

export function depthwiseScratchBytes(
  outW: i32, kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32,
): i32 {
  const rowBytes = phaseBytes(outW, kernelW, strideW, dilationW) * strideW
  const rows = stripRows(rowBytes, kernelH, strideH, dilationH)
  const inputRows = (rows - 1) * strideH + (kernelH - 1) * dilationH + 1
  return align16(kernelH * kernelW << 2) + align16(rows * ((outW + 3) >> 2) * VECTOR_BYTES) + inputRows * rowBytes + 64
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

/** All output vectors of one channel's strip, four at a time; `lanes` is 4, or the width of an output narrower than a vector. */
// @ts-ignore: decorator
@inline
function convolveStrip<F>(
  strip: usize, vectors: usize, count: i32, table: usize, taps: i32, weights: usize, start: v128, output: usize, lanes: i32,
  lo: v128, hi: v128,
): void {
  const f = changetype<F>(0)
  const end = table + (<usize>taps << 2)
  const skip = weights - table
  let i = 0
  for (; i <= count - 4; i += 4, vectors += 4 * VECTOR_BYTES) {
    const p0 = strip + load<u32>(vectors), p1 = strip + load<u32>(vectors, 8)
    const p2 = strip + load<u32>(vectors, 16), p3 = strip + load<u32>(vectors, 24)
    let v0 = start, v1 = start, v2 = start, v3 = start
    for (let t = table; t < end; t += 4) {
      const offset = <usize>load<u32>(t), x = v128.load32_splat(t + skip)
      v0 = madd(v0, x, v128.load(p0 + offset))
      v1 = madd(v1, x, v128.load(p1 + offset))
      v2 = madd(v2, x, v128.load(p2 + offset))
      v3 = madd(v3, x, v128.load(p3 + offset))
    }
    storeLanes(output + load<u32>(vectors, 4), f.apply(v0, lo, hi), lanes)
    storeLanes(output + load<u32>(vectors, 12), f.apply(v1, lo, hi), lanes)
    storeLanes(output + load<u32>(vectors, 20), f.apply(v2, lo, hi), lanes)
    storeLanes(output + load<u32>(vectors, 28), f.apply(v3, lo, hi), lanes)
  }
  for (; i < count; i++, vectors += VECTOR_BYTES) {
    const p = strip + load<u32>(vectors)
    let v = start
    for (let t = table; t < end; t += 4) v = madd(v, v128.load32_splat(t + skip), v128.load(p + load<u32>(t)))
    storeLanes(output + load<u32>(vectors, 4), f.apply(v, lo, hi), lanes)
  }
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
  const taps = kernelH * kernelW, vectorsPerRow = (outW + 3) >> 2
  const phaseStep = phaseBytes(outW, kernelW, strideW, dilationW), rowBytes = phaseStep * strideW
  const rowsPerStrip = min(stripRows(rowBytes, kernelH, strideH, dilationH), outH)
  const table = scratch, vectors = table + align16(taps << 2), strip = vectors + align16(rowsPerStrip * vectorsPerRow * VECTOR_BYTES)
  const length = outW + (kernelW - 1) * dilationW / strideW, pad = f32x4.splat(padValue)

  for (let ky = 0; ky < kernelH; ky++) {
    for (let kx = 0; kx < kernelW; kx++) {
      const x = kx * dilationW
      store<u32>(table + (<usize>(ky * kernelW + kx) << 2), ky * dilationH * rowBytes + x % strideW * phaseStep + (x / strideW << 2))
    }
  }
  let vector = vectors
  for (let y = 0; y < rowsPerStrip; y++) {
    for (let i = 0; i < vectorsPerRow; i++, vector += VECTOR_BYTES) {
      // The last vector of a row moves back over its neighbour rather than beyond the row.
      const x = max(min(i << 2, outW - 4), 0)
      store<u32>(vector, y * strideH * rowBytes + (x << 2))
      store<u32>(vector, (y * outW + x) << 2, 4)
    }
  }

  const clip = activation == CLIP, lanes = min(outW, 4)
  const lo = f32x4.splat(clip ? activationA : -Infinity), hi = f32x4.splat(clip ? activationB : Infinity)
  const stripBytes = ((rowsPerStrip - 1) * strideH + (kernelH - 1) * dilationH + 1) * rowBytes
  for (let i: usize = 0; i < <usize>stripBytes; i += 16) v128.store(strip + i, pad)
  for (let q = 0; q < channels; q++) {
    const start = bias ? v128.load32_splat(bias + (<usize>q << 2)) : f32x4.splat(0)
    for (let y0 = 0; y0 < outH; y0 += rowsPerStrip) {
      const rows = min(outH - y0, rowsPerStrip), inputRows = (rows - 1) * strideH + (kernelH - 1) * dilationH + 1
      const top = y0 * strideH - padTop
      copyRows(input, h, w, top, top + inputRows, strip, length, phaseStep, strideW, padLeft, pad)
      const out = output + (<usize>(y0 * outW) << 2)
      if (activation == RELU) {
        convolveStrip<Relu>(strip, vectors, rows * vectorsPerRow, table, taps, weights, start, out, lanes, lo, hi)
      } else {
        convolveStrip<Limits>(strip, vectors, rows * vectorsPerRow, table, taps, weights, start, out, lanes, lo, hi)
      }
      if (activation > RELU && !clip) activate(activation, out, out, rows * outW, activationA, activationB)
    }
    input += <usize>(h * w) << 2
    output += <usize>(outH * outW) << 2
    weights += <usize>taps << 2
  }
}
