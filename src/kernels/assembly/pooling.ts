// Pooling over windows, with ncnn's rules for what lies outside the input, and adaptive pooling.
import { overflowHalf, roundHalf } from './half-rounding'
import { storeFirst, storeLanes } from './lanes'

const MAX: i32 = 0
/** Of halves, summed up in half precision, the sum times 1 / area as a half, or divided. */
const HALF_PRODUCT: i32 = 2
const HALF_QUOTIENT: i32 = 3
const LARGEST: f32 = 3.4028234663852886e38

/** One window [y0, y1) x [x0, x1), all inside the input. */
// @ts-ignore: decorator
@inline
function windowMax(channel: usize, w: i32, y0: i32, y1: i32, x0: i32, x1: i32, best: f32): f32 {
  for (let y = y0; y < y1; y++) {
    let p = channel + (<usize>(y * w + x0) << 2)
    for (let x = x0; x < x1; x++, p += 4) {
      const v = load<f32>(p)
      if (best < v) best = v
    }
  }
  return best
}

// @ts-ignore: decorator
@inline
function windowSum(channel: usize, w: i32, y0: i32, y1: i32, x0: i32, x1: i32): f32 {
  let sum: f32 = 0
  for (let y = y0; y < y1; y++) {
    let p = channel + (<usize>(y * w + x0) << 2)
    for (let x = x0; x < x1; x++, p += 4) sum += load<f32>(p)
  }
  return sum
}

// Ways to load four floats that are a stride apart, and of combining a window's values; classes, for the reason given in activation.ts.

class Stride1 {
  @inline load(p: usize, step: usize): v128 {
    return v128.load(p)
  }
}

/** Reads eight floats. */
class Stride2 {
  @inline load(p: usize, step: usize): v128 {
    return i32x4.shuffle(v128.load(p), v128.load(p, 16), 0, 2, 4, 6)
  }
}

class AnyStride {
  @inline load(p: usize, step: usize): v128 {
    let v = v128.load32_zero(p)
    v = v128.load32_lane(p + step, v, 1)
    v = v128.load32_lane(p + 2 * step, v, 2)
    return v128.load32_lane(p + 3 * step, v, 3)
  }
}

class Maximum {
  @inline combine(v: v128, x: v128): v128 {
    return f32x4.pmax(v, x)
  }
}

class Sum {
  @inline combine(v: v128, x: v128): v128 {
    return f32x4.add(v, x)
  }
}

/** Combines `rows` by `columns` positions from p on, for four neighbouring outputs; rows of two and three without a loop. */
// @ts-ignore: decorator
@inline
function combineWindow<C, L>(p: usize, rowStep: usize, step: usize, rows: i32, columns: i32, start: v128): v128 {
  const c = changetype<C>(0), l = changetype<L>(0)
  let v = start
  if (columns == 3) {
    for (; rows > 0; rows--, p += rowStep) {
      v = c.combine(c.combine(c.combine(v, l.load(p, step)), l.load(p + 4, step)), l.load(p + 8, step))
    }
  } else if (columns == 2) {
    for (; rows > 0; rows--, p += rowStep) v = c.combine(c.combine(v, l.load(p, step)), l.load(p + 4, step))
  } else {
    for (; rows > 0; rows--, p += rowStep) {
      let q = p
      for (let x = 0; x < columns; x++, q += 4) v = c.combine(v, l.load(q, step))
    }
  }
  return v
}

/** Neighbouring outputs whose windows lie inside the input horizontally, `rows` rows of it vertically. */
// @ts-ignore: decorator
@inline
function poolRun<L>(
  type: i32, p: usize, rowStep: usize, step: usize, rows: i32, columns: i32, fromTop: bool, area: f32, out: usize, count: i32,
): void {
  const divisor = f32x4.splat(area), none = f32x4.splat(type == MAX ? -LARGEST : 0), zero = f32x4.splat(0)
  for (; count > 0; count -= 4, p += step << 2, out += 16) {
    let v: v128
    if (type == MAX) {
      // The first position of the window starts the maximum, so that a NaN there stays.
      const first = fromTop ? changetype<L>(0).load(p, step) : none
      v = combineWindow<Maximum, L>(p, rowStep, step, rows, columns, first)
    } else v = f32x4.div(combineWindow<Sum, L>(p, rowStep, step, rows, columns, zero), divisor)
    if (count >= 4) v128.store(out, v)
    else storeFirst(out, v, count)
  }
}

/** The nearest half to a sum of two, which is a multiple of the least one: there is no need to look for what lies below it. */
// @ts-ignore: decorator
@inline
function addHalves(a: v128, b: v128): v128 {
  const sum = f32x4.add(a, b)
  const magic = i32x4.add(v128.and(sum, i32x4.splat(0x7f800000)), i32x4.splat(0x06c00000))
  return f32x4.sub(f32x4.add(sum, magic), magic)
}

// @ts-ignore: decorator
@inline
function halfAverage(type: i32, sum: v128, area: f32): v128 {
  const total = overflowHalf(sum), divisor = f32x4.splat(area)
  return type == HALF_QUOTIENT ? f32x4.div(total, divisor) : f32x4.mul(total, roundHalf(f32x4.div(f32x4.splat(1), divisor)))
}

/** As {@link poolRun}, averages of halves: sixteen outputs side by side, as each addition waits for the one before. */
// @ts-ignore: decorator
@inline
function averageHalves<L>(
  type: i32, p: usize, rowStep: usize, step: usize, rows: i32, columns: i32, area: f32, out: usize, count: i32,
): void {
  const l = changetype<L>(0), vector = step << 2, zero = f32x4.splat(0)
  for (; count >= 16; count -= 16, p += vector << 2, out += 64) {
    let c0 = zero, c1 = zero, c2 = zero, c3 = zero, row = p
    for (let y = 0; y < rows; y++, row += rowStep) {
      for (let q = row, end = row + (<usize>columns << 2); q < end; q += 4) {
        c0 = addHalves(c0, l.load(q, step)), c1 = addHalves(c1, l.load(q + vector, step))
        c2 = addHalves(c2, l.load(q + 2 * vector, step)), c3 = addHalves(c3, l.load(q + 3 * vector, step))
      }
    }
    v128.store(out, halfAverage(type, c0, area)), v128.store(out, halfAverage(type, c1, area), 16)
    v128.store(out, halfAverage(type, c2, area), 32), v128.store(out, halfAverage(type, c3, area), 48)
  }
  for (; count > 0; count -= 4, p += vector, out += 16) {
    let sum = zero, row = p
    for (let y = 0; y < rows; y++, row += rowStep) {
      for (let q = row, end = row + (<usize>columns << 2); q < end; q += 4) sum = addHalves(sum, l.load(q, step))
    }
    storeLanes(out, halfAverage(type, sum, area), count)
  }
}

/** One output whose window may reach beyond the input. */
function poolOne(
  type: i32, channel: usize, h: i32, w: i32, top: i32, left: i32, kernelH: i32, kernelW: i32, countIncludePad: i32,
): f32 {
  const y0 = max(top, 0), y1 = min(top + kernelH, h), x0 = max(left, 0), x1 = min(left + kernelW, w)
  if (type == MAX) {
    const inside = y0 == top && x0 == left && top < h && left < w
    const first = inside ? load<f32>(channel + (<usize>(top * w + left) << 2)) : -LARGEST
    return windowMax(channel, w, y0, y1, x0, x1, first)
  }
  const count = countIncludePad ? kernelH * kernelW : max(y1 - y0, 0) * max(x1 - x0, 0)
  if (type < HALF_PRODUCT) return windowSum(channel, w, y0, y1, x0, x1) / <f32>count
  let sum = f32x4.splat(0)
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) sum = addHalves(sum, v128.load32_zero(channel + (<usize>(y * w + x) << 2)))
  }
  return f32x4.extract_lane(halfAverage(type, sum, <f32>count), 0)
}

/** The greatest of `v` and of a row's inputs under three taps, in their order: what is not greater, or NaN, comes to nothing. */
// @ts-ignore: decorator
@inline
function overRow(v: v128, a: v128, b: v128, c: v128): v128 {
  return f32x4.pmax(f32x4.pmax(f32x4.pmax(v, a), b), c)
}

/** The inputs under the third tap, `b` being those under the second: that stands for what lies beyond the row, where it changes no maximum. */
// @ts-ignore: decorator
@inline
function third(p: usize, b: v128, edge: bool, mask: v128): v128 {
  const c = i32x4.shuffle(v128.load(p, 8), v128.load(p, 24), 0, 2, 4, 6)
  return edge ? v128.bitselect(c, b, mask) : c
}

/** Four outputs each of two neighbouring rows from five rows of inputs, of which one serves both. */
// @ts-ignore: decorator
@inline
function maximaOfTwo(r0: usize, r1: usize, r2: usize, r3: usize, r4: usize, x: usize, edge: bool, mask: v128, out: usize, outBytes: usize): void {
  let p = r0 + 2 * x, l = v128.load(p), r = v128.load(p, 16)
  // The first position starts the maximum, so that a NaN there stays.
  let b = i32x4.shuffle(l, r, 1, 3, 5, 7)
  let v = f32x4.pmax(f32x4.pmax(i32x4.shuffle(l, r, 0, 2, 4, 6), b), third(p, b, edge, mask))
  p = r1 + 2 * x, l = v128.load(p), r = v128.load(p, 16), b = i32x4.shuffle(l, r, 1, 3, 5, 7)
  v = overRow(v, i32x4.shuffle(l, r, 0, 2, 4, 6), b, third(p, b, edge, mask))
  p = r2 + 2 * x, l = v128.load(p), r = v128.load(p, 16), b = i32x4.shuffle(l, r, 1, 3, 5, 7)
  const a = i32x4.shuffle(l, r, 0, 2, 4, 6), c = third(p, b, edge, mask)
  v128.store(out + x, overRow(v, a, b, c))
  v = f32x4.pmax(f32x4.pmax(a, b), c)
  p = r3 + 2 * x, l = v128.load(p), r = v128.load(p, 16), b = i32x4.shuffle(l, r, 1, 3, 5, 7)
  v = overRow(v, i32x4.shuffle(l, r, 0, 2, 4, 6), b, third(p, b, edge, mask))
  p = r4 + 2 * x, l = v128.load(p), r = v128.load(p, 16), b = i32x4.shuffle(l, r, 1, 3, 5, 7)
  v128.store(out + outBytes + x, overRow(v, i32x4.shuffle(l, r, 0, 2, 4, 6), b, third(p, b, edge, mask)))
}

/** Maxima of 3x3 with stride 2, two rows of outputs at a time; the last rows and the last four of a row overlap their neighbours. */
function maxPool3x3(input: usize, channels: i32, h: i32, w: i32, output: usize, outH: i32, outW: i32): void {
  const rowBytes = <usize>w << 2, outBytes = <usize>outW << 2, last = outBytes - 16
  const mask = 2 * outW < w ? i32x4.splat(-1) : i32x4(-1, -1, -1, 0)
  for (; channels > 0; channels--, input += <usize>h * rowBytes, output += <usize>outH * outBytes) {
    for (let oy = 0; oy < outH; oy += 2) {
      const y = min(oy, outH - 2), out = output + <usize>y * outBytes
      const r0 = input + <usize>(2 * y) * rowBytes, r1 = r0 + rowBytes, r2 = r1 + rowBytes, r3 = r2 + rowBytes
      const r4 = 2 * y + 4 < h ? r3 + rowBytes : r3
      for (let x: usize = 0; x < last; x += 16) maximaOfTwo(r0, r1, r2, r3, r4, x, false, mask, out, outBytes)
      maximaOfTwo(r0, r1, r2, r3, r4, last, true, mask, out, outBytes)
    }
  }
}

/** Whether outputs begin at the first input and their windows of 3 end at the last, or one beyond. */
// @ts-ignore: decorator
@inline
function isPlainStride2(inputs: i32, outputs: i32, before: i32): bool {
  return before == 0 && 2 * outputs <= inputs
}

export function pool(
  type: i32, input: usize, channels: i32, h: i32, w: i32, output: usize, outH: i32, outW: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, padTop: i32, padLeft: i32, countIncludePad: i32,
): void {
  const is3x3 = kernelH == 3 && kernelW == 3 && strideH == 2 && strideW == 2
  if (type == MAX && is3x3 && outH > 1 && outW > 3 && isPlainStride2(h, outH, padTop) && isPlainStride2(w, outW, padLeft)) {
    maxPool3x3(input, channels, h, w, output, outH, outW)
    return
  }
  const rowStep = <usize>w << 2, step = <usize>strideW << 2, channelBytes = <usize>h * rowStep
  // The outputs whose windows do not reach beyond the left or right side go four at a time. With three or more strides between them a
  // vector of fewer than four would read far beyond the input.
  const inner0 = min((padLeft + strideW - 1) / strideW, outW)
  const fitting = max(min(w + padLeft >= kernelW ? (w + padLeft - kernelW) / strideW + 1 : 0, outW), inner0)
  const inner1 = strideW > 2 ? inner0 + ((fitting - inner0) & ~3) : fitting
  for (let q = 0; q < channels; q++, input += channelBytes) {
    for (let oy = 0; oy < outH; oy++, output += <usize>outW << 2) {
      const top = oy * strideH - padTop
      const y0 = max(top, 0), rows = max(min(top + kernelH, h) - y0, 0), fromTop = y0 == top && rows > 0
      const area = <f32>((countIncludePad ? kernelH : rows) * kernelW)
      const p = input + <usize>y0 * rowStep + (<usize>(inner0 * strideW - padLeft) << 2)
      const out = output + (<usize>inner0 << 2), count = inner1 - inner0
      if (type >= HALF_PRODUCT) {
        if (strideW == 1) averageHalves<Stride1>(type, p, rowStep, step, rows, kernelW, area, out, count)
        else if (strideW == 2) averageHalves<Stride2>(type, p, rowStep, step, rows, kernelW, area, out, count)
        else averageHalves<AnyStride>(type, p, rowStep, step, rows, kernelW, area, out, count)
      } else if (strideW == 1) poolRun<Stride1>(type, p, rowStep, step, rows, kernelW, fromTop, area, out, count)
      else if (strideW == 2) poolRun<Stride2>(type, p, rowStep, step, rows, kernelW, fromTop, area, out, count)
      else poolRun<AnyStride>(type, p, rowStep, step, rows, kernelW, fromTop, area, out, count)
      for (let ox = inner0 > 0 ? 0 : inner1; ox < outW; ox++) {
        const value = poolOne(type, input, h, w, top, ox * strideW - padLeft, kernelH, kernelW, countIncludePad)
        store<f32>(output + (<usize>ox << 2), value)
        if (ox + 1 == inner0) ox = inner1 - 1
      }
    }
  }
}

/** Averages of whole channels, as many as make fours: four sums at once do not wait for each other. */
function averageChannels(input: usize, channels: i32, h: i32, w: i32, output: usize): i32 {
  const bytes = <usize>(h * w) << 2
  let q = 0
  for (; q <= channels - 4; q += 4, output += 16) {
    let s0: f32 = 0, s1: f32 = 0, s2: f32 = 0, s3: f32 = 0
    for (const end = input + bytes; input < end; input += 4) {
      s0 += load<f32>(input), s1 += load<f32>(input + bytes)
      s2 += load<f32>(input + 2 * bytes), s3 += load<f32>(input + 3 * bytes)
    }
    input += 3 * bytes
    v128.store(output, f32x4.div(f32x4.div(f32x4(s0, s1, s2, s3), f32x4.splat(<f32>h)), f32x4.splat(<f32>w)))
  }
  return q
}

export function adaptivePool(type: i32, input: usize, channels: i32, h: i32, w: i32, output: usize, outH: i32, outW: i32): void {
  const channelBytes = <usize>(h * w) << 2
  const done = type != MAX && outH * outW == 1 ? averageChannels(input, channels, h, w, output) : 0
  input += <usize>done * channelBytes
  output += <usize>done << 2
  for (let q = done; q < channels; q++, input += channelBytes) {
    for (let oy = 0; oy < outH; oy++) {
      const y0 = h * oy / outH, y1 = (h * (oy + 1) + outH - 1) / outH
      for (let ox = 0; ox < outW; ox++, output += 4) {
        const x0 = w * ox / outW, x1 = (w * (ox + 1) + outW - 1) / outW
        if (type == MAX) {
          const first = load<f32>(input + (<usize>(y0 * w + x0) << 2))
          store<f32>(output, windowMax(input, w, y0, y1, x0, x1, first))
        } else {
          store<f32>(output, windowSum(input, w, y0, y1, x0, x1) / <f32>(y1 - y0) / <f32>(x1 - x0))
        }
      }
    }
  }
}
