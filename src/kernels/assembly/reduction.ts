// Reductions over an axis, softmax, and the normalizations. Sums are taken in float64 on eight lanes, in a fixed order, and rounded
// once: the error of a long float32 sum is not what a comparison should find.
import { highHalf, joinHalves, lowHalf } from './halves'
import { storeFirst } from './lanes'
import { exp4 } from './math'

const SUM: i32 = 0
const ASUM: i32 = 1
const SUMSQ: i32 = 2
const MAX: i32 = 4
const MIN: i32 = 5
const PROD: i32 = 6
const SUMEXP: i32 = 10

const LARGEST: f32 = 3.4028234663852886e38

/** The first `rest` lanes (1 to 3), the others from `filler`. */
// @ts-ignore: decorator
@inline
function firstLanes(v: v128, rest: i32, filler: v128): v128 {
  return v128.bitselect(v, filler, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(rest)))
}

// @ts-ignore: decorator
@inline
function sumLanes(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1)
}

// One class for each kind of summand, for the reason given in activation.ts: what is done to four floats, and then in float64.

class Plain {
  @inline term(v: v128): v128 {
    return v
  }
  @inline widened(v: v128, center: v128): v128 {
    return v
  }
}

class Magnitude {
  @inline term(v: v128): v128 {
    return f32x4.abs(v)
  }
  @inline widened(v: v128, center: v128): v128 {
    return v
  }
}

class Exponential {
  @inline term(v: v128): v128 {
    return exp4(v)
  }
  @inline widened(v: v128, center: v128): v128 {
    return v
  }
}

class SquaredDistance {
  @inline term(v: v128): v128 {
    return v
  }
  @inline widened(v: v128, center: v128): v128 {
    const d = f64x2.sub(v, center)
    return f64x2.mul(d, d)
  }
}

/** Sum of the terms of n floats, in float64. */
// @ts-ignore: decorator
@inline
function sumOf<T>(p: usize, n: i32, shift: f64): f64 {
  const t = changetype<T>(0), center = f64x2.splat(shift)
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0
  for (const end = p + (<usize>(n & ~7) << 2); p < end; p += 32) {
    const v = t.term(v128.load(p)), w = t.term(v128.load(p, 16))
    s0 = f64x2.add(s0, t.widened(lowHalf(v), center))
    s1 = f64x2.add(s1, t.widened(highHalf(v), center))
    s2 = f64x2.add(s2, t.widened(lowHalf(w), center))
    s3 = f64x2.add(s3, t.widened(highHalf(w), center))
  }
  let sum = sumLanes(f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3)))
  for (const end = p + (<usize>(n & 7) << 2); p < end; p += 4) {
    sum += f64x2.extract_lane(t.widened(lowHalf(t.term(v128.load32_splat(p))), center), 0)
  }
  return sum
}

export function sum(p: usize, n: i32): f64 {
  return sumOf<Plain>(p, n, 0)
}

export function sumSquares(p: usize, n: i32, shift: f64): f64 {
  return sumOf<SquaredDistance>(p, n, shift)
}

/** Largest of `start` and n floats; a NaN never wins, as with std::max(best, x). */
export function maximum(p: usize, n: i32, start: f32): f32 {
  const first = f32x4.splat(start)
  let best = first
  for (const end = p + (<usize>(n & ~3) << 2); p < end; p += 16) best = f32x4.pmax(best, v128.load(p))
  if (n & 3) best = f32x4.pmax(best, firstLanes(v128.load(p), n & 3, first))
  best = f32x4.pmax(best, i64x2.shuffle(best, best, 1, 0))
  best = f32x4.pmax(best, i32x4.shuffle(best, best, 1, 0, 3, 2))
  return f32x4.extract_lane(best, 0)
}

export function minimum(p: usize, n: i32, start: f32): f32 {
  const first = f32x4.splat(start)
  let best = first
  for (const end = p + (<usize>(n & ~3) << 2); p < end; p += 16) best = f32x4.pmin(best, v128.load(p))
  if (n & 3) best = f32x4.pmin(best, firstLanes(v128.load(p), n & 3, first))
  best = f32x4.pmin(best, i64x2.shuffle(best, best, 1, 0))
  best = f32x4.pmin(best, i32x4.shuffle(best, best, 1, 0, 3, 2))
  return f32x4.extract_lane(best, 0)
}

function product(p: usize, n: i32): f64 {
  let result: f64 = 1
  for (const end = p + (<usize>n << 2); p < end; p += 4) result *= <f64>load<f32>(p)
  return result
}

function reduceRow(op: i32, p: usize, n: i32): f64 {
  switch (op) {
    case SUM: return sum(p, n)
    case ASUM: return sumOf<Magnitude>(p, n, 0)
    case SUMSQ: return sumSquares(p, n, 0)
    case MAX: return maximum(p, n, -LARGEST)
    case MIN: return minimum(p, n, LARGEST)
    case PROD: return product(p, n)
    default: return sumOf<Exponential>(p, n, 0)
  }
}

/** The same down four neighbouring columns, `step` bytes from row to row. */
// @ts-ignore: decorator
@inline
function sumColumns<T>(p: usize, length: i32, step: usize): v128 {
  const t = changetype<T>(0), center = f64x2.splat(0)
  let low = center, high = center
  for (let i = 0; i < length; i++, p += step) {
    const v = t.term(v128.load(p))
    low = f64x2.add(low, t.widened(lowHalf(v), center))
    high = f64x2.add(high, t.widened(highHalf(v), center))
  }
  return joinHalves(low, high)
}

function maximumColumns(p: usize, length: i32, step: usize): v128 {
  let best = f32x4.splat(-LARGEST)
  for (let i = 0; i < length; i++, p += step) best = f32x4.pmax(best, v128.load(p))
  return best
}

function minimumColumns(p: usize, length: i32, step: usize): v128 {
  let best = f32x4.splat(LARGEST)
  for (let i = 0; i < length; i++, p += step) best = f32x4.pmin(best, v128.load(p))
  return best
}

function productColumns(p: usize, length: i32, step: usize): v128 {
  let low = f64x2.splat(1), high = low
  for (let i = 0; i < length; i++, p += step) {
    const v = v128.load(p)
    low = f64x2.mul(low, lowHalf(v))
    high = f64x2.mul(high, highHalf(v))
  }
  return joinHalves(low, high)
}

function reduceColumns(op: i32, p: usize, length: i32, step: usize): v128 {
  switch (op) {
    case SUM: return sumColumns<Plain>(p, length, step)
    case ASUM: return sumColumns<Magnitude>(p, length, step)
    case SUMSQ: return sumColumns<SquaredDistance>(p, length, step)
    case MAX: return maximumColumns(p, length, step)
    case MIN: return minimumColumns(p, length, step)
    case PROD: return productColumns(p, length, step)
    default: return sumColumns<Exponential>(p, length, step)
  }
}

export function reduce(op: i32, input: usize, output: usize, outer: i32, length: i32, inner: i32, coefficient: f32): void {
  const step = <usize>inner << 2, size = <usize>length * step
  for (let o = 0; o < outer; o++, input += size) {
    if (inner == 1) {
      store<f32>(output, <f32>reduceRow(op, input, length) * coefficient)
      output += 4
      continue
    }
    for (let i = 0; i < inner; i += 4) {
      const v = f32x4.mul(reduceColumns(op, input + (<usize>i << 2), length, step), f32x4.splat(coefficient))
      if (inner - i >= 4) v128.store(output, v)
      else storeFirst(output, v, inner - i)
      output += <usize>min(inner - i, 4) << 2
    }
  }
}

// Softmax ------------------------------------------------------------------------------------------------------------

function softmaxRow(input: usize, output: usize, n: i32): void {
  const shift = f32x4.splat(maximum(input, n, -LARGEST)), whole = <usize>(n & ~3) << 2, rest = n & 3
  let low = f64x2.splat(0), high = low
  for (let i: usize = 0; i < whole; i += 16) {
    const e = exp4(f32x4.sub(v128.load(input + i), shift))
    v128.store(output + i, e)
    low = f64x2.add(low, lowHalf(e))
    high = f64x2.add(high, highHalf(e))
  }
  if (rest) {
    const e = firstLanes(exp4(f32x4.sub(v128.load(input + whole), shift)), rest, f32x4.splat(0))
    storeFirst(output + whole, e, rest)
    low = f64x2.add(low, lowHalf(e))
    high = f64x2.add(high, highHalf(e))
  }
  const total = f32x4.splat(<f32>sumLanes(f64x2.add(low, high)))
  for (let i: usize = 0; i < whole; i += 16) v128.store(output + i, f32x4.div(v128.load(output + i), total))
  if (rest) storeFirst(output + whole, f32x4.div(v128.load(output + whole), total), rest)
}

/** Softmax down up to four neighbouring columns, `step` bytes from row to row. */
function softmaxColumns(input: usize, output: usize, length: i32, step: usize, lanes: i32): void {
  const size = <usize>length * step
  let shift = f32x4.splat(-LARGEST)
  for (let i: usize = 0; i < size; i += step) shift = f32x4.pmax(shift, v128.load(input + i))
  let low = f64x2.splat(0), high = low
  for (let i: usize = 0; i < size; i += step) {
    const e = exp4(f32x4.sub(v128.load(input + i), shift))
    if (lanes >= 4) v128.store(output + i, e)
    else storeFirst(output + i, e, lanes)
    low = f64x2.add(low, lowHalf(e))
    high = f64x2.add(high, highHalf(e))
  }
  const total = joinHalves(low, high)
  for (let i: usize = 0; i < size; i += step) {
    const y = f32x4.div(v128.load(output + i), total)
    if (lanes >= 4) v128.store(output + i, y)
    else storeFirst(output + i, y, lanes)
  }
}

export function softmax(input: usize, output: usize, outer: i32, length: i32, inner: i32): void {
  const step = <usize>inner << 2, size = <usize>length * step
  for (let o = 0; o < outer; o++, input += size, output += size) {
    if (inner == 1) softmaxRow(input, output, length)
    else for (let i = 0; i < inner; i += 4) softmaxColumns(input + (<usize>i << 2), output + (<usize>i << 2), length, step, inner - i)
  }
}

// Normalization ------------------------------------------------------------------------------------------------------

/** (x * a + b) * gamma + beta with one gamma and beta for the row, or one for each element, or none. */
function affineRow(input: usize, output: usize, n: i32, a: f32, b: f32, gamma: usize, beta: usize, step: usize): void {
  const scale = f32x4.splat(a), shift = f32x4.splat(b)
  for (let rest = n; rest > 0; rest -= 4, input += 16, output += 16) {
    let v = f32x4.add(f32x4.mul(v128.load(input), scale), shift)
    if (gamma) {
      const g = step ? v128.load(gamma) : v128.load32_splat(gamma), t = step ? v128.load(beta) : v128.load32_splat(beta)
      v = f32x4.add(f32x4.mul(v, g), t)
      gamma += step
      beta += step
    }
    if (rest >= 4) v128.store(output, v)
    else storeFirst(output, v, rest)
  }
}

export function layerNorm(input: usize, output: usize, rows: i32, n: i32, gamma: usize, beta: usize, eps: f32): void {
  const size = <usize>n << 2
  for (let r = 0; r < rows; r++, input += size, output += size) {
    const mean = sum(input, n) / n
    const variance = <f32>(sumSquares(input, n, mean) / n)
    const a: f32 = <f32>1 / sqrt<f32>(variance + eps)
    affineRow(input, output, n, a, <f32>-mean * a, gamma, beta, 16)
  }
}

export function rmsNorm(input: usize, output: usize, rows: i32, n: i32, gamma: usize, eps: f32): void {
  const size = <usize>n << 2
  for (let r = 0; r < rows; r++, input += size, output += size) {
    const a: f32 = <f32>1 / sqrt<f32>(<f32>(sumSquares(input, n, 0) / n) + eps)
    const scale = f32x4.splat(a)
    for (let i = 0; i < n; i += 4) {
      const at = <usize>i << 2
      let v = f32x4.mul(v128.load(input + at), scale)
      if (gamma) v = f32x4.mul(v, v128.load(gamma + at))
      if (n - i >= 4) v128.store(output + at, v)
      else storeFirst(output + at, v, n - i)
    }
  }
}

export function groupNorm(
  input: usize, output: usize, groups: i32, channels: i32, n: i32, gamma: usize, beta: usize, eps: f32,
): void {
  const size = <usize>n << 2, count = channels * n
  for (let g = 0; g < groups; g++) {
    const mean = sum(input, count) / count
    const variance = <f32>(sumSquares(input, count, mean) / count)
    const a: f32 = <f32>1 / sqrt<f32>(variance + eps)
    for (let q = 0; q < channels; q++, input += size, output += size) {
      affineRow(input, output, n, a, <f32>-mean * a, gamma, beta, 0)
      if (gamma) gamma += 4, beta += 4
    }
  }
}
