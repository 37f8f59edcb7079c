// Convolution of int8 images: patches are packed straight into the panels of B, as quads of neighbouring channels where those are faster,
// else as pairs of them, or of neighbouring taps in a last channel without a neighbour. The image holds its padding already, so that every
// tap of every output lies in it.
import { finishIntegers } from './int8'
import { BLOCK_BYTES, COLUMN_BLOCK, EDGE_BYTES, GROUP_BLOCK, Magnitudes, multiplyBlock, NO_INITIAL, pairOf, Pairs, panelWidth, QuadsLeft, ROW_BLOCK } from './int8-gemm'
import { areMagnitudes, areQuads, initialBytes, packQuadFilters, pairQuadFilters, quadOf, storeQuads } from './int8-quads'

/** Where the places of eight outputs are kept, behind the block and the tile. */
const PLACES: usize = BLOCK_BYTES + EDGE_BYTES
/** Where filters are kept of which pairs are made, behind those: rows that pass by a block of columns. */
const FILTER_PAIRS: usize = PLACES + 64

/** With fewer channels inputs are an image as a rule, which has values below 0, and channels would be missing in quads. */
const FEWEST_FOR_QUADS: i32 = 8
/** So many taps of several quads of channels make a block of pairs. */
const MOST_FOR_QUADS: i32 = 64

/** Whether filters are packed as quads; else as pairs. */
// @ts-ignore: decorator
@inline
function storesQuads(inch: i32, taps: i32): bool {
  return ASC_FEATURE_RELAXED_SIMD && (inch >= FEWEST_FOR_QUADS && taps <= MOST_FOR_QUADS || areQuads())
}

/** Groups of so many channels under so many taps: pairs of a last channel without a neighbour are of neighbouring taps. */
// @ts-ignore: decorator
@inline
function groupsOf(channels: i32, taps: i32, quads: bool): i32 {
  return quads ? ((channels + 3) >> 2) * taps : (channels >> 1) * taps + (channels & 1) * ((taps + 1) >> 1)
}

/** The weight at p of a row inside the panel, or 0. */
// @ts-ignore: decorator
@inline
function weightAt(p: usize, exists: bool): i32 {
  return exists ? <i32>load<i8>(p) : 0
}

/** Bytes of a packed panel of 4 filters. */
// @ts-ignore: decorator
@inline
function panelBytes(inch: i32, taps: i32, quads: bool): usize {
  return (<usize>groupsOf(inch, taps, quads) << 4) + (quads ? initialBytes(4) : 0)
}

export function packedInt8FilterBytes(outch: i32, inch: i32, taps: i32): i32 {
  return ((outch + 3) >> 2) * <i32>panelBytes(inch, taps, storesQuads(inch, taps))
}

export function packInt8Filters(source: usize, outch: i32, inch: i32, taps: i32, packed: usize): void {
  if (storesQuads(inch, taps)) packQuadFilters(source, outch, inch, taps, packed)
  else packPairFilters(source, outch, inch, taps, packed)
}

function packPairFilters(source: usize, outch: i32, inch: i32, taps: i32, packed: usize): void {
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

/** Every second of sixteen bytes. */
// @ts-ignore: decorator
@inline
function everySecondByte(p: usize): v128 {
  const v = v128.load(p)
  return i8x16.shuffle(v, v, 0, 2, 4, 6, 8, 10, 12, 14, 0, 2, 4, 6, 8, 10, 12, 14)
}

// What eight neighbouring outputs read of a channel, as int16 or as bytes: one row from p on, or two, the lanes of the mask from p on and
// the others from q, where lane 0 would be. Classes, for the reason given in activation.ts.

class Stride1 {
  @inline load(p: usize, q: usize, mask: v128): v128 {
    return v128.load8x8_s(p)
  }
  @inline bytes(p: usize, q: usize, mask: v128): v128 {
    return v128.load64_zero(p)
  }
}

class Stride1TwoRows {
  @inline load(p: usize, q: usize, mask: v128): v128 {
    return v128.bitselect(v128.load8x8_s(p), v128.load8x8_s(q), mask)
  }
  @inline bytes(p: usize, q: usize, mask: v128): v128 {
    return v128.bitselect(v128.load64_zero(p), v128.load64_zero(q), mask)
  }
}

class Stride2 {
  @inline load(p: usize, q: usize, mask: v128): v128 {
    return everySecond(p)
  }
  @inline bytes(p: usize, q: usize, mask: v128): v128 {
    return everySecondByte(p)
  }
}

class Stride2TwoRows {
  @inline load(p: usize, q: usize, mask: v128): v128 {
    return v128.bitselect(everySecond(p), everySecond(q), mask)
  }
  @inline bytes(p: usize, q: usize, mask: v128): v128 {
    return v128.bitselect(everySecondByte(p), everySecondByte(q), mask)
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
// @ts-ignore: decorator
@inline
function packRuns<L>(
  quads: bool, dst: usize, first: usize, second: usize, mask: v128, channelStep: usize, channels: i32,
  t0: i32, tapCount: i32, kernelW: i32, rowStep: usize, tapStep: usize,
): void {
  if (!quads) return packPairRuns<L>(dst, first, second, mask, channelStep, channels, t0, tapCount, kernelW, rowStep, tapStep)
  packQuadRuns<L>(dst, first, second, i8x16.narrow_i16x8_s(mask, mask), channelStep, channels, t0, tapCount, kernelW, rowStep, tapStep)
}

/** The mask is one of bytes. */
function packQuadRuns<L>(
  dst: usize, first: usize, second: usize, mask: v128, channelStep: usize, channels: i32,
  t0: i32, tapCount: i32, kernelW: i32, rowStep: usize, tapStep: usize,
): void {
  const run = changetype<L>(0)
  const x0 = t0 % kernelW, start = <usize>(t0 / kernelW) * rowStep + <usize>x0 * tapStep, nextRow = rowStep - <usize>(kernelW - 1) * tapStep
  for (; channels > 0; channels -= 4, first += 4 * channelStep, second += 4 * channelStep) {
    // Of channels that are missing the weights are 0.
    const c1 = channels > 1 ? channelStep : 0, c2 = channels > 2 ? 2 * channelStep : 0, c3 = channels > 3 ? 3 * channelStep : 0
    let p = first + start, q = second + start
    for (let t = tapCount, x = x0; t > 0; t--, dst += 32) {
      storeQuads(dst, run.bytes(p, q, mask), run.bytes(p + c1, q + c1, mask), run.bytes(p + c2, q + c2, mask), run.bytes(p + c3, q + c3, mask))
      const step = ++x == kernelW ? nextRow : tapStep
      if (x == kernelW) x = 0
      p += step, q += step
    }
  }
}

function packPairRuns<L>(
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

/** {@link packPlaces} as quads. */
function packQuadPlaces(
  dst: usize, width: i32, source: usize, places: usize, channelStep: usize, channels: i32,
  t0: i32, tapCount: i32, kernelW: i32, rowStep: usize, tapStep: usize,
): void {
  for (; channels > 0; channels -= 4, source += 4 * channelStep) {
    const c1 = channels > 1 ? channelStep : 0, c2 = channels > 2 ? 2 * channelStep : 0, c3 = channels > 3 ? 3 * channelStep : 0
    for (let t = t0; t < t0 + tapCount; t++, dst += <usize>width << 2) {
      const tap = <usize>(t / kernelW) * rowStep + <usize>(t % kernelW) * tapStep
      for (let lane: usize = 0; lane < <usize>width; lane++) {
        const p = source + load<u32>(places + (lane << 2)) + tap
        store<i32>(dst + (lane << 2), quadOf(p, p + c1, p + c2, p + c3))
      }
    }
  }
}

/** Packs one panel: for the outputs p0 .. p0 + lanes the inputs under `tapCount` taps, group of channels by group of channels. */
function packPatches(
  quads: bool, panel: usize, source: usize, channelStep: usize, channels: i32, w: i32, p0: i32, lanes: i32, outW: i32,
  t0: i32, tapCount: i32, kernelW: i32, strideH: i32, strideW: i32, rowStep: usize, tapStep: usize, places: usize,
): void {
  const oy = p0 / outW, ox = p0 - oy * outW, inRow = min(outW - ox, lanes), width = panelWidth(lanes)
  if (width == 8 && strideW <= 2 && lanes - inRow <= outW) {
    const first = source + <usize>(oy * strideH * w + ox * strideW)
    const second = source + <usize>((oy + 1) * strideH * w - inRow * strideW)
    const mask = i16x8.lt_s(i16x8(0, 1, 2, 3, 4, 5, 6, 7), i16x8.splat(<i16>inRow))
    if (strideW == 1) {
      if (inRow == lanes) packRuns<Stride1>(quads, panel, first, 0, mask, channelStep, channels, t0, tapCount, kernelW, rowStep, tapStep)
      else packRuns<Stride1TwoRows>(quads, panel, first, second, mask, channelStep, channels, t0, tapCount, kernelW, rowStep, tapStep)
    } else {
      if (inRow == lanes) packRuns<Stride2>(quads, panel, first, 0, mask, channelStep, channels, t0, tapCount, kernelW, rowStep, tapStep)
      else packRuns<Stride2TwoRows>(quads, panel, first, second, mask, channelStep, channels, t0, tapCount, kernelW, rowStep, tapStep)
    }
    return
  }
  // Lanes beyond the last output repeat it: what they compute is never stored.
  for (let lane = 0; lane < width; lane++) {
    const p = p0 + min(lane, lanes - 1), y = p / outW
    store<u32>(places + (<usize>lane << 2), y * strideH * w + (p - y * outW) * strideW)
  }
  if (quads) packQuadPlaces(panel, width, source, places, channelStep, channels, t0, tapCount, kernelW, rowStep, tapStep)
  else packPlaces(panel, width, source, places, channelStep, channels, t0, tapCount, kernelW, rowStep, tapStep)
}

export function int8Convolution(
  input: usize, inch: i32, h: i32, w: i32, packedFilters: usize, sums: usize, outch: i32, outH: i32, outW: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32,
  scales: usize, bias: usize, activation: i32, activationA: f32, activationB: f32, outputScale: f32, output: usize, scratch: usize,
): void {
  const taps = kernelH * kernelW, n = outH * outW
  const stored = storesQuads(inch, taps), anyInputs = areQuads(), quads = stored && (anyInputs || areMagnitudes(input, inch * h * w))
  const channelStep = <usize>(h * w), rowStep = <usize>(dilationH * w), tapStep = <usize>dilationW
  const begin = stored ? initialBytes(4) : 0, aStep = panelBytes(inch, taps, stored), sumBytes = <usize>n << 2
  const toBytes = sums != output, outputShift = toBytes ? 0 : 2, outputBytes = <usize>n << outputShift
  // Rows of a pointwise convolution follow each other without a gap.
  const flat = taps == 1 && strideH == 1 && strideW == 1 && w == outW
  const rowW = flat ? n : outW
  // A block of depths is some whole channels, or a part of the taps of one group when the kernel is huge.
  const shift = quads ? 2 : 1, blockOfPairs = max(GROUP_BLOCK / taps, 1) << 1
  const channelBlock = quads ? blockOfPairs << 1 : stored ? blockOfPairs & ~3 : blockOfPairs, tapBlock = min(taps, GROUP_BLOCK)
  for (let n0 = 0; n0 < n; n0 += COLUMN_BLOCK) {
    const columns = min(n - n0, COLUMN_BLOCK)
    for (let q = 0; q < inch; q += channelBlock) {
      const channels = min(inch - q, channelBlock), source = input + <usize>q * channelStep
      for (let t0 = 0; t0 < taps; t0 += tapBlock) {
        const tapCount = min(taps - t0, tapBlock)
        const groups = groupsOf(channels, tapCount, quads), bStep = <usize>groups << 5
        for (let j = 0; j < columns; j += 8) {
          packPatches(
            quads, scratch + <usize>(j >> 3) * bStep, source, channelStep, channels, w, n0 + j, min(columns - j, 8), rowW,
            t0, tapCount, kernelW, strideH, strideW, rowStep, tapStep, scratch + PLACES,
          )
        }
        const last = q + channels == inch && t0 + tapCount == taps, accumulate = q + t0 > 0
        const before = (q >> shift) * taps + (!quads && channels == 1 ? t0 >> 1 : t0), filters = packedFilters + begin + (<usize>before << 4)
        const initials = accumulate ? NO_INITIAL : packedFilters, initialStep = accumulate ? 0 : aStep
        for (let i = 0; i < outch; i += ROW_BLOCK) {
          const rows = min(outch - i, ROW_BLOCK), c = sums + <usize>i * sumBytes + (<usize>n0 << 2)
          const left = filters + <usize>(i >> 2) * aStep, initial = initials + <usize>(i >> 2) * initialStep, edge = scratch + BLOCK_BYTES
          if (!quads) {
            let pairs = left, pairStep = aStep
            if (stored) {
              pairs = scratch + FILTER_PAIRS, pairStep = <usize>groups << 4
              for (let r = 0; r < rows; r += 4) {
                const panel = packedFilters + begin + <usize>((i + r) >> 2) * aStep + (<usize>((q >> 2) * taps) << 4)
                pairQuadFilters(panel, taps, channels, pairs + <usize>(r >> 2) * pairStep)
              }
            }
            multiplyBlock<Pairs>(pairs, pairStep, scratch, bStep, groups, c, sumBytes, rows, columns, accumulate, initial, initialStep, 0, edge)
          } else if (anyInputs) multiplyBlock<QuadsLeft>(left, aStep, scratch, bStep, groups, c, sumBytes, rows, columns, accumulate, initial, initialStep, 0, edge)
          else multiplyBlock<Magnitudes>(left, aStep, scratch, bStep, groups, c, sumBytes, rows, columns, accumulate, initial, initialStep, 0, edge)
          if (!last) continue
          finishIntegers(
            c, sumBytes, rows, columns, scales + (<usize>i << 2), bias ? bias + (<usize>i << 2) : 0, activation, activationA, activationB,
            toBytes, outputScale, output + <usize>i * outputBytes + (<usize>n0 << outputShift), outputBytes,
          )
        }
      }
    }
  }
}
