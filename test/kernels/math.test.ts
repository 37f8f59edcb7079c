// Accuracy of the elementary functions, over dense samples and the corners, in units in the last place of float32.
import { describe, expect, test } from 'vitest'
import { Activation, UnaryOp } from '../../src/kernels/ncnn.ts'
import { createArena, ulpError } from './arena.ts'

const arena = createArena()
const { kernels } = arena

const corners = [
  0,
  -0,
  1,
  -1,
  0.5,
  2,
  1e-45,
  -1e-45,
  1.17549435e-38,
  -1.17549435e-38,
  3.4028234663852886e38,
  -3.4028234663852886e38,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
  88.72283,
  88.72284,
  -87.33655,
  -103.97208,
  -104,
  9.010913,
  10.05,
  0.75,
]

/** `count` numbers spread evenly over [from, to]. */
function linear(from: number, to: number, count = 20000): number[] {
  return Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1))
}

/** `count` numbers of both signs whose magnitudes spread evenly over the exponents. */
function logarithmic(from: number, to: number, count = 20000): number[] {
  return Array.from({ length: count }, (_, i) => (i % 2 ? -1 : 1) * from * (to / from) ** (i / (count - 1)))
}

/** erf by its Taylor series (small) or the continued fraction of erfc (large), in float64. */
function erf(x: number): number {
  return Math.abs(x) < 2 ? erfSeries(x) : Math.sign(x) * (1 - erfcFraction(Math.abs(x)))
}

function erfSeries(x: number): number {
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-18; n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return sum === 0 ? x : (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

function erfcFraction(x: number): number {
  let fraction = 0
  for (let k = 300; k >= 1; k--) fraction = k / 2 / (x + fraction)
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction)
}

type Kernel = (input: number, output: number, n: number) => void

function worst(kernel: Kernel, exact: (x: number) => number, samples: number[]) {
  const inputs = Float32Array.from(samples)
  const input = arena.put(inputs)
  const output = arena.floats(inputs.length)
  kernel(input, output, inputs.length)
  const results = arena.read(output, inputs.length)
  arena.reset()
  let error = 0
  let at = 0
  results.forEach((result, i) => {
    const ulp = ulpError(result, exact(inputs[i] ?? 0))
    if (ulp > error) [error, at] = [ulp, inputs[i] ?? 0]
  })
  return { error, at }
}

const op =
  (code: number): Kernel =>
  (input, output, n) =>
    kernels.unary({ op: code, input, output, n })
const activation =
  (code: number): Kernel =>
  (input, output, n) =>
    kernels.activate({ activation: code, input, output, n })

describe('correct to 0.501 ulp', () => {
  test.each<[string, Kernel, (x: number) => number, number[]]>([
    ['exp', op(UnaryOp.exp), Math.exp, [...linear(-105, 90), ...linear(-1, 1), ...logarithmic(1e-44, 1)]],
    ['log', op(UnaryOp.log), Math.log, [...logarithmic(1e-44, 3e38), ...linear(0.5, 2), ...linear(0.999, 1.001)]],
    ['sin', op(UnaryOp.sin), Math.sin, [...linear(-20, 20), ...linear(-140000, 140000), ...logarithmic(1e-44, 3e38)]],
    ['cos', op(UnaryOp.cos), Math.cos, [...linear(-20, 20), ...linear(-140000, 140000), ...logarithmic(1e-44, 3e38)]],
    ['tanh', op(UnaryOp.tanh), Math.tanh, [...linear(-11, 11), ...logarithmic(1e-44, 20)]],
    ['erf', activation(Activation.erf), erf, [...linear(-5, 5), ...logarithmic(1e-44, 20)]],
    ['tan', op(UnaryOp.tan), Math.tan, linear(-20, 20)],
    ['asin', op(UnaryOp.asin), Math.asin, linear(-1.1, 1.1)],
    ['acos', op(UnaryOp.acos), Math.acos, linear(-1.1, 1.1)],
    ['atan', op(UnaryOp.atan), Math.atan, logarithmic(1e-10, 1e10)],
    ['log10', op(UnaryOp.log10), Math.log10, logarithmic(1e-44, 3e38)],
    ['expm1', op(UnaryOp.expm1), Math.expm1, [...linear(-100, 89), ...logarithmic(1e-44, 1)]],
    ['sinh', op(UnaryOp.sinh), Math.sinh, linear(-90, 90)],
    ['cosh', op(UnaryOp.cosh), Math.cosh, linear(-90, 90)],
    ['asinh', op(UnaryOp.asinh), Math.asinh, logarithmic(1e-40, 1e38)],
    ['acosh', op(UnaryOp.acosh), Math.acosh, linear(0.5, 100)],
    ['atanh', op(UnaryOp.atanh), Math.atanh, linear(-1.1, 1.1)],
    ['log1p', op(UnaryOp.log1p), Math.log1p, [...linear(-1.1, 10), ...logarithmic(1e-44, 1)]],
  ])('%s', (_, kernel, exact, samples) => {
    expect(worst(kernel, exact, samples)).toEqual({
      error: expect.toSatisfy((e: number) => e < 0.501),
      at: expect.any(Number),
    })
    expect(worst(kernel, exact, corners)).toEqual({
      error: expect.toSatisfy((e: number) => e < 0.501),
      at: expect.any(Number),
    })
  })
})

describe('exact', () => {
  const even = (x: number) => {
    const floor = Math.floor(x)
    if (x - floor !== 0.5) return Math.round(x)
    return floor % 2 === 0 ? floor : floor + 1
  }
  test.each<[string, number, (x: number) => number]>([
    ['abs', UnaryOp.abs, Math.abs],
    ['neg', UnaryOp.neg, (x) => -x],
    ['floor', UnaryOp.floor, Math.floor],
    ['ceil', UnaryOp.ceil, Math.ceil],
    ['square', UnaryOp.square, (x) => x * x],
    ['sqrt', UnaryOp.sqrt, Math.sqrt],
    ['rsqrt', UnaryOp.rsqrt, (x) => 1 / Math.fround(Math.sqrt(x))],
    ['reciprocal', UnaryOp.reciprocal, (x) => 1 / x],
    ['round, ties to even', UnaryOp.round, even],
    ['trunc', UnaryOp.trunc, Math.trunc],
    ['sign, 0 for NaN', UnaryOp.sign, (x) => (x > 0 ? 1 : x < 0 ? -1 : 0)],
  ])('%s', (_, code, exact) => {
    const samples = [...linear(-9, 9, 73), ...logarithmic(1e-44, 3e38, 500), ...corners]
    const kernel = op(code)
    const inputs = Float32Array.from(samples)
    const pointer = arena.put(inputs)
    kernel(pointer, pointer, inputs.length)
    const results = arena.read(pointer, inputs.length)
    arena.reset()
    results.forEach((result, i) => {
      const expected = Math.fround(exact(inputs[i] ?? 0))
      if (!(result === expected || (Number.isNaN(result) && Number.isNaN(expected)))) {
        expect.fail(`${inputs[i]} gives ${result} instead of ${expected}`)
      }
    })
  })
})

test('any length, in place, without a step beyond', () => {
  for (let n = 1; n < 20; n++) {
    const pointer = arena.put(linear(-2, 2, n + 1).slice(0, n))
    const before = arena.read(pointer, n)
    kernels.unary({ op: UnaryOp.exp, input: pointer, output: pointer, n })
    const results = arena.read(pointer, n)
    results.forEach((result, i) => {
      expect(ulpError(result, Math.exp(before[i] ?? 0))).toBeLessThan(0.51)
    })
    arena.reset()
  }
})
