// Planes read between their elements at many points, by linear interpolation along both axes.
//
// For a block of points it is found out once where their four neighbours lie and what they weigh; then all channels are read there, four
// points at a time. Neighbours in a row are loaded together: beside an edge the pair is moved into the plane, and its weights change places.
import { storeFirst } from './lanes'
import { madd } from './madd'

/** Points of a block. */
export const BLOCK: i32 = 256
/** Channels that are read at the same four points before the next four. */
const CHANNELS: i32 = 4

// What is known of four points: byte offsets of the upper left neighbours, four masks of neighbours outside the plane, four weights, and a
// factor.
const MASKS: usize = 16
export const WEIGHTS: usize = 80
export const FACTOR: usize = 144
export const RECORD: usize = 160

// What is known of four points along one axis: the lower neighbours, masks and weights of both, and the position.
const PAIR_MASKS: usize = 16
export const PAIR_WEIGHTS: usize = 48
export const PAIR: usize = 80

/** Bytes of scratch memory. */
export function bilinearScratchBytes(): i32 {
  return BLOCK / 4 * <i32>RECORD + 2 * <i32>PAIR + 64
}

/** Finds the two neighbours of four positions along an axis, of which some, or the positions themselves, may lie outside it. */
export function findPairs(position: v128, length: i32, pair: usize): void {
  const below = f32x4.floor(position), part = f32x4.sub(position, below), rest = f32x4.sub(f32x4.splat(1), part)
  const base = f32x4.min(f32x4.max(below, f32x4.splat(0)), f32x4.splat(<f32>max(length - 2, 0)))
  // By how much the pair was moved: by one, and one neighbour remains at the other's place; by more, and none does.
  const moved = f32x4.sub(below, base)
  const inPlace = f32x4.eq(moved, f32x4.splat(0))
  v128.store(pair, i32x4.trunc_sat_f32x4_s(base))
  const first = v128.or(inPlace, f32x4.eq(moved, f32x4.splat(-1)))
  v128.store(pair + PAIR_MASKS, length > 0 ? first : i32x4.splat(0))
  const second = v128.or(inPlace, f32x4.eq(moved, f32x4.splat(1)))
  v128.store(pair + PAIR_MASKS, length > 1 ? second : i32x4.splat(0), 16)
  v128.store(pair + PAIR_WEIGHTS, v128.bitselect(rest, part, inPlace))
  v128.store(pair + PAIR_WEIGHTS, v128.bitselect(part, rest, inPlace), 16)
}

/** Joins the pairs of two axes: where the neighbours lie, and which of them are inside the plane. */
// @ts-ignore: decorator
@inline
export function joinPlaces(y: usize, x: usize, w: i32, record: usize): void {
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
export class TwoSteps {
  @inline sum(a: v128, b: v128, c: v128, d: v128, w0: v128, w1: v128, w2: v128, w3: v128, factor: v128): v128 {
    const top = madd(f32x4.mul(a, w0), b, w1), bottom = madd(f32x4.mul(c, w0), d, w1)
    return madd(f32x4.mul(top, w2), bottom, w3)
  }
}

/** One sum, times a factor. The weights are the neighbours' own. */
export class OneSum {
  @inline sum(a: v128, b: v128, c: v128, d: v128, w0: v128, w1: v128, w2: v128, w3: v128, factor: v128): v128 {
    return f32x4.mul(madd(madd(madd(f32x4.mul(a, w0), b, w1), c, w2), d, w3), factor)
  }
}

/** Reads `channels` planes at n points; results of a channel lie together, those of the next `outBytes` later. */
export function samplePlanes<F>(
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
