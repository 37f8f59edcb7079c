// 3x3 convolution of int8 images by Winograd's algorithm in integers: the sums of plain products, bit by bit, of a quarter (tiles of 4x4
// outputs) or four ninths (2x2) of the multiplications.
// Source: A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016, sections 4 and 5.
//
// The matrix G has fractions; times 6 (with its last row times 6/24, which A^T makes up for) or times 2 it has none, and sums come out 576 or
// 4 times too large. Sums wrap at 32 bits, so what is certain of them are the lowest 26 or 30: 576 is 64 * 9, and 9 has an inverse modulo
// 2^32. That is enough for filters whose weights have magnitudes that add up to less than 2^25 / 128 or 2^29 / 128.
//
// Each place of a tile is multiplied on its own: M[place] = U[place] V[place] with U [outch][inch] and V [inch][tiles], both of int16 and in
// pairs of neighbouring channels, as the products of int8 matrices have them. Tiles follow each other across the rows of an image.
import { finishIntegers } from './int8'
import { EDGE_BYTES, GROUP_BLOCK, multiplyBlock, NO_INITIAL, Pairs } from './int8-gemm'
import { areQuads } from './int8-quads'
import { storeLanes } from './lanes'

/** With fewer channels the transforms cost more than the products that they save. */
const FEWEST_CHANNELS: i32 = 12
/** Transformed filters are four times as large for tiles of 4x4: with more than these, reading them costs what the products save. */
const MOST_FILTERS: i32 = 1 << 17
/** Bytes of V and M at a time, about: they stay in the second-level cache, unless the filters that pass by are many times as large. */
const TILES_BYTES: i32 = 768 * 1024
const FILTERS_PER_TILES: i32 = 4
/** The magnitude of a signed byte. */
const BYTE: i32 = 128
/** The inverse of 9 modulo 2^32. */
const NINTH = memory.data<i32>([0x38e38e39, 0x38e38e39, 0x38e38e39, 0x38e38e39], 16)
/** Vectors of a tile's results after one direction and after both, and its rows. */
const WORK_BYTES: i32 = (24 + 2 * 16) * 16
/** Places follow each other at this distance more than they need: powers of two would all meet in the same set of the cache. */
const PLACE_SKEW: usize = 64

/** Places of a tile, or inputs under it. */
// @ts-ignore: decorator
@inline
function placesOf(size: i32): i32 {
  return (size + 2) * (size + 2)
}

/** Pairs of channels. */
// @ts-ignore: decorator
@inline
function groupsOf(inch: i32): i32 {
  return (inch + 1) >> 1
}

// Filters ------------------------------------------------------------------------------------------------------------

/** The largest sum of the magnitudes of a filter's weights. */
function largestSum(filters: usize, outch: i32, size: i32): i32 {
  let largest = 0
  for (; outch > 0; outch--) {
    let sum = 0
    for (const end = filters + <usize>size; filters < end; filters++) sum += abs(<i32>load<i8>(filters))
    largest = max(largest, sum)
  }
  return largest
}

export function int8WinogradSize(filters: usize, outch: i32, inch: i32): i32 {
  if (min(outch, inch) < FEWEST_CHANNELS) return 0
  const sum = largestSum(filters, outch, inch * 9)
  if (outch * inch <= MOST_FILTERS && sum < (1 << 25) / BYTE) return 4
  // Quads of bytes are multiplied twice as fast as pairs of int16, which is all that tiles of 2x2 gain.
  return !areQuads() && sum < (1 << 29) / BYTE ? 2 : 0
}

/** Bytes of U for each place. */
// @ts-ignore: decorator
@inline
function filterBytes(outch: i32, inch: i32): usize {
  return <usize>((outch + 3) >> 2) * <usize>groupsOf(inch) << 4
}

export function int8WinogradFilterBytes(size: i32, outch: i32, inch: i32): i32 {
  return placesOf(size) * <i32>filterBytes(outch, inch)
}

/** Eight channels of a filter, a vector of int16 for each tap; after one direction; a row of places after both. */
const taps = memory.data(9 * 16, 16)
const transformedColumns = memory.data(18 * 16, 16)
const transformedRow = memory.data(6 * 16, 16)

/** Three vectors to as many as a tile has inputs in a row, `to` bytes apart, by the matrix G without its fractions. */
// @ts-ignore: decorator
@inline
function transformTaps(size: i32, source: usize, from: usize, destination: usize, to: usize): void {
  const a = v128.load(source), b = v128.load(source + from), c = v128.load(source + 2 * from), ends = i16x8.add(a, c)
  if (size == 2) {
    v128.store(destination, i16x8.add(a, a))
    v128.store(destination + to, i16x8.add(ends, b))
    v128.store(destination + 2 * to, i16x8.sub(ends, b))
    v128.store(destination + 3 * to, i16x8.add(c, c))
    return
  }
  const six = i16x8.splat(6), far = i16x8.add(a, i16x8.shl(c, 2)), twice = i16x8.add(b, b)
  v128.store(destination, i16x8.mul(a, six))
  v128.store(destination + to, i16x8.shl(i16x8.neg(i16x8.add(ends, b)), 2))
  v128.store(destination + 2 * to, i16x8.shl(i16x8.sub(b, ends), 2))
  v128.store(destination + 3 * to, i16x8.add(far, twice))
  v128.store(destination + 4 * to, i16x8.sub(far, twice))
  v128.store(destination + 5 * to, i16x8.mul(c, six))
}

/** One filter of `channels` channels, 1 to 8, as pairs 16 bytes apart for each place. */
function packFilter(size: i32, filter: usize, channels: i32, destination: usize, placeBytes: usize): void {
  const inputs = <usize>size + 2, lineBytes: usize = 48
  for (let t: usize = 0; t < 9; t++) {
    const tap = taps + (t << 4)
    v128.store(tap, i16x8.splat(0))
    for (let q: usize = 0; q < <usize>channels; q++) store<i16>(tap + (q << 1), load<i8>(filter + q * 9 + t))
  }
  for (let x: usize = 0; x < 3; x++) transformTaps(size, taps + (x << 4), lineBytes, transformedColumns + (x << 4), lineBytes)
  for (let y: usize = 0; y < inputs; y++) {
    transformTaps(size, transformedColumns + y * lineBytes, 16, transformedRow, 16)
    for (let x: usize = 0; x < inputs; x++, destination += placeBytes) {
      const v = v128.load(transformedRow + (x << 4))
      v128.store32_lane(destination, v, 0)
      if (channels > 2) v128.store32_lane(destination, v, 1, 16)
      if (channels > 4) v128.store32_lane(destination, v, 2, 32)
      if (channels > 6) v128.store32_lane(destination, v, 3, 48)
    }
  }
}

export function packInt8WinogradFilters(size: i32, filters: usize, outch: i32, inch: i32, packed: usize): void {
  const placeBytes = filterBytes(outch, inch), panelBytes = <usize>groupsOf(inch) << 4
  // Filters that fill the last panel up are multiplied too, though nothing is stored of them.
  memory.fill(packed, 0, <usize>placesOf(size) * placeBytes)
  for (let p = 0; p < outch; p++) {
    const row = packed + <usize>(p >> 2) * panelBytes + (<usize>(p & 3) << 2)
    for (let q = 0; q < inch; q += 8, filters += 72) {
      packFilter(size, filters, min(inch - q, 8), row + (<usize>q << 3), placeBytes)
    }
    filters -= <usize>(((inch + 7) & ~7) - inch) * 9
  }
}

// Inputs -------------------------------------------------------------------------------------------------------------
//
// Both channels of a pair are transformed along their rows first. The row y of a tile goes to the plane y % size, so that what eight tiles
// read of it lies side by side, also where one row of tiles ends and the next begins; rows 4 and 5 (2 and 3) are rows 0 and 1 of the tiles
// below.

/** Of four quads of bytes the first ones, then the second ones, and so on. */
// @ts-ignore: decorator
@inline
function quadsInTurn(v: v128): v128 {
  return i8x16.shuffle(v, v, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)
}

/** Stores the inputs d0..d5, or d0..d3, of eight tiles in one direction, transformed by the matrix B^T, `to` bytes apart. */
// @ts-ignore: decorator
@inline
function storeTransformed(size: i32, d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, destination: usize, to: usize): void {
  if (size == 2) {
    v128.store(destination, i16x8.sub(d0, d2))
    v128.store(destination + to, i16x8.add(d1, d2))
    v128.store(destination + 2 * to, i16x8.sub(d2, d1))
    v128.store(destination + 3 * to, i16x8.sub(d3, d1))
    return
  }
  const near = i16x8.sub(d4, d2), other = i16x8.sub(d3, d1)
  const even = i16x8.sub(d4, i16x8.shl(d2, 2)), odd = i16x8.sub(d3, i16x8.shl(d1, 2)), far = i16x8.add(other, other)
  v128.store(destination, i16x8.add(near, i16x8.shl(i16x8.sub(d0, d2), 2)))
  v128.store(destination + to, i16x8.add(even, odd))
  v128.store(destination + 2 * to, i16x8.sub(even, odd))
  v128.store(destination + 3 * to, i16x8.add(near, far))
  v128.store(destination + 4 * to, i16x8.sub(near, far))
  v128.store(destination + 5 * to, i16x8.sub(i16x8.sub(d5, d3), i16x8.shl(other, 2)))
}

/** The inputs of eight tiles in a row of the image. */
// @ts-ignore: decorator
@inline
function transformRow(size: i32, row: usize, destination: usize, to: usize): void {
  const a = v128.load(row)
  if (size == 2) {
    const c = v128.load(row, 2)
    const d2 = i16x8.shr_s(i16x8.shl(c, 8), 8), d3 = i16x8.shr_s(c, 8)
    storeTransformed(2, i16x8.shr_s(i16x8.shl(a, 8), 8), i16x8.shr_s(a, 8), d2, d3, d2, d3, destination, to)
    return
  }
  const a0 = quadsInTurn(a), a1 = quadsInTurn(v128.load(row, 16)), b0 = quadsInTurn(v128.load(row, 4)), b1 = quadsInTurn(v128.load(row, 20))
  const low = i32x4.shuffle(a0, a1, 0, 4, 1, 5), high = i32x4.shuffle(a0, a1, 2, 6, 3, 7), next = i32x4.shuffle(b0, b1, 0, 4, 1, 5)
  storeTransformed(
    4, i16x8.extend_low_i8x16_s(low), i16x8.extend_high_i8x16_s(low), i16x8.extend_low_i8x16_s(high), i16x8.extend_high_i8x16_s(high),
    i16x8.extend_low_i8x16_s(next), i16x8.extend_high_i8x16_s(next), destination, to,
  )
}

/** The rows of a channel under `rows` rows of tiles from `top` on; those below the image, which no output reads, are its last one again. */
// @ts-ignore: decorator
@inline
function transformRows(size: i32, channel: usize, h: i32, w: i32, top: i32, rows: i32, tilesX: i32, planeBytes: usize, destination: usize): void {
  for (let y = 0; y < rows * size + 2; y++) {
    const row = channel + <usize>(min(top + y, h - 1) * w)
    const to = destination + <usize>(y % size) * planeBytes + (<usize>(y / size * tilesX) << 1)
    for (let t = 0; t < tilesX; t += 8) transformRow(size, row + <usize>(t * size), to + (<usize>t << 1), <usize>size * planeBytes)
  }
}

/** Stores a vector of each channel as pairs. */
// @ts-ignore: decorator
@inline
function storePairs(destination: usize, a: v128, b: v128): void {
  v128.store(destination, i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11))
  v128.store(destination, i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15), 16)
}

/** The rows of eight tiles of two channels, whose planes begin at `a` and `b`. */
// @ts-ignore: decorator
@inline
function transformPair(size: i32, a: usize, b: usize, planeBytes: usize, below: usize, destination: usize, to: usize, work: usize): void {
  transformColumn(size, a, planeBytes, below, work)
  transformColumn(size, b, planeBytes, below, work + 16)
  for (let y: usize = 0; y < <usize>size + 2; y++, destination += to, work += 32) storePairs(destination, v128.load(work), v128.load(work, 16))
}

// @ts-ignore: decorator
@inline
function transformColumn(size: i32, p: usize, planeBytes: usize, below: usize, work: usize): void {
  const d0 = v128.load(p), d1 = v128.load(p + planeBytes)
  if (size == 2) {
    const d2 = v128.load(p + below), d3 = v128.load(p + planeBytes + below)
    storeTransformed(2, d0, d1, d2, d3, d2, d3, work, 32)
    return
  }
  storeTransformed(
    4, d0, d1, v128.load(p + 2 * planeBytes), v128.load(p + 3 * planeBytes), v128.load(p + below), v128.load(p + planeBytes + below), work, 32,
  )
}

/** V of the rows of tiles from `row` on. */
// @ts-ignore: decorator
@inline
function transformInputs(
  size: i32, input: usize, inch: i32, h: i32, w: i32, row: i32, rows: i32, tilesX: i32, vectors: i32, planes: usize, planeBytes: usize,
  work: usize, v: usize, vBytes: usize,
): void {
  const groups = groupsOf(inch), inputs = size + 2, channelBytes = <usize>(h * w)
  const lineBytes = <usize>size * planeBytes, second = planes + <usize>inputs * lineBytes
  for (let g = 0; g < groups; g++, v += 32, input += 2 * channelBytes) {
    transformRows(size, input, h, w, row * size, rows, tilesX, planeBytes, planes)
    // A last channel without a neighbour is its own, with weights of 0.
    const alone = 2 * g + 1 == inch
    if (!alone) transformRows(size, input + channelBytes, h, w, row * size, rows, tilesX, planeBytes, second)
    for (let x = 0; x < inputs; x++) {
      const a = planes + <usize>x * lineBytes, b = alone ? a : second + <usize>x * lineBytes
      for (let i: usize = 0; i < <usize>vectors; i++) {
        const to = v + <usize>x * vBytes + i * (<usize>groups << 5)
        transformPair(size, a + (i << 4), b + (i << 4), planeBytes, <usize>tilesX << 1, to, <usize>inputs * vBytes, work)
      }
    }
  }
}

// Products and outputs -----------------------------------------------------------------------------------------------

/** M = U V for one place. */
function multiplyPlace(u: usize, v: usize, m: usize, outch: i32, groups: i32, vectors: i32, edge: usize): void {
  const panel = <usize>groups << 4
  for (let g = 0; g < groups; g += GROUP_BLOCK) {
    multiplyBlock<Pairs>(
      u + (<usize>g << 4), panel, v + (<usize>g << 5), panel << 1, min(groups - g, GROUP_BLOCK), m, <usize>vectors << 5, outch, vectors << 3,
      g > 0, NO_INITIAL, 0, 0, edge,
    )
  }
}

/** The products of four tiles in one direction to their outputs, by the matrix A^T. */
// @ts-ignore: decorator
@inline
function transformProducts(size: i32, source: usize, from: usize, destination: usize, to: usize): void {
  const m0 = v128.load(source)
  source += from
  const m1 = v128.load(source)
  source += from
  const m2 = v128.load(source)
  source += from
  const m3 = v128.load(source)
  const s = i32x4.add(m1, m2), d = i32x4.sub(m1, m2)
  if (size == 2) {
    v128.store(destination, i32x4.add(m0, s))
    v128.store(destination + to, i32x4.add(d, m3))
    return
  }
  source += from
  const m4 = v128.load(source), t = i32x4.add(m3, m4), e = i32x4.sub(m3, m4)
  v128.store(destination, i32x4.add(i32x4.add(m0, s), t))
  v128.store(destination + to, i32x4.add(d, i32x4.add(e, e)))
  v128.store(destination + 2 * to, i32x4.add(s, i32x4.shl(t, 2)))
  v128.store(destination + 3 * to, i32x4.add(d, i32x4.shl(i32x4.add(i32x4.add(e, e), v128.load(source + from)), 2)))
}

/** Sums that are 576 or 4 times too large, modulo 2^32. */
// @ts-ignore: decorator
@inline
function descale(size: i32, v: v128): v128 {
  return size == 2 ? i32x4.shr_s(v, 2) : i32x4.shr_s(i32x4.mul(v, v128.load(NINTH)), 6)
}

/** A row of the outputs of four tiles, from vectors of tiles to rows of the tiles, `to` bytes apart. */
// @ts-ignore: decorator
@inline
function transposeRow(size: i32, row: usize, destination: usize, to: usize): void {
  const r0 = descale(size, v128.load(row)), r1 = descale(size, v128.load(row, 16))
  const t0 = i32x4.shuffle(r0, r1, 0, 4, 1, 5), t2 = i32x4.shuffle(r0, r1, 2, 6, 3, 7)
  if (size == 2) {
    v128.store(destination, t0)
    v128.store(destination + to, i64x2.shuffle(t0, t0, 1, 1))
    v128.store(destination + 2 * to, t2)
    v128.store(destination + 3 * to, i64x2.shuffle(t2, t2, 1, 1))
    return
  }
  const r2 = descale(size, v128.load(row, 32)), r3 = descale(size, v128.load(row, 48))
  const t1 = i32x4.shuffle(r2, r3, 0, 4, 1, 5), t3 = i32x4.shuffle(r2, r3, 2, 6, 3, 7)
  v128.store(destination, i64x2.shuffle(t0, t1, 0, 2))
  v128.store(destination + to, i64x2.shuffle(t0, t1, 1, 3))
  v128.store(destination + 2 * to, i64x2.shuffle(t2, t3, 0, 2))
  v128.store(destination + 3 * to, i64x2.shuffle(t2, t3, 1, 3))
}

/** Stores the first 1 to `size` lanes. */
// @ts-ignore: decorator
@inline
function storeColumns(size: i32, p: usize, v: v128, count: i32): void {
  if (size == 4) storeLanes(p, v, count)
  else if (count > 1) v128.store64_lane(p, v, 0)
  else v128.store32_lane(p, v, 0)
}

/** A channel's sums of the rows of tiles that begin at `sums`, which are `height` rows of the image. */
// @ts-ignore: decorator
@inline
function transformOutputs(size: i32, m: usize, mBytes: usize, tiles: i32, sums: usize, height: i32, outW: i32, work: usize): void {
  const inputs = size + 2, lineBytes = <usize>size << 4, both = work + 24 * 16, rowsOfTiles = both + 16 * 16
  let x = 0, y = 0
  for (let t = 0; t < tiles; t += 4, m += 16) {
    let place = m
    for (let i = 0; i < inputs; i++, place += mBytes) transformProducts(size, place, <usize>inputs * mBytes, work + (<usize>i << 4), <usize>inputs << 4)
    for (let i: usize = 0; i < <usize>size; i++) {
      transformProducts(size, work + i * (<usize>inputs << 4), 16, both + i * lineBytes, 16)
      transposeRow(size, both + i * lineBytes, rowsOfTiles + (i << 4), 64)
    }
    for (let i: usize = 0; i < 4 && t + <i32>i < tiles; i++) {
      const columns = min(outW - x, size), rows = min(height - y, size)
      let p = sums + (<usize>(y * outW + x) << 2), row = rowsOfTiles + (i << 6)
      if (size == 4 && columns == 4) {
        for (let r = 0; r < rows; r++, p += <usize>outW << 2, row += 16) v128.store(p, v128.load(row))
      } else {
        for (let r = 0; r < rows; r++, p += <usize>outW << 2, row += 16) storeColumns(size, p, v128.load(row), columns)
      }
      x += size
      if (x >= outW) x = 0, y += size
    }
  }
}

// Driver -------------------------------------------------------------------------------------------------------------

// @ts-ignore: decorator
@inline
function tilesAlong(size: i32, length: i32): i32 {
  return (length + size - 1) / size
}

/** Rows of tiles at a time: blocks of equal height, so that none is left with a few columns only. */
// @ts-ignore: decorator
@inline
function rowsPerBlock(size: i32, inch: i32, outch: i32, outH: i32, outW: i32): i32 {
  const rowBytes = placesOf(size) * (2 * inch + 4 * outch) * tilesAlong(size, outW)
  const bytes = max(TILES_BYTES, placesOf(size) * inch * outch * 2 / FILTERS_PER_TILES)
  const rows = tilesAlong(size, outH), blocks = (rows - 1) / max(bytes / rowBytes, 1) + 1
  return (rows - 1) / blocks + 1
}

/** Vectors of eight tiles. */
// @ts-ignore: decorator
@inline
function vectorsOf(tiles: i32): i32 {
  return (tiles + 7) >> 3
}

/** Bytes of V or of M for each place. */
// @ts-ignore: decorator
@inline
function vPlaceBytes(inch: i32, vectors: i32): usize {
  return (<usize>(groupsOf(inch) * vectors) << 5) + PLACE_SKEW
}

// @ts-ignore: decorator
@inline
function mPlaceBytes(outch: i32, vectors: i32): usize {
  return (<usize>(outch * vectors) << 5) + PLACE_SKEW
}

/** Bytes of the plane of one row of all tiles and of those below, and what vectors write behind them. */
// @ts-ignore: decorator
@inline
function planeBytesOf(rows: i32, tilesX: i32): usize {
  return <usize>((rows + 2) * tilesX + 16 & ~7) << 1
}

export function int8WinogradScratchBytes(size: i32, inch: i32, outch: i32, outH: i32, outW: i32): i32 {
  const rows = rowsPerBlock(size, inch, outch, outH, outW), tilesX = tilesAlong(size, outW), vectors = vectorsOf(rows * tilesX)
  const planes = 2 * <usize>(size * (size + 2)) * planeBytesOf(rows, tilesX)
  return <i32>(EDGE_BYTES + WORK_BYTES + planes + <usize>placesOf(size) * (vPlaceBytes(inch, vectors) + mPlaceBytes(outch, vectors)))
}

/** {@link int8WinogradRows} with a size that is known when it is compiled. */
// @ts-ignore: decorator
@inline
function convolveRows(
  size: i32, input: usize, inch: i32, h: i32, w: i32, packedFilters: usize, sums: usize, outch: i32, outH: i32, outW: i32,
  scales: usize, bias: usize, activation: i32, activationA: f32, activationB: f32, outputScale: f32, output: usize,
  firstRow: i32, rowCount: i32, scratch: usize,
): void {
  const toBytes = sums != output, shift = toBytes ? 0 : 2
  const tilesX = tilesAlong(size, outW), groups = groupsOf(inch), uBytes = filterBytes(outch, inch), endRow = firstRow + rowCount
  const block = rowsPerBlock(size, inch, outch, outH, outW), planeBytes = planeBytesOf(block, tilesX)
  const work = scratch + EDGE_BYTES, planes = work + WORK_BYTES, v = planes + 2 * <usize>(size * (size + 2)) * planeBytes
  for (let row = firstRow; row < endRow; row += block) {
    const rows = min(endRow - row, block), tiles = rows * tilesX, vectors = vectorsOf(tiles)
    const vBytes = vPlaceBytes(inch, vectors), mBytes = mPlaceBytes(outch, vectors), m = v + <usize>placesOf(size) * vBytes
    transformInputs(size, input, inch, h, w, row, rows, tilesX, vectors, planes, planeBytes, work, v, vBytes)
    for (let place: usize = 0; place < <usize>placesOf(size); place++) {
      multiplyPlace(packedFilters + place * uBytes, v + place * vBytes, m + place * mBytes, outch, groups, vectors, scratch)
    }
    const top = row * size, height = min(rows * size, outH - top)
    for (let p = 0; p < outch; p++) {
      const first = <usize>(p * outH + top) * <usize>outW, to = sums + (first << 2)
      transformOutputs(size, m + (<usize>(p * vectors) << 5), mBytes, tiles, to, height, outW, work)
      finishIntegers(
        to, 0, 1, height * outW, scales + (<usize>p << 2), bias ? bias + (<usize>p << 2) : 0, activation, activationA, activationB,
        toBytes, outputScale, output + (first << shift), 0,
      )
    }
  }
}

export function int8WinogradRows(
  size: i32, input: usize, inch: i32, h: i32, w: i32, packedFilters: usize, sums: usize, outch: i32, outH: i32, outW: i32,
  scales: usize, bias: usize, activation: i32, activationA: f32, activationB: f32, outputScale: f32, output: usize,
  firstRow: i32, rowCount: i32, scratch: usize,
): void {
  if (size == 2) {
    convolveRows(
      2, input, inch, h, w, packedFilters, sums, outch, outH, outW, scales, bias, activation, activationA, activationB,
      outputScale, output, firstRow, rowCount, scratch,
    )
  } else {
    convolveRows(
      4, input, inch, h, w, packedFilters, sums, outch, outH, outW, scales, bias, activation, activationA, activationB,
      outputScale, output, firstRow, rowCount, scratch,
    )
  }
}
