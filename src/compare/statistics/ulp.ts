// Distance in units in the last place: how many representable numbers lie between an element and its reference.
import { isLittleEndian } from '../../host/endianness.ts'
import type { DType } from '../../tensor/dtype.ts'
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from '../../tensor/half.ts'
import { type Block, forEachBlock, type Pairs } from '../sides/pairs.ts'
import type { ElementRule } from '../verdict/element-rule.ts'

/** Floating-point types from coarse to fine, by the bits of their fraction. */
const byPrecision: readonly DType[] = ['bfloat16', 'float16', 'float32', 'float64']

/** The coarser of the floating-point types among the two; undefined when both are integers. */
export function coarserFloat(actual: DType, reference: DType): DType | undefined {
  return byPrecision.find((dtype) => dtype === actual || dtype === reference)
}

/**
 * The greatest distance between an element and its reference, counted in steps of `dtype` after rounding both to it; in whole
 * numbers when `dtype` is undefined, for integers. Infinity when one side is not finite and the rule does not let it match.
 */
export function maxUlpDistance(pairs: Pairs, rule: ElementRule, dtype: DType | undefined): number {
  let greatest = 0
  forEachBlock(pairs, rule, (block) => {
    greatest = Math.max(greatest, maxOfBlock(block, dtype))
  })
  return greatest
}

function maxOfBlock({ count, actual, reference, diff, missed }: Block, dtype: DType | undefined): number {
  let greatest = 0
  for (let i = 0; i < count; i++) {
    if (diff[i] === 0) continue
    if (Number.isNaN(diff[i])) {
      if (missed[i] === 1) return Infinity
      continue
    }
    const distance = dtype === undefined ? diff[i] : ulpDistance(actual[i], reference[i], dtype)
    if (distance > greatest) greatest = distance
  }
  return greatest
}

const single = new Float32Array(1)
const singleBits = new Int32Array(single.buffer)
const double = new Float64Array(1)
const doubleWords = new Uint32Array(double.buffer)
const highWord = isLittleEndian ? 1 : 0

/** The distance of two finite numbers; infinite when only one of them overflows in `dtype`. */
function ulpDistance(a: number, b: number, dtype: DType): number {
  const [x, y] = [roundTo(a, dtype), roundTo(b, dtype)]
  if (x === y) return 0
  if (!Number.isFinite(x) || !Number.isFinite(y)) return Infinity
  const [high1, low1] = ordinal(x, dtype)
  const [high2, low2] = ordinal(y, dtype)
  return Math.abs((high1 - high2) * 2 ** 32 + (low1 - low2))
}

function roundTo(value: number, dtype: DType): number {
  if (dtype === 'float32') return Math.fround(value)
  if (dtype === 'float16') return float16ToFloat32(float32ToFloat16(value))
  if (dtype === 'bfloat16') return bfloat16ToFloat32(float32ToBfloat16(value))
  return value
}

/** Position of a number among all of its type, counted from zero: high and low word, both with the number's sign. */
function ordinal(value: number, dtype: DType): [high: number, low: number] {
  const sign = value < 0 ? -1 : 1
  const magnitude = Math.abs(value)
  if (dtype === 'float16') return [0, sign * float32ToFloat16(magnitude)]
  if (dtype === 'bfloat16') return [0, sign * float32ToBfloat16(magnitude)]
  if (dtype === 'float32') {
    single[0] = magnitude
    return [0, sign * singleBits[0]]
  }
  double[0] = magnitude
  return [sign * doubleWords[highWord], sign * doubleWords[1 - highWord]]
}
