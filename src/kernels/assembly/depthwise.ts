// Depthwise convolution: each channel on its own.
//
// A strip of input rows is copied with its padding, and with its columns sorted by their remainder modulo the stride, into a buffer that
// fits the first-level cache. There every tap of every output is a load at a fixed distance from the output's place, whatever the
// kernel, stride, dilation and padding, and four vectors of outputs run side by side.
import { activate, isClamp, RELU, storeFirst } from './activation'

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

function fillRow(dst: usize, count: i32, value: f32): void {
  for (const end = dst + (<usize>count << 2); dst < end; dst += 4) store<f32>(dst, value)
}

/**
 * Copies one input row (0: a row of padding) into its remainders: dst[phase][i] = row[i*strideW + phase - padLeft] for i < length.
 * May write up to three floats beyond.
 */
function copyRow(row: usize, w: i32, dst: usize, length: i32, phaseStep: usize, strideW: i32, padLeft: i32, padValue: f32): void {
  if (!row) {
    for (let phase = 0; phase < strideW; phase++, dst += phaseStep) fillRow(dst, length, padValue)
    return
  }
  for (let phase = 0; phase < strideW; phase++, dst += phaseStep) {
    // The first and one past the last i that lie inside the input.
    const shift = phase - padLeft
    const first = shift >= 0 ? 0 : min((strideW - 1 - shift) / strideW, length)
    const last = max(min(w > shift ? (w - shift + strideW - 1) / strideW : 0, length), first)
    fillRow(dst, first, padValue)
    let src = row + (<usize>(first * strideW + shift) << 2), to = dst + (<usize>first << 2)
    const end = dst + (<usize>last << 2)
    if (strideW == 1) {
      for (; to < end; to += 16, src += 16) v128.store(to, v128.load(src))
    } else if (strideW == 2) {
      for (; to < end; to += 16, src += 32) v128.store(to, i32x4.shuffle(v128.load(src), v128.load(src, 16), 0, 2, 4, 6))
    } else {
      for (; to < end; to += 4, src += <usize>strideW << 2) store<f32>(to, load<f32>(src))
    }
    fillRow(end, length - last, padValue)
  }
}

// @ts-ignore: decorator
@inline
function madd(c: v128, a: v128, b: v128): v128 {
  return f32x4.add(c, f32x4.mul(a, b))
}

// @ts-ignore: decorator
@inline
function clamp(v: v128, activation: i32, lo: v128, hi: v128): v128 {
  if (activation == 0) return v
  return activation == RELU ? f32x4.pmax(lo, v) : f32x4.pmin(f32x4.pmax(v, lo), hi)
}

// @ts-ignore: decorator
@inline
function put(p: usize, v: v128, lanes: i32): void {
  if (lanes == 4) v128.store(p, v)
  else storeFirst(p, v, lanes)
}

/** All output vectors of one channel's strip, four at a time; `lanes` is 4, or the width of an output narrower than a vector. */
function convolveStrip(
  strip: usize, vectors: usize, count: i32, table: usize, taps: i32, weights: usize, start: v128, output: usize, lanes: i32,
  activation: i32, lo: v128, hi: v128,
): void {
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
    put(output + load<u32>(vectors, 4), clamp(v0, activation, lo, hi), lanes)
    put(output + load<u32>(vectors, 12), clamp(v1, activation, lo, hi), lanes)
    put(output + load<u32>(vectors, 20), clamp(v2, activation, lo, hi), lanes)
    put(output + load<u32>(vectors, 28), clamp(v3, activation, lo, hi), lanes)
  }
  for (; i < count; i++, vectors += VECTOR_BYTES) {
    const p = strip + load<u32>(vectors)
    let v = start
    for (let t = table; t < end; t += 4) v = madd(v, v128.load32_splat(t + skip), v128.load(p + load<u32>(t)))
    put(output + load<u32>(vectors, 4), clamp(v, activation, lo, hi), lanes)
  }
}

export function depthwise(
  input: usize, channels: i32, h: i32, w: i32, weights: usize, bias: usize, output: usize, outH: i32, outW: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32, padTop: i32, padLeft: i32, padValue: f32,
  activation: i32, activationA: f32, activationB: f32, scratch: usize,
): void {
  const taps = kernelH * kernelW, vectorsPerRow = (outW + 3) >> 2
  const phaseStep = phaseBytes(outW, kernelW, strideW, dilationW), rowBytes = phaseStep * strideW
  const rowsPerStrip = min(stripRows(rowBytes, kernelH, strideH, dilationH), outH)
  const table = scratch, vectors = table + align16(taps << 2), strip = vectors + align16(rowsPerStrip * vectorsPerRow * VECTOR_BYTES)
  const length = outW + (kernelW - 1) * dilationW / strideW

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

  const clamps = isClamp(activation), fused = clamps ? activation : 0
  const lo = f32x4.splat(activation == RELU ? 0 : activationA), hi = f32x4.splat(activationB)
  for (let q = 0; q < channels; q++) {
    const start = bias ? v128.load32_splat(bias + (<usize>q << 2)) : f32x4.splat(0)
    for (let y0 = 0; y0 < outH; y0 += rowsPerStrip) {
      const rows = min(outH - y0, rowsPerStrip), inputRows = (rows - 1) * strideH + (kernelH - 1) * dilationH + 1
      for (let i = 0; i < inputRows; i++) {
        const y = y0 * strideH - padTop + i
        const row = <u32>y < <u32>h ? input + (<usize>(y * w) << 2) : 0
        copyRow(row, w, strip + <usize>i * rowBytes, length, phaseStep, strideW, padLeft, padValue)
      }
      const out = output + (<usize>(y0 * outW) << 2)
      convolveStrip(strip, vectors, rows * vectorsPerRow, table, taps, weights, start, out, min(outW, 4), fused, lo, hi)
      if (activation != 0 && !clamps) activate(activation, out, out, rows * outW, activationA, activationB)
    }
    input += <usize>(h * w) << 2
    output += <usize>(outH * outW) << 2
    weights += <usize>taps << 2
  }
}
