// 3x3 convolution of stride 1 by Winograd's algorithm, at some cost in accuracy: F(4x4, 3x3) takes 36 products for 16 outputs instead of
// 144, and F(2x2, 3x3) 16 for 4 instead of 36.
// Source: A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016, sections 4 and 5.
//
// A tile is `size` x `size` outputs, 4 or 2, and the inputs under them. Four tiles are the lanes of a vector, which run on from one row of
// tiles to the next. Each place of a tile is multiplied on its own: M[place] = U[place] V[place] with U [outch][inch] and V [inch][tiles],
// packed in panels of 8.
import { activateRows, DEPTH_BLOCK, INITIAL_ACCUMULATE, INITIAL_ZERO, multiplyPanels } from './gemm'
import { evens, odds, storeFirst, storeLanes } from './lanes'
import { madd } from './madd'
import { copyFloats } from './memory'

/** Bytes of V and M at a time, about: they stay in the second-level cache, unless the filters that pass by are many times as large. */
const TILES_BYTES: i32 = 768 * 1024
const FILTERS_PER_TILES: i32 = 4
/** Room for one tile of a product, as its edges need it. */
const EDGE_BYTES: i32 = 256
/** A vector for each place, before and after one of the two directions is transformed. */
const WORK_BYTES: i32 = 2 * 36 * 16
/** Places follow each other at this distance more than they need: powers of two would all meet in the same set of the cache. */
const PLACE_SKEW: usize = 64

/** Places of a tile, or inputs under it. */
// @ts-ignore: decorator
@inline
function placesOf(size: i32): i32 {
  return (size + 2) * (size + 2)
}

// Factors lie in memory: a constant vector would be made anew at each multiplication, by three instructions.
const TWO = memory.data<f32>([2, 2, 2, 2], 16)
const FOUR = memory.data<f32>([4, 4, 4, 4], 16)
const EIGHT = memory.data<f32>([8, 8, 8, 8], 16)
const MINUS_TWO = memory.data<f32>([-2, -2, -2, -2], 16)
const MINUS_FOUR = memory.data<f32>([-4, -4, -4, -4], 16)
const MINUS_FIVE = memory.data<f32>([-5, -5, -5, -5], 16)

/** a + factor * v; products with powers of two are exact, so that it makes no difference whether they are fused. */
// @ts-ignore: decorator
@inline
function plusScaled(a: v128, factor: usize, v: v128): v128 {
  return madd(a, v128.load(factor), v)
}

/** Three values to as many doubles as a tile has inputs in a row, `to` bytes apart, by the matrix G. */
// @ts-ignore: decorator
@inline
function transformFilter(size: i32, a: f64, b: f64, c: f64, destination: usize, to: usize): void {
  if (size == 2) {
    store<f64>(destination, a)
    store<f64>(destination + to, (a + b + c) / 2)
    store<f64>(destination + 2 * to, (a - b + c) / 2)
    store<f64>(destination + 3 * to, c)
    return
  }
  store<f64>(destination, a / 4)
  store<f64>(destination + to, -(a + b + c) / 6)
  store<f64>(destination + 2 * to, -(a - b + c) / 6)
  store<f64>(destination + 3 * to, (a + 2 * b + 4 * c) / 24)
  store<f64>(destination + 4 * to, (a - 2 * b + 4 * c) / 24)
  store<f64>(destination + 5 * to, c)
}

/** Filters whose results are gathered before they are written: a cache line for each place. */
const FILTER_BLOCK: i32 = 16
const columns = memory.data(18 * 8, 16)
const transformedFilter = memory.data(36 * 8, 16)
const gathered = memory.data(36 * 16 * 4, 16)

export function winogradFilters(size: i32, filters: usize, count: i32, transformed: usize): void {
  const step = <usize>count << 2, inputs = <usize>size + 2, places = <usize>placesOf(size), columnBytes = inputs << 3
  for (let first = 0; first < count; first += FILTER_BLOCK, transformed += FILTER_BLOCK << 2) {
    const block = min(count - first, FILTER_BLOCK)
    for (let i = 0; i < block; i++, filters += 36) {
      // Each column of the filter becomes a row of `columns`, each of its places then a row of the transformed filter.
      for (let x: usize = 0; x < 3; x++) {
        const top = filters + (x << 2)
        transformFilter(size, load<f32>(top), load<f32>(top, 12), load<f32>(top, 24), columns + (x << 3), 24)
      }
      for (let y: usize = 0; y < inputs; y++) {
        const row = columns + y * 24
        transformFilter(size, load<f64>(row), load<f64>(row, 8), load<f64>(row, 16), transformedFilter + y * columnBytes, 8)
      }
      const to = gathered + (<usize>i << 2)
      for (let place: usize = 0; place < places; place++) {
        store<f32>(to + (place << 6), <f32>load<f64>(transformedFilter + (place << 3)))
      }
    }
    for (let place: usize = 0; place < places; place++) {
      memory.copy(transformed + place * step, gathered + (place << 6), <usize>block << 2)
    }
  }
}

/** Stores vectors `step` bytes apart: at fixed distances where they are neighbours, else one step after the other. */
// @ts-ignore: decorator
@inline
function storeVectors(size: i32, near: bool, p: usize, step: usize, t0: v128, t1: v128, t2: v128, t3: v128, t4: v128, t5: v128): void {
  if (near) {
    v128.store(p, t0), v128.store(p, t1, 16), v128.store(p, t2, 32), v128.store(p, t3, 48)
    if (size == 4) v128.store(p, t4, 64), v128.store(p, t5, 80)
    return
  }
  v128.store(p, t0), p += step
  v128.store(p, t1), p += step
  v128.store(p, t2), p += step
  v128.store(p, t3), p += step
  if (size == 4) v128.store(p, t4), v128.store(p + step, t5)
}

/** The vectors of a tile's inputs in one direction, transformed to vectors `to` bytes apart, by the matrix B^T; d4 and d5 are for size 4. */
// @ts-ignore: decorator
@inline
function transformInputs6(
  size: i32, near: bool, d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, destination: usize, to: usize,
): void {
  if (size == 2) {
    storeVectors(2, near, destination, to, f32x4.sub(d0, d2), f32x4.add(d1, d2), f32x4.sub(d2, d1), f32x4.sub(d3, d1), d0, d0)
    return
  }
  const t0 = f32x4.add(plusScaled(f32x4.mul(d2, v128.load(MINUS_FIVE)), FOUR, d0), d4)
  const t5 = f32x4.add(plusScaled(f32x4.mul(d3, v128.load(MINUS_FIVE)), FOUR, d1), d5)
  const even = plusScaled(d4, MINUS_FOUR, d2), odd = plusScaled(d3, MINUS_FOUR, d1)
  const sum = f32x4.sub(d4, d2), difference = f32x4.sub(d3, d1)
  let t3: v128, t4: v128
  if (ASC_FEATURE_RELAXED_SIMD) t3 = plusScaled(sum, TWO, difference), t4 = plusScaled(sum, MINUS_TWO, difference)
  else {
    const twice = f32x4.add(difference, difference)
    t3 = f32x4.add(sum, twice), t4 = f32x4.sub(sum, twice)
  }
  storeVectors(4, near, destination, to, t0, f32x4.add(even, odd), f32x4.sub(even, odd), t3, t4, t5)
}

/** Likewise the vectors that lie in memory, `from` bytes apart, to vectors far apart. */
// @ts-ignore: decorator
@inline
function transformInput(size: i32, source: usize, from: usize, destination: usize, to: usize): void {
  const d0 = v128.load(source), d1 = v128.load(source + from), d2 = v128.load(source + 2 * from), d3 = v128.load(source + 3 * from)
  if (size == 2) transformInputs6(2, false, d0, d1, d2, d3, d3, d3, destination, to)
  else transformInputs6(4, false, d0, d1, d2, d3, v128.load(source + 4 * from), v128.load(source + 5 * from), destination, to)
}

/** The vectors of a tile's products in one direction, `from` bytes apart, to those of its outputs, by the matrix A^T. */
// @ts-ignore: decorator
@inline
function transformOutput(size: i32, source: usize, from: usize, destination: usize, to: usize): void {
  const m0 = v128.load(source)
  source += from
  const m1 = v128.load(source)
  source += from
  const m2 = v128.load(source)
  source += from
  const m3 = v128.load(source)
  const s = f32x4.add(m1, m2), d = f32x4.sub(m1, m2)
  if (size == 2) {
    v128.store(destination, f32x4.add(m0, s))
    v128.store(destination + to, f32x4.add(d, m3))
    return
  }
  source += from
  const m4 = v128.load(source), t = f32x4.add(m3, m4), e = f32x4.sub(m3, m4)
  v128.store(destination, f32x4.add(f32x4.add(m0, s), t))
  v128.store(destination + to, plusScaled(d, TWO, e))
  v128.store(destination + 2 * to, plusScaled(s, FOUR, t))
  v128.store(destination + 3 * to, f32x4.add(plusScaled(d, EIGHT, e), v128.load(source + from)))
}

/** Two tiles' pairs of floats. */
// @ts-ignore: decorator
@inline
function loadPairs(p: usize, q: usize): v128 {
  return v128.load64_lane(q, v128.load64_zero(p), 1)
}

/** A row of inputs of four tiles, each where it lies, transformed: input i of all four becomes a vector. */
// @ts-ignore: decorator
@inline
function transformRow(size: i32, p0: usize, p1: usize, p2: usize, p3: usize, destination: usize): void {
  if (size == 2) {
    const r0 = loadPairs(p0, p1), r1 = loadPairs(p2, p3), s0 = loadPairs(p0 + 8, p1 + 8), s1 = loadPairs(p2 + 8, p3 + 8)
    transformInputs6(2, true, evens(r0, r1), odds(r0, r1), evens(s0, s1), odds(s0, s1), r0, r0, destination, 16)
    return
  }
  const r0 = v128.load(p0), r1 = v128.load(p1), r2 = v128.load(p2), r3 = v128.load(p3)
  const e0 = evens(r0, r1), e1 = evens(r2, r3), o0 = odds(r0, r1), o1 = odds(r2, r3), f0 = loadPairs(p0 + 16, p1 + 16), f1 = loadPairs(p2 + 16, p3 + 16)
  transformInputs6(4, true, evens(e0, e1), evens(o0, o1), odds(e0, e1), odds(o0, o1), evens(f0, f1), odds(f0, f1), destination, 16)
}

/** Tiles that cover so many outputs in one direction. */
// @ts-ignore: decorator
@inline
function tilesOf(size: i32, outputs: i32): i32 {
  return (outputs + size - 1) / size
}

/** Tiles at a time: whole panels, and blocks of nearly equal size. */
// @ts-ignore: decorator
@inline
function tilesPerBlock(size: i32, inch: i32, outch: i32, outH: i32, outW: i32): i32 {
  const bytes = max(TILES_BYTES, placesOf(size) * inch * outch * 4 / FILTERS_PER_TILES), tileBytes = placesOf(size) * (inch + outch) * 4
  const tiles = tilesOf(size, outH) * tilesOf(size, outW), blocks = (tiles - 1) / max(bytes / tileBytes, 8) + 1
  return ((tiles - 1) / blocks + 8) & ~7
}

/** Rows of tiles that so many tiles lie in at most. */
// @ts-ignore: decorator
@inline
function rowsOfBlock(tiles: i32, across: i32): i32 {
  return (tiles + across - 2) / across + 1
}

/** Floats of a row of padded input: those under all tiles, in whole vectors. */
// @ts-ignore: decorator
@inline
function rowFloats(size: i32, outW: i32): i32 {
  return (tilesOf(size, outW) * size + 5) & ~3
}

/** Bytes of V, with its channels, or of M for each place. */
// @ts-ignore: decorator
@inline
function placeBytes(channels: i32, vectors: i32): usize {
  return (<usize>channels * <usize>vectors << 4) + PLACE_SKEW
}

/** Bytes of what is known of a tile: see {@link placeTiles}. */
const TILE_BYTES: i32 = 16

export function winogradScratchBytes(size: i32, inch: i32, outch: i32, outH: i32, outW: i32): i32 {
  const tiles = tilesPerBlock(size, inch, outch, outH, outW), vectors = tiles >> 2
  const padded = (rowsOfBlock(tiles, tilesOf(size, outW)) * size + 2) * rowFloats(size, outW) * 4
  return EDGE_BYTES + WORK_BYTES + tiles * TILE_BYTES + padded + placesOf(size) * <i32>(placeBytes(inch, vectors) + placeBytes(outch, vectors))
}

/**
 * Where the tiles from `first` on lie, as many as fill the vectors: bytes from the begin of padded rows and of an output's channel, and how
 * many columns and rows are written. Those behind the last tile read what the first reads, and write no rows.
 */
function placeTiles(size: i32, first: i32, tiles: i32, across: i32, rowBytes: usize, outH: i32, outW: i32, places: usize): void {
  const row = first / across
  let y = 0, x = first - row * across
  for (let i = 0; i < (tiles + 3 & ~3); i++, places += TILE_BYTES) {
    const top = (row + y) * size, isTile = i < tiles
    store<u32>(places, isTile ? y * size * <i32>rowBytes + (x * size << 2) : 0)
    store<u32>(places, (top * outW + x * size) << 2, 4)
    store<i32>(places, min(size, outW - x * size), 8)
    store<i32>(places, isTile ? min(size, outH - top) : 0, 12)
    if (++x == across) x = 0, y++
  }
}

/** One channel's rows from `top` on, as many as lie under `rows` rows of tiles, with the padding around them, which the first channel leaves to the others. */
function padRows(
  channel: usize, h: i32, w: i32, top: i32, left: i32, count: i32, floats: i32, padValue: f32, isFirst: bool, destination: usize,
): void {
  const before = max(-left, 0), first = max(left, 0), length = max(min(w - first, floats - before), 0)
  const pad = f32x4.splat(padValue)
  for (let y = top; y < top + count; y++, destination += <usize>floats << 2) {
    for (let x = 0; isFirst && x < floats; x += 4) v128.store(destination + (<usize>x << 2), pad)
    if (<u32>y < <u32>h) copyFloats(channel + (<usize>(y * w + first) << 2), destination + (<usize>before << 2), length)
  }
}

/** V of the tiles at `places`, of which the first rows are `row` and `rows` behind it. */
// @ts-ignore: decorator
@inline
function transformInputs(
  size: i32, input: usize, inch: i32, h: i32, w: i32, row: i32, rows: i32, vectors: i32, floats: i32, padTop: i32, padLeft: i32, padValue: f32,
  places: usize, padded: usize, work: usize, v: usize,
): void {
  const inputs = size + 2, rowBytes = <usize>floats << 2, channelBytes = <usize>(h * w) << 2, vBytes = placeBytes(inch, vectors)
  const halves = work + 36 * 16, lineBytes = <usize>inputs << 4
  for (let q = 0; q < inch; q++, input += channelBytes) {
    padRows(input, h, w, row * size - padTop, -padLeft, rows * size + 2, floats, padValue, q == 0, padded)
    let tile = places
    for (let i = 0; i < vectors; i++, tile += 4 * TILE_BYTES) {
      let p0 = padded + load<u32>(tile), p1 = padded + load<u32>(tile, 16), p2 = padded + load<u32>(tile, 32), p3 = padded + load<u32>(tile, 48)
      for (let y = 0; y < inputs; y++, p0 += rowBytes, p1 += rowBytes, p2 += rowBytes, p3 += rowBytes) {
        transformRow(size, p0, p1, p2, p3, halves + <usize>y * lineBytes)
      }
      // Two vectors share a panel; the last may be alone.
      const shared = (i | 1) < vectors
      let to = v + (<usize>(i & ~1) * <usize>inch << 4) + (<usize>q << (shared ? 5 : 4)) + (<usize>(i & 1) << 4)
      for (let x = 0; x < inputs; x++, to += vBytes) transformInput(size, halves + (<usize>x << 4), lineBytes, to, <usize>inputs * vBytes)
    }
  }
}

/** M = U V for one place. */
function multiplyPlace(u: usize, v: usize, m: usize, outch: i32, inch: i32, tiles: i32, edge: usize): void {
  const whole = tiles & ~7, rest = tiles - whole, step = <usize>inch << 4, rowBytes = <usize>tiles << 2
  for (let k = 0; k < inch; k += DEPTH_BLOCK) {
    const depth = min(inch - k, DEPTH_BLOCK), initial = k ? INITIAL_ACCUMULATE : INITIAL_ZERO
    const a = u + (<usize>k << 4)
    multiplyPanels(a, step, v + (<usize>k << 5), step << 1, depth, m, rowBytes, outch, whole, initial, 0, 0, 0, 0, edge)
    if (!rest) continue
    const b = v + (<usize>whole * <usize>inch << 2) + (<usize>k << 4)
    multiplyPanels(a, step, b, step, depth, m + (<usize>whole << 2), rowBytes, outch, rest, initial, 0, 0, 0, 0, edge)
  }
}

/** Stores up to `size` lanes, as many as there are columns. */
// @ts-ignore: decorator
@inline
function storeColumns(size: i32, out: usize, v: v128, columns: i32): void {
  if (size == 4) storeLanes(out, v, columns)
  else storeFirst(out, v, columns)
}

/** Vectors whose lanes are tiles become the row y of the outputs of all four, each of which begins where `tile` says. */
// @ts-ignore: decorator
@inline
function storeRow(size: i32, work: usize, bias: v128, tile: usize, isWhole: bool, y: i32, out: usize): void {
  const r0 = f32x4.add(v128.load(work), bias), r1 = f32x4.add(v128.load(work, 16), bias)
  const t0 = i32x4.shuffle(r0, r1, 0, 4, 1, 5), t2 = i32x4.shuffle(r0, r1, 2, 6, 3, 7)
  const p0 = out + load<u32>(tile, 4), p1 = out + load<u32>(tile, 20), p2 = out + load<u32>(tile, 36), p3 = out + load<u32>(tile, 52)
  let o0 = t0, o1 = t0, o2 = t2, o3 = t2
  if (size == 4) {
    const r2 = f32x4.add(v128.load(work, 32), bias), r3 = f32x4.add(v128.load(work, 48), bias)
    const t1 = i32x4.shuffle(r2, r3, 0, 4, 1, 5), t3 = i32x4.shuffle(r2, r3, 2, 6, 3, 7)
    o0 = i64x2.shuffle(t0, t1, 0, 2), o1 = i64x2.shuffle(t0, t1, 1, 3), o2 = i64x2.shuffle(t2, t3, 0, 2), o3 = i64x2.shuffle(t2, t3, 1, 3)
    if (isWhole) return v128.store(p0, o0), v128.store(p1, o1), v128.store(p2, o2), v128.store(p3, o3)
  } else {
    if (isWhole) return v128.store64_lane(p0, t0, 0), v128.store64_lane(p1, t0, 1), v128.store64_lane(p2, t2, 0), v128.store64_lane(p3, t2, 1)
    o1 = i64x2.shuffle(t0, t0, 1, 1), o3 = i64x2.shuffle(t2, t2, 1, 1)
  }
  if (y < load<i32>(tile, 12)) storeColumns(size, p0, o0, load<i32>(tile, 8))
  if (y < load<i32>(tile, 28)) storeColumns(size, p1, o1, load<i32>(tile, 24))
  if (y < load<i32>(tile, 44)) storeColumns(size, p2, o2, load<i32>(tile, 40))
  if (y < load<i32>(tile, 60)) storeColumns(size, p3, o3, load<i32>(tile, 56))
}

/** Outputs of the tiles at `places`, from M. */
// @ts-ignore: decorator
@inline
function transformOutputs(
  size: i32, m: usize, outch: i32, vectors: i32, bias: usize, output: usize, outH: i32, outW: i32, places: usize, work: usize,
): void {
  const inputs = size + 2, lineBytes = <usize>size << 4, rowBytes = <usize>outW << 2
  const mBytes = placeBytes(outch, vectors), channelBytes = <usize>outH * rowBytes, results = work + 36 * 16
  const whole = <i64>size << 32 | <i64>size
  for (let p = 0; p < outch; p++, output += channelBytes) {
    const offset = bias ? v128.load32_splat(bias + (<usize>p << 2)) : f32x4.splat(0)
    let tile = places
    for (let i = 0; i < vectors; i++, tile += 4 * TILE_BYTES, m += 16) {
      let line = m
      for (let y = 0; y < inputs; y++, line += inputs * mBytes) transformOutput(size, line, mBytes, work + <usize>y * lineBytes, 16)
      for (let x = 0; x < size; x++) {
        transformOutput(size, work + (<usize>x << 4), lineBytes, results + (<usize>x << 4), lineBytes)
      }
      const extents = v128.and(v128.and(v128.load(tile), v128.load(tile, 16)), v128.and(v128.load(tile, 32), v128.load(tile, 48)))
      const isWhole = i64x2.extract_lane(extents, 1) == whole
      for (let y = 0; y < size; y++) {
        storeRow(size, results + <usize>y * lineBytes, offset, tile, isWhole, y, output + <usize>y * rowBytes)
      }
    }
  }
}

export function winogradConvolution(
  size: i32, input: usize, inch: i32, h: i32, w: i32, packedFilters: usize, bias: usize, output: usize, outch: i32, outH: i32, outW: i32,
  padTop: i32, padLeft: i32, padValue: f32, activation: i32, activationA: f32, activationB: f32, scratch: usize,
): void {
  winogradRows(
    size, input, inch, h, w, packedFilters, bias, output, outch, outH, outW, padTop, padLeft, padValue,
    activation, activationA, activationB, 0, tilesOf(size, outH), scratch,
  )
}

export function winogradRows(
  size: i32, input: usize, inch: i32, h: i32, w: i32, packedFilters: usize, bias: usize, output: usize, outch: i32, outH: i32, outW: i32,
  padTop: i32, padLeft: i32, padValue: f32, activation: i32, activationA: f32, activationB: f32,
  firstRow: i32, rowCount: i32, scratch: usize,
): void {
  const across = tilesOf(size, outW), floats = rowFloats(size, outW), block = tilesPerBlock(size, inch, outch, outH, outW)
  const filterBytes = <usize>((outch + 3) & ~3) * <usize>inch << 2
  const work = scratch + EDGE_BYTES, places = work + WORK_BYTES, padded = places + <usize>(block * TILE_BYTES)
  const v = padded + (<usize>((rowsOfBlock(block, across) * size + 2) * floats) << 2)
  const end = (firstRow + rowCount) * across
  let written = firstRow
  for (let first = firstRow * across; first < end; first += block) {
    const tiles = min(end - first, block), vectors = (tiles + 3) >> 2, row = first / across, rows = (first + tiles - 1) / across + 1 - row
    const vBytes = placeBytes(inch, vectors), mBytes = placeBytes(outch, vectors), m = v + <usize>placesOf(size) * vBytes
    placeTiles(size, first, tiles, across, <usize>floats << 2, outH, outW, places)
    if (size == 2) transformInputs(2, input, inch, h, w, row, rows, vectors, floats, padTop, padLeft, padValue, places, padded, work, v)
    else transformInputs(4, input, inch, h, w, row, rows, vectors, floats, padTop, padLeft, padValue, places, padded, work, v)
    for (let place: usize = 0; place < <usize>placesOf(size); place++) {
      multiplyPlace(packedFilters + place * filterBytes, v + place * vBytes, m + place * mBytes, outch, inch, vectors << 2, scratch)
    }
    if (size == 2) transformOutputs(2, m, outch, vectors, bias, output, outH, outW, places, work)
    else transformOutputs(4, m, outch, vectors, bias, output, outH, outW, places, work)
    // Rows of which all tiles are written.
    const next = (first + tiles) / across
    if (activation != 0 && next > written) {
      const top = written * size, count = (min(next * size, outH) - top) * outW
      activateRows(activation, output + (<usize>(top * outW) << 2), <usize>(outH * outW) << 2, outch, count, activationA, activationB)
    }
    written = next
  }
}
