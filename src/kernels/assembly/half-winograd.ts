// 3x3 convolution by Winograd's algorithm in half precision, in tiles of 2x2, 4x4 or 6x6 outputs: transforms and sums round at every step.
// Eight tiles at a time: their transformed inputs for each place, products with the transformed filters, and the way back.
// Source of the transforms' matrices and of the order of their steps: Tencent/ncnn, src/layer/arm/convolution_3x3_winograd_fp16s.h.
import { addHalf as add, mulHalf, overflowHalf, subHalf as sub } from './half-rounding'
import { storeTransposed } from './gemm'
import { storeLanes } from './lanes'
import { GROUPS, groupsTimesColumn, step, storeApart, tile4x8 } from './half-sums'

/** a * c */
// @ts-ignore: decorator
@inline
function scaled(a: v128, c: f32): v128 {
  return mulHalf(a, f32x4.splat(c))
}

/** sum + a * c, rounded once */
// @ts-ignore: decorator
@inline
function plus(sum: v128, a: v128, c: f32): v128 {
  return step(sum, a, f32x4.splat(c))
}

// Constants as float16 has them: the square root of 2, twice, half and a quarter of it.
const ROOT: f32 = 1.4140625
const ROOT_2: f32 = 2.828125
const ROOT_HALF: f32 = 0.70703125
const ROOT_QUARTER: f32 = 0.353515625

/** One line of the inputs of four tiles: 4, 6 or 8 vectors `from` apart to as many `to` apart. */
function inputLine(size: i32, src: usize, from: usize, dst: usize, to: usize): void {
  const r0 = v128.load(src), r1 = v128.load(src + from), r2 = v128.load(src + 2 * from), r3 = v128.load(src + 3 * from)
  if (size == 2) {
    v128.store(dst, sub(r0, r2)), v128.store(dst + to, add(r1, r2))
    v128.store(dst + 2 * to, sub(r2, r1)), v128.store(dst + 3 * to, sub(r3, r1))
    return
  }
  const r4 = v128.load(src + 4 * from), r5 = v128.load(src + 5 * from)
  if (size == 4) {
    const a = plus(scaled(r1, ROOT), r3, -ROOT_HALF), b = plus(r4, r2, -2)
    const c = plus(scaled(r3, ROOT), r1, -ROOT_HALF), d = plus(r4, r2, -0.5)
    v128.store(dst, plus(add(r0, r4), r2, -2.5))
    v128.store(dst + to, sub(b, a)), v128.store(dst + 2 * to, add(b, a))
    v128.store(dst + 3 * to, add(d, c)), v128.store(dst + 4 * to, sub(d, c))
    v128.store(dst + 5 * to, plus(add(r1, r5), r3, -2.5))
    return
  }
  const r6 = v128.load(src + 6 * from), r7 = v128.load(src + 7 * from)
  let a = plus(add(r2, r6), r4, -4.25), b = plus(add(r1, r5), r3, -4.25)
  v128.store(dst, plus(sub(r0, r6), sub(r4, r2), 5.25))
  v128.store(dst + to, add(a, b)), v128.store(dst + 2 * to, sub(a, b))
  a = plus(plus(r6, r2, 0.25), r4, -1.25), b = plus(plus(scaled(r1, 0.5), r3, -2.5), r5, 2)
  v128.store(dst + 3 * to, add(a, b)), v128.store(dst + 4 * to, sub(a, b))
  a = plus(r6, plus(r2, r4, -1.25), 4), b = plus(plus(scaled(r1, 2), r3, -2.5), r5, 0.5)
  v128.store(dst + 5 * to, add(a, b)), v128.store(dst + 6 * to, sub(a, b))
  v128.store(dst + 7 * to, plus(sub(r7, r1), sub(r3, r5), 5.25))
}

/**
 * One line of the sums of four tiles to 2, 4 or 6 vectors; the bias is added in the second pass, which is the `last`. Sums of three and
 * four are in the order in which they were found to be in the wheel, whose compiler may change that of the source.
 */
function outputLine(size: i32, src: usize, from: usize, dst: usize, to: usize, last: bool, bias: v128): void {
  const r0 = v128.load(src), r1 = v128.load(src + from), r2 = v128.load(src + 2 * from), r3 = v128.load(src + 3 * from)
  if (size == 2) {
    let y0 = add(add(r0, r1), r2), y1 = add(sub(r1, r2), r3)
    if (last) y0 = add(bias, y0), y1 = add(bias, y1)
    v128.store(dst, y0), v128.store(dst + to, y1)
    return
  }
  const r4 = v128.load(src + 4 * from), r5 = v128.load(src + 5 * from)
  const even = add(r1, r2), odd = sub(r1, r2), even2 = add(r3, r4), odd2 = sub(r3, r4)
  if (size == 4) {
    if (last) {
      v128.store(dst, add(add(even2, even), add(r0, bias)))
      v128.store(dst + to, plus(plus(bias, odd, ROOT_HALF), odd2, ROOT))
      v128.store(dst + 2 * to, plus(plus(bias, even, 0.5), even2, 2))
      v128.store(dst + 3 * to, plus(plus(add(r5, bias), odd, ROOT_QUARTER), odd2, ROOT_2))
    } else {
      v128.store(dst, add(add(even2, even), r0))
      v128.store(dst + to, plus(scaled(odd, ROOT_HALF), odd2, ROOT))
      v128.store(dst + 2 * to, plus(scaled(even, 0.5), even2, 2))
      v128.store(dst + 3 * to, plus(plus(r5, odd, ROOT_QUARTER), odd2, ROOT_2))
    }
    return
  }
  const r6 = v128.load(src + 6 * from), r7 = v128.load(src + 7 * from)
  const even3 = add(r5, r6), odd3 = sub(r5, r6)
  const t0 = plus(even2, even3, 32), t5 = plus(odd3, odd2, 32)
  let y0 = add(add(t0, r0), even), y1 = plus(plus(odd, odd2, 2), odd3, 16)
  let y2 = plus(plus(even, even2, 4), even3, 8), y3 = plus(plus(odd, odd2, 8), odd3, 4)
  let y4 = plus(plus(even, even2, 16), even3, 2), y5 = add(add(t5, r7), odd)
  if (last) {
    y0 = add(add(t0, even), add(r0, bias)), y1 = add(bias, y1), y2 = add(bias, y2)
    y3 = add(bias, y3), y4 = add(bias, y4), y5 = add(add(t5, odd), add(r7, bias))
  }
  v128.store(dst, y0), v128.store(dst + to, y1), v128.store(dst + 2 * to, y2)
  v128.store(dst + 3 * to, y3), v128.store(dst + 4 * to, y4), v128.store(dst + 5 * to, y5)
}

/**
 * Copies rows and columns of the image as tiles want them, rows `step` bytes apart: `padValue` around the image, 0 beyond what the outputs need.
 * Rows are filled up to `step`.
 */
function cutOut(
  image: usize, h: i32, w: i32, top: i32, left: i32, rows: i32, padTop: i32, padLeft: i32, padValue: f32, bottom: i32, right: i32,
  dst: usize, step: usize,
): void {
  const lanes = i32x4(0, 1, 2, 3), pad = f32x4.splat(padValue)
  // The columns of the image among them, and what of the image they are.
  const start = max(padLeft - left, 0), from = max(left - padLeft, 0), count = min(w - from, min(<i32>(step >> 2), right - left) - start)
  for (let row = top; row < top + rows; row++, dst += step) {
    const y = row - padTop, inside = v128.and(i32x4.splat(row < bottom ? -1 : 0), pad)
    for (let x: usize = 0; x < step; x += 16) {
      v128.store(dst + x, v128.and(inside, i32x4.lt_s(lanes, i32x4.splat(right - left - <i32>(x >> 2)))))
    }
    if (row >= bottom || <u32>y >= <u32>h) continue
    let src = image + (<usize>(y * w + from) << 2), to = dst + (<usize>start << 2)
    for (let n = count; n > 0; n -= 4, src += 16, to += 16) storeLanes(to, v128.load(src), n)
  }
}

/** Vectors [row][column] of four tiles, from `first` on, of rows that {@link cutOut} has made. */
function gather(rows: usize, step: usize, top: i32, left: i32, size: i32, first: i32, tiles: i32, tilesW: i32, dst: usize): void {
  const edge = size + 2
  let p0 = tileAt(rows, step, top, left, size, min(first, tiles - 1), tilesW), p1 = tileAt(rows, step, top, left, size, min(first + 1, tiles - 1), tilesW)
  let p2 = tileAt(rows, step, top, left, size, min(first + 2, tiles - 1), tilesW), p3 = tileAt(rows, step, top, left, size, min(first + 3, tiles - 1), tilesW)
  for (let i = 0; i < edge; i++, dst += <usize>edge << 4, p0 += step, p1 += step, p2 += step, p3 += step) {
    storeTransposed(dst, 16, v128.load(p0), v128.load(p1), v128.load(p2), v128.load(p3))
    if (edge > 4) storeTransposed(dst + 64, 16, v128.load(p0, 16), v128.load(p1, 16), v128.load(p2, 16), v128.load(p3, 16))
  }
}

/** Where a tile begins in rows from `top` and columns from `left` on. */
// @ts-ignore: decorator
@inline
function tileAt(rows: usize, step: usize, top: i32, left: i32, size: i32, tile: i32, tilesW: i32): usize {
  const ty = tile / tilesW, tx = tile - ty * tilesW
  return rows + <usize>(ty * size - top) * step + (<usize>(tx * size - left) << 2)
}

const EDGE_MOST: usize = 8
const LINES_BYTES: usize = EDGE_MOST * EDGE_MOST * 16

/** Bytes of rows of the image that tiles of a block may need, and are apart. */
// @ts-ignore: decorator
@inline
function rowBytesOf(size: i32, tiles: i32): usize {
  // The last tile of four or two columns is read in vectors.
  return <usize>(tiles * size + 2 + 7 & ~3) << 2
}

export function halfWinogradScratchBytes(size: i32, inch: i32, outW: i32): i32 {
  const places = (size + 2) * (size + 2), tilesW = (outW + size - 1) / size
  const rows = (7 / tilesW + 2) * size + 2
  return places * inch * 32 + GROUPS * places * 128 + 2 * <i32>LINES_BYTES + rows * <i32>rowBytesOf(size, tilesW)
}

export function halfWinograd(
  size: i32, input: usize, inch: i32, h: i32, w: i32, packedFilters: usize, order: usize, ends: usize, bias: usize, output: usize,
  outch: i32, outH: i32, outW: i32, padTop: i32, padLeft: i32, padValue: f32, scratch: usize,
): void {
  const edge = size + 2, places = edge * edge
  const tilesW = (outW + size - 1) / size, tilesH = (outH + size - 1) / size, tiles = tilesW * tilesH
  const placeStep = <usize>inch << 5, filterStep = <usize>((outch + 3) & ~3) * <usize>inch << 2, aStep = <usize>inch << 4
  const line = <usize>edge << 4
  const sums = scratch + <usize>places * placeStep, sumsStep = <usize>places << 7, lines = sums + <usize>GROUPS * sumsStep, turned = lines + LINES_BYTES, cut = turned + LINES_BYTES
  const channelStep = <usize>(h * w) << 2, plane = outH * outW
  for (let t = 0; t < tiles; t += 8) {
    const columns = min(tiles - t, 8), used = columns > 4 || (outch & 31) != 0 ? 8 : 4
    const ty = t / tilesW, lastRow = (t + columns - 1) / tilesW, top = ty * size
    const left = ty == lastRow ? (t - ty * tilesW) * size : 0, step = rowBytesOf(size, ty == lastRow ? columns : tilesW)
    for (let q = 0; q < inch; q++) {
      cutOut(
        input + <usize>q * channelStep, h, w, top, left, (lastRow - ty) * size + edge, padTop, padLeft, padValue, outH + 2, outW + 2, cut, step,
      )
      for (let half = 0; half < used; half += 4) {
        gather(cut, step, top, left, size, t + half, tiles, tilesW, lines)
        for (let i = 0; i < edge; i++) inputLine(size, lines + <usize>i * line, 16, turned + (<usize>i << 4), line)
        const target = scratch + (<usize>q << 5) + (<usize>half << 2)
        for (let i = 0; i < edge; i++) inputLine(size, turned + <usize>i * line, 16, target + <usize>(i * edge) * placeStep, placeStep)
      }
    }
    if (columns < 8) memory.fill(sums, 0, <usize>GROUPS * sumsStep)
    for (let p = 0; p < outch;) {
      const groups = min(GROUPS, (outch - p + 3) >> 2), together = columns == 8 || groups < GROUPS
      for (let place = 0; place < places; place++) {
        let a = packedFilters + <usize>place * filterStep + <usize>(p >> 2) * aStep, c = sums + (<usize>place << 7)
        const panel = scratch + <usize>place * placeStep
        if (together) for (let group = 0; group < groups; group++, a += aStep, c += sumsStep) tile4x8(a, panel, order, ends, 1, 0, c)
        else {
          for (let x = 0; x < columns; x++, c += 4) {
            groupsTimesColumn(a, aStep, panel + (<usize>x << 2), order, ends, 1, 0, lines)
            for (let group: usize = 0; group < <usize>GROUPS; group++) storeApart(c + group * sumsStep, 32, v128.load(lines + (group << 4)))
          }
        }
      }
      for (let row = 0, rows = min(outch - p, 4 * groups); row < rows; row++) {
        const start = bias ? v128.load32_splat(bias + (<usize>(p + row) << 2)) : f32x4.splat(0)
        const image = output + (<usize>((p + row) * plane) << 2)
        for (let half = 0; half < columns; half += 4) {
          const source = sums + <usize>(row >> 2) * sumsStep + (<usize>(row & 3) << 5) + (<usize>half << 2)
          for (let i = 0; i < edge; i++) outputLine(size, source + (<usize>(i * edge) << 7), 128, turned + (<usize>i << 4), line, false, start)
          for (let i = 0; i < size; i++) outputLine(size, turned + <usize>i * line, 16, lines + (<usize>(i * size) << 4), 16, true, start)
          scatter(lines, image, size, t + half, tiles, tilesW, outH, outW, turned)
        }
      }
      p += 4 * groups
    }
  }
}

/** Writes the outputs of four tiles, vectors [row][column], where they lie in the image. `work`: 112 bytes. */
function scatter(src: usize, image: usize, size: i32, first: i32, tiles: i32, tilesW: i32, outH: i32, outW: i32, work: usize): void {
  for (let lane = 0, p = work; lane < 4; lane++, p += 12) {
    const tile = first + lane, ty = tile / tilesW, tx = tile - ty * tilesW
    store<usize>(p, image + (<usize>(ty * size * outW + tx * size) << 2))
    store<i32>(p, tile < tiles ? min(size, outH - ty * size) : 0, 4)
    store<i32>(p, min(size, outW - tx * size), 8)
  }
  const rowBytes = <usize>outW << 2
  for (let i = 0; i < size; i++, src += <usize>size << 4) {
    for (let j = 0; j < size; j += 4) {
      const p = src + (<usize>j << 4)
      storeTransposed(
        work + 48, 16, overflowHalf(v128.load(p)), overflowHalf(v128.load(p, 16)), overflowHalf(v128.load(p, 32)), overflowHalf(v128.load(p, 48)),
      )
      for (let q = work, row = work + 48; q < work + 48; q += 12, row += 16) {
        const n = load<i32>(q, 8) - j
        if (i < load<i32>(q, 4) && n > 0) storeLanes(load<usize>(q) + <usize>i * rowBytes + (<usize>j << 2), v128.load(row), n)
      }
    }
  }
}
