// Operations on two operands with every pattern of broadcasting, and the per-channel operations.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BinaryOp } from '../../src/kernels/ncnn.ts'
import { createArena, randomFloats, ulpError } from './arena.ts'

const arena = createArena()
const { kernels } = arena
const f = Math.fround

/** IEEE remainder, for operands whose quotient is exact enough to see a tie: x - n*y with n the nearest integer, even on a tie. */
function remainder(x: number, y: number): number {
  const quotient = x / y
  const below = Math.floor(quotient)
  const n = quotient - below === 0.5 ? below + (below % 2 === 0 ? 0 : 1) : Math.round(quotient)
  return x - n * y
}

const logaddexp = (x: number, y: number) =>
  f(Math.max(x, y) + f(Math.log1p(f(Math.exp(f(Math.min(x, y) - Math.max(x, y)))))))

const formulas: Record<keyof typeof BinaryOp, (x: number, y: number) => number> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  max: Math.max,
  min: Math.min,
  pow: (x, y) => x ** y,
  rsub: (x, y) => y - x,
  rdiv: (x, y) => y / x,
  rpow: (x, y) => y ** x,
  atan2: Math.atan2,
  ratan2: (x, y) => Math.atan2(y, x),
  fmod: (x, y) => x % y,
  rfmod: (x, y) => y % x,
  logaddexp,
  floorDivide: (x, y) => Math.floor(f(x / y)),
  rfloorDivide: (x, y) => Math.floor(f(y / x)),
  remainder,
  rremainder: (x, y) => remainder(y, x),
}

type Shape = [number, number, number, number]

/** Strides of a dense array, 0 along the axes of length 1. */
function strides(shape: Shape): Shape {
  const [, b, c, d] = shape
  const dense: Shape = [b * c * d, c * d, d, 1]
  return dense.map((stride, i) => (shape[i] === 1 ? 0 : stride)) as Shape
}

const count = (shape: Shape) => shape.reduce((product, size) => product * size, 1)

describe.each(Object.entries(BinaryOp))('%s', (name, op) => {
  const formula = formulas[name as keyof typeof BinaryOp]
  test('agrees with its formula under every pattern of broadcasting', () => {
    const axis = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom('both', 'a', 'b'))
    const last = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.constantFrom('both', 'a', 'b'))
    fc.assert(
      fc.property(axis, axis, axis, last, fc.integer(), (i, j, k, l, seed) => {
        const axes = [i, j, k, l] as const
        const shape = axes.map(([size]) => size) as Shape
        const shapeA = axes.map(([size, who]) => (who === 'b' ? 1 : size)) as Shape
        const shapeB = axes.map(([size, who]) => (who === 'a' ? 1 : size)) as Shape
        // Quarters: quotients that tie, and no surprises from rounding in the reference.
        const a = randomFloats(count(shapeA), seed).map((x) => Math.round(x * 16) / 4 || 0.25)
        const b = randomFloats(count(shapeB), seed + 1).map((x) => Math.round(x * 16) / 4 || 0.5)
        const [sa, sb] = [strides(shapeA), strides(shapeB)]
        const [[a0, a1, a2, a3], [b0, b1, b2, b3], [n0, n1, n2, n3]] = [sa, sb, shape]
        const output = arena.floats(count(shape))
        kernels.binary({
          op,
          a: arena.put(a),
          a0,
          a1,
          a2,
          a3,
          b: arena.put(b),
          b0,
          b1,
          b2,
          b3,
          output,
          n0,
          n1,
          n2,
          n3,
        })
        const actual = arena.read(output, count(shape))
        arena.reset()
        let at = 0
        const place = (s: Shape, ...index: Shape) => index.reduce((sum, x, n) => sum + x * (s[n] ?? 0), 0)
        for (let p = 0; p < n0; p++)
          for (let q = 0; q < n1; q++)
            for (let r = 0; r < n2; r++)
              for (let t = 0; t < n3; t++) {
                const x = a[place(sa, p, q, r, t)] ?? 0
                const y = b[place(sb, p, q, r, t)] ?? 0
                const result = actual[at++] ?? 0
                if (!(ulpError(result, f(formula(x, y))) <= 1)) {
                  expect.fail(`${name}(${x}, ${y}) gives ${result} instead of ${formula(x, y)}`)
                }
              }
      }),
      { numRuns: 25 },
    )
  })
})

describe('pow', () => {
  const power = (x: Float32Array, y: Float32Array): Float32Array => {
    const output = arena.floats(x.length)
    kernels.binary({
      op: BinaryOp.pow,
      a: arena.put(x),
      a0: 0,
      a1: 0,
      a2: 0,
      a3: 1,
      b: arena.put(y),
      b0: 0,
      b1: 0,
      b2: 0,
      b3: 1,
      output,
      n0: 1,
      n1: 1,
      n2: 1,
      n3: x.length,
    })
    const result = arena.read(output, x.length)
    arena.reset()
    return result
  }

  test('is correct to 0.55 ulp over the whole range', () => {
    const count = 20_000
    const x = randomFloats(count, 11).map((u) => Math.abs(u) * 2 ** Math.round(u * 126))
    const y = randomFloats(count, 12).map((u) => u * 2 ** Math.round(u * 8))
    const results = power(x, y)
    let largest = 0
    for (let i = 0; i < count; i++) {
      const exact = x[i] ** y[i]
      const outside = exact > 3.4028234663852886e38 || exact < 2 ** -126
      largest = Math.max(largest, ulpError(results[i], outside ? f(exact) : exact))
    }
    expect(largest).toBeLessThan(0.55)
  })

  test('a third power is the float nearest to it', () => {
    // e^(3 log x) is nearer to the float beside it for the first six.
    const hard = [1494.68994140625, 11156.1298828125, 11309.6796875, 12134.41015625, 19648, 20917.83984375]
    const x = Float32Array.from([
      ...hard,
      ...randomFloats(400, 13).map((u) => u * 2 ** Math.round(u * 40)),
      0,
      -0,
      1e20,
    ])
    const output = arena.floats(x.length)
    const sizes = { n0: 1, n1: 1, n2: 1, n3: x.length, a0: 0, a1: 0, a2: 0, a3: 1, b0: 0, b1: 0, b2: 0, b3: 0 }
    kernels.binary({ op: BinaryOp.pow, a: arena.put(x), b: arena.put([3]), output, ...sizes })
    expect(Array.from(arena.read(output, x.length))).toEqual(Array.from(x, (base) => f(base ** 3)))
    arena.reset()
  })

  test('of negative numbers, and beside lanes that are special', () => {
    const inf = Number.POSITIVE_INFINITY
    const x = [-2, -2, -3, -1.5, 0, -0, 2, -inf, -8, 4, -2, Number.NaN, 7]
    const y = [3, -2, 2.5, 16777216, 2, -3, inf, 3, 1 / 3, 0.5, -3, 1, 0]
    const expected = x.map((base, i) => f(f(base) ** f(y[i])))
    expect(Array.from(power(Float32Array.from(x), Float32Array.from(y)))).toEqual(expected)
  })
})

test('special values', () => {
  const inf = Number.POSITIVE_INFINITY
  const nan = Number.NaN
  const one = (op: number, x: number, y: number) => {
    const output = arena.floats(1)
    kernels.binary({
      op,
      a: arena.put([x]),
      a0: 0,
      a1: 0,
      a2: 0,
      a3: 1,
      b: arena.put([y]),
      b0: 0,
      b1: 0,
      b2: 0,
      b3: 1,
      output,
      n0: 1,
      n1: 1,
      n2: 1,
      n3: 1,
    })
    const [result] = arena.read(output, 1)
    arena.reset()
    return result
  }
  expect(one(BinaryOp.max, nan, 1)).toBeNaN()
  expect(one(BinaryOp.max, 1, nan)).toBe(1)
  expect(one(BinaryOp.min, nan, 1)).toBeNaN()
  expect(one(BinaryOp.min, 1, nan)).toBe(1)
  expect(one(BinaryOp.pow, nan, 0)).toBe(1)
  expect(one(BinaryOp.pow, -8, 1 / 3)).toBeNaN()
  expect(one(BinaryOp.pow, 2, 200)).toBe(inf)
  expect(one(BinaryOp.fmod, 5, inf)).toBe(5)
  expect(one(BinaryOp.fmod, 3e38, 1e-3)).toBe(f(f(3e38) % f(1e-3)))
  const rest = Number(BigInt(f(3e38)) % 7n)
  expect(one(BinaryOp.remainder, 3e38, 7)).toBe(rest > 3 ? rest - 7 : rest)
  expect(one(BinaryOp.remainder, 5, inf)).toBe(5)
  expect(one(BinaryOp.remainder, 1, 0)).toBeNaN()
  expect(one(BinaryOp.div, 1, 0)).toBe(inf)
  expect(one(BinaryOp.logaddexp, -inf, 2)).toBe(2)
})

describe.each([
  [1, 1],
  [7, 1],
  [3, 5],
  [5, 16],
  [4, 31],
  [9, 4],
])('per channel, %i channels of %i', (outer, inner) => {
  const values = randomFloats(outer * inner, 8)
  const scale = randomFloats(outer, 9)
  const bias = randomFloats(outer, 10)

  test('prelu', () => {
    const data = arena.put(values)
    kernels.prelu({ data, slopes: arena.put(scale), outer, inner })
    const expected = values.map((x, i) => (x < 0 ? x * (scale[Math.floor(i / inner)] ?? 0) : x))
    expect(arena.read(data, values.length)).toEqual(expected)
    arena.reset()
  })

  test('scaleBias', () => {
    const data = arena.put(values)
    const output = arena.floats(values.length)
    kernels.scaleBias({ input: data, output, scale: arena.put(scale), bias: arena.put(bias), outer, inner })
    const scaled = values.map((x, i) => x * (scale[Math.floor(i / inner)] ?? 0))
    expect(arena.read(output, values.length)).toEqual(scaled.map((x, i) => x + (bias[Math.floor(i / inner)] ?? 0)))
    kernels.scaleBias({ input: data, output: data, scale: arena.put(scale), outer, inner })
    expect(arena.read(data, values.length)).toEqual(scaled)
    arena.reset()
  })
})

test.each([1, 3, 4, 7, 16, 31])('addScaled, %i elements', (n) => {
  const [x, y] = [randomFloats(n, 1), randomFloats(n, 2)]
  const output = arena.put(y)
  kernels.addScaled({ input: arena.put(x), coefficient: 0.3, output, n })
  expect(arena.read(output, n)).toEqual(y.map((value, i) => value + f(f(0.3) * (x[i] ?? 0))))
  arena.reset()
})
