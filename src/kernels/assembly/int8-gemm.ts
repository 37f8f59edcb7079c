// Products of int8 matrices: int32 sums, exact in whatever order they are taken, and wrapping beyond 32 bits.
//
// Neighbouring depths are packed as groups of four bytes, which one instruction multiplies by four others and adds up: pairs of int16, or
// quads of int8 where those are faster (./int8-quads). A into panels of 4 rows, [panel][group][4]; B into panels of 8 columns,
// [panel][group][8], the last one of them a single column where one is left. Panels of quads of weights begin with what their sums begin
// with. A last group that is not full holds weights of 0, whatever the other side has there.
import { areQuads, copyQuads, dotOfMagnitudes, dotOfQuads, initialBytes, packQuadsOfInputs, packQuadsOfWeights } from './int8-quads'
import { unrolled } from './unrolled'

/** Groups of depths in a block: a slice of a B panel (8 KB) stays in the first-level cache. */
export const GROUP_BLOCK: i32 = 256
/** Columns of B that are packed, or are passed by, at a time: the block (256 KB) stays in the second-level cache. */
export const COLUMN_BLOCK: i32 = 256
/** Rows of A that pass by each B panel while they are in the second-level cache. */
export const ROW_BLOCK: i32 = 64
/** Rows of A packed at a time when it is A that changes from call to call. */
const PACKED_ROW_BLOCK: i32 = 256

/** Bytes of a packed block of either side. */
export const BLOCK_BYTES: usize = <usize>GROUP_BLOCK * COLUMN_BLOCK * 4
/** Bytes of the tile behind it, for the edges of C. */
export const EDGE_BYTES: usize = 256

// Packing ------------------------------------------------------------------------------------------------------------

/** Four rows of a matrix, `step` bytes apart, as int16: eight depths, whose pairs are transposed into four groups of four rows. */
// @ts-ignore: decorator
@inline
function storePairs(dst: usize, groupStep: usize, src: usize, step: usize): void {
  const r0 = v128.load8x8_s(src), r1 = v128.load8x8_s(src + step)
  const r2 = v128.load8x8_s(src + 2 * step), r3 = v128.load8x8_s(src + 3 * step)
  const t0 = i32x4.shuffle(r0, r1, 0, 4, 1, 5), t1 = i32x4.shuffle(r2, r3, 0, 4, 1, 5)
  const t2 = i32x4.shuffle(r0, r1, 2, 6, 3, 7), t3 = i32x4.shuffle(r2, r3, 2, 6, 3, 7)
  v128.store(dst, i64x2.shuffle(t0, t1, 0, 2))
  v128.store(dst + groupStep, i64x2.shuffle(t0, t1, 1, 3))
  v128.store(dst + 2 * groupStep, i64x2.shuffle(t2, t3, 0, 2))
  v128.store(dst + 3 * groupStep, i64x2.shuffle(t2, t3, 1, 3))
}

/** Two bytes as a pair of int16; the second is 0 where there is none. */
// @ts-ignore: decorator
@inline
export function pairOf(first: i32, second: i32): i32 {
  return (first & 0xffff) | (second << 16)
}

/** Packs `lanes` rows of k bytes, `rowStep` bytes apart, into a panel `width` wide, with zeros beyond the rows and beyond k. */
function packRows(dst: usize, width: i32, src: usize, rowStep: usize, lanes: i32, k: i32): void {
  const step = <usize>width << 2
  let p = 0
  if (lanes == width && width > 1) {
    for (; p <= k - 8; p += 8, dst += step << 2, src += 8) {
      storePairs(dst, step, src, rowStep)
      if (width == 8) storePairs(dst + 16, step, src + 4 * rowStep, rowStep)
    }
  }
  for (; p < k; p += 2, dst += step, src += 2) {
    for (let lane = 0; lane < width; lane++) {
      const s = src + <usize>lane * rowStep
      const first = lane < lanes ? <i32>load<i8>(s) : 0, second = lane < lanes && p + 1 < k ? <i32>load<i8>(s, 1) : 0
      store<i32>(dst + (<usize>lane << 2), pairOf(first, second))
    }
  }
}

/** The width of the packed panel that holds the last `columns` columns. */
// @ts-ignore: decorator
@inline
export function panelWidth(columns: i32): i32 {
  return columns > 1 ? 8 : 1
}

/** Groups of so many depths. */
// @ts-ignore: decorator
@inline
function groupsOf(k: i32): i32 {
  return areQuads() ? (k + 3) >> 2 : (k + 1) >> 1
}

/** Bytes of a packed panel of B. */
// @ts-ignore: decorator
@inline
function panelBytes(groups: i32, width: i32): usize {
  return (<usize>(groups * width) << 2) + (areQuads() ? initialBytes(width) : 0)
}

export function packedInt8RightBytes(k: i32, n: i32): i32 {
  const groups = groupsOf(k), last = n & 7
  return (n >> 3) * <i32>panelBytes(groups, 8) + (last ? <i32>panelBytes(groups, panelWidth(last)) : 0)
}

export function packInt8Right(source: usize, k: i32, n: i32, packed: usize): void {
  const groups = groupsOf(k)
  for (let j = 0; j < n; j += 8, source += <usize>k << 3) {
    const lanes = min(n - j, 8), width = panelWidth(lanes)
    if (areQuads()) packQuadsOfWeights(packed, width, source, lanes, k)
    else packRows(packed, width, source, k, lanes, k)
    packed += panelBytes(groups, width)
  }
}

// Register tiles -----------------------------------------------------------------------------------------------------

// What a group is, and on which side the weights are. Sums begin with what lies at `initial`: one for each row where A is the weights, one
// for each column where B is. A dot may take a constant. After those that are `isLong` tiles have ways out that are never taken, without which
// V8 in Node 20 and 22 begins more of them than there are registers. Classes, for the reason given in activation.ts.

export class Pairs {
  @inline constant(): v128 {
    return i32x4.splat(0)
  }
  @inline isLong(): bool {
    return false
  }
  @inline dot(c: v128, a: v128, b: v128, constant: v128): v128 {
    return i32x4.add(c, i32x4.dot_i16x8_s(a, b))
  }
  @inline initial(initial: usize, row: usize, half: usize): v128 {
    return i32x4.splat(0)
  }
  @inline initialColumn(initial: usize): v128 {
    return i32x4.splat(0)
  }
}

/** Quads, A being the weights. */
export class QuadsLeft {
  @inline constant(): v128 {
    return i32x4.splat(0)
  }
  @inline isLong(): bool {
    return false
  }
  @inline dot(c: v128, a: v128, b: v128, constant: v128): v128 {
    return dotOfQuads(c, a, b)
  }
  @inline initial(initial: usize, row: usize, half: usize): v128 {
    return v128.load32_splat(initial + (row << 2))
  }
  @inline initialColumn(initial: usize): v128 {
    return v128.load(initial)
  }
}

/** Quads, A being the weights and B inputs of seven bits, on any processor: products of two become int16, and pairs of those are added. */
export class Magnitudes {
  @inline constant(): v128 {
    return v128.load(ONES)
  }
  @inline isLong(): bool {
    return true
  }
  @inline dot(c: v128, a: v128, b: v128, constant: v128): v128 {
    return i32x4.add(c, i32x4.dot_i16x8_s(dotOfMagnitudes(a, b), constant))
  }
  @inline initial(initial: usize, row: usize, half: usize): v128 {
    return i32x4.splat(0)
  }
  @inline initialColumn(initial: usize): v128 {
    return i32x4.splat(0)
  }
}

/** Quads, B being the weights. */
export class QuadsRight {
  @inline constant(): v128 {
    return i32x4.splat(0)
  }
  @inline isLong(): bool {
    return false
  }
  @inline dot(c: v128, a: v128, b: v128, constant: v128): v128 {
    return dotOfQuads(c, b, a)
  }
  @inline initial(initial: usize, row: usize, half: usize): v128 {
    return v128.load(initial + (half << 4))
  }
  @inline initialColumn(initial: usize): v128 {
    return v128.load32_splat(initial)
  }
}

const ONES = memory.data<i16>([1, 1, 1, 1, 1, 1, 1, 1], 16)

/** For sums that continue others. */
export const NO_INITIAL: usize = memory.data(32)

/**
 * C[4*tiles,8] = A*B, plus C where it accumulates, for consecutive panels of A and one of B. Two groups share the loop's overhead; the way
 * out between them ends the basic block, so that V8 does not hoist the loads of both, as in GEMM's tile.
 */
function tiles4x8<G>(
  tiles: i32, pa: usize, aStep: usize, panel: usize, groups: i32, c: usize, ldc: usize, accumulate: bool, initial: usize, initialStep: usize,
): void {
  const group = changetype<G>(0), constant = group.constant()
  let a: v128, b0: v128, b1: v128
  let c00: v128, c01: v128, c10: v128, c11: v128, c20: v128, c21: v128, c30: v128, c31: v128
  for (; tiles > 0; tiles--) {
    if (accumulate) {
      let p = c
      c00 = v128.load(p), c01 = v128.load(p, 16)
      p += ldc
      c10 = v128.load(p), c11 = v128.load(p, 16)
      p += ldc
      c20 = v128.load(p), c21 = v128.load(p, 16)
      p += ldc
      c30 = v128.load(p), c31 = v128.load(p, 16)
    } else {
      c00 = group.initial(initial, 0, 0), c01 = group.initial(initial, 0, 1)
      c10 = group.initial(initial, 1, 0), c11 = group.initial(initial, 1, 1)
      c20 = group.initial(initial, 2, 0), c21 = group.initial(initial, 2, 1)
      c30 = group.initial(initial, 3, 0), c31 = group.initial(initial, 3, 1)
      initial += initialStep
    }
    const next = pa + aStep, end = pa + (<usize>groups << 4)
    let pb = panel
    while (pa < end) {
      const nth = unrolled(2), at = 32 * nth
      a = v128.load32_splat(pa), b0 = v128.load(pb, at), b1 = v128.load(pb, at + 16)
      c00 = group.dot(c00, a, b0, constant), c01 = group.dot(c01, a, b1, constant)
      if (group.isLong() && groups == -1 - 4 * nth) break
      a = v128.load32_splat(pa, 4), c10 = group.dot(c10, a, b0, constant), c11 = group.dot(c11, a, b1, constant)
      if (group.isLong() && groups == -2 - 4 * nth) break
      a = v128.load32_splat(pa, 8), c20 = group.dot(c20, a, b0, constant), c21 = group.dot(c21, a, b1, constant)
      if (group.isLong() && groups == -3 - 4 * nth) break
      a = v128.load32_splat(pa, 12), c30 = group.dot(c30, a, b0, constant), c31 = group.dot(c31, a, b1, constant)
      if (group.isLong() && groups == -4 - 4 * nth) break
      pa += 16
      if (nth == 1) pb += 64
      else if (pa >= end) break
    }
    v128.store(c, c00), v128.store(c, c01, 16)
    c += ldc
    v128.store(c, c10), v128.store(c, c11, 16)
    c += ldc
    v128.store(c, c20), v128.store(c, c21, 16)
    c += ldc
    v128.store(c, c30), v128.store(c, c31, 16)
    c += ldc
    pa = next
  }
}

/** The first `rows` by `columns` integers of a tile, rows 32 bytes apart, to C. */
function storeTile(tile: usize, c: usize, ldc: usize, rows: i32, columns: i32, accumulate: bool): void {
  for (let i = 0; i < rows; i++, tile += 32, c += ldc) {
    for (let j = 0; j < columns; j++) {
      const at = c + (<usize>j << 2), sum = load<i32>(tile + (<usize>j << 2))
      store<i32>(at, accumulate ? load<i32>(at) + sum : sum)
    }
  }
}

// @ts-ignore: decorator
@inline
function storeColumn(c: usize, ldc: usize, rows: i32, v: v128, accumulate: bool): void {
  if (accumulate) {
    let before = v128.load32_zero(c)
    if (rows > 1) before = v128.load32_lane(c + ldc, before, 1)
    if (rows > 2) before = v128.load32_lane(c + 2 * ldc, before, 2)
    if (rows > 3) before = v128.load32_lane(c + 3 * ldc, before, 3)
    v = i32x4.add(v, before)
  }
  v128.store32_lane(c, v, 0)
  if (rows > 1) v128.store32_lane(c + ldc, v, 1)
  if (rows > 2) v128.store32_lane(c + 2 * ldc, v, 2)
  if (rows > 3) v128.store32_lane(c + 3 * ldc, v, 3)
}

/** One column of C: lanes are rows, two panels of A at a time. */
function column<G>(
  pa: usize, aStep: usize, pb: usize, groups: i32, c: usize, ldc: usize, m: i32, accumulate: bool, initial: usize, initialStep: usize,
): void {
  const group = changetype<G>(0), constant = group.constant(), end = pb + (<usize>groups << 2)
  let i = 0
  for (; i <= m - 8; i += 8, pa += 2 * aStep, c += 8 * ldc, initial += 2 * initialStep) {
    let v0 = group.initialColumn(initial), v1 = group.initialColumn(initial + initialStep)
    let p = pa
    for (let b = pb; b < end; b += 4, p += 16) {
      const x = v128.load32_splat(b)
      v0 = group.dot(v0, v128.load(p), x, constant), v1 = group.dot(v1, v128.load(p + aStep), x, constant)
    }
    storeColumn(c, ldc, 4, v0, accumulate)
    storeColumn(c + 4 * ldc, ldc, 4, v1, accumulate)
  }
  for (; i < m; i += 4, pa += aStep, c += 4 * ldc, initial += initialStep) {
    let v = group.initialColumn(initial), p = pa
    for (let b = pb; b < end; b += 4, p += 16) v = group.dot(v, v128.load(p), v128.load32_splat(b), constant)
    storeColumn(c, ldc, min(m - i, 4), v, accumulate)
  }
}

/**
 * C[m,n] = A*B, plus C where it accumulates, for packed A (panels `aStep` bytes apart) and packed B (panels of 8 `bStep` bytes apart): all
 * of A passes by each panel of B. Sums begin with what lies at `initial`, `rowStep` bytes further for each panel of A and `columnStep` for
 * each of B. `edge` is room for one tile.
 */
export function multiplyBlock<G>(
  pa: usize, aStep: usize, pb: usize, bStep: usize, groups: i32, c: usize, ldc: usize, m: i32, n: i32, accumulate: bool,
  initial: usize, rowStep: usize, columnStep: usize, edge: usize,
): void {
  for (let j = 0; j < n; j += 8, pb += bStep, c += 32, initial += columnStep) {
    const columns = min(n - j, 8)
    if (columns == 1) return column<G>(pa, aStep, pb, groups, c, ldc, m, accumulate, initial, rowStep)
    const whole = columns == 8 ? m & ~3 : 0
    if (whole) tiles4x8<G>(whole >> 2, pa, aStep, pb, groups, c, ldc, accumulate, initial, rowStep)
    for (let i = whole; i < m; i += 4) {
      const panel = <usize>(i >> 2)
      tiles4x8<G>(1, pa + panel * aStep, aStep, pb, groups, edge, 32, false, initial + panel * rowStep, 0)
      storeTile(edge, c + <usize>i * ldc, ldc, min(m - i, 4), columns, accumulate)
    }
  }
}

/** Stores the first 1 to 8 lanes of two vectors, plus what is there where it accumulates. */
// @ts-ignore: decorator
@inline
function storeRow(c: usize, v0: v128, v1: v128, columns: i32, accumulate: bool, edge: usize): void {
  if (columns == 8) {
    v128.store(c, accumulate ? i32x4.add(v0, v128.load(c)) : v0)
    v128.store(c, accumulate ? i32x4.add(v1, v128.load(c, 16)) : v1, 16)
    return
  }
  v128.store(edge, v0)
  v128.store(edge, v1, 16)
  storeTile(edge, c, 0, 1, columns, accumulate)
}

/** One row of C, whose groups lie one after the other, against panels of B `bStep` bytes apart, which are streamed once. */
function row<G>(
  a: usize, pb: usize, bStep: usize, groups: i32, c: usize, n: i32, accumulate: bool, initial: usize, columnStep: usize, edge: usize,
): void {
  const group = changetype<G>(0), constant = group.constant(), end = a + (<usize>groups << 2)
  let j = 0
  for (; j <= n - 16; j += 16, pb += bStep << 1, c += 64, initial += columnStep << 1) {
    const second = initial + columnStep
    let v0 = group.initial(initial, 0, 0), v1 = group.initial(initial, 0, 1), v2 = group.initial(second, 0, 0), v3 = group.initial(second, 0, 1)
    let b = pb
    for (let p = a; p < end; p += 4, b += 32) {
      const x = v128.load32_splat(p)
      v0 = group.dot(v0, x, v128.load(b), constant), v1 = group.dot(v1, x, v128.load(b, 16), constant)
      v2 = group.dot(v2, x, v128.load(b + bStep), constant), v3 = group.dot(v3, x, v128.load(b + bStep, 16), constant)
    }
    storeRow(c, v0, v1, 8, accumulate, edge)
    storeRow(c + 32, v2, v3, 8, accumulate, edge)
  }
  for (; j < n; j += 8, pb += bStep, c += 32, initial += columnStep) {
    const columns = min(n - j, 8), step = <usize>panelWidth(columns) << 2
    let v0 = group.initial(initial, 0, 0), v1 = group.initial(initial, 0, 1), b = pb
    for (let p = a; p < end; p += 4, b += step) {
      const x = v128.load32_splat(p)
      v0 = group.dot(v0, x, v128.load(b), constant), v1 = group.dot(v1, x, v128.load(b, 16), constant)
    }
    storeRow(c, v0, v1, columns, accumulate, edge)
  }
}

// Driver -------------------------------------------------------------------------------------------------------------

/** Fewer rows are not worth a tile. */
const FEW_ROWS: i32 = 3
/** Groups of a row that are unpacked at a time. */
const ROW_GROUPS: i32 = <i32>(BLOCK_BYTES / 4)

/** Unpacks bytes into int16, some beyond n as well. */
function unpackRow(src: usize, dst: usize, n: i32): void {
  for (const end = src + n; src < end; src += 8, dst += 16) v128.store(dst, v128.load8x8_s(src))
}

export function int8Gemm(a: usize, packedB: usize, c: usize, ldc: i32, m: i32, n: i32, k: i32, scratch: usize): void {
  if (areQuads()) product<QuadsRight>(true, a, packedB, c, ldc, m, n, k, scratch)
  else product<Pairs>(false, a, packedB, c, ldc, m, n, k, scratch)
}

function product<G>(quads: bool, a: usize, packedB: usize, c: usize, ldc: i32, m: i32, n: i32, k: i32, scratch: usize): void {
  const groups = groupsOf(k), bStep = panelBytes(groups, 8), shift = quads ? 2 : 1
  const rowBytes = <usize>ldc << 2, edge = scratch + BLOCK_BYTES
  const whole = panelWidth(n & 7) == 1 ? n & ~7 : n
  // A last column that is alone has a panel of its own width.
  const last = packedB + <usize>(n >> 3) * bStep, lastColumn = <usize>whole << 2
  const begin = quads ? initialBytes(8) : 0, lastBegin = quads ? initialBytes(1) : 0
  if (m <= FEW_ROWS) {
    for (let i = 0; i < m; i++, a += k, c += rowBytes) {
      for (let p = 0; p < groups || p == 0; p += ROW_GROUPS) {
        const count = min(groups - p, ROW_GROUPS), source = a + (<usize>p << shift), depths = min(k - (p << shift), count << shift)
        const initial = p > 0 ? NO_INITIAL : packedB, step = p > 0 ? 0 : bStep
        if (quads) copyQuads(source, scratch, depths)
        else unpackRow(source, scratch, depths)
        row<G>(scratch, packedB + begin + (<usize>p << 5), bStep, count, c, whole, p > 0, initial, step, edge)
        if (whole < n) {
          row<G>(scratch, last + lastBegin + (<usize>p << 2), bStep, count, c + lastColumn, 1, p > 0, p > 0 ? NO_INITIAL : last, 0, edge)
        }
      }
    }
    return
  }
  for (let i0 = 0; i0 < m; i0 += PACKED_ROW_BLOCK) {
    const rows = min(m - i0, PACKED_ROW_BLOCK), out = c + <usize>i0 * rowBytes
    for (let p = 0; p < groups || p == 0; p += GROUP_BLOCK) {
      const count = min(groups - p, GROUP_BLOCK), aStep = <usize>count << 4, depths = min(k - (p << shift), count << shift)
      for (let i = 0; i < rows; i += 4) {
        const source = a + <usize>(i0 + i) * k + (<usize>p << shift), panel = scratch + <usize>(i >> 2) * aStep
        if (quads) packQuadsOfInputs(panel, source, k, min(rows - i, 4), depths)
        else packRows(panel, 4, source, k, min(rows - i, 4), depths)
      }
      const initial = p > 0 ? NO_INITIAL : packedB, step = p > 0 ? 0 : bStep, right = packedB + begin + (<usize>p << 5)
      multiplyBlock<G>(scratch, aStep, right, bStep, count, out, rowBytes, rows, whole, p > 0, initial, 0, step, edge)
      if (whole == n) continue
      const lastInitial = p > 0 ? NO_INITIAL : last
      multiplyBlock<G>(scratch, aStep, last + lastBegin + (<usize>p << 2), bStep, count, out + lastColumn, rowBytes, rows, 1, p > 0, lastInitial, 0, 0, edge)
    }
  }
}
