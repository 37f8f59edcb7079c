// Convolution of int8 images: patches are packed straight into the panels of B, as pairs of neighbouring channels, or of neighbouring taps
// in a last channel without a neighbour. The image holds its padding already, so that every tap of every output lies in it.
import { finishRows } from './int8'
import { BLOCK_BYTES, COLUMN_BLOCK, EDGE_BYTES, multiplyBlock, PAIR_BLOCK, pairOf, panelWidth, ROW_BLOCK } from './int8-gemm'

/** Where the places of eight outputs are kept, behind the block and the tile. */
const PLACES: usize = BLOCK_BYTES + EDGE_BYTES

/** Pairs of products of so many channels under so many taps: those of a last channel without a neighbour are of neighbouring taps. */
// @ts-ignore: decorator
@inline
function pairsOf(channels: i32, taps: i32): i32 {
  return (channels >> 1) * taps + (channels & 1) * ((taps + 1) >> 1)
}

/** The weight at p of a row inside the panel, or 0. */
// @ts-ignore: decorator
@inline
function weightAt(p: usize, exists: bool): i32 {
  return exists ? <i32>load<i8>(p) : 0
}

export function packInt8Filters(source: usize, outch: i32, inch: i32, taps: i32, packed: usize): void {
  const size = <usize>(inch * taps)
  for (let i = 0; i < outch; i += 4) {
    for (let q = 0; q < inch; q += 2) {
      const alone = q + 1 == inch, step = alone ? 2 : 1
      for (let t = 0; t < taps; t += step, packed += 16) {
        for (let lane = 0; lane < 4; lane++) {
          const exists = i + lane < outch
          const first = source + <usize>(i + lane) * size + <usize>(q * taps + t), second = first + (alone ? 1 : taps)
          store<i32>(packed + (<usize>lane << 2), pairOf(weightAt(first, exists), weightAt(second, exists && (!alone || t + 1 < taps))))
        }
      }
    }
  }
}

/** Every second of sixteen bytes as int16. */
// @ts-ignore: decorator
@inline
function everySecond(p: usize): v128 {
  return i16x8.shr_s(i16x8.shl(v128.load(p), 8), 8)
}

// What eight neighbouring outputs read of a channel: one row from p on, or two, the lanes of the mask from p on and the others from q,
// where lane 0 would be. Classes, for the reason given in activation.ts.

class Stride1 {
  @inline load(p: usize, q: usize, mask: v128): v128 {
    return v128.load8x8_s(p)
  }
}

class Stride1TwoRows {
  @inline load(p: usize, q: usize, mask: v128): v128 {
    return v128.bitselect(v128.load8x8_s(p), v128.load8x8_s(q), mask)
  }
}

class Stride2 {
  @inline load(p: usize, q: usize, mask: v128): v128 {
    return everySecond(p)
  }
}

class Stride2TwoRows {
  @inline load(p: usize, q: usize, mask: v128): v128 {
    return v128.bitselect(everySecond(p), everySecond(q), mask)
  }
}

/** Stores two vectors of eight as eight pairs. */
// @ts-ignore: decorator
@inline
function storePairs(dst: usize, u: v128, v: v128): void {
  v128.store(dst, i16x8.shuffle(u, v, 0, 8, 1, 9, 2, 10, 3, 11))
  v128.store(dst, i16x8.shuffle(u, v, 4, 12, 5, 13, 6, 14, 7, 15), 16)
}

/** Packs a panel of eight outputs in at most two rows, whose inputs begin at `first` and `second`. */
function packRuns<L>(
  dst: usize, first: usize, second: usize, mask: v128, channelStep: usize, channels: i32,
  t0: i32, tapCount: i32, kernelW: i32, rowStep: usize, tapStep: usize,
): void {
  const run = changetype<L>(0)
  const x0 = t0 % kernelW, start = <usize>(t0 / kernelW) * rowStep + <usize>x0 * tapStep, nextRow = rowStep - <usize>(kernelW - 1) * tapStep
  for (; channels > 1; channels -= 2, first += 2 * channelStep, second += 2 * channelStep) {
    let p = first + start, q = second + start
    for (let t = tapCount, x = x0; t > 0; t--, dst += 32) {
      storePairs(dst, run.load(p, q, mask), run.load(p + channelStep, q + channelStep, mask))
      const step = ++x == kernelW ? nextRow : tapStep
      if (x == kernelW) x = 0
      p += step, q += step
    }
  }
  if (channels == 0) return
  let p = first + start, q = second + start, u = i32x4.splat(0)
  for (let t = 0, x = x0; t < tapCount; t++) {
    const v = run.load(p, q, mask)
    if (t & 1) storePairs(dst, u, v), dst += 32
    u = v
    const step = ++x == kernelW ? nextRow : tapStep
    if (x == kernelW) x = 0
    p += step, q += step
  }
  if (tapCount & 1) storePairs(dst, u, u)
}

/** Packs a panel of outputs wherever they lie: `places` holds the byte offset of each. */
function packPlaces(
  dst: usize, width: i32, source: usize, places: usize, channelStep: usize, channels: i32,
  t0: i32, tapCount: i32, kernelW: i32, rowStep: usize, tapStep: usize,
): void {
  const end = t0 + tapCount
  for (; channels > 0; channels -= 2, source += 2 * channelStep) {
    const alone = channels == 1, advance = alone ? 2 : 1
    for (let t = t0; t < end; t += advance, dst += <usize>width << 2) {
      const tap = <usize>(t / kernelW) * rowStep + <usize>(t % kernelW) * tapStep, next = min(t + 1, end - 1)
      const other = alone ? <usize>(next / kernelW) * rowStep + <usize>(next % kernelW) * tapStep : tap + channelStep
      for (let lane: usize = 0; lane < <usize>width; lane++) {
        const p = source + load<u32>(places + (lane << 2))
        store<i32>(dst + (lane << 2), pairOf(load<i8>(p + tap), load<i8>(p + other)))
      }
    }
  }
}

/** Packs one panel: for the outputs p0 .. p0 + lanes the inputs under `tapCount` taps, pair of channels by pair of channels. */
function packPatches(
  panel: usize, source: usize, channelStep: usize, channels: i32, w: i32, p0: i32, lanes: i32, outW: i32,
  t0: i32, tapCount: i32, kernelW: i32, strideH: i32, strideW: i32, rowStep: usize, tapStep: usize, places: usize,
): void {
  const oy = p0 / outW, ox = p0 - oy * outW, inRow = min(outW - ox, lanes), width = panelWidth(lanes)
  if (width == 8 && strideW <= 2 && lanes - inRow <= outW) {
    const first = source + <usize>(oy * strideH * w + ox * strideW)
    const second = source + <usize>((oy + 1) * strideH * w - inRow * strideW)
    const mask = i16x8.lt_s(i16x8(0, 1, 2, 3, 4, 5, 6, 7), i16x8.splat(<i16>inRow))
    if (strideW == 1) {
      if (inRow == lanes) packRuns<Stride1>(panel, first, 0, mask, channelStep, channels, t0, tapCount, kernelW, rowStep, tapStep)
      else packRuns<Stride1TwoRows>(panel, first, second, mask, channelStep, channels, t0, tapCount, kernelW, rowStep, tapStep)
    } else {
      if (inRow == lanes) packRuns<Stride2>(panel, first, 0, mask, channelStep, channels, t0, tapCount, kernelW, rowStep, tapStep)
      else packRuns<Stride2TwoRows>(panel, first, second, mask, channelStep, channels, t0, tapCount, kernelW, rowStep, tapStep)
    }
    return
  }
  // Lanes beyond the last output repeat it: what they compute is never stored.
  for (let lane = 0; lane < width; lane++) {
    const p = p0 + min(lane, lanes - 1), y = p / outW
    store<u32>(places + (<usize>lane << 2), y * strideH * w + (p - y * outW) * strideW)
  }
  packPlaces(panel, width, source, places, channelStep, channels, t0, tapCount, kernelW, rowStep, tapStep)
}

export function int8Convolution(
  input: usize, inch: i32, h: i32, w: i32, packedFilters: usize, sums: usize, outch: i32, outH: i32, outW: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32,
  scales: usize, bias: usize, activation: i32, activationA: f32, activationB: f32, outputScale: f32, output: usize, scratch: usize,
): void {
  const taps = kernelH * kernelW, n = outH * outW
  const channelStep = <usize>(h * w), rowStep = <usize>(dilationH * w), tapStep = <usize>dilationW
  const aStep = <usize>pairsOf(inch, taps) << 4, sumBytes = <usize>n << 2
  const toBytes = sums != output, outputShift = toBytes ? 0 : 2, outputBytes = <usize>n << outputShift
  // Rows of a pointwise convolution follow each other without a gap.
  const flat = taps == 1 && strideH == 1 && strideW == 1 && w == outW
  const rowW = flat ? n : outW
  // A block of depths is some whole channels, or a part of the taps of one pair when the kernel is huge.
  const channelBlock = max(PAIR_BLOCK / taps, 1) << 1, tapBlock = min(taps, PAIR_BLOCK)
  for (let n0 = 0; n0 < n; n0 += COLUMN_BLOCK) {
    const columns = min(n - n0, COLUMN_BLOCK)
    for (let q = 0; q < inch; q += channelBlock) {
      const channels = min(inch - q, channelBlock), source = input + <usize>q * channelStep
      for (let t0 = 0; t0 < taps; t0 += tapBlock) {
        const tapCount = min(taps - t0, tapBlock)
        const pairs = pairsOf(channels, tapCount), bStep = <usize>pairs << 5
        for (let j = 0; j < columns; j += 8) {
          packPatches(
            scratch + <usize>(j >> 3) * bStep, source, channelStep, channels, w, n0 + j, min(columns - j, 8), rowW,
            t0, tapCount, kernelW, strideH, strideW, rowStep, tapStep, scratch + PLACES,
          )
        }
        const last = q + channels == inch && t0 + tapCount == taps, accumulate = q + t0 > 0
        const filters = packedFilters + (<usize>((q >> 1) * taps + (channels == 1 ? t0 >> 1 : t0)) << 4)
        for (let i = 0; i < outch; i += ROW_BLOCK) {
          const rows = min(outch - i, ROW_BLOCK), c = sums + <usize>i * sumBytes + (<usize>n0 << 2)
          multiplyBlock(
            filters + <usize>(i >> 2) * aStep, aStep, scratch, bStep, pairs, c, sumBytes, rows, columns, accumulate, scratch + BLOCK_BYTES,
          )
          if (!last) continue
          finishRows(
            c, false, sumBytes, rows, columns, scales + (<usize>i << 2), bias ? bias + (<usize>i << 2) : 0, activation, activationA, activationB,
            toBytes, outputScale, output + <usize>i * outputBytes + (<usize>n0 << outputShift), outputBytes,
          )
        }
      }
    }
  }
}
