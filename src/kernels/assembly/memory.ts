// Moving and converting data: half floats, fills, transposition.
import { floatToHalf4, halfToFloat4, widenHalves } from './half'
import { overflowHalf, roundHalf } from './half-rounding'
import { storeFirst, storeLanes } from './lanes'

export function halfToFloat(source: usize, destination: usize, n: i32): void {
  const whole = n & ~3, from = source + (<usize>whole << 1), to = destination + (<usize>whole << 2)
  widenHalves(source, destination, whole)
  if (whole < n) storeFirst(to, halfToFloat4(v128.load16x4_s(from)), n - whole)
}

export function floatToHalf(source: usize, destination: usize, n: i32): void {
  let i = 0
  for (; i <= n - 4; i += 4, source += 16, destination += 8) {
    const bits = floatToHalf4(v128.load(source))
    v128.store64_lane(destination, i16x8.shuffle(bits, bits, 0, 2, 4, 6, 0, 2, 4, 6), 0)
  }
  const bits = floatToHalf4(v128.load(source))
  if (i < n) store<u16>(destination, <u16>i32x4.extract_lane(bits, 0))
  if (i + 1 < n) store<u16>(destination, <u16>i32x4.extract_lane(bits, 1), 2)
  if (i + 2 < n) store<u16>(destination, <u16>i32x4.extract_lane(bits, 2), 4)
}

/** Packs the lower halves of two times four integers. */
// @ts-ignore: decorator
@inline
function lowerHalves(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 0, 2, 4, 6, 8, 10, 12, 14)
}

// @ts-ignore: decorator
@inline
function castHalf4(v: v128): v128 {
  const sign = v128.and(i32x4.shr_u(v, 16), i32x4.splat(0x8000)), magnitude = v128.and(v, i32x4.splat(0x7fffffff))
  // The bias of the exponent and half a unit; a carry goes into the exponent.
  const normal = i32x4.shr_u(i32x4.sub(magnitude, i32x4.splat(((127 - 15) << 23) - 0x1000)), 13)
  const quiet = v128.and(f32x4.ne(v, v), i32x4.splat(0x200))
  const infinite = v128.or(i32x4.splat(0x7c00), quiet)
  const bits = v128.bitselect(infinite, normal, i32x4.ge_s(magnitude, i32x4.splat((127 + 16) << 23)))
  return v128.or(sign, v128.and(bits, i32x4.ge_s(magnitude, i32x4.splat((127 - 14) << 23))))
}

export function castToHalf(source: usize, destination: usize, n: i32): void {
  for (; n >= 8; n -= 8, source += 32, destination += 16) {
    v128.store(destination, lowerHalves(castHalf4(v128.load(source)), castHalf4(v128.load(source, 16))))
  }
  for (; n > 0; n--, source += 4, destination += 2) {
    store<u16>(destination, <u16>i32x4.extract_lane(castHalf4(v128.load32_zero(source)), 0))
  }
}

export function castToBfloat16(source: usize, destination: usize, n: i32): void {
  const half = i32x4.splat(0x8000)
  for (; n >= 8; n -= 8, source += 32, destination += 16) {
    const low = i32x4.add(v128.load(source), half), high = i32x4.add(v128.load(source, 16), half)
    v128.store(destination, lowerHalves(i32x4.shr_u(low, 16), i32x4.shr_u(high, 16)))
  }
  for (; n > 0; n--, source += 4, destination += 2) store<u16>(destination, <u16>((load<u32>(source) + 0x8000) >> 16))
}

/** A vector with infinities and NaN, which keep their bits, whatever additions make of them here or there. */
function roundAnyToHalf(v: v128): v128 {
  return v128.bitselect(overflowHalf(v, roundHalf(v)), v, f32x4.eq(v, v))
}

/** The magnitude from which on halves are infinite, as an integer that is compared with those of floats. */
const OVERFLOW: i32 = 0x477ff000

// @ts-ignore: decorator
@inline
function magnitude(v: v128): v128 {
  return v128.and(v, i32x4.splat(0x7fffffff))
}

export function roundToHalf(data: usize, n: i32): void {
  for (; n >= 16; n -= 16, data += 64) {
    const a = v128.load(data), b = v128.load(data, 16), c = v128.load(data, 32), d = v128.load(data, 48)
    const most = i32x4.max_s(i32x4.max_s(magnitude(a), magnitude(b)), i32x4.max_s(magnitude(c), magnitude(d)))
    if (v128.any_true(i32x4.ge_s(most, i32x4.splat(OVERFLOW)))) {
      v128.store(data, roundAnyToHalf(a)), v128.store(data, roundAnyToHalf(b), 16)
      v128.store(data, roundAnyToHalf(c), 32), v128.store(data, roundAnyToHalf(d), 48)
    } else {
      v128.store(data, roundHalf(a)), v128.store(data, roundHalf(b), 16)
      v128.store(data, roundHalf(c), 32), v128.store(data, roundHalf(d), 48)
    }
  }
  for (; n > 0; n -= 4, data += 16) storeLanes(data, roundAnyToHalf(v128.load(data)), n)
}

export function roundToBfloat16(data: usize, n: i32): void {
  const half = i32x4.splat(0x7fff), one = i32x4.splat(1), mask = i32x4.splat(0xffff0000)
  for (let rest = n; rest > 0; rest -= 4, data += 16) {
    const v = v128.load(data)
    const odd = v128.and(i32x4.shr_u(v, 16), one)
    const rounded = v128.and(i32x4.add(i32x4.add(v, half), odd), mask)
    // A NaN keeps its upper bits, with the quiet bit set so that it remains one.
    const nan = v128.and(v128.or(v, i32x4.splat(0x00400000)), mask)
    const result = v128.bitselect(rounded, nan, f32x4.eq(v, v))
    if (rest >= 4) v128.store(data, result)
    else storeFirst(data, result, rest)
  }
}

export function roundUpToBfloat16(data: usize, n: i32): void {
  const half = i32x4.splat(0x8000), mask = i32x4.splat(0xffff0000)
  for (let rest = n; rest > 0; rest -= 4, data += 16) {
    const v = v128.load(data)
    const nan = v128.and(v128.or(v, i32x4.splat(0x00400000)), mask)
    const result = v128.bitselect(v128.and(i32x4.add(v, half), mask), nan, f32x4.eq(v, v))
    if (rest >= 4) v128.store(data, result)
    else storeFirst(data, result, rest)
  }
}

export function truncateToBfloat16(data: usize, n: i32): void {
  const mask = i32x4.splat(0xffff0000)
  for (let rest = n; rest > 0; rest -= 4, data += 16) {
    const v = v128.and(v128.load(data), mask)
    if (rest >= 4) v128.store(data, v)
    else storeFirst(data, v, rest)
  }
}

export function bfloat16ToFloat(source: usize, destination: usize, n: i32): void {
  for (let rest = n; rest > 0; rest -= 4, source += 8, destination += 16) {
    const v = i32x4.shl(v128.load16x4_u(source), 16)
    if (rest >= 4) v128.store(destination, v)
    else storeFirst(destination, v, rest)
  }
}

export function fill(destination: usize, n: i32, value: f32): void {
  const v = f32x4.splat(value)
  for (const end = destination + (<usize>(n & ~3) << 2); destination < end; destination += 16) v128.store(destination, v)
  if (n & 3) storeFirst(destination, v, n & 3)
}

/** Copies n floats, the last vector over its neighbour rather than beyond the end. */
// @ts-ignore: decorator
@inline
export function copyFloats(from: usize, to: usize, n: i32): void {
  if (n < 4) {
    for (let i = 0; i < n; i++) store<f32>(to + (<usize>i << 2), load<f32>(from + (<usize>i << 2)))
    return
  }
  const last = <usize>(n - 4) << 2
  for (let i: usize = 0; i < last; i += 16) v128.store(to + i, v128.load(from + i))
  v128.store(to + last, v128.load(from + last))
}

/** Rows at least this long are left to the engine's own copy. */
const LONG_ROW: i32 = 256

function copyRow(from: usize, fromStride: i32, to: usize, toStride: i32, n: i32): void {
  if (fromStride == 1 && toStride == 1) {
    if (n >= LONG_ROW) memory.copy(to, from, <usize>n << 2)
    else copyFloats(from, to, n)
  } else if (fromStride == 0 && toStride == 1) {
    fill(to, n, load<f32>(from))
  } else {
    const fromStep = <usize>fromStride << 2, toStep = <usize>toStride << 2
    for (; n > 0; n--, from += fromStep, to += toStep) store<u32>(to, load<u32>(from))
  }
}

export function copyStrided(
  source: usize, s0: i32, s1: i32, s2: i32, s3: i32, destination: usize, d0: i32, d1: i32, d2: i32, d3: i32,
  n0: i32, n1: i32, n2: i32, n3: i32,
): void {
  for (let i = 0; i < n0; i++) {
    for (let j = 0; j < n1; j++) {
      let from = source + (<usize>(i * s0 + j * s1) << 2), to = destination + (<usize>(i * d0 + j * d1) << 2)
      for (let k = 0; k < n2; k++, from += <usize>s2 << 2, to += <usize>d2 << 2) copyRow(from, s3, to, d3, n3)
    }
  }
}

/** A 4x4 block from rows `from` bytes apart to rows `to` bytes apart. */
// @ts-ignore: decorator
@inline
function transposeBlock(source: usize, from: usize, destination: usize, to: usize): void {
  const r0 = v128.load(source), r1 = v128.load(source + from), r2 = v128.load(source + 2 * from), r3 = v128.load(source + 3 * from)
  const t0 = i32x4.shuffle(r0, r1, 0, 4, 1, 5), t1 = i32x4.shuffle(r2, r3, 0, 4, 1, 5)
  const t2 = i32x4.shuffle(r0, r1, 2, 6, 3, 7), t3 = i32x4.shuffle(r2, r3, 2, 6, 3, 7)
  v128.store(destination, i64x2.shuffle(t0, t1, 0, 2))
  v128.store(destination + to, i64x2.shuffle(t0, t1, 1, 3))
  v128.store(destination + 2 * to, i64x2.shuffle(t2, t3, 0, 2))
  v128.store(destination + 3 * to, i64x2.shuffle(t2, t3, 1, 3))
}

export function transpose(source: usize, destination: usize, batch: i32, rows: i32, columns: i32): void {
  const from = <usize>columns << 2, to = <usize>rows << 2, size = <usize>rows * from
  for (let b = 0; b < batch; b++, source += size, destination += size) {
    for (let i = 0; i < rows; i += 4) {
      for (let j = 0; j < columns; j += 4) {
        const src = source + <usize>i * from + (<usize>j << 2), dst = destination + <usize>j * to + (<usize>i << 2)
        if (rows - i >= 4 && columns - j >= 4) {
          transposeBlock(src, from, dst, to)
          continue
        }
        const height = min(rows - i, 4), width = min(columns - j, 4)
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            store<f32>(dst + <usize>x * to + (<usize>y << 2), load<f32>(src + <usize>y * from + (<usize>x << 2)))
          }
        }
      }
    }
  }
}
