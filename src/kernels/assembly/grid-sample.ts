// GridSample: images and volumes read at the points of a grid.
//
// Images read by linear interpolation have loops of their own, in bilinear.ts. Everything else finds, for a block of points, the places and
// weights of the taps along each axis, and where all their combinations lie; then all channels are read there, four points at a time.
import { BLOCK, findPairs, joinPlaces, PAIR, PAIR_WEIGHTS, RECORD, samplePlanes, TwoSteps, WEIGHTS } from './bilinear'
import { storeFirst } from './lanes'
import { madd } from './madd'

const LINEAR: i32 = 1
const NEAREST: i32 = 2
const CUBIC: i32 = 3

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

/** Positions outside the axis moved as the padding mode says. */
function padPositions(x: v128, length: i32, paddingMode: i32, alignCorner: bool): v128 {
  if (paddingMode == ZEROS) return x
  if (paddingMode == BORDER) return clampPosition(x, length)
  const half = f32x4.splat(0.5)
  return alignCorner ? reflect(x, length - 1) : clampPosition(f32x4.sub(reflect(f32x4.add(x, half), length), half), length)
}

/** From coordinates of -1 ... 1 to positions along an axis. */
function gridPositions(coordinate: v128, length: i32, alignCorner: bool): v128 {
  const one = f32x4.splat(1), half = f32x4.splat(0.5), shifted = f32x4.add(coordinate, one)
  if (alignCorner) return f32x4.mul(f32x4.mul(shifted, half), f32x4.splat(<f32>(length - 1)))
  return f32x4.mul(f32x4.sub(f32x4.mul(shifted, f32x4.splat(<f32>length)), one), half)
}

/** Coordinates of four points, the last point again for those beyond it. */
// @ts-ignore: decorator
@inline
function coordinates(p: usize, step: usize, rest: i32): v128 {
  const p1 = rest > 1 ? p + step : p, p2 = rest > 2 ? p1 + step : p1, p3 = rest > 3 ? p2 + step : p2
  return v128.load32_lane(p3, v128.load32_lane(p2, v128.load32_lane(p1, v128.load32_zero(p), 1), 2), 3)
}

function sampleLinear(
  input: usize, channels: i32, h: i32, w: i32, grid: usize, axisBytes: usize, step: usize, output: usize, n: i32,
  paddingMode: i32, alignCorner: bool, scratch: usize,
): void {
  const rowBytes = h > 1 ? <usize>w << 2 : 0, x = scratch, y = scratch + PAIR, records = y + PAIR
  for (let begin = 0; begin < n; begin += BLOCK) {
    const count = min(n - begin, BLOCK)
    let record = records
    for (let i = 0; i < count; i += 4, record += RECORD) {
      const p = grid + <usize>(begin + i) * step
      const px = gridPositions(coordinates(p, step, count - i), w, alignCorner)
      const py = gridPositions(coordinates(p + axisBytes, step, count - i), h, alignCorner)
      findPairs(padPositions(px, w, paddingMode, alignCorner), w, x)
      findPairs(padPositions(py, h, paddingMode, alignCorner), h, y)
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

// What is known of four points: for x, y and z the weights of up to four taps, then for each combination of taps the byte offsets and
// masks of the elements.
const TAPS_AXIS: usize = 64
const TAPS_PLACES: usize = 192
const TAPS_PLACE: usize = 32
const TAPS_RECORD: usize = TAPS_PLACES + 16 * TAPS_PLACE
/** Points of a block, and channels that are read at the same four points before the next four. */
const TAPS_BLOCK: i32 = 64
const TAPS_CHANNELS: i32 = 4
/** While they are found: indexes and masks of four taps of each axis. */
const AXIS_PLACES: usize = 128

/** Bytes of scratch memory: no less than bilinear.ts needs. */
export function gridSampleScratchBytes(): i32 {
  return BLOCK / 4 * <i32>RECORD + 2 * <i32>PAIR + TAPS_BLOCK / 4 * <i32>TAPS_RECORD + 3 * <i32>AXIS_PLACES + 64
}

/** Keys' kernel (a = -0.75), in ncnn's steps: at 1 ... 2, and at 0 ... 1. */
// @ts-ignore: decorator
@inline
function cubicFar(t: v128): v128 {
  const a: f32 = -0.75
  const v = f32x4.sub(f32x4.mul(f32x4.mul(f32x4.mul(f32x4.splat(a), t), t), t), f32x4.mul(f32x4.mul(f32x4.splat(5 * a), t), t))
  return f32x4.sub(f32x4.add(v, f32x4.mul(f32x4.splat(8 * a), t)), f32x4.splat(4 * a))
}

// @ts-ignore: decorator
@inline
function cubicNear(t: v128): v128 {
  const a: f32 = -0.75
  const cube = f32x4.mul(f32x4.mul(f32x4.mul(f32x4.splat(a + 2), t), t), t)
  return f32x4.add(f32x4.sub(cube, f32x4.mul(f32x4.mul(f32x4.splat(a + 3), t), t)), f32x4.splat(1))
}

/** Stores where one tap of four points lies along an axis, elements outside masked. */
// @ts-ignore: decorator
@inline
function storePlace(index: v128, length: i32, place: usize): void {
  const inside = v128.and(f32x4.ge(index, f32x4.splat(0)), f32x4.lt(index, f32x4.splat(<f32>length)))
  v128.store(place, v128.and(i32x4.trunc_sat_f32x4_s(index), inside))
  v128.store(place, inside, 16)
}

/** Finds the taps of four points along one axis. */
function findTaps(
  sampleType: i32, position: v128, length: i32, paddingMode: i32, alignCorner: bool, places: usize, weights: usize,
): void {
  const one = f32x4.splat(1)
  if (sampleType == CUBIC) {
    const below = f32x4.floor(position), part = f32x4.sub(position, below)
    const w0 = cubicFar(f32x4.add(part, one)), w1 = cubicNear(part), w2 = cubicNear(f32x4.sub(one, part))
    v128.store(weights, w0)
    v128.store(weights, w1, 16)
    v128.store(weights, w2, 32)
    v128.store(weights, f32x4.sub(f32x4.sub(f32x4.sub(one, w0), w1), w2), 48)
    for (let k = 0; k < 4; k++, places += TAPS_PLACE) {
      const index = f32x4.add(below, f32x4.splat(<f32>(k - 1)))
      storePlace(f32x4.trunc(padPositions(index, length, paddingMode, alignCorner)), length, places)
    }
    return
  }
  const padded = padPositions(position, length, paddingMode, alignCorner)
  if (sampleType == NEAREST) {
    v128.store(weights, one)
    return storePlace(f32x4.floor(f32x4.add(padded, f32x4.splat(0.5))), length, places)
  }
  const below = f32x4.floor(padded), part = f32x4.sub(padded, below)
  v128.store(weights, f32x4.sub(one, part))
  v128.store(weights, part, 16)
  storePlace(below, length, places)
  storePlace(f32x4.add(below, one), length, places + TAPS_PLACE)
}

/** Combines the taps of the axes. */
function joinTaps(x: usize, y: usize, z: usize, taps: i32, tapsZ: i32, h: i32, w: i32, place: usize): void {
  const height = i32x4.splat(h), width = i32x4.splat(w), end = <usize>taps * TAPS_PLACE
  for (const endZ = z + <usize>tapsZ * TAPS_PLACE; z < endZ; z += TAPS_PLACE) {
    for (let v = y; v < y + end; v += TAPS_PLACE) {
      const row = i32x4.mul(i32x4.add(i32x4.mul(v128.load(z), height), v128.load(v)), width)
      const inside = v128.and(v128.load(z, 16), v128.load(v, 16))
      for (let u = x; u < x + end; u += TAPS_PLACE, place += TAPS_PLACE) {
        v128.store(place, i32x4.shl(i32x4.add(row, v128.load(u)), 2))
        v128.store(place, v128.and(inside, v128.load(u, 16)), 16)
      }
    }
  }
}

/** One tap of four points. */
// @ts-ignore: decorator
@inline
function readPlace(input: usize, place: usize): v128 {
  let v = v128.load32_zero(input + load<u32>(place))
  v = v128.load32_lane(input + load<u32>(place, 4), v, 1)
  v = v128.load32_lane(input + load<u32>(place, 8), v, 2)
  v = v128.load32_lane(input + load<u32>(place, 12), v, 3)
  return v128.and(v, v128.load(place, 16))
}

/** The sum over all taps of four points: along x first, then along y, then along z. */
// @ts-ignore: decorator
@inline
function sumTaps(input: usize, record: usize, taps: i32, tapsZ: i32): v128 {
  const end = <usize>taps << 4
  let place = record + TAPS_PLACES, sum = f32x4.splat(0)
  for (let z: usize = 0; z < <usize>tapsZ << 4; z += 16) {
    let plane = f32x4.splat(0)
    for (let y: usize = 0; y < end; y += 16) {
      let row = f32x4.mul(readPlace(input, place), v128.load(record))
      place += TAPS_PLACE
      for (let x: usize = 16; x < end; x += 16, place += TAPS_PLACE) row = madd(row, readPlace(input, place), v128.load(record + x))
      const weight = v128.load(record + TAPS_AXIS + y)
      plane = y ? madd(plane, row, weight) : f32x4.mul(row, weight)
    }
    const weight = v128.load(record + 2 * TAPS_AXIS + z)
    sum = z ? madd(sum, plane, weight) : f32x4.mul(plane, weight)
  }
  return sum
}

function sampleTaps(
  input: usize, channels: i32, planeBytes: usize, records: usize, taps: i32, tapsZ: i32, n: i32, output: usize, outBytes: usize,
): void {
  for (let q = 0; q < channels; q += TAPS_CHANNELS) {
    const count = min(channels - q, TAPS_CHANNELS)
    let record = records, out = output + <usize>q * outBytes
    for (let i = n; i > 0; i -= 4, record += TAPS_RECORD, out += 16) {
      let from = input + <usize>q * planeBytes, to = out
      for (let c = count; c > 0; c--, from += planeBytes, to += outBytes) {
        const v = sumTaps(from, record, taps, tapsZ)
        if (i >= 4) v128.store(to, v)
        else storeFirst(to, v, i)
      }
    }
  }
}

export function gridSample(
  sampleType: i32, axes: i32, input: usize, channels: i32, d: i32, h: i32, w: i32, grid: usize, axisStride: i32, pointStride: i32,
  output: usize, n: i32, paddingMode: i32, alignCorner: i32, scratch: usize,
): void {
  const align = alignCorner != 0, step = <usize>pointStride << 2, axisBytes = <usize>axisStride << 2
  if (sampleType == LINEAR && axes == 2) {
    return sampleLinear(input, channels, h, w, grid, axisBytes, step, output, n, paddingMode, align, scratch)
  }
  const taps = sampleType == CUBIC ? 4 : sampleType == LINEAR ? 2 : 1, tapsZ = axes == 3 ? taps : 1
  const x = scratch, y = x + AXIS_PLACES, z = y + AXIS_PLACES, records = z + AXIS_PLACES
  for (let begin = 0; begin < n; begin += TAPS_BLOCK) {
    const count = min(n - begin, TAPS_BLOCK)
    let record = records
    for (let i = 0; i < count; i += 4, record += TAPS_RECORD) {
      const p = grid + <usize>(begin + i) * step, rest = count - i
      findTaps(sampleType, gridPositions(coordinates(p, step, rest), w, align), w, paddingMode, align, x, record)
      const py = gridPositions(coordinates(p + axisBytes, step, rest), h, align)
      findTaps(sampleType, py, h, paddingMode, align, y, record + TAPS_AXIS)
      if (axes == 3) {
        const pz = gridPositions(coordinates(p + 2 * axisBytes, step, rest), d, align)
        findTaps(sampleType, pz, d, paddingMode, align, z, record + 2 * TAPS_AXIS)
      } else {
        v128.store(record + 2 * TAPS_AXIS, f32x4.splat(1))
        storePlace(f32x4.splat(0), 1, z)
      }
      joinTaps(x, y, z, taps, tapsZ, h, w, record + TAPS_PLACES)
    }
    sampleTaps(input, channels, <usize>(d * h * w) << 2, records, taps, tapsZ, count, output + (<usize>begin << 2), <usize>n << 2)
  }
}
