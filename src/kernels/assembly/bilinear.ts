// Planes read between their elements: GridSample at points of a grid, DeformableConv2D at the displaced taps of a kernel.
//
// For a block of points it is found out once where their four neighbours lie and what they weigh; then all channels are read there, four
// points at a time. Neighbours in a row are loaded together: beside an edge the pair is moved into the plane, and its weights change places.
import { storeFirst } from './activation'
import { madd } from './madd'

/** Points of a block. */
const BLOCK: i32 = 256
/** Channels that are read at the same four points before the next four. */
const CHANNELS: i32 = 4

// What is known of four points: byte offsets of the upper left neighbours, four masks of neighbours outside the plane, four weights, and a
// factor.
const MASKS: usize = 16
const WEIGHTS: usize = 80
const FACTOR: usize = 144
const RECORD: usize = 160

// What is known of four points along one axis: the lower neighbours, masks and weights of both, and the position.
const PAIR_MASKS: usize = 16
const PAIR_WEIGHTS: usize = 48
const PAIR: usize = 80

/** Bytes of scratch memory. */
export function bilinearScratchBytes(): i32 {
  return BLOCK / 4 * <i32>RECORD + 2 * <i32>PAIR + 64
}

/** Finds the two neighbours of four positions along an axis, of which some, or the positions themselves, may lie outside it. */
function findPairs(position: v128, length: i32, pair: usize): void {
  const below = f32x4.floor(position), part = f32x4.sub(position, below), rest = f32x4.sub(f32x4.splat(1), part)
  const base = f32x4.min(f32x4.max(below, f32x4.splat(0)), f32x4.splat(<f32>max(length - 2, 0)))
  // By how much the pair was moved: by one, and one neighbour remains at the other's place; by more, and none does.
  const moved = f32x4.sub(below, base)
  const inPlace = f32x4.eq(moved, f32x4.splat(0))
  v128.store(pair, i32x4.trunc_sat_f32x4_s(base))
  v128.store(pair + PAIR_MASKS, v128.or(inPlace, f32x4.eq(moved, f32x4.splat(-1))))
  const second = v128.or(inPlace, f32x4.eq(moved, f32x4.splat(1)))
  v128.store(pair + PAIR_MASKS, length > 1 ? second : i32x4.splat(0), 16)
  v128.store(pair + PAIR_WEIGHTS, v128.bitselect(rest, part, inPlace))
  v128.store(pair + PAIR_WEIGHTS, v128.bitselect(part, rest, inPlace), 16)
}

/** Joins the pairs of two axes: where the neighbours lie, and which of them are inside the plane. */
// @ts-ignore: decorator
@inline
function joinPlaces(y: usize, x: usize, w: i32, record: usize): void {
  v128.store(record, i32x4.shl(i32x4.add(i32x4.mul(v128.load(y), i32x4.splat(w)), v128.load(x)), 2))
  const top = v128.load(y + PAIR_MASKS), bottom = v128.load(y + PAIR_MASKS, 16)
  const left = v128.load(x + PAIR_MASKS), right = v128.load(x + PAIR_MASKS, 16)
  v128.store(record + MASKS, v128.and(top, left))
  v128.store(record + MASKS, v128.and(top, right), 16)
  v128.store(record + MASKS, v128.and(bottom, left), 32)
  v128.store(record + MASKS, v128.and(bottom, right), 48)
}

// How four neighbours are weighed, in the order of ncnn's operations; classes, for the reason given in activation.ts.

/** First along w, then along h. The weights are left, right, top, bottom. */
class TwoSteps {
  @inline sum(a: v128, b: v128, c: v128, d: v128, w0: v128, w1: v128, w2: v128, w3: v128, factor: v128): v128 {
    const top = madd(f32x4.mul(a, w0), b, w1), bottom = madd(f32x4.mul(c, w0), d, w1)
    return madd(f32x4.mul(top, w2), bottom, w3)
  }
}

/** One sum, times a factor. The weights are the neighbours' own. */
class OneSum {
  @inline sum(a: v128, b: v128, c: v128, d: v128, w0: v128, w1: v128, w2: v128, w3: v128, factor: v128): v128 {
    return f32x4.mul(madd(madd(madd(f32x4.mul(a, w0), b, w1), c, w2), d, w3), factor)
  }
}

/** Reads `channels` planes at n points; results of a channel lie together, those of the next `outBytes` later. */
function samplePlanes<F>(
  input: usize, channels: i32, planeBytes: usize, rowBytes: usize, records: usize, n: i32, output: usize, outBytes: usize,
): void {
  const f = changetype<F>(0)
  for (let q = 0; q < channels; q += CHANNELS, input += CHANNELS * planeBytes, output += CHANNELS * outBytes) {
    const count = min(channels - q, CHANNELS)
    let record = records, out = output
    for (let i = n; i > 0; i -= 4, record += RECORD, out += 16) {
      let p0 = input + load<u32>(record), p1 = input + load<u32>(record, 4)
      let p2 = input + load<u32>(record, 8), p3 = input + load<u32>(record, 12)
      const m0 = v128.load(record + MASKS), m1 = v128.load(record + MASKS, 16)
      const m2 = v128.load(record + MASKS, 32), m3 = v128.load(record + MASKS, 48)
      const w0 = v128.load(record + WEIGHTS), w1 = v128.load(record + WEIGHTS, 16)
      const w2 = v128.load(record + WEIGHTS, 32), w3 = v128.load(record + WEIGHTS, 48)
      const factor = v128.load(record + FACTOR)
      let to = out
      for (let c = count; c > 0; c--, to += outBytes) {
        const t01 = v128.load64_lane(p1, v128.load64_zero(p0), 1), t23 = v128.load64_lane(p3, v128.load64_zero(p2), 1)
        const b01 = v128.load64_lane(p1 + rowBytes, v128.load64_zero(p0 + rowBytes), 1)
        const b23 = v128.load64_lane(p3 + rowBytes, v128.load64_zero(p2 + rowBytes), 1)
        const topLeft = v128.and(i32x4.shuffle(t01, t23, 0, 2, 4, 6), m0)
        const topRight = v128.and(i32x4.shuffle(t01, t23, 1, 3, 5, 7), m1)
        const bottomLeft = v128.and(i32x4.shuffle(b01, b23, 0, 2, 4, 6), m2)
        const bottomRight = v128.and(i32x4.shuffle(b01, b23, 1, 3, 5, 7), m3)
        const v = f.sum(topLeft, topRight, bottomLeft, bottomRight, w0, w1, w2, w3, factor)
        if (i >= 4) v128.store(to, v)
        else storeFirst(to, v, i)
        p0 += planeBytes, p1 += planeBytes, p2 += planeBytes, p3 += planeBytes
      }
    }
  }
}

const ZEROS: i32 = 1
const BORDER: i32 = 2

// @ts-ignore: decorator
@inline
function clampPosition(x: v128, length: i32): v128 {
  return f32x4.min(f32x4.max(x, f32x4.splat(0)), f32x4.splat(<f32>(length - 1)))
}

// @ts-ignore: decorator
@inline
function reflect(x: v128, high: i32): v128 {
  const v = f32x4.splat(<f32>high)
  return f32x4.sub(v, f32x4.abs(f32x4.sub(f32x4.abs(x), v)))
}

/** From coordinates of -1 ... 1 to positions along an axis, those outside moved as the padding mode says. */
function gridPositions(coordinate: v128, length: i32, paddingMode: i32, alignCorner: bool): v128 {
  const one = f32x4.splat(1), half = f32x4.splat(0.5)
  const shifted = f32x4.add(coordinate, one)
  const x = alignCorner
    ? f32x4.mul(f32x4.mul(shifted, half), f32x4.splat(<f32>(length - 1)))
    : f32x4.mul(f32x4.sub(f32x4.mul(shifted, f32x4.splat(<f32>length)), one), half)
  if (paddingMode == ZEROS) return x
  if (paddingMode == BORDER) return clampPosition(x, length)
  return alignCorner ? reflect(x, length - 1) : clampPosition(f32x4.sub(reflect(f32x4.add(x, half), length), half), length)
}

/** Coordinates of four points, the last point again for those beyond it. */
// @ts-ignore: decorator
@inline
function coordinates(p: usize, step: usize, rest: i32): v128 {
  const p1 = rest > 1 ? p + step : p, p2 = rest > 2 ? p1 + step : p1, p3 = rest > 3 ? p2 + step : p2
  return v128.load32_lane(p3, v128.load32_lane(p2, v128.load32_lane(p1, v128.load32_zero(p), 1), 2), 3)
}

export function gridSample(
  input: usize, channels: i32, h: i32, w: i32, gridX: usize, gridY: usize, gridStride: i32, output: usize, n: i32,
  paddingMode: i32, alignCorner: i32, scratch: usize,
): void {
  const step = <usize>gridStride << 2, rowBytes = h > 1 ? <usize>w << 2 : 0
  const x = scratch, y = scratch + PAIR, records = y + PAIR
  for (let begin = 0; begin < n; begin += BLOCK) {
    const count = min(n - begin, BLOCK)
    let record = records
    for (let i = 0; i < count; i += 4, record += RECORD) {
      const at = <usize>(begin + i) * step
      findPairs(gridPositions(coordinates(gridX + at, step, count - i), w, paddingMode, alignCorner != 0), w, x)
      findPairs(gridPositions(coordinates(gridY + at, step, count - i), h, paddingMode, alignCorner != 0), h, y)
      joinPlaces(y, x, w, record)
      v128.store(record + WEIGHTS, v128.load(x + PAIR_WEIGHTS))
      v128.store(record + WEIGHTS, v128.load(x + PAIR_WEIGHTS, 16), 16)
      v128.store(record + WEIGHTS, v128.load(y + PAIR_WEIGHTS), 32)
      v128.store(record + WEIGHTS, v128.load(y + PAIR_WEIGHTS, 16), 48)
    }
    const out = output + (<usize>begin << 2)
    samplePlanes<TwoSteps>(input, channels, <usize>(h * w) << 2, rowBytes, records, count, out, <usize>n << 2)
  }
}

/** Whether positions are between -1 and the length. */
// @ts-ignore: decorator
@inline
function reaches(position: v128, length: i32): v128 {
  return v128.and(f32x4.gt(position, f32x4.splat(-1)), f32x4.lt(position, f32x4.splat(<f32>length)))
}

export function deformedColumns(
  input: usize, channels: i32, h: i32, w: i32, offset: usize, mask: usize, columns: usize, outH: i32, outW: i32, kernelH: i32, kernelW: i32,
  strideH: i32, strideW: i32, dilationH: i32, dilationW: i32, padTop: i32, padLeft: i32, scratch: usize,
): void {
  const n = outH * outW, outBytes = <usize>n << 2, taps = kernelH * kernelW, rowBytes = h > 1 ? <usize>w << 2 : 0
  const x = scratch, y = scratch + PAIR, records = y + PAIR
  const width = i32x4.splat(outW)
  for (let begin = 0; begin < n; begin += BLOCK) {
    const count = min(n - begin, BLOCK), firstRow = begin / outW, firstColumn = begin - firstRow * outW
    for (let tap = 0; tap < taps; tap++) {
      const ky = tap / kernelW, kx = tap - ky * kernelW
      let at = (<usize>tap * 2 * n + begin) << 2, maskAt = mask + ((<usize>tap * n + begin) << 2), record = records
      let row = i32x4.splat(firstRow), column = i32x4.add(i32x4.splat(firstColumn), i32x4(0, 1, 2, 3))
      for (let i = 0; i < count; i += 4, record += RECORD, at += 16, maskAt += 16) {
        for (let over = i32x4.ge_s(column, width); v128.any_true(over); over = i32x4.ge_s(column, width)) {
          column = i32x4.sub(column, v128.and(over, width))
          row = i32x4.sub(row, over)
        }
        const top = i32x4.add(i32x4.mul(row, i32x4.splat(strideH)), i32x4.splat(ky * dilationH - padTop))
        const left = i32x4.add(i32x4.mul(column, i32x4.splat(strideW)), i32x4.splat(kx * dilationW - padLeft))
        const py = f32x4.add(f32x4.convert_i32x4_s(top), v128.load(offset + at))
        const px = f32x4.add(f32x4.convert_i32x4_s(left), v128.load(offset + at + outBytes))
        findPairs(px, w, x)
        findPairs(py, h, y)
        joinPlaces(y, x, w, record)
        const inside = v128.and(reaches(py, h), reaches(px, w))
        const w0 = v128.and(v128.load(x + PAIR_WEIGHTS), inside), w1 = v128.and(v128.load(x + PAIR_WEIGHTS, 16), inside)
        const h0 = v128.and(v128.load(y + PAIR_WEIGHTS), inside), h1 = v128.and(v128.load(y + PAIR_WEIGHTS, 16), inside)
        v128.store(record + WEIGHTS, f32x4.mul(h0, w0))
        v128.store(record + WEIGHTS, f32x4.mul(h0, w1), 16)
        v128.store(record + WEIGHTS, f32x4.mul(h1, w0), 32)
        v128.store(record + WEIGHTS, f32x4.mul(h1, w1), 48)
        v128.store(record + FACTOR, mask ? v128.load(maskAt) : f32x4.splat(1))
        column = i32x4.add(column, i32x4.splat(4))
      }
      const out = columns + (<usize>tap * n + begin << 2)
      samplePlanes<OneSum>(input, channels, <usize>(h * w) << 2, rowBytes, records, count, out, <usize>taps * outBytes)
    }
  }
}
