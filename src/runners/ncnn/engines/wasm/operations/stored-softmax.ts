// Softmax of elements that are stored in 16 bits: exponentials are stored before they are divided by their sum, and where that is float16
// everything is computed in it.
// Source: Tencent/ncnn, src/layer/arm/softmax_arm.cpp and softmax_arm_asimdhp.cpp.
import { HalfFunction } from '../../../../../kernels/ncnn.ts'
import type { Workspace } from '../layer.ts'
import { exp } from '../math/index.ts'
import type { Blob } from '../memory/blob.ts'
import { roundToBfloat16, roundToFloat16 } from '../precision/sums.ts'
import type { AxisView } from '../shapes/axis-view.ts'

/** y = e^(x - max) / sum along the middle axis of the view; y is x or other memory. */
export function softmaxInBfloat16(x: Blob, y: Blob, { outer, length, inner }: AxisView): void {
  const [source, target] = [x.data, y.data]
  forEachVector(outer, length, inner, (start, end) => {
    let max = -Infinity
    for (let at = start; at < end; at += inner) max = Math.max(max, source[at])
    let sum = 0
    for (let at = start; at < end; at += inner) {
      const power = Math.fround(exp(source[at] - max))
      sum += power
      target[at] = roundToBfloat16(power)
    }
    const factor = Math.fround(1 / sum)
    for (let at = start; at < end; at += inner) target[at] *= factor
  })
}

/**
 * y = e^(x - max) / sum along the middle axis of the view, every step rounded to float16.
 * @param block in how many ncnn packs the elements of the outermost axis: 8, 4 or 1
 */
export function softmaxInHalf(x: Blob, y: Blob, view: AxisView, block: number, { kernels }: Workspace): void {
  const { axis, outer, length, inner } = view
  const [source, target] = [x.data, y.data]
  forEachVector(outer, length, inner, (start, end) => {
    let max = -65504
    for (let at = start; at < end; at += inner) max = Math.max(max, source[at])
    for (let at = start; at < end; at += inner) target[at] = roundToFloat16(source[at] - max)
  })
  kernels.halfFunction({ f: HalfFunction.exp, input: y.ptr, output: y.ptr, n: y.length })
  const isVector = x.shape.length === 1
  const sum =
    inner > 1 || (axis === 0 && !isVector) ? sumOfBlocks(axis === 0 ? block : 1) : sumAlongRow(isVector ? 1 : block)
  const terms = new Float64Array(length)
  forEachVector(outer, length, inner, (start, end) => {
    for (let at = start, i = 0; at < end; at += inner, i++) terms[i] = target[at]
    const factor = roundToFloat16(1 / sum(terms))
    for (let at = start; at < end; at += inner) target[at] *= factor
  })
}

function forEachVector(
  outer: number,
  length: number,
  inner: number,
  visit: (start: number, end: number) => void,
): void {
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const start = o * length * inner + i
      visit(start, start + length * inner)
    }
  }
}

type Sum = (terms: Float64Array) => number

const add = (a: number, b: number): number => roundToFloat16(a + b)

/** Across rows: blocks are added up by pairs, then one after the other. */
function sumOfBlocks(block: number): Sum {
  const pairs = (terms: Float64Array, from: number, count: number): number =>
    count === 1 ? terms[from] : add(pairs(terms, from, count / 2), pairs(terms, from + count / 2, count / 2))
  return (terms) => {
    let sum = 0
    for (let i = 0; i < terms.length; i += block) sum = add(sum, pairs(terms, i, block))
    return sum
  }
}

/** Along a row that lies in blocks: a vector of eight halves holds 8 / block neighbours, each of which has a sum of its own. */
function sumAlongRow(block: number): Sum {
  const lanes = 8 / block
  return (terms) => {
    const sums = new Float64Array(lanes)
    const whole = terms.length - (terms.length % lanes)
    for (let i = 0; i < whole; i++) sums[i % lanes] = add(sums[i % lanes], terms[i])
    if (lanes === 1) return sums[0]
    if (lanes === 2) return add(add(sums[0], sums[1]), whole < terms.length ? terms[whole] : 0)
    // Eight sums: four terms that are left come before them, fewer after them.
    const fours = whole + (terms.length - whole >= 4 ? 4 : 0)
    const four = [0, 1, 2, 3].map((lane) =>
      add(add(fours > whole ? terms[whole + lane] : 0, sums[lane]), sums[lane + 4]),
    )
    let sum = 0
    for (let i = fours; i < terms.length; i++) sum = add(sum, terms[i])
    return add(sum, add(add(four[0], four[1]), add(four[2], four[3])))
  }
}
