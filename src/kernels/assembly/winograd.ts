// 3x3 convolution of stride 1 by Winograd's algorithm F(4x4, 3x3): 36 products for 16 outputs instead of 144, at some cost in accuracy.
// Source: A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016, section 4.
//
// A tile is 4x4 outputs and the 6x6 inputs under them. Four tiles that lie side by side are the lanes of a vector, and all 36 places
// of a tile are multiplied on their own: M[place] = U[place] V[place] with U [outch][inch] and V [inch][tiles].
import { activateRows, gemmLeft, INITIAL_ZERO, SCRATCH_BYTES } from './gemm'

const PLACES: usize = 36
/** Tiles at a time, about: their V and M stay in the second-level cache for common numbers of channels. */
const TILE_BLOCK: i32 = 128

// @ts-ignore: decorator
@inline
function scaled(v: v128, factor: f32): v128 {
  return f32x4.mul(v, f32x4.splat(factor))
}

/** Three values `from` bytes apart to six doubles, by the matrix G. */
// @ts-ignore: decorator
@inline
function transformFilter(a: f64, b: f64, c: f64, destination: usize, to: usize): void {
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

/** transformed [36][count] from filters [count][3][3], computed in float64 and rounded once. */
export function winogradFilters(filters: usize, count: i32, transformed: usize): void {
  const step = <usize>count << 2
  for (let first = 0; first < count; first += FILTER_BLOCK, transformed += FILTER_BLOCK << 2) {
    const block = min(count - first, FILTER_BLOCK)
    for (let i = 0; i < block; i++, filters += 36) {
      for (let x: usize = 0; x < 12; x += 4) {
        const top = filters + x
        transformFilter(load<f32>(top), load<f32>(top, 12), load<f32>(top, 24), columns + (x << 1), 24)
      }
      for (let y: usize = 0; y < 6; y++) {
        const row = columns + y * 24
        transformFilter(load<f64>(row), load<f64>(row, 8), load<f64>(row, 16), transformedFilter + y * 48, 8)
      }
      const to = gathered + (<usize>i << 2)
      for (let place: usize = 0; place < PLACES; place++) {
        store<f32>(to + (place << 6), <f32>load<f64>(transformedFilter + (place << 3)))
      }
    }
    for (let place: usize = 0; place < PLACES; place++) {
      memory.copy(transformed + place * step, gathered + (place << 6), <usize>block << 2)
    }
  }
}

/** Six vectors `from` bytes apart to six vectors `to` bytes apart, by the matrix B^T. */
// @ts-ignore: decorator
@inline
function transformInput(source: usize, from: usize, destination: usize, to: usize): void {
  const d0 = v128.load(source), d2 = v128.load(source + 2 * from), d4 = v128.load(source + 4 * from)
  v128.store(destination, f32x4.add(f32x4.sub(scaled(d0, 4), scaled(d2, 5)), d4))
  const d1 = v128.load(source + from), d3 = v128.load(source + 3 * from)
  const even = f32x4.sub(d4, scaled(d2, 4)), odd = f32x4.sub(d3, scaled(d1, 4))
  v128.store(destination + to, f32x4.add(even, odd))
  v128.store(destination + 2 * to, f32x4.sub(even, odd))
  const near = f32x4.sub(d4, d2), far = scaled(f32x4.sub(d3, d1), 2)
  v128.store(destination + 3 * to, f32x4.add(near, far))
  v128.store(destination + 4 * to, f32x4.sub(near, far))
  const d5 = v128.load(source + 5 * from)
  v128.store(destination + 5 * to, f32x4.add(f32x4.sub(scaled(d1, 4), scaled(d3, 5)), d5))
}

/** Six vectors `from` bytes apart to four vectors `to` bytes apart, by the matrix A^T. */
// @ts-ignore: decorator
@inline
function transformOutput(source: usize, from: usize, destination: usize, to: usize): void {
  const m1 = v128.load(source + from), m2 = v128.load(source + 2 * from)
  const m3 = v128.load(source + 3 * from), m4 = v128.load(source + 4 * from)
  const s = f32x4.add(m1, m2), d = f32x4.sub(m1, m2), t = f32x4.add(m3, m4), e = f32x4.sub(m3, m4)
  v128.store(destination, f32x4.add(f32x4.add(v128.load(source), s), t))
  v128.store(destination + to, f32x4.add(d, scaled(e, 2)))
  v128.store(destination + 2 * to, f32x4.add(s, scaled(t, 4)))
  v128.store(destination + 3 * to, f32x4.add(f32x4.add(d, scaled(e, 8)), v128.load(source + 5 * from)))
}

/** Element t * 4 + i of a row, for the four tiles t: six vectors i from one row of 18 floats. */
// @ts-ignore: decorator
@inline
function splitRow(row: usize, destination: usize): void {
  const r0 = v128.load(row), r1 = v128.load(row, 16), r2 = v128.load(row, 32), r3 = v128.load(row, 48), r4 = v128.load(row, 64)
  const t0 = i32x4.shuffle(r0, r1, 0, 4, 1, 5), t1 = i32x4.shuffle(r2, r3, 0, 4, 1, 5)
  v128.store(destination, i64x2.shuffle(t0, t1, 0, 2))
  v128.store(destination, i64x2.shuffle(t0, t1, 1, 3), 16)
  const t2 = i32x4.shuffle(r0, r1, 2, 6, 3, 7), t3 = i32x4.shuffle(r2, r3, 2, 6, 3, 7)
  v128.store(destination, i64x2.shuffle(t2, t3, 0, 2), 32)
  v128.store(destination, i64x2.shuffle(t2, t3, 1, 3), 48)
  const u0 = i32x4.shuffle(r1, r2, 0, 4, 1, 5), u1 = i32x4.shuffle(r3, r4, 0, 4, 1, 5)
  v128.store(destination, i64x2.shuffle(u0, u1, 0, 2), 64)
  v128.store(destination, i64x2.shuffle(u0, u1, 1, 3), 80)
}

/** Columns of vectors of four tiles that cover a row of `outW` outputs. */
// @ts-ignore: decorator
@inline
function vectorsPerRow(outW: i32): i32 {
  return (outW + 15) >> 4
}

/** Rows of tiles at a time. */
// @ts-ignore: decorator
@inline
function rowsPerBlock(outH: i32, outW: i32): i32 {
  return min((outH + 3) >> 2, max(TILE_BLOCK / (vectorsPerRow(outW) << 2), 1))
}

/** Floats of a row of padded input: those under all tiles, and what is loaded behind them. */
// @ts-ignore: decorator
@inline
function rowFloats(outW: i32): i32 {
  return (vectorsPerRow(outW) << 4) + 4
}

export function winogradScratchBytes(inch: i32, outch: i32, outH: i32, outW: i32): i32 {
  const rows = rowsPerBlock(outH, outW), tiles = rows * (vectorsPerRow(outW) << 2)
  const floats = (rows * 4 + 2) * rowFloats(outW) + <i32>PLACES * (inch + outch) * tiles
  return <i32>(SCRATCH_BYTES + 2 * PLACES * 16) + floats * 4
}

/** One channel's rows from `top` on, as many as lie under `rows` rows of tiles, with the padding around them. */
function padRows(channel: usize, h: i32, w: i32, top: i32, left: i32, count: i32, floats: i32, padValue: f32, destination: usize): void {
  const before = max(-left, 0), first = max(left, 0), length = max(min(w - first, floats - before), 0)
  const pad = f32x4.splat(padValue)
  for (let y = top; y < top + count; y++, destination += <usize>floats << 2) {
    for (let x = 0; x < floats; x += 4) v128.store(destination + (<usize>x << 2), pad)
    if (<u32>y < <u32>h) memory.copy(destination + (<usize>before << 2), channel + (<usize>(y * w + first) << 2), <usize>length << 2)
  }
}

/** V [36][inch][tiles] of the rows of tiles from `row` on. */
function transformInputs(
  input: usize, inch: i32, h: i32, w: i32, row: i32, rows: i32, vectors: i32, padTop: i32, padLeft: i32, padValue: f32,
  padded: usize, work: usize, v: usize,
): void {
  const floats = (vectors << 4) + 4, rowBytes = <usize>floats << 2, channelBytes = <usize>(h * w) << 2
  const placeBytes = <usize>inch * <usize>(rows * vectors) << 4
  for (let q = 0; q < inch; q++, input += channelBytes) {
    padRows(input, h, w, row * 4 - padTop, -padLeft, rows * 4 + 2, floats, padValue, padded)
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < vectors; c++, v += 16) {
        let source = padded + <usize>(r * 4) * rowBytes + (<usize>c << 6)
        for (let y = 0; y < 6; y++, source += rowBytes) {
          splitRow(source, work)
          transformInput(work, 16, work + PLACES * 16 + <usize>y * 96, 16)
        }
        for (let x: usize = 0; x < 6; x++) transformInput(work + PLACES * 16 + (x << 4), 96, v + x * placeBytes, 6 * placeBytes)
      }
    }
  }
}

/** Four vectors whose lanes are tiles become the rows of four outputs of each tile. */
// @ts-ignore: decorator
@inline
function storeRow(work: usize, bias: v128, out: usize, count: i32): void {
  const r0 = f32x4.add(v128.load(work), bias), r1 = f32x4.add(v128.load(work, 16), bias)
  const r2 = f32x4.add(v128.load(work, 32), bias), r3 = f32x4.add(v128.load(work, 48), bias)
  const t0 = i32x4.shuffle(r0, r1, 0, 4, 1, 5), t1 = i32x4.shuffle(r2, r3, 0, 4, 1, 5)
  const t2 = i32x4.shuffle(r0, r1, 2, 6, 3, 7), t3 = i32x4.shuffle(r2, r3, 2, 6, 3, 7)
  const o0 = i64x2.shuffle(t0, t1, 0, 2), o1 = i64x2.shuffle(t0, t1, 1, 3)
  const o2 = i64x2.shuffle(t2, t3, 0, 2), o3 = i64x2.shuffle(t2, t3, 1, 3)
  if (count >= 16) {
    v128.store(out, o0), v128.store(out, o1, 16), v128.store(out, o2, 32), v128.store(out, o3, 48)
    return
  }
  v128.store(work, o0), v128.store(work, o1, 16), v128.store(work, o2, 32), v128.store(work, o3, 48)
  memory.copy(out, work, <usize>count << 2)
}

/** Outputs of the rows of tiles from `row` on, from M [36][outch][tiles]. */
function transformOutputs(
  m: usize, outch: i32, row: i32, rows: i32, vectors: i32, bias: usize, output: usize, outH: i32, outW: i32, work: usize,
): void {
  const placeBytes = <usize>outch * <usize>(rows * vectors) << 4, channelBytes = <usize>(outH * outW) << 2
  for (let p = 0; p < outch; p++, output += channelBytes) {
    const offset = bias ? v128.load32_splat(bias + (<usize>p << 2)) : f32x4.splat(0)
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < vectors; c++, m += 16) {
        for (let y: usize = 0; y < 6; y++) transformOutput(m + y * 6 * placeBytes, placeBytes, work + y * 64, 16)
        // A row of `work` has four vectors now; the rows are combined into four.
        for (let x: usize = 0; x < 4; x++) transformOutput(work + (x << 4), 64, work + PLACES * 16 + (x << 4), 64)
        const y0 = (row + r) * 4, x0 = c << 4
        for (let y = y0; y < min(y0 + 4, outH); y++) {
          storeRow(work + PLACES * 16 + <usize>(y - y0) * 64, offset, output + (<usize>(y * outW + x0) << 2), outW - x0)
        }
      }
    }
  }
}

export function winogradConvolution(
  input: usize, inch: i32, h: i32, w: i32, packedFilters: usize, bias: usize, output: usize, outch: i32, outH: i32, outW: i32,
  padTop: i32, padLeft: i32, padValue: f32, activation: i32, activationA: f32, activationB: f32, scratch: usize,
): void {
  winogradRows(
    input, inch, h, w, packedFilters, bias, output, outch, outH, outW, padTop, padLeft, padValue, activation, activationA, activationB,
    0, (outH + 3) >> 2, scratch,
  )
}

export function winogradRows(
  input: usize, inch: i32, h: i32, w: i32, packedFilters: usize, bias: usize, output: usize, outch: i32, outH: i32, outW: i32,
  padTop: i32, padLeft: i32, padValue: f32, activation: i32, activationA: f32, activationB: f32,
  firstRow: i32, rowCount: i32, scratch: usize,
): void {
  const vectors = vectorsPerRow(outW), endRow = firstRow + rowCount, block = rowsPerBlock(outH, outW)
  const filterBytes = <usize>((outch + 3) & ~3) * <usize>inch << 2
  const work = scratch + SCRATCH_BYTES, padded = work + 2 * PLACES * 16
  const v = padded + (<usize>((block * 4 + 2) * rowFloats(outW)) << 2)
  for (let row = firstRow; row < endRow; row += block) {
    const rows = min(endRow - row, block), tiles = rows * vectors << 2
    const vBytes = <usize>(inch * tiles) << 2, mBytes = <usize>(outch * tiles) << 2
    const m = v + PLACES * vBytes
    transformInputs(input, inch, h, w, row, rows, vectors, padTop, padLeft, padValue, padded, work, v)
    for (let place: usize = 0; place < PLACES; place++) {
      gemmLeft(
        packedFilters + place * filterBytes, v + place * vBytes, tiles, 1, m + place * mBytes, tiles, outch, tiles, inch,
        INITIAL_ZERO, 0, 0, 0, 0, scratch,
      )
    }
    transformOutputs(m, outch, row, rows, vectors, bias, output, outH, outW, work)
    if (activation != 0) {
      const written = output + (<usize>(row * 4 * outW) << 2), count = min(rows * 4, outH - row * 4) * outW
      activateRows(activation, written, <usize>(outH * outW) << 2, outch, count, activationA, activationB)
    }
  }
}
