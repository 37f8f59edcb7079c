// Along a sequence: running sums and rotary embeddings.
import { highHalf, joinHalves, lowHalf } from './halves'
import { storeFirst, storeLanes } from './lanes'

export function cumulativeSum(input: usize, output: usize, outer: i32, length: i32, inner: i32): void {
  const step = <usize>inner << 2
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i += 4) {
      const lanes = inner - i
      let sum = f32x4.splat(0)
      for (let k = 0; k < length; k++) {
        const at = <usize>k * step + (<usize>i << 2)
        // The first element as it is: 0 + -0 would be 0.
        sum = k ? f32x4.add(sum, v128.load(input + at)) : v128.load(input + at)
        storeLanes(output + at, sum, lanes)
      }
    }
    input += <usize>length * step
    output += <usize>length * step
  }
}

/** x1 c - x2 s and x1 s + x2 c of four pairs, in float64, each rounded once. */
// @ts-ignore: decorator
@inline
function turned(x1: v128, x2: v128, c: v128, s: v128, second: bool): v128 {
  const a = second ? s : c, b = second ? c : s
  const low1 = f64x2.mul(lowHalf(x1), lowHalf(a))
  const low2 = f64x2.mul(lowHalf(x2), lowHalf(b))
  const high1 = f64x2.mul(highHalf(x1), highHalf(a)), high2 = f64x2.mul(highHalf(x2), highHalf(b))
  return second
    ? joinHalves(f64x2.add(low1, low2), f64x2.add(high1, high2))
    : joinHalves(f64x2.sub(low1, low2), f64x2.sub(high1, high2))
}

export function rotate(
  input: usize, cosines: usize, sines: usize, output: usize, heads: i32, steps: i32, width: i32, tableWidth: i32, interleaved: i32,
): void {
  const pairs = width >> 1, half = <usize>pairs << 2, row = <usize>width << 2, tableRow = <usize>tableWidth << 2
  // Tables as wide as the input have values of their own for the second halves.
  const second = tableWidth == width ? half : 0
  for (let head = 0; head < heads; head++) {
    let cos = cosines, sin = sines
    for (let step = 0; step < steps; step++, input += row, output += row, cos += tableRow, sin += tableRow) {
      for (let i = 0; i < pairs; i += 4) {
        const at = <usize>i << 2, lanes = pairs - i
        const c = v128.load(cos + at), s = v128.load(sin + at)
        if (!interleaved) {
          const x1 = v128.load(input + at), x2 = v128.load(input + half + at)
          const c2 = v128.load(cos + second + at), s2 = v128.load(sin + second + at)
          const y1 = turned(x1, x2, c, s, false), y2 = turned(x1, x2, c2, s2, true)
          storeLanes(output + at, y1, lanes), storeLanes(output + half + at, y2, lanes)
          continue
        }
        const v = v128.load(input + 2 * at), w = v128.load(input + 2 * at, 16)
        const x1 = i32x4.shuffle(v, w, 0, 2, 4, 6), x2 = i32x4.shuffle(v, w, 1, 3, 5, 7)
        const y1 = turned(x1, x2, c, s, false), y2 = turned(x1, x2, c, s, true)
        const low = i32x4.shuffle(y1, y2, 0, 4, 1, 5), high = i32x4.shuffle(y1, y2, 2, 6, 3, 7)
        const to = output + 2 * at
        if (lanes >= 2) v128.store(to, low)
        else storeFirst(to, low, 2)
        if (lanes >= 4) v128.store(to, high, 16)
        else if (lanes == 3) storeFirst(to + 16, high, 2)
      }
    }
  }
}
