// The positions that hypotheses are tried on: of the right kind, each once, spread over all there are.
import { describe, expect, test } from 'vitest'
import { largestFirst, samplePositions } from '../../../src/compare/hints/sample.ts'
import { newCounts, sumUp } from '../../../src/compare/hints/sums.ts'
import { normal, randomFrom } from './scenes.ts'

function sampleOf(a: Float64Array, r: Float64Array, most: number) {
  const counts = newCounts(a.length)
  return samplePositions(a, r, sumUp(a, r, counts, false), counts, most)
}

/** Every third pair differs, every 50th is not finite. */
function sidesOf(length: number) {
  const random = randomFrom(2)
  const r = Float64Array.from({ length }, () => normal(random))
  const a = r.map((x, i) => (i % 50 === 7 ? Number.NaN : i % 3 === 0 ? x + normal(random) : x))
  return { a, r }
}

describe.each([100, 1_650, 5_000, 200_000])('of %s pairs', (length) => {
  const { a, r } = sidesOf(length)
  const sample = sampleOf(a, r, 512)
  const isDiffering = (i: number) => Number.isFinite(a[i]) && a[i] !== r[i]
  const all = Array.from(a.keys())

  test.each([
    ['differ', sample.differing, all.filter(isDiffering)],
    ['are equal', sample.equal, all.filter((i) => a[i] === r[i])],
  ] as const)('those that %s', (_, chosen, there) => {
    expect(chosen.length).toBe(Math.min(512, there.length))
    expect(new Set(chosen).size).toBe(chosen.length)
    const known = new Set(there)
    expect(chosen.every((i) => known.has(i))).toBe(true)
    // eight parts of the tensor have their share
    const parts = Array.from({ length: 8 }, (_part, k) =>
      chosen.reduce((count, i) => count + Number(Math.floor((8 * i) / length) === k), 0),
    )
    for (const count of parts) expect(count / (chosen.length / 8)).toBeCloseTo(1, 0)
  })

  test('with their error, the largest first', () => {
    const squares = [...largestFirst(a, r, sample).differing].map((i) => ((a[i] as number) - (r[i] as number)) ** 2)
    expect(squares).toEqual([...squares].sort((x, y) => y - x))
    expect(squares.reduce((sum, square) => sum + square, 0)).toBeCloseTo(sample.error, 8)
  })
})

test('a few pairs that differ in a corner are all found', () => {
  const r = new Float64Array(100_000)
  const a = r.map((_, i) => (i >= 99_000 && i % 40 === 0 ? 1 : 0))
  expect([...sampleOf(a, r, 512).differing]).toEqual(Array.from({ length: 25 }, (_, k) => 99_000 + 40 * k))
})
