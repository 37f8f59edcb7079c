// Matrix products: packing into panels, the register tiles, and the loops that block for the caches.
//
// A is packed into panels of 4 rows, [panel][k][4]; B into panels of 8 columns, [panel][k][8], the last panel 8, 4 or 1 wide.
// Every element of C is one chain  initial + a0*b0 + a1*b1 + ...  in the order of k, rounded at each step: a block of k continues
// where the previous one stopped, so that neither tiling nor shape changes a bit.
import { activate, CLIP, isClamp, RELU } from './activation'
import { halfToFloat4 } from './half'
import { madd } from './madd'
import { unrolled } from './unrolled'

/** Depth of a block: a slice of a B panel (16 KB) stays in the first-level cache, and panels of A are read in runs of 8 KB. */
export const DEPTH_BLOCK: i32 = 512
/** Columns of B packed at a time: the block (256 KB) stays in the second-level cache. */
export const COLUMN_BLOCK: i32 = 128
/** Rows of A that pass by each B panel while they are in the second-level cache; whole tiles of four and of five rows. */
export const ROW_BLOCK: i32 = 80
/** From this depth on tiles of five rows are worth what it takes to begin one. */
const DEEP: i32 = 64
/** With no more columns the rows of A are new to the first-level cache all the time: a panel of four at once arrives faster. */
const FEW_COLUMNS: i32 = 16
/** Up to this depth each row of a block is written as a whole: writing C is much of the work, and rows may all meet in few sets of the cache. */
const SHALLOW: i32 = ASC_FEATURE_RELAXED_SIMD ? 32 : 160
/** Up to this depth more columns at a time pay, so that longer runs of each row are read and written. */
const VERY_SHALLOW: i32 = 32
const WIDE_COLUMN_BLOCK: i32 = 2048
/** An A of more bytes is not in the second-level cache when it is needed again. */
const CACHED: usize = 1 << 20
/** Rows of A packed at a time when it is A that changes from call to call. */
const PACKED_ROW_BLOCK: i32 = 256

export const INITIAL_ZERO: i32 = 0
export const INITIAL_ROW_BIAS: i32 = 1
export const INITIAL_COLUMN_BIAS: i32 = 2
export const INITIAL_ACCUMULATE: i32 = 3

const FLOAT16: i32 = 1

/** Bytes of one packed block of B; the temporary tile of the edges lies behind it. */
export const BLOCK_BYTES: usize = <usize>DEPTH_BLOCK * COLUMN_BLOCK * 4
const EDGE_BYTES: usize = 256
const SECOND_BLOCK: usize = BLOCK_BYTES + EDGE_BYTES
/** Bytes of one packed block of A, when it is A that changes from call to call; a tile lies behind it, too. */
const PACKED_ROWS_BYTES: usize = <usize>DEPTH_BLOCK * PACKED_ROW_BLOCK * 4
/** What every product needs of scratch memory: a block of B, a tile and the rows of A that pass by, or a block of A and a tile. */
export const SCRATCH_BYTES: usize = 528 * 1024

/** Width of the packed panel that holds the last `columns` columns. */
// @ts-ignore: decorator
@inline
export function panelWidth(columns: i32): i32 {
  return columns > 4 ? 8 : columns > 1 ? 4 : 1
}

// Packing ------------------------------------------------------------------------------------------------------------

// @ts-ignore: decorator
@inline
function load4(p: usize, weightType: i32): v128 {
  return weightType == FLOAT16 ? halfToFloat4(v128.load16x4_s(p)) : v128.load(p)
}

// @ts-ignore: decorator
@inline
function load1(p: usize, weightType: i32): f32 {
  return weightType == FLOAT16
    ? f32x4.extract_lane(halfToFloat4(i32x4.splat(load<i16>(p))), 0)
    : load<f32>(p)
}

/** Transposes four vectors of four depths into four groups of four lanes, `step` bytes apart. */
// @ts-ignore: decorator
@inline
export function storeTransposed(dst: usize, step: usize, r0: v128, r1: v128, r2: v128, r3: v128): void {
  const t0 = i32x4.shuffle(r0, r1, 0, 4, 1, 5)
  const t1 = i32x4.shuffle(r2, r3, 0, 4, 1, 5)
  const t2 = i32x4.shuffle(r0, r1, 2, 6, 3, 7)
  const t3 = i32x4.shuffle(r2, r3, 2, 6, 3, 7)
  v128.store(dst, i64x2.shuffle(t0, t1, 0, 2))
  v128.store(dst + step, i64x2.shuffle(t0, t1, 1, 3))
  v128.store(dst + 2 * step, i64x2.shuffle(t2, t3, 0, 2))
  v128.store(dst + 3 * step, i64x2.shuffle(t2, t3, 1, 3))
}

/**
 * Packs `lanes` of a panel `width` wide over k depths: dst[p][lane] = src[lane*laneStep + p*depthStep] (strides in bytes),
 * zero beyond `lanes`.
 */
function packPanel(
  dst: usize, width: i32, src: usize, weightType: i32, laneStep: usize, depthStep: usize, lanes: i32, k: i32,
): void {
  const size: usize = weightType == FLOAT16 ? 2 : 4
  const step = <usize>width << 2
  if (width == 1) {
    for (const end = dst + (<usize>k << 2); dst < end; dst += 4, src += depthStep) store<f32>(dst, load1(src, weightType))
    return
  }
  if (lanes == width && laneStep == size) {
    for (const end = dst + <usize>k * step; dst < end; dst += step, src += depthStep) {
      v128.store(dst, load4(src, weightType))
      if (width == 8) v128.store(dst, load4(src + 4 * size, weightType), 16)
    }
    return
  }
  let p = 0
  if (lanes == width && depthStep == size) {
    for (; p <= k - 4; p += 4, dst += step << 2, src += size << 2) {
      for (let lane = 0; lane < width; lane += 4) {
        const s = src + <usize>lane * laneStep
        const r0 = load4(s, weightType), r1 = load4(s + laneStep, weightType)
        const r2 = load4(s + 2 * laneStep, weightType), r3 = load4(s + 3 * laneStep, weightType)
        storeTransposed(dst + (<usize>lane << 2), step, r0, r1, r2, r3)
      }
    }
  }
  for (; p < k; p++, dst += step, src += depthStep) {
    v128.store(dst, f32x4.splat(0))
    if (width == 8) v128.store(dst, f32x4.splat(0), 16)
    for (let lane = 0; lane < lanes; lane++) store<f32>(dst + (<usize>lane << 2), load1(src + <usize>lane * laneStep, weightType))
  }
}

export function packLeft(source: usize, weightType: i32, rowStride: i32, depthStride: i32, m: i32, k: i32, packed: usize): void {
  const shift = weightType == FLOAT16 ? 1 : 2
  for (let i = 0; i < m; i += 4) {
    const src = source + (<usize>i * <usize>rowStride << shift)
    packPanel(packed, 4, src, weightType, <usize>rowStride << shift, <usize>depthStride << shift, min(m - i, 4), k)
    packed += <usize>k << 4
  }
}

export function packRight(
  source: usize, weightType: i32, depthStride: i32, columnStride: i32, k: i32, n: i32, packed: usize, whole: i32,
): void {
  const shift = weightType == FLOAT16 ? 1 : 2
  for (let j = 0; j < n; j += 8) {
    const lanes = min(n - j, 8), width = whole ? 8 : panelWidth(lanes)
    const src = source + (<usize>j * <usize>columnStride << shift)
    packPanel(packed, width, src, weightType, <usize>columnStride << shift, <usize>depthStride << shift, lanes, k)
    packed += <usize>k * <usize>width << 2
  }
}

/** Packs two neighbouring panels of 8 columns that lie side by side in the rows of the source, a cache line of each row at once. */
function packTwoPanels(dst: usize, panelStep: usize, src: usize, depthStep: usize, k: i32): void {
  for (const end = dst + (<usize>k << 5); dst < end; dst += 32, src += depthStep) {
    v128.store(dst, v128.load(src))
    v128.store(dst, v128.load(src, 16), 16)
    v128.store(dst + panelStep, v128.load(src, 32))
    v128.store(dst + panelStep, v128.load(src, 48), 16)
  }
}

/** Depths that all columns are packed of before the next ones: a page of memory each, as many as the processor reads ahead in. */
const PACKED_DEPTHS: i32 = 16

/** Packs `columns` columns of floats over k depths into panels `panelStep` bytes apart. */
function packColumns(dst: usize, panelStep: usize, src: usize, columnStep: usize, depthStep: usize, columns: i32, k: i32): void {
  const pairs = columnStep == 4 ? columns >> 4 : 0
  for (let p = 0; pairs && p < k; p += PACKED_DEPTHS) {
    let to = dst + (<usize>p << 5), from = src + <usize>p * depthStep
    for (let pair = 0; pair < pairs; pair++, to += 2 * panelStep, from += 64) {
      packTwoPanels(to, panelStep, from, depthStep, min(k - p, PACKED_DEPTHS))
    }
  }
  dst += <usize>(2 * pairs) * panelStep
  src += <usize>pairs << 6
  for (let j = pairs << 4; j < columns; j += 8, dst += panelStep, src += 8 * columnStep) {
    const lanes = min(columns - j, 8)
    packPanel(dst, panelWidth(lanes), src, 0, columnStep, depthStep, lanes, k)
  }
}

// Register tiles -----------------------------------------------------------------------------------------------------

/** NaN becomes 0, as in ncnn. */
// @ts-ignore: decorator
@inline
function relu(v: v128): v128 {
  return f32x4.pmax(f32x4.splat(0), v)
}

/** NaN stays, as in ncnn. */
// @ts-ignore: decorator
@inline
function clip(v: v128, lo: v128, hi: v128): v128 {
  return f32x4.pmin(f32x4.pmax(v, lo), hi)
}

/** The activations that are fused into the tiles; the others follow in a pass of their own. */
// @ts-ignore: decorator
@inline
function clamp(v: v128, activation: i32, lo: v128, hi: v128): v128 {
  return activation == RELU ? relu(v) : clip(v, lo, hi)
}

// Where the next tile lies. Types, so that there is a function for each: V8 finds fewer registers where one is inlined into another.
class Down {}
class Across {}

// @ts-ignore: decorator
@inline
function isAcross<Direction>(): bool {
  return idof<Direction>() == idof<Across>()
}

/**
 * C = clamp(initial + A*B) for `tiles` tiles of 4 rows and 8 columns over k depths: one panel each of A and of B, of which one is `step`
 * bytes further from tile to tile: that of B where tiles are side by side, `Across`, that of A where they are one below the other.
 *
 * The shape of the loop decides how many registers and instructions V8 needs. It hoists the loads of a basic block to the block's
 * beginning, or delays those of B until they are used, and takes an instruction for the address of each broadcast. So sixteen depths share
 * the loop's overhead, and each ends its basic block by a way out, which serves a k that is no multiple of sixteen as well; a second way
 * out, never taken, makes B arrive before the second row; and the addresses of the rows of A are met before the loop, which keeps them.
 */
function tiles4x8<Direction>(
  tiles: i32, pa: usize, step: usize, panel: usize, k: i32, c: usize, ldc: usize,
  initial: i32, bias: usize, biasStep: usize, activation: i32, lo: f32, hi: f32,
): void {
  let a: v128, b0: v128, b1: v128
  let c00: v128, c01: v128, c10: v128, c11: v128, c20: v128, c21: v128, c30: v128, c31: v128
  a = v128.or(v128.load32_splat(pa, 4), v128.or(v128.load32_splat(pa, 8), v128.load32_splat(pa, 12)))
  if (tiles == -1) return v128.store(c, a)
  for (; tiles > 0; tiles--) {
    if (initial == INITIAL_ACCUMULATE) {
      let p = c
      c00 = v128.load(p), c01 = v128.load(p, 16)
      p += ldc
      c10 = v128.load(p), c11 = v128.load(p, 16)
      p += ldc
      c20 = v128.load(p), c21 = v128.load(p, 16)
      p += ldc
      c30 = v128.load(p), c31 = v128.load(p, 16)
    } else if (initial == INITIAL_ROW_BIAS) {
      c00 = c01 = v128.load32_splat(bias)
      c10 = c11 = v128.load32_splat(bias, 4)
      c20 = c21 = v128.load32_splat(bias, 8)
      c30 = c31 = v128.load32_splat(bias, 12)
    } else if (initial == INITIAL_COLUMN_BIAS) {
      c00 = c10 = c20 = c30 = v128.load(bias)
      c01 = c11 = c21 = c31 = v128.load(bias, 16)
    } else {
      c00 = c01 = c10 = c11 = c20 = c21 = c30 = c31 = f32x4.splat(0)
    }
    const next = isAcross<Direction>() ? pa : pa + step, end = pa + (<usize>k << 4)
    let pb = panel
    while (pa < end) {
      const depth = unrolled(16), at = 32 * depth
      a = v128.load32_splat(pa), b0 = v128.load(pb, at), b1 = v128.load(pb, at + 16)
      c00 = madd(c00, a, b0), c01 = madd(c01, a, b1)
      if (k == -1 - depth) break
      a = v128.load32_splat(pa, 4), c10 = madd(c10, a, b0), c11 = madd(c11, a, b1)
      a = v128.load32_splat(pa, 8), c20 = madd(c20, a, b0), c21 = madd(c21, a, b1)
      a = v128.load32_splat(pa, 12), c30 = madd(c30, a, b0), c31 = madd(c31, a, b1)
      pa += 16
      if (depth == 15) pb += 512
      else if (pa >= end) break
    }
    if (activation == RELU) {
      c00 = relu(c00), c01 = relu(c01), c10 = relu(c10), c11 = relu(c11)
      c20 = relu(c20), c21 = relu(c21), c30 = relu(c30), c31 = relu(c31)
    } else if (activation == CLIP) {
      const l = f32x4.splat(lo), h = f32x4.splat(hi)
      c00 = clip(c00, l, h), c01 = clip(c01, l, h), c10 = clip(c10, l, h), c11 = clip(c11, l, h)
      c20 = clip(c20, l, h), c21 = clip(c21, l, h), c30 = clip(c30, l, h), c31 = clip(c31, l, h)
    }
    v128.store(c, c00), v128.store(c, c01, 16)
    c += ldc
    v128.store(c, c10), v128.store(c, c11, 16)
    c += ldc
    v128.store(c, c20), v128.store(c, c21, 16)
    c += ldc
    v128.store(c, c30), v128.store(c, c31, 16)
    if (isAcross<Direction>()) c += 32 - 3 * ldc, panel += step
    else c += ldc
    pa = next
    bias += biasStep
  }
}

/**
 * C[5*tiles,8] likewise, where a product and its addition are one instruction: two of them a cycle, each four
 * cycles until it is done, want more than eight accumulators. With ten there are registers left for three broadcasts at a time, of the
 * fifteen that there are: ways out that are never taken, since no panel begins there, keep V8 from holding more. They compare what
 * is in a register anyway.
 */
function tiles5x8(
  tiles: i32, pa: usize, aStep: usize, panel: usize, k: i32, c: usize, ldc: usize,
  initial: i32, bias: usize, biasStep: usize, activation: i32, lo: f32, hi: f32,
): void {
  let x: v128, y: v128, z: v128, b0: v128, b1: v128
  let c00: v128, c01: v128, c10: v128, c11: v128, c20: v128, c21: v128, c30: v128, c31: v128, c40: v128, c41: v128
  const jump = aStep - 16
  for (let tile = 0; tile < tiles; tile++) {
    // The first tile begins with a panel of A, those after it one row later in the next panel each.
    const lane = tile & 3
    let r0 = pa, r1 = pa + 4, r2 = pa + 8, r3 = pa + 12, r4 = pa + 16 + jump
    if (lane == 3) r1 += jump
    if (lane >= 2) r2 += jump
    if (lane >= 1) r3 += jump
    pa = lane == 3 ? r4 + 4 + jump : r4 + 4
    if (initial == INITIAL_ACCUMULATE) {
      let p = c
      c00 = v128.load(p), c01 = v128.load(p, 16)
      p += ldc
      c10 = v128.load(p), c11 = v128.load(p, 16)
      p += ldc
      c20 = v128.load(p), c21 = v128.load(p, 16)
      p += ldc
      c30 = v128.load(p), c31 = v128.load(p, 16)
      p += ldc
      c40 = v128.load(p), c41 = v128.load(p, 16)
    } else if (initial == INITIAL_ROW_BIAS) {
      c00 = c01 = v128.load32_splat(bias)
      c10 = c11 = v128.load32_splat(bias, 4)
      c20 = c21 = v128.load32_splat(bias, 8)
      c30 = c31 = v128.load32_splat(bias, 12)
      c40 = c41 = v128.load32_splat(bias, 16)
    } else if (initial == INITIAL_COLUMN_BIAS) {
      c00 = c10 = c20 = c30 = c40 = v128.load(bias)
      c01 = c11 = c21 = c31 = c41 = v128.load(bias, 16)
    } else {
      c00 = c10 = c20 = c30 = c40 = f32x4.splat(0)
      c01 = c11 = c21 = c31 = c41 = f32x4.splat(0)
    }
    let pb = panel
    const end = panel + (<usize>k << 5), wholes = panel + (<usize>(k & ~3) << 5)
    while (pb < wholes) {
      const depth = unrolled(4), at = 16 * depth
      x = v128.load32_splat(r0, at), y = v128.load32_splat(r1, at), z = v128.load32_splat(r2, at)
      b0 = v128.load(pb, 2 * at), b1 = v128.load(pb, 2 * at + 16)
      c00 = madd(c00, x, b0), c01 = madd(c01, x, b1)
      c10 = madd(c10, y, b0), c11 = madd(c11, y, b1)
      c20 = madd(c20, z, b0), c21 = madd(c21, z, b1)
      if (pb == 1 + 2 * depth) break
      x = v128.load32_splat(r3, at), y = v128.load32_splat(r4, at)
      c30 = madd(c30, x, b0), c31 = madd(c31, x, b1)
      c40 = madd(c40, y, b0), c41 = madd(c41, y, b1)
      if (depth == 3) r0 += 64, r1 += 64, r2 += 64, r3 += 64, r4 += 64, pb += 128
      else if (pb == 2 + 2 * depth) break
    }
    while (pb < end) {
      x = v128.load32_splat(r0), y = v128.load32_splat(r1), z = v128.load32_splat(r2)
      b0 = v128.load(pb), b1 = v128.load(pb, 16)
      c00 = madd(c00, x, b0), c01 = madd(c01, x, b1)
      c10 = madd(c10, y, b0), c11 = madd(c11, y, b1)
      c20 = madd(c20, z, b0), c21 = madd(c21, z, b1)
      if (pb == 9) break
      x = v128.load32_splat(r3), y = v128.load32_splat(r4)
      c30 = madd(c30, x, b0), c31 = madd(c31, x, b1)
      c40 = madd(c40, y, b0), c41 = madd(c41, y, b1)
      r0 += 16, r1 += 16, r2 += 16, r3 += 16, r4 += 16, pb += 32
    }
    if (activation == RELU) {
      c00 = relu(c00), c01 = relu(c01), c10 = relu(c10), c11 = relu(c11), c20 = relu(c20), c21 = relu(c21)
      c30 = relu(c30), c31 = relu(c31), c40 = relu(c40), c41 = relu(c41)
    } else if (activation == CLIP) {
      const l = f32x4.splat(lo), h = f32x4.splat(hi)
      c00 = clip(c00, l, h), c01 = clip(c01, l, h), c10 = clip(c10, l, h), c11 = clip(c11, l, h), c20 = clip(c20, l, h)
      c21 = clip(c21, l, h), c30 = clip(c30, l, h), c31 = clip(c31, l, h), c40 = clip(c40, l, h), c41 = clip(c41, l, h)
    }
    v128.store(c, c00), v128.store(c, c01, 16)
    c += ldc
    v128.store(c, c10), v128.store(c, c11, 16)
    c += ldc
    v128.store(c, c20), v128.store(c, c21, 16)
    c += ldc
    v128.store(c, c30), v128.store(c, c31, 16)
    c += ldc
    v128.store(c, c40), v128.store(c, c41, 16)
    c += ldc
    bias += biasStep
  }
}

/** Copies `rows` by `columns` floats between places with rows `fromStep` and `toStep` bytes apart. */
function copyTile(from: usize, fromStep: usize, to: usize, toStep: usize, rows: i32, columns: i32): void {
  for (let i = 0; i < rows; i++, from += fromStep, to += toStep) {
    for (let j = 0; j < columns; j++) store<f32>(to + (<usize>j << 2), load<f32>(from + (<usize>j << 2)))
  }
}

/** The panel after one, or the last one once more, whose sums nobody asks for then. */
// @ts-ignore: decorator
@inline
function panelAfter(p: usize, last: usize, aStep: usize): usize {
  return p < last ? p + aStep : last
}

/** The first values of `m` rows of `columns` columns to `sums`: four rows to a vector, `perPanel` vectors for the columns of these rows. */
// @ts-ignore: decorator
@inline
function gatherSums(c: usize, ldc: usize, m: i32, perPanel: i32, columns: i32, initial: i32, bias: usize, sums: usize): void {
  for (let row = 0; row < m; row += 4, sums += <usize>perPanel << 4, c += ldc << 2) {
    const rows = min(m - row, 4)
    for (let j = 0; j < columns; j++) {
      const to = sums + (<usize>j << 4)
      if (initial == INITIAL_ACCUMULATE) {
        let from = c + (<usize>j << 2)
        for (let i = 0; i < rows; i++, from += ldc) store<f32>(to + (<usize>i << 2), load<f32>(from))
      } else if (initial == INITIAL_ROW_BIAS) v128.store(to, v128.load(bias + (<usize>row << 2)))
      else if (initial == INITIAL_COLUMN_BIAS) v128.store(to, v128.load32_splat(bias + (<usize>j << 2)))
      else v128.store(to, f32x4.splat(0))
    }
  }
}

/** What {@link gatherSums} took, from `sums` back to C. */
// @ts-ignore: decorator
@inline
function scatterSums(sums: usize, perPanel: i32, columns: i32, c: usize, ldc: usize, m: i32, activation: i32, lo: f32, hi: f32): void {
  const l = f32x4.splat(lo), h = f32x4.splat(hi)
  for (let row = 0; row < m; row += 4, sums += <usize>perPanel << 4, c += ldc << 2) {
    const rows = min(m - row, 4)
    for (let j = 0; j < columns; j++) {
      let v = v128.load(sums + (<usize>j << 4)), to = c + (<usize>j << 2)
      if (activation != 0) v = clamp(v, activation, l, h)
      v128.store32_lane(to, v, 0)
      if (rows > 1) v128.store32_lane(to + ldc, v, 1)
      if (rows > 2) v128.store32_lane(to + 2 * ldc, v, 2)
      if (rows > 3) v128.store32_lane(to + 3 * ldc, v, 3)
    }
  }
}

// How many columns. Types, so that there is a loop for each.
class One {}
class Two {}
class Four {}

/**
 * One, two or four columns of C, of which `columns` are wanted, for all m rows. Lanes are rows, so that none is idle; eight sums hide what an
 * addition takes, of one column five: there a load for each sum is the limit. B is `bStep` bytes further from depth to depth.
 */
function fewColumns<Columns>(
  pa: usize, aStep: usize, pb: usize, bStep: usize, k: i32, c: usize, ldc: usize, m: i32, columns: i32,
  initial: i32, bias: usize, rowBias: usize, activation: i32, lo: f32, hi: f32, sums: usize,
): void {
  const perPanel = idof<Columns>() == idof<One>() ? 1 : idof<Columns>() == idof<Two>() ? 2 : 4
  const rows = perPanel == 1 ? 20 : 32 / perPanel
  if (perPanel < 4) columns = perPanel
  const last = pa + <usize>((m - 1) >> 2) * aStep, end = pb + <usize>k * bStep
  let a: v128, d: v128, x: v128, y: v128
  for (let i = 0; i < m; i += rows, c += <usize>rows * ldc, bias += <usize>rows * rowBias) {
    const left = min(m - i, rows)
    gatherSums(c, ldc, left, perPanel, columns, initial, bias, sums)
    let v0 = v128.load(sums), v1 = v128.load(sums, 16), v2 = v128.load(sums, 32), v3 = v128.load(sums, 48)
    let v4 = v128.load(sums, 64), v5 = v128.load(sums, 80), v6 = v128.load(sums, 96), v7 = v128.load(sums, 112)
    let p0 = pa, p1 = panelAfter(p0, last, aStep), b = pb
    if (idof<Columns>() == idof<Four>()) {
      pa = p1 + aStep
      while (b < end) {
        const depth = unrolled(4), at = 16 * depth
        a = v128.load(p0, at), d = v128.load(p1, at)
        x = v128.load32_splat(b), v0 = madd(v0, a, x), v4 = madd(v4, d, x)
        x = v128.load32_splat(b, 4), v1 = madd(v1, a, x), v5 = madd(v5, d, x)
        if (k == -1 - depth) break
        x = v128.load32_splat(b, 8), v2 = madd(v2, a, x), v6 = madd(v6, d, x)
        x = v128.load32_splat(b, 12), v3 = madd(v3, a, x), v7 = madd(v7, d, x)
        b += bStep
        if (depth == 3) p0 += 64, p1 += 64
        else if (b >= end) break
      }
    } else {
      let p2 = panelAfter(p1, last, aStep), p3 = panelAfter(p2, last, aStep)
      if (idof<Columns>() == idof<Two>()) {
        pa = p3 + aStep
        while (b < end) {
          const depth = unrolled(4), at = 16 * depth
          x = v128.load32_splat(b), y = v128.load32_splat(b, 4)
          a = v128.load(p0, at), v0 = madd(v0, a, x), v1 = madd(v1, a, y)
          a = v128.load(p1, at), v2 = madd(v2, a, x), v3 = madd(v3, a, y)
          if (k == -1 - depth) break
          a = v128.load(p2, at), v4 = madd(v4, a, x), v5 = madd(v5, a, y)
          a = v128.load(p3, at), v6 = madd(v6, a, x), v7 = madd(v7, a, y)
          b += bStep
          if (depth == 3) p0 += 64, p1 += 64, p2 += 64, p3 += 64
          else if (b >= end) break
        }
      } else {
        let p4 = panelAfter(p3, last, aStep)
        pa = p4 + aStep
        while (b < end) {
          const depth = unrolled(4), at = 16 * depth
          x = v128.load32_splat(b), v0 = madd(v0, v128.load(p0, at), x), v1 = madd(v1, v128.load(p1, at), x)
          v2 = madd(v2, v128.load(p2, at), x), v3 = madd(v3, v128.load(p3, at), x), v4 = madd(v4, v128.load(p4, at), x)
          b += bStep
          if (depth == 3) p0 += 64, p1 += 64, p2 += 64, p3 += 64, p4 += 64
          else if (b >= end) break
        }
      }
    }
    v128.store(sums, v0), v128.store(sums, v1, 16), v128.store(sums, v2, 32), v128.store(sums, v3, 48)
    v128.store(sums, v4, 64), v128.store(sums, v5, 80), v128.store(sums, v6, 96), v128.store(sums, v7, 112)
    scatterSums(sums, perPanel, columns, c, ldc, left, activation, lo, hi)
  }
}

/** C likewise for the columns of the last panel of B that is not whole: up to seven. `sums` is room for eight vectors. */
function lastColumns(
  pa: usize, aStep: usize, pb: usize, k: i32, c: usize, ldc: usize, m: i32, columns: i32,
  initial: i32, bias: usize, activation: i32, lo: f32, hi: f32, sums: usize,
): void {
  const rowBias: usize = initial == INITIAL_ROW_BIAS ? 4 : 0
  const columnBias: usize = initial == INITIAL_COLUMN_BIAS ? 4 : 0
  const bStep = <usize>panelWidth(columns) << 2
  for (; columns > 2; columns -= 4, pb += 16, c += 16, bias += 4 * columnBias) {
    fewColumns<Four>(pa, aStep, pb, bStep, k, c, ldc, m, min(columns, 4), initial, bias, rowBias, activation, lo, hi, sums)
  }
  if (columns == 2) fewColumns<Two>(pa, aStep, pb, bStep, k, c, ldc, m, 2, initial, bias, rowBias, activation, lo, hi, sums)
  else if (columns == 1) fewColumns<One>(pa, aStep, pb, bStep, k, c, ldc, m, 1, initial, bias, rowBias, activation, lo, hi, sums)
}

/** Two vectors of C's row, from memory or the initial value; `biasStep` is 0 when the bias belongs to the row. */
// @ts-ignore: decorator
@inline
function loadRow(c: usize, initial: i32, bias: usize): v128 {
  if (initial == INITIAL_ACCUMULATE) return v128.load(c)
  if (initial == INITIAL_COLUMN_BIAS) return v128.load(bias)
  if (initial == INITIAL_ROW_BIAS) return v128.load32_splat(bias)
  return f32x4.splat(0)
}

/**
 * A row of C, 32 columns of it, against four panels of B. The row's depths lie `depthStep` bytes apart. Ways out that are never taken let V8
 * load the panels two at a time.
 */
function rowOfFourPanels(
  a: usize, depthStep: usize, k: i32, b0: usize, bStep: usize, c: usize, initial: i32, bias: usize, biasStep: usize,
  activation: i32, lo: f32, hi: f32,
): void {
  let b1 = b0 + bStep, b2 = b1 + bStep, b3 = b2 + bStep, x: v128
  let v0 = loadRow(c, initial, bias), v1 = loadRow(c + 16, initial, bias + 4 * biasStep)
  let v2 = loadRow(c + 32, initial, bias + 8 * biasStep), v3 = loadRow(c + 48, initial, bias + 12 * biasStep)
  let v4 = loadRow(c + 64, initial, bias + 16 * biasStep), v5 = loadRow(c + 80, initial, bias + 20 * biasStep)
  let v6 = loadRow(c + 96, initial, bias + 24 * biasStep), v7 = loadRow(c + 112, initial, bias + 28 * biasStep)
  for (const end = a + <usize>k * depthStep; a < end; ) {
    const depth = unrolled(4), at = 32 * depth
    x = v128.load32_splat(a)
    v0 = madd(v0, x, v128.load(b0, at)), v1 = madd(v1, x, v128.load(b0, at + 16))
    v2 = madd(v2, x, v128.load(b1, at)), v3 = madd(v3, x, v128.load(b1, at + 16))
    if (k == -1 - depth) break
    v4 = madd(v4, x, v128.load(b2, at)), v5 = madd(v5, x, v128.load(b2, at + 16))
    v6 = madd(v6, x, v128.load(b3, at)), v7 = madd(v7, x, v128.load(b3, at + 16))
    a += depthStep
    if (depth == 3) b0 += 128, b1 += 128, b2 += 128, b3 += 128
    else if (a >= end) break
  }
  if (activation != 0) {
    const l = f32x4.splat(lo), h = f32x4.splat(hi)
    v0 = clamp(v0, activation, l, h), v1 = clamp(v1, activation, l, h)
    v2 = clamp(v2, activation, l, h), v3 = clamp(v3, activation, l, h)
    v4 = clamp(v4, activation, l, h), v5 = clamp(v5, activation, l, h)
    v6 = clamp(v6, activation, l, h), v7 = clamp(v7, activation, l, h)
  }
  v128.store(c, v0), v128.store(c, v1, 16), v128.store(c, v2, 32), v128.store(c, v3, 48)
  v128.store(c, v4, 64), v128.store(c, v5, 80), v128.store(c, v6, 96), v128.store(c, v7, 112)
}

/** Two rows of C likewise, the first ones of a panel of A, 16 columns of them, against two panels of B. */
function rowsOfTwoPanels(
  a: usize, k: i32, b0: usize, bStep: usize, c: usize, ldc: usize, initial: i32, bias: usize, rowBias: usize, biasStep: usize,
  activation: i32, lo: f32, hi: f32,
): void {
  const d = c + ldc, second = bias + rowBias
  let b1 = b0 + bStep, x: v128, y: v128, b: v128
  let v0 = loadRow(c, initial, bias), v1 = loadRow(c + 16, initial, bias + 4 * biasStep)
  let v2 = loadRow(c + 32, initial, bias + 8 * biasStep), v3 = loadRow(c + 48, initial, bias + 12 * biasStep)
  let v4 = loadRow(d, initial, second), v5 = loadRow(d + 16, initial, second + 4 * biasStep)
  let v6 = loadRow(d + 32, initial, second + 8 * biasStep), v7 = loadRow(d + 48, initial, second + 12 * biasStep)
  for (const end = a + (<usize>k << 4); a < end; ) {
    const depth = unrolled(4), at = 32 * depth
    x = v128.load32_splat(a), y = v128.load32_splat(a, 4)
    b = v128.load(b0, at), v0 = madd(v0, x, b), v4 = madd(v4, y, b)
    b = v128.load(b0, at + 16), v1 = madd(v1, x, b), v5 = madd(v5, y, b)
    if (k == -1 - depth) break
    b = v128.load(b1, at), v2 = madd(v2, x, b), v6 = madd(v6, y, b)
    b = v128.load(b1, at + 16), v3 = madd(v3, x, b), v7 = madd(v7, y, b)
    a += 16
    if (depth == 3) b0 += 128, b1 += 128
    else if (a >= end) break
  }
  if (activation != 0) {
    const l = f32x4.splat(lo), h = f32x4.splat(hi)
    v0 = clamp(v0, activation, l, h), v1 = clamp(v1, activation, l, h)
    v2 = clamp(v2, activation, l, h), v3 = clamp(v3, activation, l, h)
    v4 = clamp(v4, activation, l, h), v5 = clamp(v5, activation, l, h)
    v6 = clamp(v6, activation, l, h), v7 = clamp(v7, activation, l, h)
  }
  v128.store(c, v0), v128.store(c, v1, 16), v128.store(c, v2, 32), v128.store(c, v3, 48)
  v128.store(d, v4), v128.store(d, v5, 16), v128.store(d, v6, 32), v128.store(d, v7, 48)
}

/**
 * One row of C against panels of B that reach over all k: the matrix is streamed once, at the speed of memory. `backwards` for every second
 * of many rows against the same matrix: what the cache still holds of it comes first.
 */
export function row(
  a: usize, pb: usize, k: i32, c: usize, n: i32, initial: i32, bias: usize, activation: i32, lo: f32, hi: f32, backwards: bool,
): void {
  const l = f32x4.splat(lo), h = f32x4.splat(hi), end = a + (<usize>k << 2), bStep = <usize>k << 5
  const biasStep: usize = initial == INITIAL_COLUMN_BIAS ? 4 : 0
  const fours = n >> 5
  for (let i = 0; i < fours; i++) {
    const at = <usize>(backwards ? fours - 1 - i : i)
    rowOfFourPanels(a, 4, k, pb + at * (bStep << 2), bStep, c + (at << 7), initial, bias + 32 * biasStep * at, biasStep, activation, lo, hi)
  }
  pb += (bStep << 2) * fours, c += <usize>fours << 7, bias += 32 * biasStep * fours
  for (let j = fours << 5; j < n; j += 8) {
    const columns = min(n - j, 8), width = <usize>panelWidth(columns)
    let b = pb
    if (width == 8) {
      let v0 = loadRow(c, initial, bias), v1 = loadRow(c + 16, initial, bias + 4 * biasStep)
      for (let p = a; p < end; p += 4, b += 32) {
        const x = v128.load32_splat(p)
        v0 = madd(v0, x, v128.load(b)), v1 = madd(v1, x, v128.load(b, 16))
      }
      if (activation != 0) v0 = clamp(v0, activation, l, h), v1 = clamp(v1, activation, l, h)
      v128.store(c, v0)
      if (columns == 8) v128.store(c, v1, 16)
      else {
        v128.store32_lane(c + 16, v1, 0)
        if (columns > 5) v128.store32_lane(c + 20, v1, 1)
        if (columns > 6) v128.store32_lane(c + 24, v1, 2)
      }
    } else {
      let v = loadRow(c, initial, bias)
      for (let p = a; p < end; p += 4, b += width << 2) v = madd(v, v128.load32_splat(p), v128.load(b))
      if (activation != 0) v = clamp(v, activation, l, h)
      if (columns == 4) v128.store(c, v)
      else {
        v128.store32_lane(c, v, 0)
        if (columns > 1) v128.store32_lane(c + 4, v, 1)
        if (columns > 2) v128.store32_lane(c + 8, v, 2)
      }
    }
    pb += bStep
    c += 32
    bias += 8 * biasStep
  }
}

/** C likewise for up to three rows, those of the last panel of A, and whole panels of B. `edge` is room for one tile. */
function lastRows(
  pa: usize, pb: usize, bStep: usize, k: i32, c: usize, ldc: usize, rows: i32, n: i32,
  initial: i32, bias: usize, activation: i32, lo: f32, hi: f32, edge: usize,
): void {
  const rowBias: usize = initial == INITIAL_ROW_BIAS ? 4 : 0
  const columnBias: usize = initial == INITIAL_COLUMN_BIAS ? 4 : 0
  const columns = rows == 1 ? 32 : 16
  let j = 0
  for (; rows < 3 && j <= n - columns; j += columns) {
    const b = pb + <usize>(j >> 3) * bStep, out = c + (<usize>j << 2), at = bias + <usize>j * columnBias
    if (rows == 1) rowOfFourPanels(pa, 16, k, b, bStep, out, initial, at, columnBias, activation, lo, hi)
    else rowsOfTwoPanels(pa, k, b, bStep, out, ldc, initial, at, rowBias, columnBias, activation, lo, hi)
  }
  for (; j < n; j += 8) {
    const b = pb + <usize>(j >> 3) * bStep, out = c + (<usize>j << 2)
    if (initial == INITIAL_ACCUMULATE) copyTile(out, ldc, edge, 32, rows, 8)
    tiles4x8<Down>(1, pa, 0, b, k, edge, 32, initial, bias + <usize>j * columnBias, 0, activation, lo, hi)
    copyTile(edge, 32, out, ldc, rows, 8)
  }
}

/** The fewest rows, in panels of four, that leave a multiple of five of m rows. */
// @ts-ignore: decorator
@inline
function rowsBeforeFives(m: i32): i32 {
  return (m * 4 % 5) << 2
}

/**
 * C[m,n] = clamp(initial + A*B) for packed A (panels `aStep` bytes apart) and packed B (panels of 8 `bStep` bytes apart) over k depths:
 * all of A passes by each panel of B. `edge` is room for one tile.
 */
function multiplyBlock(
  pa: usize, aStep: usize, pb: usize, bStep: usize, k: i32, c: usize, ldc: usize, m: i32, n: i32,
  initial: i32, bias: usize, activation: i32, lo: f32, hi: f32, edge: usize,
): void {
  const rowBias: usize = initial == INITIAL_ROW_BIAS ? 4 : 0
  const columnBias: usize = initial == INITIAL_COLUMN_BIAS ? 4 : 0
  const rest = n & 7
  n -= rest
  // Before the others, since they read several panels of A at a time: so these arrive faster.
  if (rest) {
    const out = c + (<usize>n << 2)
    lastColumns(pa, aStep, pb + <usize>(n >> 3) * bStep, k, out, ldc, m, rest, initial, bias + <usize>n * columnBias, activation, lo, hi, edge)
  }
  const whole = m & ~3
  if (k <= SHALLOW && n >= 16) {
    for (let i = 0; i < whole; i += 4) {
      const a = pa + <usize>(i >> 2) * aStep, out = c + <usize>i * ldc
      tiles4x8<Across>(n >> 3, a, bStep, pb, k, out, ldc, initial, bias + <usize>i * rowBias, columnBias << 3, activation, lo, hi)
    }
    pa += aStep * (whole >> 2)
    c += ldc * whole
    bias += rowBias * whole
    m -= whole
    if (m == 0) return
  }
  // Tiles of five, before which come as many panels of four as leave a multiple of five.
  const fives = ASC_FEATURE_RELAXED_SIMD && k >= DEEP && n > FEW_COLUMNS && m >= 16 ? (m - rowsBeforeFives(m)) / 5 : 0
  const single = fives ? m - 5 * fives : m & ~3, rows = fives ? 0 : m & 3
  const behind = pa + aStep * (single >> 2), below = c + ldc * single, biasBelow = bias + rowBias * single
  for (let j = 0; j < n; j += 8) {
    const b = pb + <usize>(j >> 3) * bStep, at = <usize>j << 2, biasAt = <usize>j * columnBias
    if (single) tiles4x8<Down>(single >> 2, pa, aStep, b, k, c + at, ldc, initial, bias + biasAt, rowBias << 2, activation, lo, hi)
    if (fives) tiles5x8(fives, behind, aStep, b, k, below + at, ldc, initial, biasBelow + biasAt, rowBias * 5, activation, lo, hi)
  }
  if (rows) lastRows(behind, pb, bStep, k, below, ldc, rows, n, initial, biasBelow, activation, lo, hi, edge)
}

/** Reads what lies `k` depths wide in panels, of all of them at a time: this far apart, the processor foresees none of it. */
function bringNear(pa: usize, aStep: usize, panels: i32, k: i32, sink: usize): void {
  const bytes = <usize>k << 4, two = aStep << 1
  let read = 0
  for (let offset: usize = 0; offset < bytes; offset += 64) {
    let p = pa + offset
    for (let i = panels >> 2; i > 0; i--, p += two << 1) {
      read |= load<i32>(p) | load<i32>(p + aStep) | load<i32>(p + two) | load<i32>(p + two + aStep)
    }
  }
  store<i32>(sink, read)
}

/** {@link multiplyBlock} for an A of any height and a B that fits the second-level cache. */
export function multiplyPanels(
  pa: usize, aStep: usize, pb: usize, bStep: usize, k: i32, c: usize, ldc: usize, m: i32, n: i32,
  initial: i32, bias: usize, activation: i32, lo: f32, hi: f32, edge: usize,
): void {
  const rowBias: usize = initial == INITIAL_ROW_BIAS ? 4 : 0
  // One and two last columns read several panels at a time themselves; what pays depends on how far apart they are and how often they are used.
  const rest = n & 7, isApart = aStep > <usize>k << 4 && aStep * <usize>n > <usize>k << 10
  const isFar = isApart && rest != 1 && rest != 2 && aStep * (<usize>m >> 2) > CACHED
  for (let i = 0; i < m; i += ROW_BLOCK) {
    if (isFar) bringNear(pa, aStep, min(m - i, ROW_BLOCK) >> 2, k, edge)
    multiplyBlock(pa, aStep, pb, bStep, k, c, ldc, min(m - i, ROW_BLOCK), n, initial, bias, activation, lo, hi, edge)
    pa += aStep * (ROW_BLOCK >> 2)
    c += ldc * ROW_BLOCK
    bias += rowBias * ROW_BLOCK
  }
}

/** The pass over C's rows for activations that are not fused into the tiles. */
export function activateRows(activation: i32, c: usize, ldc: usize, m: i32, n: i32, a: f32, b: f32): void {
  for (let i = 0; i < m; i++, c += ldc) activate(activation, c, c, n, a, b)
}

// Drivers ------------------------------------------------------------------------------------------------------------

export function gemmLeft(
  packedA: usize, b: usize, depthStride: i32, columnStride: i32, c: usize, ldc: i32, m: i32, n: i32, k: i32,
  initial: i32, bias: usize, activation: i32, activationA: f32, activationB: f32, scratch: usize,
): void {
  const clamps = isClamp(activation)
  const rowBytes = <usize>ldc << 2, columnBias: usize = initial == INITIAL_COLUMN_BIAS ? 4 : 0
  const depthStep = <usize>depthStride << 2, columnStep = <usize>columnStride << 2, aStep = <usize>k << 4
  const block = k <= VERY_SHALLOW ? WIDE_COLUMN_BLOCK : COLUMN_BLOCK
  for (let j0 = 0; j0 < n; j0 += block) {
    const columns = min(n - j0, block)
    const out = c + (<usize>j0 << 2), source = b + <usize>j0 * columnStep
    let start = initial
    let k0 = 0
    do {
      const depth = min(k - k0, DEPTH_BLOCK)
      const bStep = <usize>depth << 5
      packColumns(scratch, bStep, source + <usize>k0 * depthStep, columnStep, depthStep, columns, depth)
      const last = k0 + depth == k
      multiplyPanels(
        packedA + (<usize>k0 << 4), aStep, scratch, bStep, depth, out, rowBytes, m, columns,
        start, bias + <usize>j0 * columnBias, last && clamps ? activation : 0, activationA, activationB, scratch + BLOCK_BYTES,
      )
      start = INITIAL_ACCUMULATE
      k0 += depth
    } while (k0 < k)
    if (activation != 0 && !clamps) activateRows(activation, out, rowBytes, m, columns, activationA, activationB)
  }
}

export function gemmRight(
  a: usize, rowStride: i32, depthStride: i32, packedB: usize, c: usize, ldc: i32, m: i32, n: i32, k: i32,
  initial: i32, bias: usize, activation: i32, activationA: f32, activationB: f32, scratch: usize,
): void {
  const clamps = isClamp(activation)
  const rowBytes = <usize>ldc << 2, rowBias: usize = initial == INITIAL_ROW_BIAS ? 4 : 0
  const rowStep = <usize>rowStride << 2, depthStep = <usize>depthStride << 2
  if (m < 4 && depthStride == 1) {
    for (let i = 0; i < m; i++) {
      row(a + <usize>i * rowStep, packedB, k, c + <usize>i * rowBytes, n, initial, bias + <usize>i * rowBias,
        clamps ? activation : 0, activationA, activationB, (i & 1) != 0)
    }
    if (activation != 0 && !clamps) activateRows(activation, c, rowBytes, m, n, activationA, activationB)
    return
  }
  const bStep = <usize>k << 5
  for (let i0 = 0; i0 < m; i0 += PACKED_ROW_BLOCK) {
    const rows = min(m - i0, PACKED_ROW_BLOCK)
    const out = c + <usize>i0 * rowBytes
    let start = initial
    let k0 = 0
    do {
      const depth = min(k - k0, DEPTH_BLOCK)
      const aStep = <usize>depth << 4
      for (let i = 0; i < rows; i += 4) {
        const src = a + <usize>(i0 + i) * rowStep + <usize>k0 * depthStep
        packPanel(scratch + <usize>(i >> 2) * aStep, 4, src, 0, rowStep, depthStep, min(rows - i, 4), depth)
      }
      multiplyPackedRight(
        scratch, aStep, packedB, bStep, k0, depth, out, rowBytes, rows, n,
        start, bias + <usize>i0 * rowBias, k0 + depth == k && clamps ? activation : 0, activationA, activationB, scratch + PACKED_ROWS_BYTES,
      )
      start = INITIAL_ACCUMULATE
      k0 += depth
    } while (k0 < k)
    if (activation != 0 && !clamps) activateRows(activation, out, rowBytes, rows, n, activationA, activationB)
  }
}

/** {@link multiplyBlock} for B packed over all depths, whose narrow last panel has a depth step of its own; A fits the second-level cache. */
function multiplyPackedRight(
  pa: usize, aStep: usize, packedB: usize, bStep: usize, k0: i32, depth: i32, c: usize, ldc: usize, m: i32, n: i32,
  initial: i32, bias: usize, activation: i32, lo: f32, hi: f32, edge: usize,
): void {
  const whole = n & ~7
  multiplyBlock(pa, aStep, packedB + (<usize>k0 << 5), bStep, depth, c, ldc, m, whole, initial, bias, activation, lo, hi, edge)
  if (whole == n) return
  const width = panelWidth(n - whole)
  const b = packedB + <usize>(whole >> 3) * bStep + (<usize>k0 * <usize>width << 2)
  const columnBias: usize = initial == INITIAL_COLUMN_BIAS ? 4 : 0
  multiplyBlock(
    pa, aStep, b, bStep, depth, c + (<usize>whole << 2), ldc, m, n - whole,
    initial, bias + <usize>whole * columnBias, activation, lo, hi, edge,
  )
}

export function gemm(
  a: usize, aRowStride: i32, aDepthStride: i32, b: usize, bDepthStride: i32, bColumnStride: i32,
  c: usize, ldc: i32, m: i32, n: i32, k: i32, initial: i32, bias: usize, scratch: usize,
): void {
  const rowBytes = <usize>ldc << 2
  const aRowStep = <usize>aRowStride << 2, aDepthStep = <usize>aDepthStride << 2
  const bDepthStep = <usize>bDepthStride << 2, bColumnStep = <usize>bColumnStride << 2
  const rowBias: usize = initial == INITIAL_ROW_BIAS ? 4 : 0, columnBias: usize = initial == INITIAL_COLUMN_BIAS ? 4 : 0
  for (let j0 = 0; j0 < n; j0 += COLUMN_BLOCK) {
    const columns = min(n - j0, COLUMN_BLOCK)
    let start = initial
    let k0 = 0
    do {
      const depth = min(k - k0, DEPTH_BLOCK)
      const aStep = <usize>depth << 4, bStep = <usize>depth << 5
      const src = b + <usize>j0 * bColumnStep + <usize>k0 * bDepthStep
      packColumns(scratch, bStep, src, bColumnStep, bDepthStep, columns, depth)
      for (let i0 = 0; i0 < m; i0 += ROW_BLOCK) {
        const rows = min(m - i0, ROW_BLOCK)
        for (let i = 0; i < rows; i += 4) {
          const src = a + <usize>(i0 + i) * aRowStep + <usize>k0 * aDepthStep
          packPanel(scratch + SECOND_BLOCK + <usize>(i >> 2) * aStep, 4, src, 0, aRowStep, aDepthStep, min(rows - i, 4), depth)
        }
        multiplyPanels(
          scratch + SECOND_BLOCK, aStep, scratch, bStep, depth, c + <usize>i0 * rowBytes + (<usize>j0 << 2), rowBytes, rows, columns,
          start, bias + <usize>i0 * rowBias + <usize>j0 * columnBias, 0, 0, 0, scratch + BLOCK_BYTES,
        )
      }
      start = INITIAL_ACCUMULATE
      k0 += depth
    } while (k0 < k)
  }
}
