// Normalize, MVN and LRN's windows against their definitions in float64, rounded once.
import { describe, expect, test } from 'vitest'
import { expectAtMost } from '../in-loops.ts'
import { createArena, randomFloats, ulpError } from './arena.ts'

const arena = createArena()
const { kernels } = arena

const shapes = [
  [1, 1],
  [3, 1],
  [1, 9],
  [4, 7],
  [2, 64],
  [5, 50],
] as const

const byMode = [
  (squares: number, eps: number) => 1 / Math.sqrt(squares + eps),
  (squares: number, eps: number) => 1 / Math.max(Math.sqrt(squares), eps),
  (squares: number, eps: number) => 1 / Math.sqrt(Math.max(squares, eps)),
]

function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  for (const [i, value] of expected.entries()) expectAtMost(ulpError(actual[i] ?? Number.NaN, value), 0.51)
}

const sumOfSquares = (values: readonly number[]): number => values.reduce((sum, x) => sum + x * x, 0)

describe.each(shapes)('[%i][%i]', (channels, n) => {
  const values = randomFloats(channels * n, 3).map((x) => x * 5)
  const scale = randomFloats(channels, 4)
  const at = (q: number, i: number): number => values[q * n + i] ?? 0
  const places = Array.from({ length: channels * n }, (_, place) => [Math.floor(place / n), place % n] as const)
  const column = (i: number): number[] => Array.from({ length: channels }, (_, q) => at(q, i))
  const row = (q: number): number[] => Array.from(values.subarray(q * n, (q + 1) * n))

  test.each([0, 1, 2])('normalizePositions, mode %i', (mode) => {
    const data = arena.put(values)
    kernels.normalizePositions({
      input: data,
      output: data,
      channels,
      n,
      eps: 0.5,
      mode,
      scale: arena.put(scale),
      scaleStep: 1,
    })
    const expected = places.map(([q, i]) => at(q, i) * byMode[mode](sumOfSquares(column(i)), 0.5) * (scale[q] ?? 0))
    expectClose(arena.read(data, values.length), expected)
    arena.reset()
  })

  test.each([0, 1, 2])('normalizeChannels, mode %i: all channels together, and each on its own', (mode) => {
    const [together, alone] = [arena.floats(values.length), arena.floats(values.length)]
    const source = arena.put(values)
    kernels.normalizeChannels({
      input: source,
      output: together,
      vectors: 1,
      channels,
      n,
      eps: 0.5,
      mode,
      scale: arena.put(scale),
      scaleStep: 1,
    })
    kernels.normalizeChannels({
      input: source,
      output: alone,
      vectors: channels,
      channels: 1,
      n,
      eps: 0.5,
      mode,
      scale: arena.put(scale),
      scaleStep: 0,
    })
    const all = byMode[mode](sumOfSquares(Array.from(values)), 0.5)
    expectClose(
      arena.read(together, values.length),
      places.map(([q, i]) => at(q, i) * all * (scale[q] ?? 0)),
    )
    expectClose(
      arena.read(alone, values.length),
      places.map(([q, i]) => at(q, i) * byMode[mode](sumOfSquares(row(q)), 0.5) * (scale[0] ?? 0)),
    )
    arena.reset()
  })

  test.each([0, 1])('standardize, in place, divides: %i', (divides) => {
    const data = arena.put(values)
    kernels.standardize({ input: data, output: data, rows: channels, n, divides, eps: 0.25 })
    const expected = places.map(([q, i]) => {
      const mean = row(q).reduce((sum, x) => sum + x, 0) / n
      const variance = sumOfSquares(row(q).map((x) => x - mean)) / n
      return (at(q, i) - mean) / (divides ? Math.sqrt(variance) + 0.25 : 1)
    })
    // Differences from the mean cancel: held to the size of the values.
    for (const [i, value] of expected.entries()) {
      expect(Math.abs((arena.read(data, values.length)[i] ?? 0) - value)).toBeLessThan(5 * 2 ** -23)
    }
    arena.reset()
  })

  test.each([
    [0, 0],
    [2, 2],
    [1, 0],
    [9, 9],
  ])('squareWindows from %i before to %i behind', (before, after) => {
    const output = arena.floats(values.length)
    kernels.squareWindows({
      input: arena.put(values),
      output,
      length: channels,
      inner: n,
      before,
      after,
      factor: 0.1,
      offset: 2,
    })
    const expected = places.map(
      ([q, i]) => 2 + 0.1 * sumOfSquares(column(i).slice(Math.max(q - before, 0), q + after + 1)),
    )
    expectClose(arena.read(output, values.length), expected)
    arena.reset()
  })
})
