// Division by what neighbours add up to: Normalize, MVN and LRN. Computed in float64 and rounded once, like the sums of reduction.ts.
import { highHalf, joinHalves, lowHalf } from './halves'
import { storeLanes } from './lanes'
import { sum, sumSquares } from './reduction'

const CAFFE: i32 = 0
const PYTORCH: i32 = 1

/** 1 / the length of a vector, from the sum of its squares; by `mode` as caffe, PyTorch or TensorFlow guard it against 0. */
// @ts-ignore: decorator
@inline
function inverseLength(squares: f64, eps: f64, mode: i32): f64 {
  if (mode == CAFFE) return 1 / sqrt<f64>(squares + eps)
  if (mode == PYTORCH) return 1 / Math.max(sqrt<f64>(squares), eps)
  return 1 / sqrt<f64>(Math.max(squares, eps))
}

/** (x * factor) * scale for n floats. */
function scaleRow(input: usize, output: usize, n: i32, factor: f64, scale: f64): void {
  const f = f64x2.splat(factor), s = f64x2.splat(scale)
  for (; n > 0; n -= 4, input += 16, output += 16) {
    const v = v128.load(input)
    const low = f64x2.mul(f64x2.mul(lowHalf(v), f), s)
    storeLanes(output, joinHalves(low, f64x2.mul(f64x2.mul(highHalf(v), f), s)), n)
  }
}

export function normalizeChannels(
  input: usize, output: usize, vectors: i32, channels: i32, n: i32, eps: f64, mode: i32, scale: usize, scaleStep: i32,
): void {
  const bytes = <usize>n << 2
  for (let v = 0; v < vectors; v++) {
    const factor = inverseLength(sumSquares(input, channels * n, 0), eps, mode)
    for (let q = 0; q < channels; q++, input += bytes, output += bytes, scale += <usize>scaleStep << 2) {
      scaleRow(input, output, n, factor, <f64>load<f32>(scale))
    }
  }
}

export function normalizePositions(
  input: usize, output: usize, channels: i32, n: i32, eps: f64, mode: i32, scale: usize, scaleStep: i32,
): void {
  const step = <usize>n << 2, size = <usize>channels * step
  for (let i = 0; i < n; i += 4, input += 16, output += 16) {
    const lanes = n - i
    let low = f64x2.splat(0), high = low
    for (let at: usize = 0; at < size; at += step) {
      const v = v128.load(input + at)
      const a = lowHalf(v), b = highHalf(v)
      low = f64x2.add(low, f64x2.mul(a, a))
      high = f64x2.add(high, f64x2.mul(b, b))
    }
    low = f64x2(
      inverseLength(f64x2.extract_lane(low, 0), eps, mode), inverseLength(f64x2.extract_lane(low, 1), eps, mode),
    )
    high = f64x2(
      inverseLength(f64x2.extract_lane(high, 0), eps, mode), inverseLength(f64x2.extract_lane(high, 1), eps, mode),
    )
    let factor = scale
    for (let at: usize = 0; at < size; at += step, factor += <usize>scaleStep << 2) {
      const v = v128.load(input + at), s = f64x2.splat(<f64>load<f32>(factor))
      const y = f64x2.mul(f64x2.mul(lowHalf(v), low), s)
      storeLanes(output + at, joinHalves(y, f64x2.mul(f64x2.mul(highHalf(v), high), s)), lanes)
    }
  }
}

export function standardize(input: usize, output: usize, rows: i32, n: i32, divides: i32, eps: f64): void {
  for (let row = 0; row < rows; row++) {
    const mean = sum(input, n) / n, center = f64x2.splat(mean)
    const divisor = f64x2.splat(divides ? sqrt<f64>(sumSquares(input, n, mean) / n) + eps : 1)
    for (let rest = n; rest > 0; rest -= 4, input += 16, output += 16) {
      const v = v128.load(input)
      const low = f64x2.div(f64x2.sub(lowHalf(v), center), divisor)
      storeLanes(output, joinHalves(low, f64x2.div(f64x2.sub(highHalf(v), center), divisor)), rest)
    }
    input -= <usize>((4 - (n & 3)) & 3) << 2
    output -= <usize>((4 - (n & 3)) & 3) << 2
  }
}

export function squareWindows(
  input: usize, output: usize, length: i32, inner: i32, before: i32, after: i32, factor: f64, offset: f64,
): void {
  const step = <usize>inner << 2, f = f64x2.splat(factor), o = f64x2.splat(offset)
  for (let k = 0; k < length; k++, output += step) {
    const from = input + <usize>max(k - before, 0) * step, end = input + <usize>(min(k + after, length - 1) + 1) * step
    for (let i = 0; i < inner; i += 4) {
      const at = <usize>i << 2
      let low = f64x2.splat(0), high = low
      for (let p = from + at; p < end + at; p += step) {
        const v = v128.load(p)
        const a = lowHalf(v), b = highHalf(v)
        low = f64x2.add(low, f64x2.mul(a, a))
        high = f64x2.add(high, f64x2.mul(b, b))
      }
      storeLanes(output + at, joinHalves(f64x2.add(o, f64x2.mul(f, low)), f64x2.add(o, f64x2.mul(f, high))), inner - i)
    }
  }
}
