// Sums of products in half precision, as processors with fp16 arithmetic take them: every product is added with one rounding to float16.
// Numbers are float32 that float16 holds. A sum is divided into chains that are added up at the end; a chain begins at 0, the first at the
// bias. Products of two halves are exact in float32, so that an addition is rounded to float32 first: where that lands halfway between two
// halves, in one of ten thousand steps at most, the other one of the two may be taken.
//
// Sums that overflow are Infinity at their end, not underway.
import { packPatches } from './convolution'
import { addHalf, addOnce, addProductOnce, overflowHalf, ROUNDING, roundHalf, stepBy } from './half-rounding'
import { storeLanes } from './lanes'
import { roundToHalf } from './memory'

// @ts-ignore: decorator
@inline
export function step(sum: v128, a: v128, b: v128): v128 {
  return roundHalf(f32x4.add(sum, f32x4.mul(a, b)))
}

/** Bytes of the sums of one chain of a tile: 4 rows of 8 columns, or 32 rows of one. */
const CHAIN_BYTES: usize = 128

/**
 * The chains of C[4][8] for a panel of A, whose depths lie chain after chain, and rows of B in the order of `order`.
 * Sums go to `sums`, chain after chain.
 */
export function tile4x8(pa: usize, panel: usize, order: usize, ends: usize, chains: i32, bias: usize, sums: usize): void {
  const mask = v128.load(ROUNDING), least = v128.load(ROUNDING, 16), shift = v128.load(ROUNDING, 32)
  let p = order
  for (let chain = 0; chain < chains; chain++, sums += CHAIN_BYTES) {
    let c00 = f32x4.splat(0), c10 = c00, c20 = c00, c30 = c00
    if (chain == 0 && bias != 0) {
      c00 = v128.load32_splat(bias), c10 = v128.load32_splat(bias, 4)
      c20 = v128.load32_splat(bias, 8), c30 = v128.load32_splat(bias, 12)
    }
    let c01 = c00, c11 = c10, c21 = c20, c31 = c30
    for (const end = order + (<usize>load<u32>(ends + (<usize>chain << 2)) << 2); p < end; p += 4, pa += 16) {
      const pb = panel + (<usize>load<u32>(p) << 5)
      const b0 = v128.load(pb), b1 = v128.load(pb, 16)
      let a = v128.load32_splat(pa)
      c00 = stepBy(c00, a, b0, mask, least, shift), c01 = stepBy(c01, a, b1, mask, least, shift)
      a = v128.load32_splat(pa, 4)
      c10 = stepBy(c10, a, b0, mask, least, shift), c11 = stepBy(c11, a, b1, mask, least, shift)
      a = v128.load32_splat(pa, 8)
      c20 = stepBy(c20, a, b0, mask, least, shift), c21 = stepBy(c21, a, b1, mask, least, shift)
      a = v128.load32_splat(pa, 12)
      c30 = stepBy(c30, a, b0, mask, least, shift), c31 = stepBy(c31, a, b1, mask, least, shift)
    }
    v128.store(sums, c00), v128.store(sums, c01, 16), v128.store(sums, c10, 32), v128.store(sums, c11, 48)
    v128.store(sums, c20, 64), v128.store(sums, c21, 80), v128.store(sums, c30, 96), v128.store(sums, c31, 112)
  }
}

/** Groups of four rows of A that are taken at once where columns are few. */
export const GROUPS: i32 = 8

/**
 * The chains of one column of a panel for 32 rows of A, in panels of four rows `groupStep` bytes apart: vectors of four rows go to `sums`, chain
 * after chain.
 */
export function groupsTimesColumn(
  pa: usize, groupStep: usize, column: usize, order: usize, ends: usize, chains: i32, bias: usize, sums: usize,
): void {
  const mask = v128.load(ROUNDING), least = v128.load(ROUNDING, 16), shift = v128.load(ROUNDING, 32)
  const step2 = 2 * groupStep, step3 = 3 * groupStep
  let p = order
  for (let chain = 0; chain < chains; chain++, sums += CHAIN_BYTES) {
    let c0 = f32x4.splat(0), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0
    if (chain == 0 && bias != 0) {
      c0 = v128.load(bias), c1 = v128.load(bias, 16), c2 = v128.load(bias, 32), c3 = v128.load(bias, 48)
      c4 = v128.load(bias, 64), c5 = v128.load(bias, 80), c6 = v128.load(bias, 96), c7 = v128.load(bias, 112)
    }
    for (const end = order + (<usize>load<u32>(ends + (<usize>chain << 2)) << 2); p < end; p += 4, pa += 16) {
      const v = v128.load32_splat(column + (<usize>load<u32>(p) << 5)), high = pa + 2 * step2
      c0 = stepBy(c0, v128.load(pa), v, mask, least, shift), c1 = stepBy(c1, v128.load(pa + groupStep), v, mask, least, shift)
      c2 = stepBy(c2, v128.load(pa + step2), v, mask, least, shift), c3 = stepBy(c3, v128.load(pa + step3), v, mask, least, shift)
      c4 = stepBy(c4, v128.load(high), v, mask, least, shift), c5 = stepBy(c5, v128.load(high + groupStep), v, mask, least, shift)
      c6 = stepBy(c6, v128.load(high + step2), v, mask, least, shift), c7 = stepBy(c7, v128.load(high + step3), v, mask, least, shift)
    }
    v128.store(sums, c0), v128.store(sums, c1, 16), v128.store(sums, c2, 32), v128.store(sums, c3, 48)
    v128.store(sums, c4, 64), v128.store(sums, c5, 80), v128.store(sums, c6, 96), v128.store(sums, c7, 112)
  }
}

/** The sum of the chains at `sums`, which are `stride` bytes apart: 1, 2 or 4 by pairs, or 8. */
// @ts-ignore: decorator
@inline
export function joinChains(sums: usize, stride: usize, chains: i32): v128 {
  let total = v128.load(sums)
  if (chains == 1) return overflowHalf(total)
  total = addHalf(total, v128.load(sums + stride))
  if (chains == 2) return overflowHalf(total)
  const third = v128.load(sums + 3 * stride)
  if (chains == 4) return overflowHalf(addHalf(total, addHalf(v128.load(sums + 2 * stride), third)))
  // The order that the compiler of ncnn's wheel has made of sums by pairs.
  const rest = sums + 4 * stride
  const fours = addHalf(addHalf(v128.load(rest), v128.load(rest + stride)), addHalf(v128.load(rest + 2 * stride), v128.load(rest + 3 * stride)))
  const low = addHalf(v128.load(sums), addHalf(v128.load(sums + stride), v128.load(sums + 2 * stride)))
  return overflowHalf(addHalf(low, addHalf(third, fours)))
}

/** Stores `lanes` of 8 columns. */
// @ts-ignore: decorator
@inline
function storeColumns(c: usize, first: v128, second: v128, lanes: i32): void {
  if (lanes == 8) {
    v128.store(c, first)
    v128.store(c, second, 16)
    return
  }
  for (let lane = 0; lane < lanes; lane++, c += 4) {
    const v = lane < 4 ? first : second
    const at = lane & 3
    if (at == 0) v128.store32_lane(c, v, 0)
    else if (at == 1) v128.store32_lane(c, v, 1)
    else if (at == 2) v128.store32_lane(c, v, 2)
    else v128.store32_lane(c, v, 3)
  }
}

/** Stores the lanes of a vector `step` bytes apart. */
// @ts-ignore: decorator
@inline
export function storeApart(c: usize, step: usize, v: v128): void {
  v128.store32_lane(c, v, 0), v128.store32_lane(c + step, v, 1), v128.store32_lane(c + 2 * step, v, 2), v128.store32_lane(c + 3 * step, v, 3)
}

/** Bytes of packed patches that stay in the second-level cache. */
const BLOCK_BYTES: i32 = 256 * 1024
const SUMS_BYTES: usize = 8 * CHAIN_BYTES

function panelsAtOnce(k: i32): i32 {
  return max(1, BLOCK_BYTES / (k << 5))
}

export function halfConvolutionScratchBytes(k: i32): i32 {
  return panelsAtOnce(k) * (k << 5) + <i32>SUMS_BYTES
}

export function halfConvolution(
  input: usize, inch: i32, h: i32, w: i32, packedWeights: usize, order: usize, ends: usize, chains: i32, bias: usize, output: usize,
  outch: i32, outH: i32, outW: i32, kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32, padTop: i32,
  padLeft: i32, padValue: f32, scratch: usize,
): void {
  const taps = kernelH * kernelW, k = inch * taps, n = outH * outW
  const channelStep = <usize>(h * w) << 2, rowBytes = <usize>n << 2, aStep = <usize>k << 4, bStep = <usize>k << 5
  const pad = f32x4.splat(padValue)
  const block = panelsAtOnce(k) << 3
  const sums = scratch + <usize>(block >> 3) * bStep
  for (let n0 = 0; n0 < n; n0 += block) {
    const columns = min(n - n0, block)
    packPatches(
      scratch, bStep, true, input, channelStep, inch, h, w, n0, columns, outW,
      0, taps, kernelH, kernelW, strideH, strideW, dilationH, dilationW, padTop, padLeft, pad,
    )
    // Of a panel that is not full columns are taken one by one, as far as the rows make vectors for it.
    const rest = columns & 7, apart = rest && rest < 7 ? outch & ~(4 * GROUPS - 1) : 0
    for (let i = 0; i < apart; i += 4 * GROUPS) {
      const pa = packedWeights + <usize>(i >> 2) * aStep, panel = scratch + <usize>(columns >> 3) * bStep
      for (let j = columns - rest; j < columns; j++) {
        groupsTimesColumn(pa, aStep, panel + (<usize>(j & 7) << 2), order, ends, chains, bias ? bias + (<usize>i << 2) : 0, sums)
        let c = output + <usize>i * rowBytes + (<usize>(n0 + j) << 2)
        for (let p = sums; p < sums + CHAIN_BYTES; p += 16, c += 4 * rowBytes) storeApart(c, rowBytes, joinChains(p, CHAIN_BYTES, chains))
      }
    }
    for (let i = 0; i < outch; i += 4) {
      const rows = min(outch - i, 4), together = i < apart ? columns - rest : columns
      const pa = packedWeights + <usize>(i >> 2) * aStep
      for (let j = 0; j < together; j += 8) {
        tile4x8(pa, scratch + <usize>(j >> 3) * bStep, order, ends, chains, bias ? bias + (<usize>i << 2) : 0, sums)
        let c = output + <usize>i * rowBytes + (<usize>(n0 + j) << 2)
        const lanes = min(columns - j, 8)
        for (let row = 0; row < rows; row++, c += rowBytes) {
          const p = sums + (<usize>row << 5)
          storeColumns(c, joinChains(p, CHAIN_BYTES, chains), joinChains(p + 16, CHAIN_BYTES, chains), lanes)
        }
      }
    }
  }
}

/** One row times `panels` panels of 8 columns, 1 or 4, whose sums go to each chain's place from `c` on; `order` are depths. */
function rowTimesPanels(
  a: usize, pb: usize, panelStep: usize, panels: i32, order: usize, ends: usize, chains: i32, c: usize, chainStep: usize, accumulate: i32,
): void {
  const mask = v128.load(ROUNDING), least = v128.load(ROUNDING, 16), shift = v128.load(ROUNDING, 32)
  let p = order
  for (let chain = 0; chain < chains; chain++, c += chainStep) {
    const end = order + (<usize>load<u32>(ends + (<usize>chain << 2)) << 2)
    if (panels == 4) {
      let c0 = f32x4.splat(0), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0
      if (accumulate) {
        c0 = v128.load(c), c1 = v128.load(c, 16), c2 = v128.load(c, 32), c3 = v128.load(c, 48)
        c4 = v128.load(c, 64), c5 = v128.load(c, 80), c6 = v128.load(c, 96), c7 = v128.load(c, 112)
      }
      const p1 = panelStep, p2 = 2 * panelStep, p3 = 3 * panelStep
      for (; p < end; p += 4) {
        const depth = <usize>load<u32>(p), b = pb + (depth << 5)
        const v = v128.load32_splat(a + (depth << 2))
        c0 = stepBy(c0, v, v128.load(b), mask, least, shift), c1 = stepBy(c1, v, v128.load(b, 16), mask, least, shift)
        c2 = stepBy(c2, v, v128.load(b + p1), mask, least, shift), c3 = stepBy(c3, v, v128.load(b + p1, 16), mask, least, shift)
        c4 = stepBy(c4, v, v128.load(b + p2), mask, least, shift), c5 = stepBy(c5, v, v128.load(b + p2, 16), mask, least, shift)
        c6 = stepBy(c6, v, v128.load(b + p3), mask, least, shift), c7 = stepBy(c7, v, v128.load(b + p3, 16), mask, least, shift)
      }
      v128.store(c, c0), v128.store(c, c1, 16), v128.store(c, c2, 32), v128.store(c, c3, 48)
      v128.store(c, c4, 64), v128.store(c, c5, 80), v128.store(c, c6, 96), v128.store(c, c7, 112)
    } else {
      let c0 = f32x4.splat(0), c1 = c0
      if (accumulate) c0 = v128.load(c), c1 = v128.load(c, 16)
      for (; p < end; p += 4) {
        const depth = <usize>load<u32>(p), b = pb + (depth << 5)
        const v = v128.load32_splat(a + (depth << 2))
        c0 = stepBy(c0, v, v128.load(b), mask, least, shift), c1 = stepBy(c1, v, v128.load(b, 16), mask, least, shift)
      }
      v128.store(c, c0), v128.store(c, c1, 16)
    }
  }
}

/** Four rows times a panel of 8 columns. */
function rowsTimesPanel(
  a: usize, rowStep: usize, pb: usize, order: usize, ends: usize, chains: i32, sums: usize, cRowStep: usize, chainStep: usize,
  accumulate: i32,
): void {
  const mask = v128.load(ROUNDING), least = v128.load(ROUNDING, 16), shift = v128.load(ROUNDING, 32)
  let p = order
  const a1 = rowStep, a2 = 2 * rowStep, a3 = 3 * rowStep
  for (let chain = 0; chain < chains; chain++, sums += chainStep) {
    let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00
    let c = sums
    if (accumulate) {
      c00 = v128.load(c), c01 = v128.load(c, 16)
      c += cRowStep
      c10 = v128.load(c), c11 = v128.load(c, 16)
      c += cRowStep
      c20 = v128.load(c), c21 = v128.load(c, 16)
      c += cRowStep
      c30 = v128.load(c), c31 = v128.load(c, 16)
    }
    for (const end = order + (<usize>load<u32>(ends + (<usize>chain << 2)) << 2); p < end; p += 4) {
      const depth = <usize>load<u32>(p), at = a + (depth << 2), b = pb + (depth << 5)
      const b0 = v128.load(b), b1 = v128.load(b, 16)
      let v = v128.load32_splat(at)
      c00 = stepBy(c00, v, b0, mask, least, shift), c01 = stepBy(c01, v, b1, mask, least, shift)
      v = v128.load32_splat(at + a1)
      c10 = stepBy(c10, v, b0, mask, least, shift), c11 = stepBy(c11, v, b1, mask, least, shift)
      v = v128.load32_splat(at + a2)
      c20 = stepBy(c20, v, b0, mask, least, shift), c21 = stepBy(c21, v, b1, mask, least, shift)
      v = v128.load32_splat(at + a3)
      c30 = stepBy(c30, v, b0, mask, least, shift), c31 = stepBy(c31, v, b1, mask, least, shift)
    }
    c = sums
    v128.store(c, c00), v128.store(c, c01, 16)
    c += cRowStep
    v128.store(c, c10), v128.store(c, c11, 16)
    c += cRowStep
    v128.store(c, c20), v128.store(c, c21, 16)
    c += cRowStep
    v128.store(c, c30), v128.store(c, c31, 16)
  }
}

export function halfProduct(
  a: usize, rowStride: i32, packedB: usize, order: usize, ends: usize, chains: i32, sums: usize, m: i32, n: i32, k: i32, accumulate: i32,
): void {
  const panels = (n + 7) >> 3, panelStep = <usize>k << 5
  const chainStep = <usize>panels << 5, cRowStep = chainStep * <usize>chains, rowStep = <usize>rowStride << 2
  let i = 0
  for (; i <= m - 4; i += 4, a += 4 * rowStep, sums += 4 * cRowStep) {
    for (let j = 0; j < panels; j++) {
      const pb = packedB + <usize>j * panelStep
      rowsTimesPanel(a, rowStep, pb, order, ends, chains, sums + (<usize>j << 5), cRowStep, chainStep, accumulate)
    }
  }
  for (; i < m; i++, a += rowStep, sums += cRowStep) {
    let j = 0
    for (; j <= panels - 4; j += 4) {
      const pb = packedB + <usize>j * panelStep
      rowTimesPanels(a, pb, panelStep, 4, order, ends, chains, sums + (<usize>j << 5), chainStep, accumulate)
    }
    for (; j < panels; j++) {
      const pb = packedB + <usize>j * panelStep
      rowTimesPanels(a, pb, panelStep, 1, order, ends, chains, sums + (<usize>j << 5), chainStep, accumulate)
    }
  }
}

/** Adds the chains of each sum of {@link halfProduct} up, into output [m][n], rows `outputStride` apart. */
function halfJoin(sums: usize, chains: i32, output: usize, outputStride: i32, m: i32, n: i32): void {
  const chainStep = <usize>((n + 7) >> 3) << 5
  for (; m > 0; m--, sums += chainStep * <usize>chains, output += <usize>outputStride << 2) {
    for (let j = 0; j < n; j += 8) {
      const p = sums + (<usize>j << 2)
      storeColumns(output + (<usize>j << 2), joinChains(p, chainStep, chains), joinChains(p + 16, chainStep, chains), min(n - j, 8))
    }
  }
}

/** Four columns of the last one of an odd number of rows: `start`, the sum of eight or four chains, and what is left of the terms. */
// @ts-ignore: decorator
@inline
function lastRow4(a: usize, b: usize, start: v128, k: i32, eight: bool): v128 {
  const mask = v128.load(ROUNDING), least = v128.load(ROUNDING, 16), shift = v128.load(ROUNDING, 32)
  let c0 = f32x4.splat(0), c1 = c0, c2 = c0, c3 = c0, sum = start
  const end = a + (<usize>k << 2)
  if (eight) {
    let c4 = c0, c5 = c0, c6 = c0, c7 = c0
    for (const last = end - 32; a <= last; a += 32, b += 256) {
      c0 = stepBy(c0, v128.load32_splat(a), v128.load(b), mask, least, shift), c1 = stepBy(c1, v128.load32_splat(a, 4), v128.load(b, 32), mask, least, shift)
      c2 = stepBy(c2, v128.load32_splat(a, 8), v128.load(b, 64), mask, least, shift), c3 = stepBy(c3, v128.load32_splat(a, 12), v128.load(b, 96), mask, least, shift)
      c4 = stepBy(c4, v128.load32_splat(a, 16), v128.load(b, 128), mask, least, shift), c5 = stepBy(c5, v128.load32_splat(a, 20), v128.load(b, 160), mask, least, shift)
      c6 = stepBy(c6, v128.load32_splat(a, 24), v128.load(b, 192), mask, least, shift), c7 = stepBy(c7, v128.load32_splat(a, 28), v128.load(b, 224), mask, least, shift)
    }
    // The order that the wheel's compiler has chosen.
    const first = addOnce(addOnce(addOnce(addOnce(c0, c1), c5), c6), sum)
    sum = addOnce(first, addOnce(addOnce(addOnce(c2, c3), c4), c7))
  } else {
    for (const last = end - 16; a <= last; a += 16, b += 128) {
      c0 = stepBy(c0, v128.load32_splat(a), v128.load(b), mask, least, shift), c1 = stepBy(c1, v128.load32_splat(a, 4), v128.load(b, 32), mask, least, shift)
      c2 = stepBy(c2, v128.load32_splat(a, 8), v128.load(b, 64), mask, least, shift), c3 = stepBy(c3, v128.load32_splat(a, 12), v128.load(b, 96), mask, least, shift)
    }
    sum = addOnce(sum, addOnce(addOnce(c0, c1), addOnce(c2, c3)))
  }
  for (; a < end; a += 4, b += 32) sum = addProductOnce(sum, v128.load32_splat(a), v128.load(b))
  return sum
}

/** The last one of an odd number of rows of a Gemm: from `start` on, columns in eight or four chains by their place, as ncnn has them. */
function halfLastRow(a: usize, packedB: usize, start: usize, output: usize, n: i32, k: i32): void {
  // Columns are taken in twelves, then in eights: those have eight chains, the others four.
  const twelves = n - n % 12, eights = twelves + (n % 12 >= 8 ? 8 : 0), panelStep = <usize>k << 5
  for (let j = 0; j < n; j += 4, start += 16, output += 16) {
    const b = packedB + <usize>(j >> 3) * panelStep + (<usize>(j & 4) << 2)
    storeLanes(output, lastRow4(a, b, v128.load(start), k, j < eights), n - j)
  }
}

/** Most columns whose sums are kept at a time. */
const COLUMNS: i32 = 1024

export function halfMatrix(
  a: usize, rowStride: i32, packedB: usize, order: usize, ends: usize, chains: i32, bias: usize, c: usize, ldc: i32, m: i32, n: i32, k: i32,
  accumulate: i32, lastApart: i32, scratch: usize,
): void {
  const aStep = <usize>rowStride << 2, cStep = <usize>ldc << 2
  if (!order) {
    order = scratch, ends = scratch + (<usize>k << 2), scratch += (<usize>k + 4 & ~3) << 2
    for (let i = 0; i < k; i++) store<i32>(order + (<usize>i << 2), i)
    store<i32>(ends, k)
  }
  const block = min(panelsAtOnce(k) << 3, COLUMNS), together = lastApart ? m - 1 : m
  for (let j = 0; j < n; j += block) {
    const columns = min(n - j, block), chainStep = <usize>((columns + 7) >> 3) << 5, sumsStep = chainStep * <usize>chains
    const pb = packedB + <usize>j * (<usize>k << 2)
    for (let i = 0; i < together; i += 4) {
      const left = a + <usize>i * aStep, rows = min(together - i, 4)
      let to = c + <usize>i * cStep + (<usize>j << 2)
      memory.fill(scratch, 0, <usize>rows * sumsStep)
      if (bias) for (let row = 0; row < rows; row++) memory.copy(scratch + <usize>row * sumsStep, bias + (<usize>j << 2), <usize>columns << 2)
      if (accumulate) {
        for (let row = 0; row < rows; row++) memory.copy(scratch + <usize>row * sumsStep, to + <usize>row * cStep, <usize>columns << 2)
        roundToHalf(scratch, rows * <i32>(sumsStep >> 2))
      }
      halfProduct(left, rowStride, pb, order, ends, chains, scratch, rows, columns, k, 1)
      halfJoin(scratch, chains, to, ldc, rows, columns)
    }
  }
  if (!lastApart) return
  const row = c + <usize>together * cStep, bytes = <usize>n << 2
  if (accumulate) {
    memory.copy(scratch, row, bytes)
    roundToHalf(scratch, n)
  } else memory.fill(scratch, 0, bytes)
  halfLastRow(a + <usize>together * aStep, packedB, scratch, row, n, k)
}
