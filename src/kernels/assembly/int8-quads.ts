// Quads of int8, for the instruction of relaxed SIMD that multiplies sixteen bytes by sixteen others and adds each four products to a sum:
// twice the products of the one for pairs of int16. The weights are signed bytes to it; inputs may have 7 bits. What an eighth bit means is
// up to the processor, though always the same: the sign to some, 128 to others, where inputs are moved up by 128, which sums begin without.
// Processors that lack the instruction saturate in between. There inputs that have 7 bits, as after a ReLU, are multiplied by another
// instruction, which adds the products of two as int16; for others, pairs are made of the weights' quads.

const NONE: i32 = 0
const SIGNED: i32 = 1
const UNSIGNED: i32 = 2

/** What the instruction takes an input's eighth bit for. */
// @ts-ignore: decorator
@inline
function inputKind(): i32 {
  if (!ASC_FEATURE_RELAXED_SIMD) return NONE
  const sum = i32x4.extract_lane(i32x4.relaxed_dot_i8x16_i7x16_add_s(i8x16.splat(127), i8x16.splat(-1), i32x4.splat(0)), 0)
  return sum == 4 * 127 * 255 ? UNSIGNED : sum == -4 * 127 ? SIGNED : NONE
}

/** Whether operands are packed as quads; else as pairs. */
// @ts-ignore: decorator
@inline
export function areQuads(): bool {
  return inputKind() != NONE
}

/** Exclusive or with it makes of four signed inputs what the instruction takes them for. */
// @ts-ignore: decorator
@inline
function inputFlip(): i32 {
  return inputKind() == UNSIGNED ? <i32>0x80808080 : 0
}

/** With what the sum of products begins whose weights have this sum. */
// @ts-ignore: decorator
@inline
function initialOf(weightSum: i32): i32 {
  return inputKind() == UNSIGNED ? -128 * weightSum : 0
}

// @ts-ignore: decorator
@inline
export function dotOfQuads(c: v128, weights: v128, inputs: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? i32x4.relaxed_dot_i8x16_i7x16_add_s(weights, inputs, c) : c
}

/** Products of two and two of sixteen, as int16; the inputs are none below 0. */
// @ts-ignore: decorator
@inline
export function dotOfMagnitudes(weights: v128, inputs: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? v128.relaxed_dot<i16>(weights, inputs) : weights
}

// Weights ------------------------------------------------------------------------------------------------------------

/** The byte at p, moved to its place among four, or 0. */
// @ts-ignore: decorator
@inline
function byteAt(p: usize, place: i32, exists: bool): i32 {
  return exists ? <i32>load<u8>(p) << (place << 3) : 0
}

/** Bytes before the groups of a panel of so many rows or columns: with what their sums begin. */
// @ts-ignore: decorator
@inline
export function initialBytes(width: i32): usize {
  return <usize>width << 2
}

/** Packs filters [outch][inch][taps] into panels of 4, of each quad of channels tap by tap. */
export function packQuadFilters(source: usize, outch: i32, inch: i32, taps: i32, packed: usize): void {
  const size = <usize>(inch * taps)
  for (let i = 0; i < outch; i += 4) {
    for (let lane = 0; lane < 4; lane++) {
      const exists = i + lane < outch, row = source + <usize>(i + lane) * size
      store<i32>(packed + (<usize>lane << 2), exists ? initialOf(sumOfBytes(row, inch * taps)) : 0)
    }
    packed += initialBytes(4)
    for (let q = 0; q < inch; q += 4) {
      for (let t = 0; t < taps; t++, packed += 16) {
        for (let lane = 0; lane < 4; lane++) {
          const exists = i + lane < outch, p = source + <usize>(i + lane) * size + <usize>(q * taps + t)
          let quad = byteAt(p, 0, exists)
          for (let c = 1; c < 4; c++) quad |= byteAt(p + <usize>(c * taps), c, exists && q + c < inch)
          store<i32>(packed + (<usize>lane << 2), quad)
        }
      }
    }
  }
}

/** The first two weights of each filter of a group of quads, or the other two, as pairs of int16. */
// @ts-ignore: decorator
@inline
function pairsOf(quads: usize, others: bool): v128 {
  const u = v128.load8x8_s(quads), v = v128.load8x8_s(quads, 8)
  return others ? i32x4.shuffle(u, v, 1, 3, 5, 7) : i32x4.shuffle(u, v, 0, 2, 4, 6)
}

/** A last channel's weights under `taps` taps to pairs of those of neighbouring taps. */
function pairTaps(quads: usize, others: bool, taps: i32, pairs: usize): void {
  for (; taps > 0; taps -= 2, quads += 32, pairs += 16) {
    const first = i32x4.shl(others ? pairsOf(quads, true) : pairsOf(quads, false), 16)
    const second = i32x4.shl(others ? pairsOf(quads + 16, true) : pairsOf(quads + 16, false), 16)
    v128.store(pairs, v128.or(i32x4.shr_u(first, 16), taps > 1 ? second : i32x4.splat(0)))
  }
}

/** A panel of filters from quads to pairs: `channels` channels from one on that begins a quad. */
export function pairQuadFilters(quads: usize, taps: i32, channels: i32, pairs: usize): void {
  const step = <usize>taps << 4
  for (; channels > 3; channels -= 4, pairs += step) {
    for (const end = quads + step; quads < end; quads += 16, pairs += 16) {
      v128.store(pairs, pairsOf(quads, false))
      v128.store(pairs + step, pairsOf(quads, true))
    }
  }
  if (channels > 1) {
    for (let at: usize = 0; at < step; at += 16, pairs += 16) v128.store(pairs, pairsOf(quads + at, false))
  }
  if (channels & 1) pairTaps(quads, channels > 1, taps, pairs)
}

/** Packs `lanes` rows of k weights into a panel `width` wide. */
export function packQuadsOfWeights(dst: usize, width: i32, source: usize, lanes: i32, k: i32): void {
  const step = initialBytes(width), panel = dst + step
  for (let lane = 0; lane < width; lane++) {
    const exists = lane < lanes, row = source + <usize>lane * k
    let d = panel + (<usize>lane << 2)
    store<i32>(dst + (<usize>lane << 2), exists ? initialOf(sumOfBytes(row, k)) : 0)
    for (let p = 0; p < k; p += 4, d += step) {
      const left = min(k - p, 4)
      let quad = 0
      for (let c = 0; c < 4; c++) quad |= byteAt(row + p + c, c, exists && c < left)
      store<i32>(d, quad)
    }
  }
}

function sumOfBytes(p: usize, n: i32): i32 {
  let sums = i32x4.splat(0)
  for (; n >= 16; n -= 16, p += 16) {
    sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(v128.load(p))))
  }
  let sum = i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1) + i32x4.extract_lane(sums, 2) + i32x4.extract_lane(sums, 3)
  for (; n > 0; n--, p++) sum += <i32>load<i8>(p)
  return sum
}

// Inputs -------------------------------------------------------------------------------------------------------------

/** Whether none of n bytes is below 0. */
export function areMagnitudes(p: usize, n: i32): bool {
  let all = i32x4.splat(0)
  for (; n >= 16; n -= 16, p += 16) all = v128.or(all, v128.load(p))
  let rest = 0
  for (; n > 0; n--, p++) rest |= <i32>load<i8>(p)
  return rest >= 0 && !i8x16.bitmask(all)
}

/** Packs `lanes` rows of k inputs, `rowStep` bytes apart, into a panel of 4. Lanes beyond repeat the last row: nobody stores what they give. */
export function packQuadsOfInputs(dst: usize, source: usize, rowStep: usize, lanes: i32, k: i32): void {
  const flip = i32x4.splat(inputFlip())
  const p0 = source, p1 = source + <usize>min(1, lanes - 1) * rowStep
  const p2 = source + <usize>min(2, lanes - 1) * rowStep, p3 = source + <usize>min(3, lanes - 1) * rowStep
  let at: usize = 0
  for (; k > 12; k -= 16, at += 16, dst += 64) {
    const r0 = v128.xor(v128.load(p0 + at), flip), r1 = v128.xor(v128.load(p1 + at), flip)
    const r2 = v128.xor(v128.load(p2 + at), flip), r3 = v128.xor(v128.load(p3 + at), flip)
    const t0 = i32x4.shuffle(r0, r1, 0, 4, 1, 5), t1 = i32x4.shuffle(r2, r3, 0, 4, 1, 5)
    const t2 = i32x4.shuffle(r0, r1, 2, 6, 3, 7), t3 = i32x4.shuffle(r2, r3, 2, 6, 3, 7)
    v128.store(dst, i64x2.shuffle(t0, t1, 0, 2))
    v128.store(dst, i64x2.shuffle(t0, t1, 1, 3), 16)
    v128.store(dst, i64x2.shuffle(t2, t3, 0, 2), 32)
    v128.store(dst, i64x2.shuffle(t2, t3, 1, 3), 48)
  }
  for (; k > 0; k -= 4, at += 4, dst += 16) {
    const quads = i32x4(load<i32>(p0 + at), load<i32>(p1 + at), load<i32>(p2 + at), load<i32>(p3 + at))
    v128.store(dst, v128.xor(quads, flip))
  }
}

/** Copies a row of inputs as quads, some beyond n as well. */
export function copyQuads(source: usize, dst: usize, n: i32): void {
  const flip = i32x4.splat(inputFlip())
  for (const end = source + n; source < end; source += 16, dst += 16) v128.store(dst, v128.xor(v128.load(source), flip))
}

/** Stores the first eight bytes of four vectors as eight quads. */
// @ts-ignore: decorator
@inline
export function storeQuads(dst: usize, u0: v128, u1: v128, u2: v128, u3: v128): void {
  const flip = i32x4.splat(inputFlip())
  const first = v128.xor(i8x16.shuffle(u0, u1, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23), flip)
  const second = v128.xor(i8x16.shuffle(u2, u3, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23), flip)
  v128.store(dst, i16x8.shuffle(first, second, 0, 8, 1, 9, 2, 10, 3, 11))
  v128.store(dst, i16x8.shuffle(first, second, 4, 12, 5, 13, 6, 14, 7, 15), 16)
}

/** Four inputs as a quad. */
// @ts-ignore: decorator
@inline
export function quadOf(p0: usize, p1: usize, p2: usize, p3: usize): i32 {
  return (byteAt(p0, 0, true) | byteAt(p1, 1, true) | byteAt(p2, 2, true) | byteAt(p3, 3, true)) ^ inputFlip()
}
