// The sums behind every hint, by the kernel and in JavaScript, against loops over the pairs as one would write them.
import { describe, expect, test } from 'vitest'
import { newCounts, sumUp } from '../../../src/compare/hints/sums.ts'
import { countedTogether } from '../../../src/kernels/compare.ts'
import { normal, randomFrom } from './scenes.ts'

const length = 40_005

function pair(
  at: (random: () => number, i: number) => readonly [number, number],
): readonly [Float64Array, Float64Array] {
  const random = randomFrom(4)
  const pairs = Array.from({ length }, (_, i) => at(random, i))
  return [Float64Array.from(pairs, ([a]) => a), Float64Array.from(pairs, ([, r]) => r)]
}

const sides = {
  'numbers around 0': pair((random) => [normal(random), normal(random)]),
  'equal and zero pairs among them': pair((random, i) => {
    const x = i % 3 === 0 ? 0 : normal(random)
    return [i % 4 === 0 ? x + 1 : x, x]
  }),
  'NaN and infinities': pair((random, i) => [
    i % 97 === 0 ? Number.NaN : i % 101 === 5 ? Infinity : normal(random),
    i % 89 === 3 ? -Infinity : i < 70 ? Number.NaN : normal(random),
  ]),
  'a large mean': pair((random) => [1e8 + normal(random), 1e8 + normal(random)]),
} as const

/** Over the pairs of finite elements, with distances from the means. */
function sumsOf(a: Float64Array, r: Float64Array) {
  const pairs = Array.from(a, (x, i) => [x, r[i] as number] as const).filter((both) => both.every(Number.isFinite))
  const sum = (f: (x: number, y: number) => number) => pairs.reduce((total, [x, y]) => total + f(x, y), 0)
  const count = pairs.length
  const [meanA, meanR] = [sum((x) => x) / count, sum((_, y) => y) / count]
  return {
    count,
    differing: pairs.filter(([x, y]) => x !== y).length,
    zeros: pairs.filter(([x, y]) => x === 0 && y === 0).length,
    leastActual: pairs.reduce((least, [x]) => Math.min(least, x), Infinity),
    greatestActual: pairs.reduce((most, [x]) => Math.max(most, x), -Infinity),
    leastReference: pairs.reduce((least, [, y]) => Math.min(least, y), Infinity),
    greatestReference: pairs.reduce((most, [, y]) => Math.max(most, y), -Infinity),
    error: sum((x, y) => (x - y) ** 2),
    fourths: sum((x, y) => (x - y) ** 4),
    powerActual: sum((x) => x * x),
    powerReference: sum((_, y) => y * y),
    meanA,
    meanR,
    spreadA: sum((x) => (x - meanA) ** 2),
    spreadR: sum((_, y) => (y - meanR) ** 2),
    codeviation: sum((x, y) => (x - meanA) * (y - meanR)),
  }
}

describe.each([
  ['by the kernel', true],
  ['in JavaScript', false],
])('%s', (_, withKernel) => {
  test.each(Object.entries(sides))('%s', (_name, [a, r]) => {
    const expected = sumsOf(a, r)
    const counts = newCounts(length)
    const found = sumUp(a, r, counts, withKernel)
    for (const exact of [
      'count',
      'differing',
      'zeros',
      'leastActual',
      'greatestActual',
      'leastReference',
      'greatestReference',
    ] as const) {
      expect.soft(found[exact], exact).toBe(expected[exact])
    }
    const { count, sumActual, sumReference } = found
    const about = (products: number, x: number, y: number) => products - (x * y) / count
    const near: readonly (readonly [name: string, found: number, expected: number])[] = [
      ['error', found.error, expected.error],
      ['fourths', found.fourths, expected.fourths],
      ['power of actual', found.powerActual, expected.powerActual],
      ['power of the reference', found.powerReference, expected.powerReference],
      ['spread of actual', about(found.squaresActual, sumActual, sumActual), expected.spreadA],
      ['spread of the reference', about(found.squaresReference, sumReference, sumReference), expected.spreadR],
    ]
    for (const [name, ours, theirs] of near) expect.soft(ours / theirs, name).toBeCloseTo(1, 7)
    expect(found.pivotActual + sumActual / count).toBeCloseTo(expected.meanA, 5)
    expect(found.pivotReference + sumReference / count).toBeCloseTo(expected.meanR, 5)
    const scale = Math.sqrt(expected.spreadA * expected.spreadR)
    expect(about(found.products, sumActual, sumReference) / scale).toBeCloseTo(expected.codeviation / scale, 7)
  })

  test('counts equal and differing pairs of each group', () => {
    const [a, r] = sides['NaN and infinities']
    const same = r.map((y, i) => (i % 5 === 0 ? y : (a[i] as number)))
    const counts = newCounts(length)
    sumUp(a, same, counts, withKernel)
    for (let start = 0; start < length; start += countedTogether) {
      let [equal, differing] = [0, 0]
      for (let i = start; i < Math.min(start + countedTogether, length); i++) {
        if (!Number.isFinite(a[i]) || !Number.isFinite(same[i])) continue
        if (a[i] === same[i]) equal++
        else differing++
      }
      const at = (2 * start) / countedTogether
      expect([start, counts[at], counts[at + 1]]).toEqual([start, equal, differing])
    }
  })

  test('a constant side has no spread', () => {
    const constant = new Float64Array(length).fill(0.1)
    const found = sumUp(constant, constant, newCounts(length), withKernel)
    expect([found.squaresActual, found.sumActual, found.pivotActual]).toEqual([0, 0, 0.1])
  })
})
