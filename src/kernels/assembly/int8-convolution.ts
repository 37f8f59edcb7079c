// Convolution of int8 images: patches are packed straight into the panels of B, as pairs of neighbouring channels. The image holds its
// padding already, so that every tap of every output lies in it.
import { finishRows } from './int8'
import { BLOCK_BYTES, COLUMN_BLOCK, EDGE_BYTES, multiplyBlock, PAIR_BLOCK, pairOf, panelWidth, ROW_BLOCK } from './int8-gemm'

/** Where the places of eight outputs are kept, behind the block and the tile. */
const PLACES: usize = BLOCK_BYTES + EDGE_BYTES

export function packInt8Filters(source: usize, outch: i32, inch: i32, taps: i32, packed: usize): void {
  const size = <usize>inch * taps
  for (let i = 0; i < outch; i += 4, source += size << 2) {
    const rows = min(outch - i, 4)
    for (let q = 0; q < inch; q += 2) {
      for (let t = 0; t < taps; t++, packed += 16) {
        for (let lane = 0; lane < 4; lane++) {
          const at = source + <usize>lane * size + <usize>q * taps + t
          const first = lane < rows ? <i32>load<i8>(at) : 0, second = lane < rows && q + 1 < inch ? <i32>load<i8>(at + taps) : 0
          store<i32>(packed + (<usize>lane << 2), pairOf(first, second))
        }
      }
    }
  }
}

// Eight neighbouring outputs of a row read eight bytes, or every second one of sixteen; as classes, for the reason given in activation.ts.

class Neighbours {
  @inline load(p: usize): v128 {
    return v128.load8x8_s(p)
  }
}

class EverySecond {
  @inline load(p: usize): v128 {
    return i16x8.shr_s(i16x8.shl(v128.load(p), 8), 8)
  }
}

/**
 * Packs a panel of eight outputs in at most two rows: the lanes of the mask read from `first` on, the others from `second`, where lane 0
 * would be. Of a last channel without a neighbour the filters hold zeros, so it is its own.
 */
function packRuns<L>(
  dst: usize, first: usize, second: usize, mask: v128, channelStep: usize, channels: i32,
  t0: i32, tapCount: i32, kernelW: i32, rowStep: usize, tapStep: usize,
): void {
  const run = changetype<L>(0)
  const x0 = t0 % kernelW, start = <usize>(t0 / kernelW) * rowStep + <usize>x0 * tapStep, nextRow = rowStep - <usize>(kernelW - 1) * tapStep
  for (; channels > 0; channels -= 2, first += 2 * channelStep, second += 2 * channelStep) {
    const neighbour: usize = channels > 1 ? channelStep : 0
    let p = first + start, q = second + start
    for (let t = tapCount, x = x0; t > 0; t--, dst += 32) {
      const u = v128.bitselect(run.load(p), run.load(q), mask)
      const v = v128.bitselect(run.load(p + neighbour), run.load(q + neighbour), mask)
      v128.store(dst, i16x8.shuffle(u, v, 0, 8, 1, 9, 2, 10, 3, 11))
      v128.store(dst, i16x8.shuffle(u, v, 4, 12, 5, 13, 6, 14, 7, 15), 16)
      const step = ++x == kernelW ? nextRow : tapStep
      if (x == kernelW) x = 0
      p += step, q += step
    }
  }
}

/** Packs a panel of outputs wherever they lie: `places` holds the byte offset of each. */
function packPlaces(
  dst: usize, width: i32, source: usize, places: usize, channelStep: usize, channels: i32,
  t0: i32, tapCount: i32, kernelW: i32, rowStep: usize, tapStep: usize,
): void {
  for (; channels > 0; channels -= 2, source += 2 * channelStep) {
    const neighbour: usize = channels > 1 ? channelStep : 0
    for (let t = t0; t < t0 + tapCount; t++, dst += <usize>width << 2) {
      const tap = source + <usize>(t / kernelW) * rowStep + <usize>(t % kernelW) * tapStep
      for (let lane: usize = 0; lane < <usize>width; lane++) {
        const p = tap + load<u32>(places + (lane << 2))
        store<i32>(dst + (lane << 2), pairOf(load<i8>(p), load<i8>(p + neighbour)))
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
    const second = inRow < lanes ? source + <usize>((oy + 1) * strideH * w - inRow * strideW) : first
    const mask = i16x8.lt_s(i16x8(0, 1, 2, 3, 4, 5, 6, 7), i16x8.splat(<i16>inRow))
    if (strideW == 1) {
      packRuns<Neighbours>(panel, first, second, mask, channelStep, channels, t0, tapCount, kernelW, rowStep, tapStep)
    } else {
      packRuns<EverySecond>(panel, first, second, mask, channelStep, channels, t0, tapCount, kernelW, rowStep, tapStep)
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
  const taps = kernelH * kernelW, n = outH * outW, evenChannels = (inch + 1) & ~1
  const channelStep = <usize>(h * w), rowStep = <usize>(dilationH * w), tapStep = <usize>dilationW
  const aStep = <usize>(evenChannels * taps) << 3, sumBytes = <usize>n << 2
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
        const pairs = ((channels + 1) >> 1) * tapCount, bStep = <usize>pairs << 5
        for (let j = 0; j < columns; j += 8) {
          packPatches(
            scratch + <usize>(j >> 3) * bStep, source, channelStep, channels, w, n0 + j, min(columns - j, 8), rowW,
            t0, tapCount, kernelW, strideH, strideW, rowStep, tapStep, scratch + PLACES,
          )
        }
        const last = q + channels == inch && t0 + tapCount == taps, accumulate = q + t0 > 0
        const filters = packedFilters + (<usize>((q >> 1) * taps + t0) << 4)
        for (let i = 0; i < outch; i += ROW_BLOCK) {
          const rows = min(outch - i, ROW_BLOCK), c = sums + <usize>i * sumBytes + (<usize>n0 << 2)
          multiplyBlock(
            filters + <usize>(i >> 2) * aStep, aStep, scratch, bStep, pairs, c, sumBytes, rows, columns, accumulate, scratch + BLOCK_BYTES,
          )
          if (!last) continue
          finishRows(
            c, sumBytes, rows, columns, scales + (<usize>i << 2), bias ? bias + (<usize>i << 2) : 0, activation, activationA, activationB,
            toBytes, outputScale, output + <usize>i * outputBytes + (<usize>n0 << outputShift), outputBytes,
          )
        }
      }
    }
  }
}
