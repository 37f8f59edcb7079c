import assert from 'node:assert'
import { describe, expect, test } from 'vitest'
import { compareTensors } from '../../src/index.ts'
import '../../src/vitest.ts'
import { messageOf } from '../matchers/message-of.ts'
import { embeddingWithFp16Weights } from '../matchers/samples.ts'

const { actual, reference } = embeddingWithFp16Weights()

describe('as text', () => {
  test('a failure is the message of the matcher', () => {
    const comparison = compareTensors(actual, reference, { atol: 1e-5, normalize: 'l2' })
    expect(String(comparison)).toBe(
      messageOf(() => expect(actual).toMatchTensor(reference, { atol: 1e-5, normalize: 'l2' })),
    )
    expect(() => assert(comparison.pass, String(comparison))).toThrow(/^Tensors do not match: \d+ of 192 elements/)
  })

  test.each([
    [
      [1, 2],
      [1, 2.25],
      { atol: 0.5 },
      'all of 2 elements within tolerance, max |a - r| 0.25; tolerance atol 0.5, rtol 0 (as given)',
    ],
    [
      [1, 2],
      [1, 2],
      {},
      'all of 2 elements within tolerance, max |a - r| 0; tolerance atol 1e-7, rtol 1e-7 (default for float64)',
    ],
    [
      [1, 5],
      [1, 2],
      { preset: 'exact', maxMismatch: 1 },
      '1 of 2 elements within tolerance and 1 allowed to miss it, max |a - r| 3; tolerance none, values must be equal (from the preset)',
    ],
    [
      [1, 2],
      [1, 2.25],
      { metrics: { cosine: 0.9 } },
      'all of 2 elements within tolerance, max |a - r| 0.25; tolerance none: the metrics decide',
    ],
    [
      [Number.NaN],
      [Number.NaN],
      { atol: 1, equalNaN: true },
      'all of 1 element within tolerance; tolerance atol 1, rtol 0 (as given)',
    ],
  ] as const)('a match is one sentence: %j and %j, %j', (ours, theirs, options, sentence) => {
    expect(`${compareTensors(ours, theirs, options)}`).toBe(`Tensors match: ${sentence}`)
  })

  test('different shapes', () => {
    expect(String(compareTensors([1], [1, 2]))).toMatch(/^Tensors do not match: shapes differ/)
  })

  test('is neither a key nor in the JSON', () => {
    const comparison = compareTensors([1], [1])
    expect(Object.keys(comparison)).not.toContain('toString')
    expect(JSON.stringify(comparison)).not.toContain('toString')
  })
})
