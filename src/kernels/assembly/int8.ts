// The elementwise steps of int8 layers: floats to integers of -127..127, and sums of their products back to floats or to integers.
import { CLIP, LEAKY_RELU, RELU } from './activation'
import { LeakyRelu, Limits, Relu } from './clamps'
import { mulHalf } from './half-rounding'
import { storeFirst } from './lanes'

/** The float32 before 0.5: added to the magnitude of a number, which then is cut, it rounds halves away from zero and nothing else up. */
// In memory, from where loops load them: a constant vector is made anew wherever it is needed, by three instructions.
const ALMOST_HALF = memory.data<f32>([0.49999997, 0.49999997, 0.49999997, 0.49999997], 16)
const LIMIT = memory.data<f32>([127, 127, 127, 127], 16)
const SIGN = memory.data<i32>([0x80000000, 0x80000000, 0x80000000, 0x80000000], 16)

/**
 * Cuts off the fractions of numbers between -128 and 128. For others, and NaN, the processor may do as it likes where it is asked to do it
 * in one instruction; V8 takes seven for what is defined.
 */
// @ts-ignore: decorator
@inline
function cut(v: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? i32x4.relaxed_trunc_f32x4_s(v) : i32x4.trunc_sat_f32x4_s(v)
}

/** Rounds numbers of which negative ones, and NaN, become 0, to the nearest of 0..127, halves up. */
// @ts-ignore: decorator
@inline
function toMagnitude(v: v128): v128 {
  const limited = f32x4.pmin(v128.load(LIMIT), f32x4.pmax(f32x4.splat(0), v))
  return f32x4.add(limited, v128.load(ALMOST_HALF))
}

/** Rounds to the nearest integer of -127..127, halves away from zero; NaN becomes 0. */
// @ts-ignore: decorator
@inline
function toIntegers(v: v128): v128 {
  const sign = v128.load(SIGN)
  return cut(v128.or(toMagnitude(v128.andnot(v, sign)), v128.and(v, sign)))
}

/** The bytes of sixteen integers of -127..127. */
// @ts-ignore: decorator
@inline
function bytesOf(a: v128, b: v128, c: v128, d: v128): v128 {
  return i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d))
}

/** Stores the bytes of the first 1 to 4 integers. */
// @ts-ignore: decorator
@inline
function storeBytes(destination: usize, integers: v128, n: i32): void {
  const bytes = bytesOf(integers, integers, integers, integers)
  if (n >= 4) return v128.store32_lane(destination, bytes, 0)
  v128.store8_lane(destination, bytes, 0)
  if (n > 1) v128.store8_lane(destination, bytes, 1, 1)
  if (n > 2) v128.store8_lane(destination, bytes, 2, 2)
}

/** Four scaled numbers; in half precision numbers and scale are such as float16 holds. */
// @ts-ignore: decorator
@inline
function scaled(source: usize, scale: v128, inHalf: bool): v128 {
  const v = v128.load(source)
  return inHalf ? mulHalf(v, scale) : f32x4.mul(v, scale)
}

export function quantize(source: usize, scale: f32, destination: usize, n: i32, inHalf: bool): void {
  const s = f32x4.splat(scale)
  for (; n > 0; n -= 4, source += 16, destination += 16) {
    const v = f32x4.convert_i32x4_s(toIntegers(scaled(source, s, inHalf)))
    if (n >= 4) v128.store(destination, v)
    else storeFirst(destination, v, n)
  }
}

// @ts-ignore: decorator
@inline
function scaledToBytes(source: usize, s: v128, destination: usize, n: i32, inHalf: bool): void {
  for (; n >= 16; n -= 16, source += 64, destination += 16) {
    const a = toIntegers(scaled(source, s, inHalf)), b = toIntegers(scaled(source + 16, s, inHalf))
    const c = toIntegers(scaled(source + 32, s, inHalf)), d = toIntegers(scaled(source + 48, s, inHalf))
    v128.store(destination, bytesOf(a, b, c, d))
  }
  for (; n > 0; n -= 4, source += 16, destination += 4) storeBytes(destination, toIntegers(scaled(source, s, inHalf)), n)
}

export function quantizeToBytes(source: usize, scale: f32, destination: usize, n: i32, inHalf: bool): void {
  const s = f32x4.splat(scale)
  if (inHalf) scaledToBytes(source, s, destination, n, true)
  else scaledToBytes(source, s, destination, n, false)
}

export function int8Window(
  source: usize, isFloat: bool, scale: f32, channels: i32, h: i32, w: i32, window: usize, windowH: i32, windowW: i32,
  top: i32, left: i32, pad: i32, inHalf: bool,
): void {
  const x = max(-left, 0), columns = min(w - x, windowW - max(left, 0))
  const firstRow = max(top, 0), rows = min(h - max(-top, 0), windowH - firstRow)
  const shift = isFloat ? 2 : 0, whole = columns == w && columns == windowW
  if (rows < windowH || columns < windowW) memory.fill(window, <u8>pad, <usize>channels * windowH * windowW)
  if (rows <= 0 || columns <= 0) return
  let from = source + (<usize>(max(-top, 0) * w + x) << shift), to = window + <usize>(firstRow * windowW + max(left, 0))
  // Rows without a gap between them are one long row.
  const count = whole ? 1 : rows, length = whole ? rows * columns : columns
  for (let q = 0; q < channels; q++, from += <usize>(h * w) << shift, to += <usize>(windowH * windowW)) {
    for (let y = 0; y < count; y++) {
      const s = from + (<usize>(y * w) << shift), d = to + <usize>(y * windowW)
      if (isFloat) quantizeToBytes(s, scale, d, length, inHalf)
      else memory.copy(d, s, length)
    }
  }
}

export function largestMagnitude(source: usize, n: i32): f32 {
  let most = f32x4.splat(0)
  for (; n >= 4; n -= 4, source += 16) most = f32x4.max(most, f32x4.abs(v128.load(source)))
  let result = max(
    max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)), max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
  )
  for (; n > 0; n--, source += 4) result = max(result, abs(load<f32>(source)))
  return result
}

export function bytesToFloat(source: usize, destination: usize, n: i32): void {
  for (; n >= 8; n -= 8, source += 8, destination += 32) {
    const v = v128.load8x8_s(source)
    v128.store(destination, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(v)))
    v128.store(destination, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(v)), 16)
  }
  for (; n > 0; n -= 4, source += 4, destination += 16) {
    const v = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(source))))
    if (n >= 4) v128.store(destination, v)
    else storeFirst(destination, v, n)
  }
}

/** Four sums that are integers or integral floats, scaled and shifted: each step is rounded. */
// @ts-ignore: decorator
@inline
function scaledSums(sums: usize, isFloat: bool, scale: v128, offset: v128): v128 {
  const v = v128.load(sums)
  return f32x4.add(f32x4.mul(isFloat ? v : f32x4.convert_i32x4_s(v), scale), offset)
}

// @ts-ignore: decorator
@inline
function finish<F>(sums: usize, isFloat: bool, scale: v128, offset: v128, a: v128, b: v128): v128 {
  return changetype<F>(0).apply(scaledSums(sums, isFloat, scale, offset), a, b)
}

/** A row of sums to floats, in place or not. */
// @ts-ignore: decorator
@inline
function finishFloats<F>(sums: usize, isFloat: bool, n: i32, s: v128, o: v128, a: v128, b: v128, output: usize): void {
  for (const end = sums + (<usize>(n & ~15) << 2); sums < end; sums += 64, output += 64) {
    v128.store(output, finish<F>(sums, isFloat, s, o, a, b))
    v128.store(output, finish<F>(sums + 16, isFloat, s, o, a, b), 16)
    v128.store(output, finish<F>(sums + 32, isFloat, s, o, a, b), 32)
    v128.store(output, finish<F>(sums + 48, isFloat, s, o, a, b), 48)
  }
  for (n &= 15; n >= 4; n -= 4, sums += 16, output += 16) v128.store(output, finish<F>(sums, isFloat, s, o, a, b))
  if (n > 0) storeFirst(output, finish<F>(sums, isFloat, s, o, a, b), n)
}

/** Four results as integers. After a ReLU what is scaled by more than 0 stays `positive`: rounding makes the 0 of the rest, and of NaN. */
// @ts-ignore: decorator
@inline
function finishIntegral<F>(positive: bool, sums: usize, isFloat: bool, s: v128, o: v128, a: v128, b: v128, scale: v128): v128 {
  return positive
    ? cut(toMagnitude(f32x4.mul(scaledSums(sums, isFloat, s, o), scale)))
    : toIntegers(f32x4.mul(finish<F>(sums, isFloat, s, o, a, b), scale))
}

/** A row of sums to bytes. */
// @ts-ignore: decorator
@inline
function finishBytes<F>(
  positive: bool, sums: usize, isFloat: bool, n: i32, s: v128, o: v128, a: v128, b: v128, scale: v128, output: usize,
): void {
  for (const end = sums + (<usize>(n & ~15) << 2); sums < end; sums += 64, output += 16) {
    const v0 = finishIntegral<F>(positive, sums, isFloat, s, o, a, b, scale), v1 = finishIntegral<F>(positive, sums + 16, isFloat, s, o, a, b, scale)
    const v2 = finishIntegral<F>(positive, sums + 32, isFloat, s, o, a, b, scale), v3 = finishIntegral<F>(positive, sums + 48, isFloat, s, o, a, b, scale)
    v128.store(output, bytesOf(v0, v1, v2, v3))
  }
  for (n &= 15; n > 0; n -= 4, sums += 16, output += 4) storeBytes(output, finishIntegral<F>(positive, sums, isFloat, s, o, a, b, scale), n)
}

// @ts-ignore: decorator
@inline
function finishRow<F>(
  positive: bool, sums: usize, isFloat: bool, n: i32, s: v128, bias: usize, a: v128, b: v128, toBytes: bool, scale: v128, output: usize,
): void {
  // Adding -0 changes nothing.
  const o = bias ? v128.load32_splat(bias) : f32x4.splat(-0.0)
  if (toBytes) finishBytes<F>(positive, sums, isFloat, n, s, o, a, b, scale, output)
  else finishFloats<F>(sums, isFloat, n, s, o, a, b, output)
}

/**
 * output = activation(sums * scale + bias), times `outputScale` and rounded to bytes if they are wanted, for rows with a scale and a bias
 * each; every step is rounded to float32. Activations beyond a clip are left to the caller.
 */
// @ts-ignore: decorator
@inline
function finishRows(
  sums: usize, isFloat: bool, sumStep: usize, rows: i32, n: i32, scales: usize, bias: usize, activation: i32, activationA: f32, activationB: f32,
  toBytes: bool, outputScale: f32, output: usize, outputStep: usize,
): void {
  const limits = activation == CLIP || activation == LEAKY_RELU, positive = activation == RELU && (!toBytes || outputScale > 0)
  // Bytes for which a NaN becomes 0 anyway may be those of a limit of 0.
  const a = f32x4.splat(limits ? activationA : activation == RELU ? <f32>0 : -Infinity), b = f32x4.splat(limits ? activationB : Infinity), out = f32x4.splat(outputScale)
  for (; rows > 0; rows--, sums += sumStep, output += outputStep, scales += 4) {
    const s = v128.load32_splat(scales)
    if (positive) finishRow<Relu>(true, sums, isFloat, n, s, bias, a, b, toBytes, out, output)
    else if (activation == LEAKY_RELU) finishRow<LeakyRelu>(false, sums, isFloat, n, s, bias, a, b, toBytes, out, output)
    else finishRow<Limits>(false, sums, isFloat, n, s, bias, a, b, toBytes, out, output)
    if (bias) bias += 4
  }
}

/** {@link finishRows} of integers. */
export function finishIntegers(
  sums: usize, sumStep: usize, rows: i32, n: i32, scales: usize, bias: usize, activation: i32, activationA: f32, activationB: f32,
  toBytes: bool, outputScale: f32, output: usize, outputStep: usize,
): void {
  finishRows(sums, false, sumStep, rows, n, scales, bias, activation, activationA, activationB, toBytes, outputScale, output, outputStep)
}

export function int8Finish(
  sums: usize, channels: i32, n: i32, scales: usize, bias: usize, activation: i32, activationA: f32, activationB: f32,
  outputScale: f32, output: usize,
): void {
  const toBytes = sums != output
  finishRows(
    sums, true, <usize>n << 2, channels, n, scales, bias, activation, activationA, activationB,
    toBytes, outputScale, output, <usize>n << (toBytes ? 0 : 2),
  )
}

/** Two results of {@link int8ScaleFused}: exact in float64, or all but exact. */
// @ts-ignore: decorator
@inline
function fuseTwo(sums: v128, scale: v128, bias: v128): v128 {
  return f32x4.demote_f64x2_zero(f64x2.add(f64x2.mul(f64x2.promote_low_f32x4(sums), scale), bias))
}

export function int8ScaleFused(sums: usize, channels: i32, n: i32, scales: usize, bias: usize): void {
  for (; channels > 0; channels--, scales += 4) {
    // Adding -0 changes nothing.
    const s = f64x2.splat(<f64>load<f32>(scales)), o = f64x2.splat(bias ? <f64>load<f32>(bias) : -0.0)
    let i = n
    for (; i >= 4; i -= 4, sums += 16) {
      const v = v128.load(sums)
      v128.store(sums, i64x2.shuffle(fuseTwo(v, s, o), fuseTwo(i64x2.shuffle(v, v, 1, 1), s, o), 0, 2))
    }
    for (; i > 0; i--, sums += 4) store<f32>(sums, f32x4.extract_lane(fuseTwo(v128.load32_splat(sums), s, o), 0))
    if (bias) bias += 4
  }
}

/** Two results of {@link int8Scale}. */
// @ts-ignore: decorator
@inline
function scaleTwo(sums: v128, factors: v128, addends: v128, beta: v128, alpha: v128): v128 {
  const product = f64x2.mul(f64x2.convert_low_i32x4_s(sums), f64x2.promote_low_f32x4(factors))
  const value = f64x2.mul(f64x2.add(product, f64x2.mul(f64x2.promote_low_f32x4(addends), beta)), alpha)
  return f32x4.demote_f64x2_zero(value)
}

export function int8Scale(
  sums: usize, rows: i32, n: i32, rowScales: usize, rowScaleStride: i32, columnScales: usize, columnScaleStride: i32,
  addends: usize, addendRowStride: i32, addendColumnStride: i32, beta: f64, alpha: f64, output: usize, outputStride: i32,
): void {
  const one = f32x4.splat(1), none = f32x4.splat(0), b = f64x2.splat(beta), a = f64x2.splat(alpha)
  for (; rows > 0; rows--) {
    const scale = v128.load32_splat(rowScales)
    let column = columnScales, added = addends, y = output
    for (let i = n; i > 0; i -= 4, sums += 16, y += 16) {
      const other = columnScaleStride ? v128.load(column) : v128.load32_splat(column)
      const c = !addends ? none : addendColumnStride ? v128.load(added) : v128.load32_splat(added)
      const integers = v128.load(sums), factors = f32x4.div(one, f32x4.mul(scale, other))
      const low = scaleTwo(integers, factors, c, b, a)
      const high = scaleTwo(i64x2.shuffle(integers, integers, 1, 1), i64x2.shuffle(factors, factors, 1, 1), i64x2.shuffle(c, c, 1, 1), b, a)
      const v = i64x2.shuffle(low, high, 0, 2)
      if (i >= 4) v128.store(y, v)
      else storeFirst(y, v, i)
      column += columnScaleStride ? 16 : 0
      added += addendColumnStride ? 16 : 0
    }
    // The last vector may have gone beyond the row.
    sums -= <usize>(((n + 3) & ~3) - n) << 2
    rowScales += <usize>rowScaleStride << 2
    addends += <usize>addendRowStride << 2
    output += <usize>outputStride << 2
  }
}
