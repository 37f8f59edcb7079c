// 3x3 convolution of stride 1 by Winograd's algorithm, at some cost in accuracy: F(4x4, 3x3) takes 36 products for 16 outputs instead of
// 144, and F(2x2, 3x3) 16 for 4 instead of 36.
// Source: A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016, sections 4 and 5.
//
// A tile is `size` x `size` outputs, 4 or 2, and the inputs under them. Four tiles that lie side by side are the lanes of a vector. Each
// place of a tile is multiplied on its own: M[place] = U[place] V[place] with U [outch][inch] and V [inch][tiles], packed in panels of 8.
import { activateRows, DEPTH_BLOCK, INITIAL_ACCUMULATE, INITIAL_ZERO, multiplyPanels } from './gemm'
import { evens, odds, storeLanes } from './lanes'
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

/** A row of inputs of four tiles, transformed; input i of a tile is a vector of the elements t * size + i for the four tiles t. */
// @ts-ignore: decorator
@inline
function transformRow(size: i32, row: usize, destination: usize): void {
  const r0 = v128.load(row), r1 = v128.load(row, 16)
  if (size == 2) {
    const s0 = v128.load(row, 8), s1 = v128.load(row, 24)
    transformInputs6(2, true, evens(r0, r1), odds(r0, r1), evens(s0, s1), odds(s0, s1), r0, r0, destination, 16)
    return
  }
  const r2 = v128.load(row, 32), r3 = v128.load(row, 48), r4 = v128.load(row, 64)
  const e0 = evens(r0, r1), e1 = evens(r2, r3), o0 = odds(r0, r1), o1 = odds(r2, r3)
  const f0 = i32x4.shuffle(r1, r2, 0, 4, 1, 5), f1 = i32x4.shuffle(r3, r4, 0, 4, 1, 5)
  transformInputs6(
    4, true, evens(e0, e1), evens(o0, o1), odds(e0, e1), odds(o0, o1), i64x2.shuffle(f0, f1, 0, 2), i64x2.shuffle(f0, f1, 1, 3), destination, 16,
  )
}

/** Columns of vectors of four tiles that cover a row of `outW` outputs. */
// @ts-ignore: decorator
@inline
function vectorsPerRow(size: i32, outW: i32): i32 {
  return (outW + 4 * size - 1) / (4 * size)
}

// @ts-ignore: decorator
@inline
function rowsOfTiles(size: i32, outH: i32): i32 {
  return (outH + size - 1) / size
}

/** Rows of tiles at a time: blocks of equal height, so that none is left with a few columns only. */
// @ts-ignore: decorator
@inline
function rowsPerBlock(size: i32, inch: i32, outch: i32, outH: i32, outW: i32): i32 {
  const rowBytes = placesOf(size) * (inch + outch) * vectorsPerRow(size, outW) * 16
  const bytes = max(TILES_BYTES, placesOf(size) * inch * outch * 4 / FILTERS_PER_TILES)
  const rows = rowsOfTiles(size, outH), blocks = (rows - 1) / max(bytes / rowBytes, 1) + 1
  return (rows - 1) / blocks + 1
}

/** Floats of a row of padded input: those under all tiles, and what is loaded behind them. */
// @ts-ignore: decorator
@inline
function rowFloats(size: i32, outW: i32): i32 {
  return vectorsPerRow(size, outW) * 4 * size + 4
}

/** Bytes of V, with its channels, or of M for each place. */
// @ts-ignore: decorator
@inline
function placeBytes(channels: i32, vectors: i32): usize {
  return (<usize>channels * <usize>vectors << 4) + PLACE_SKEW
}

export function winogradScratchBytes(size: i32, inch: i32, outch: i32, outH: i32, outW: i32): i32 {
  const rows = rowsPerBlock(size, inch, outch, outH, outW), vectors = rows * vectorsPerRow(size, outW)
  const padded = (rows * size + 2) * rowFloats(size, outW) * 4
  return EDGE_BYTES + WORK_BYTES + padded + placesOf(size) * <i32>(placeBytes(inch, vectors) + placeBytes(outch, vectors))
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

/** V of the rows of tiles from `row` on. */
// @ts-ignore: decorator
@inline
function transformInputs(
  size: i32, input: usize, inch: i32, h: i32, w: i32, row: i32, rows: i32, vectors: i32, padTop: i32, padLeft: i32, padValue: f32,
  padded: usize, work: usize, v: usize,
): void {
  const inputs = size + 2, floats = vectors * 4 * size + 4, count = rows * vectors
  const rowBytes = <usize>floats << 2, channelBytes = <usize>(h * w) << 2, vBytes = placeBytes(inch, count)
  const halves = work + 36 * 16, lineBytes = <usize>inputs << 4
  for (let q = 0; q < inch; q++, input += channelBytes) {
    padRows(input, h, w, row * size - padTop, -padLeft, rows * size + 2, floats, padValue, q == 0, padded)
    for (let r = 0, i = 0; r < rows; r++) {
      for (let c = 0; c < vectors; c++, i++) {
        let source = padded + <usize>(r * size) * rowBytes + <usize>(c * 4 * size << 2)
        for (let y = 0; y < inputs; y++, source += rowBytes) {
          transformRow(size, source, halves + <usize>y * lineBytes)
        }
        // Two vectors share a panel; the last may be alone.
        const shared = (i | 1) < count
        let to = v + (<usize>(i & ~1) * <usize>inch << 4) + (<usize>q << (shared ? 5 : 4)) + (<usize>(i & 1) << 4)
        for (let x = 0; x < inputs; x++, to += vBytes) transformInput(size, halves + (<usize>x << 4), lineBytes, to, <usize>inputs * vBytes)
      }
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

/** Stores the lanes that are left of a row, if any. */
// @ts-ignore: decorator
@inline
function storeLeft(out: usize, v: v128, left: i32): void {
  if (left > 0) storeLanes(out, v, left)
}

/** Vectors whose lanes are tiles become a row of the outputs of all four. */
// @ts-ignore: decorator
@inline
function storeRow(size: i32, work: usize, bias: v128, out: usize, count: i32): void {
  const r0 = f32x4.add(v128.load(work), bias), r1 = f32x4.add(v128.load(work, 16), bias)
  const t0 = i32x4.shuffle(r0, r1, 0, 4, 1, 5), t2 = i32x4.shuffle(r0, r1, 2, 6, 3, 7)
  if (size == 2) {
    storeLanes(out, t0, count), storeLeft(out + 16, t2, count - 4)
    return
  }
  const r2 = f32x4.add(v128.load(work, 32), bias), r3 = f32x4.add(v128.load(work, 48), bias)
  const t1 = i32x4.shuffle(r2, r3, 0, 4, 1, 5), t3 = i32x4.shuffle(r2, r3, 2, 6, 3, 7)
  const o0 = i64x2.shuffle(t0, t1, 0, 2), o1 = i64x2.shuffle(t0, t1, 1, 3), o2 = i64x2.shuffle(t2, t3, 0, 2), o3 = i64x2.shuffle(t2, t3, 1, 3)
  if (count >= 16) {
    v128.store(out, o0), v128.store(out, o1, 16), v128.store(out, o2, 32), v128.store(out, o3, 48)
    return
  }
  storeLanes(out, o0, count), storeLeft(out + 16, o1, count - 4)
  storeLeft(out + 32, o2, count - 8), storeLeft(out + 48, o3, count - 12)
}

/** Outputs of the rows of tiles from `row` on, from M. */
// @ts-ignore: decorator
@inline
function transformOutputs(
  size: i32, m: usize, outch: i32, row: i32, rows: i32, vectors: i32, bias: usize, output: usize, outH: i32, outW: i32, work: usize,
): void {
  const inputs = size + 2, lineBytes = <usize>size << 4
  const mBytes = placeBytes(outch, rows * vectors), channelBytes = <usize>(outH * outW) << 2, results = work + 36 * 16
  for (let p = 0; p < outch; p++, output += channelBytes) {
    const offset = bias ? v128.load32_splat(bias + (<usize>p << 2)) : f32x4.splat(0)
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < vectors; c++, m += 16) {
        let line = m
        for (let y = 0; y < inputs; y++, line += inputs * mBytes) transformOutput(size, line, mBytes, work + <usize>y * lineBytes, 16)
        for (let x = 0; x < size; x++) {
          transformOutput(size, work + (<usize>x << 4), lineBytes, results + (<usize>x << 4), lineBytes)
        }
        const y0 = (row + r) * size, x0 = c * 4 * size
        for (let y = y0; y < min(y0 + size, outH); y++) {
          storeRow(size, results + <usize>(y - y0) * lineBytes, offset, output + (<usize>(y * outW + x0) << 2), outW - x0)
        }
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
    activation, activationA, activationB, 0, rowsOfTiles(size, outH), scratch,
  )
}

export function winogradRows(
  size: i32, input: usize, inch: i32, h: i32, w: i32, packedFilters: usize, bias: usize, output: usize, outch: i32, outH: i32, outW: i32,
  padTop: i32, padLeft: i32, padValue: f32, activation: i32, activationA: f32, activationB: f32,
  firstRow: i32, rowCount: i32, scratch: usize,
): void {
  const vectors = vectorsPerRow(size, outW), endRow = firstRow + rowCount, block = rowsPerBlock(size, inch, outch, outH, outW)
  const filterBytes = <usize>((outch + 3) & ~3) * <usize>inch << 2
  const work = scratch + EDGE_BYTES, padded = work + WORK_BYTES
  const v = padded + (<usize>((block * size + 2) * rowFloats(size, outW)) << 2)
  for (let row = firstRow; row < endRow; row += block) {
    const rows = min(endRow - row, block), vBytes = placeBytes(inch, rows * vectors), mBytes = placeBytes(outch, rows * vectors)
    const m = v + <usize>placesOf(size) * vBytes
    if (size == 2) transformInputs(2, input, inch, h, w, row, rows, vectors, padTop, padLeft, padValue, padded, work, v)
    else transformInputs(4, input, inch, h, w, row, rows, vectors, padTop, padLeft, padValue, padded, work, v)
    for (let place: usize = 0; place < <usize>placesOf(size); place++) {
      multiplyPlace(packedFilters + place * filterBytes, v + place * vBytes, m + place * mBytes, outch, inch, rows * vectors << 2, scratch)
    }
    if (size == 2) transformOutputs(2, m, outch, row, rows, vectors, bias, output, outH, outW, work)
    else transformOutputs(4, m, outch, row, rows, vectors, bias, output, outH, outW, work)
    if (activation != 0) {
      const written = output + (<usize>(row * size * outW) << 2), count = min(rows * size, outH - row * size) * outW
      activateRows(activation, written, <usize>(outH * outW) << 2, outch, count, activationA, activationB)
    }
  }
}
