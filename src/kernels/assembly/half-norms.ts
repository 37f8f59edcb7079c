// Mean and variance of channels of halves, in float32 and in the order in which ncnn's ARM code adds up.
import { highHalf, joinHalves, lowHalf } from './halves'

/** sum + d * d, rounded once. */
// @ts-ignore: decorator
@inline
function addSquare(sum: v128, d: v128): v128 {
  const a = lowHalf(d), b = highHalf(d)
  return joinHalves(f64x2.add(lowHalf(sum), f64x2.mul(a, a)), f64x2.add(highHalf(sum), f64x2.mul(b, b)))
}

/** Adds to `sum` what four elements of four channels, one vector of each, are, or the squares of their distances from the means. */
// @ts-ignore: decorator
@inline
function addFour(sum: v128, a: v128, b: v128, c: v128, d: v128, means: v128, squares: bool): v128 {
  const ab = i32x4.shuffle(a, b, 0, 4, 1, 5), cd = i32x4.shuffle(c, d, 0, 4, 1, 5)
  const abHigh = i32x4.shuffle(a, b, 2, 6, 3, 7), cdHigh = i32x4.shuffle(c, d, 2, 6, 3, 7)
  sum = addOne(sum, i64x2.shuffle(ab, cd, 0, 2), means, squares)
  sum = addOne(sum, i64x2.shuffle(ab, cd, 1, 3), means, squares)
  sum = addOne(sum, i64x2.shuffle(abHigh, cdHigh, 0, 2), means, squares)
  return addOne(sum, i64x2.shuffle(abHigh, cdHigh, 1, 3), means, squares)
}

// @ts-ignore: decorator
@inline
function addOne(sum: v128, x: v128, means: v128, squares: bool): v128 {
  return squares ? addSquare(sum, f32x4.sub(x, means)) : f32x4.add(sum, x)
}

/** One sum for each of four channels, `size` elements apart, takes all its elements. */
// @ts-ignore: decorator
@inline
function sumChannels(p: usize, size: i32, means: v128, squares: bool): v128 {
  const step = <usize>size << 2, end = p + step
  let sum = f32x4.splat(0)
  for (; p + 16 <= end; p += 16) {
    sum = addFour(sum, v128.load(p), v128.load(p + step), v128.load(p + 2 * step), v128.load(p + 3 * step), means, squares)
  }
  for (; p < end; p += 4) {
    let x = v128.load32_lane(p + step, v128.load32_zero(p), 1)
    x = v128.load32_lane(p + 3 * step, v128.load32_lane(p + 2 * step, x, 2), 3)
    sum = addOne(sum, x, means, squares)
  }
  return sum
}

/** Four sums take the elements of one channel in turn, the first of them what is left. */
// @ts-ignore: decorator
@inline
function sumInTurn(p: usize, size: i32, mean: v128, squares: bool): v128 {
  const end = p + (<usize>size << 2)
  let sum = f32x4.splat(0)
  for (; p + 16 <= end; p += 16) sum = addOne(sum, v128.load(p), mean, squares)
  sum = f32x4.add(sum, i32x4.shuffle(sum, sum, 1, 0, 3, 2))
  sum = f32x4.add(sum, i32x4.shuffle(sum, sum, 2, 3, 0, 1))
  for (; p < end; p += 4) sum = addOne(sum, v128.load32_splat(p), mean, squares)
  return sum
}

export function halfMoments(input: usize, channels: i32, n: i32, inBlocks: i32, means: usize, variances: usize): void {
  const size = f32x4.splat(<f32>n), bytes = <usize>n << 2
  if (inBlocks) {
    const share = f32x4.div(f32x4.splat(1), size)
    for (let q = 0; q < channels; q += 4, input += bytes << 2, means += 16, variances += 16) {
      const mean = f32x4.mul(sumChannels(input, n, size, false), share)
      v128.store(means, mean)
      v128.store(variances, f32x4.mul(sumChannels(input, n, mean, true), share))
    }
    return
  }
  for (let q = 0; q < channels; q++, input += bytes, means += 4, variances += 4) {
    const mean = f32x4.div(sumInTurn(input, n, size, false), size)
    v128.store32_lane(means, mean, 0)
    v128.store32_lane(variances, f32x4.div(sumInTurn(input, n, mean, true), size), 0)
  }
}
