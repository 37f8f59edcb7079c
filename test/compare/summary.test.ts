import { describe, expect, test } from 'vitest'
import { compareTensors } from '../../src/compare/compare-tensors.ts'
import type { CompareOptions } from '../../src/compare/options/options.ts'
import { summarize } from '../../src/compare/summary.ts'
import { randomNumbers } from '../matchers/samples.ts'

const reference = Float32Array.of(1, -2, 4)

describe('margin', () => {
  test.each<[string, number[], number[], CompareOptions, number]>([
    ['half of atol', [1.5], [1], { atol: 1 }, 0.5],
    ['atol and rtol together', [1, 14], [1, 10], { atol: 2, rtol: 0.2 }, 1],
    ['the worst element decides, not the largest error', [100.5, 1.25], [100, 1], { rtol: 0.25 }, 1],
    ['nothing is used', [1, 2], [1, 2], { atol: 1 }, 0],
    ['equal where nothing is allowed', [1, 2], [1, 2], { preset: 'exact' }, 0],
    ['different where nothing is allowed', [1, 2], [1, 3], { preset: 'exact' }, Infinity],
    ['a zero reference that is met', [0, 1.5], [0, 1], { rtol: 1 }, 0.5],
    ['a zero reference that is missed', [0.1], [0], { rtol: 1 }, Infinity],
    ['a non-finite miss', [Number.NaN, 1], [1, 1], { atol: 1 }, Infinity],
    ['an excused miss', [3, 1], [1, 1], { atol: 1, maxMismatch: 1 }, 2],
    ['an error metric', [1.5], [1], { metrics: { maxAbs: 2, mae: 1 } }, 0.5],
    ['an error metric that allows nothing', [1], [1], { metrics: { maxAbs: 0 } }, 0],
    ['a metric beside a tolerance', [1.5], [1], { atol: 10, metrics: { rmse: 1 } }, 0.5],
    ['cosine', [0, 1], [1, 0], { metrics: { cosine: 0.5 } }, 2],
    ['a cosine of 1', [2, 2], [1, 1], { metrics: { cosine: 1 } }, 0],
    ['decibels: the noise may be ten times as loud', [11], [10], { metrics: { snr: 0 } }, 0.1],
    ['shapes that differ', [1], [1, 2], {}, Infinity],
    ['empty', [], [], {}, 0],
  ])('%s', (_, actual, expected, options, margin) => {
    expect(compareTensors(actual, expected, options).margin).toBeCloseTo(margin, 12)
  })

  test('of many elements is the greatest of their shares', () => {
    const many = Float32Array.from(randomNumbers(20_000, 3))
    const drifted = many.map((value, i) => value + 1e-4 * Math.sin(i))
    const [atol, rtol] = [1e-4, 1e-2]
    const shares = Array.from(many, (r, i) => Math.abs(drifted[i] - r) / (atol + rtol * Math.abs(r)))
    expect(compareTensors(drifted, many, { atol, rtol }).margin).toBe(Math.max(...shares))
  })
})

describe('summarize', () => {
  test('of a comparison that passes', () => {
    expect(summarize(compareTensors(Float32Array.of(1, -2, 4.5), reference, { atol: 1 }))).toEqual({
      version: 1,
      pass: true,
      shape: [3],
      dtypes: ['float32', 'float32'],
      tolerance: { atol: 1, rtol: 0, source: 'options' },
      total: 3,
      mismatched: 0,
      margin: 0.5,
      maxAbs: 0.5,
      rmse: Math.sqrt(0.25 / 3),
      mae: 0.5 / 3,
      cosine: expect.closeTo(0.9988, 4),
      snr: expect.closeTo(19.24, 2),
    })
  })

  test('of one that fails says what would have passed, or which metric missed its bound', () => {
    const drifted = Float32Array.of(1, -2, 4.5)
    expect(summarize(compareTensors(drifted, reference, { atol: 0.25 }))).toMatchObject({
      reason: 'values',
      margin: 2,
      required: { atolGivenRtol: 0.5, rtolGivenAtol: expect.closeTo(0.0625, 12) },
    })
    expect(
      summarize(compareTensors(drifted, reference, { metrics: { maxAbs: 0.25 }, normalize: 'max' })),
    ).toMatchObject({
      normalize: 'max',
      tolerance: { atol: 'Infinity', source: 'metrics only' },
    })
    const { reason, failedMetrics } = summarize(compareTensors(drifted, reference, { metrics: { maxAbs: 0.25 } }))
    expect({ reason, failedMetrics }).toEqual({
      reason: 'metric',
      failedMetrics: [{ name: 'maxAbs', value: 0.5, bound: 0.25 }],
    })
  })

  test.each([
    ['values', Float32Array.of(1, -2, 5), {}],
    ['nonfinite', Float32Array.of(Number.NaN, Number.NaN, Number.NaN), {}],
    ['metric', Float32Array.of(1, 2, 4), { metrics: { snr: 40 } }],
    ['shape', Float32Array.of(1, -2), {}],
    ['dtype', Float64Array.of(1, -2, 4), { checkDtype: true }],
    [undefined, reference, { normalize: 'l2' }],
  ] as const)('survives JSON: %s', (reason, actual, options) => {
    const summary = summarize(compareTensors(actual, reference, options))
    expect(summary.reason).toBe(reason)
    expect(JSON.parse(JSON.stringify(summary))).toStrictEqual(summary)
  })

  test('keeps what is not finite as a string that Number reads', () => {
    const { margin, maxAbs, mismatch } = summarize(compareTensors([1], [1, 2]))
    expect([margin, maxAbs]).toEqual(['Infinity', 'NaN'])
    expect(Number(margin)).toBe(Infinity)
    expect(mismatch).toMatch(/shapes differ/)
  })
})
