// Reductions, softmax and normalizations against float64.
import { describe, expect, test } from 'vitest'
import { ReduceOp } from '../../src/kernels/ncnn.ts'
import { expectAtMost } from '../in-loops.ts'
import { createArena, randomFloats, ulpError } from './arena.ts'

const arena = createArena()
const { kernels } = arena

const shapes = [
  [1, 1, 1],
  [1, 9, 1],
  [3, 31, 1],
  [2, 1000, 1],
  [1, 5, 3],
  [4, 7, 8],
  [2, 33, 13],
] as const

/** The values along the middle axis of [outer][length][inner]. */
function line(values: Float32Array, length: number, inner: number, o: number, i: number): number[] {
  return Array.from({ length }, (_, l) => values[(o * length + l) * inner + i] ?? 0)
}

const add = (x: number, y: number) => x + y
const reductions: Record<keyof typeof ReduceOp, (values: number[]) => number> = {
  sum: (v) => v.reduce(add, 0),
  asum: (v) => v.map(Math.abs).reduce(add, 0),
  sumsq: (v) => v.map((x) => x * x).reduce(add, 0),
  max: (v) => Math.max(...v),
  min: (v) => Math.min(...v),
  prod: (v) => v.reduce((x, y) => x * y, 1),
  sumexp: (v) => v.map((x) => Math.fround(Math.exp(x))).reduce(add, 0),
}

describe.each(shapes)('[%i][%i][%i]', (outer, length, inner) => {
  const values = randomFloats(outer * length * inner, 4).map((x) => x * 3 + 0.5)

  test.each(Object.entries(ReduceOp))('%s', (name, op) => {
    const output = arena.floats(outer * inner)
    kernels.reduce({ op, input: arena.put(values), output, outer, length, inner, coefficient: 0.25 })
    const results = arena.read(output, outer * inner)
    arena.reset()
    const scale = name === 'sum' ? reductions.asum : undefined
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        const v = line(values, length, inner, o, i)
        const expected = 0.25 * reductions[name as keyof typeof ReduceOp](v)
        const result = results[o * inner + i] ?? 0
        // A sum with cancellation is held to the size of its terms, everything else to its own last place.
        const error = scale ? Math.abs(result - expected) / (0.25 * scale(v)) / 2 ** -23 : ulpError(result, expected)
        expectAtMost(error, 0.51)
      }
    }
  })

  test('softmax', () => {
    const data = arena.put(values)
    kernels.softmax({ input: data, output: data, outer, length, inner })
    const results = arena.read(data, values.length)
    arena.reset()
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        const v = line(values, length, inner, o, i)
        const top = Math.max(...v)
        const exps = v.map((x) => Math.exp(Math.fround(x - top)))
        const sum = exps.reduce(add, 0)
        const errors = line(results, length, inner, o, i).map((result, l) => ulpError(result, exps[l] / sum))
        expect(Math.max(...errors)).toBeLessThan(2)
      }
    }
  })
})

test('softmax of a row with infinities and of large numbers', () => {
  const data = arena.put([1000, 1001, Number.NEGATIVE_INFINITY, 1000])
  kernels.softmax({ input: data, output: data, outer: 1, length: 4, inner: 1 })
  const e = Math.exp(-1)
  const expected = [e, 1, 0, e].map((x) => x / (1 + 2 * e))
  arena.read(data, 4).forEach((result, i) => {
    expectAtMost(ulpError(result, expected[i] ?? 0), 2)
  })
  arena.reset()
})

/** (x - mean) / sqrt(variance + eps) in float64. */
function standardised(values: number[], eps: number): number[] {
  const mean = values.reduce(add, 0) / values.length
  const variance = values.map((x) => (x - mean) ** 2).reduce(add, 0) / values.length
  return values.map((x) => (x - mean) / Math.sqrt(variance + eps))
}

describe.each([
  [1, 1],
  [2, 3],
  [3, 4],
  [2, 31],
  [5, 768],
])('normalization of %i rows of %i', (rows, n) => {
  const values = randomFloats(rows * n, 6).map((x) => x * 2 + 1)
  const gamma = randomFloats(n, 7)
  const beta = randomFloats(n, 8)
  const row = (array: Float32Array, r: number) => [...array.slice(r * n, (r + 1) * n)]

  test.each([true, false])('layerNorm, affine: %s', (affine) => {
    const data = arena.put(values)
    kernels.layerNorm({
      input: data,
      output: data,
      rows,
      n,
      gamma: affine ? arena.put(gamma) : 0,
      beta: affine ? arena.put(beta) : 0,
      eps: 1e-3,
    })
    const results = arena.read(data, values.length)
    arena.reset()
    for (let r = 0; r < rows; r++) {
      const expected = standardised(row(values, r), Math.fround(1e-3))
      const errors = row(results, r).map((result, i) => {
        const exact = affine ? expected[i] * gamma[i] + beta[i] : expected[i]
        return Math.abs(result - exact)
      })
      // x * a + b cancels near the mean, where ncnn's formula loses as much.
      expect(Math.max(...errors)).toBeLessThan(1e-6)
    }
  })

  test.each([true, false])('rmsNorm, affine: %s', (affine) => {
    const data = arena.put(values)
    kernels.rmsNorm({ input: data, output: data, rows, n, gamma: affine ? arena.put(gamma) : 0, eps: 1e-3 })
    const results = arena.read(data, values.length)
    arena.reset()
    for (let r = 0; r < rows; r++) {
      const v = row(values, r)
      const rms = Math.sqrt(v.map((x) => x * x).reduce(add, 0) / n + Math.fround(1e-3))
      row(results, r).forEach((result, i) => {
        const exact = ((v[i] ?? 0) / rms) * (affine ? (gamma[i] ?? 0) : 1)
        expectAtMost(ulpError(result, exact), 3)
      })
    }
  })
})

test.each([
  [2, 3, 5],
  [4, 1, 49],
  [1, 6, 16],
])('groupNorm of %i groups of %i channels of %i', (groups, channels, n) => {
  const size = channels * n
  const values = randomFloats(groups * size, 6)
  const gamma = randomFloats(groups * channels, 7)
  const beta = randomFloats(groups * channels, 8)
  const data = arena.put(values)
  kernels.groupNorm({
    input: data,
    output: data,
    groups,
    channels,
    n,
    gamma: arena.put(gamma),
    beta: arena.put(beta),
    eps: 1e-5,
  })
  const results = arena.read(data, values.length)
  arena.reset()
  for (let g = 0; g < groups; g++) {
    standardised([...values.slice(g * size, (g + 1) * size)], 1e-5).forEach((x, i) => {
      const q = g * channels + Math.floor(i / n)
      const exact = x * (gamma[q] ?? 0) + (beta[q] ?? 0)
      expectAtMost(Math.abs((results[g * size + i] ?? 0) - exact), 1e-6)
    })
  }
})
