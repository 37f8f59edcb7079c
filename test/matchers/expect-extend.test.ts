// Without the entry points: `expect.extend(tensorMatchers)` is all that a runner with Jest's `expect` needs.
import * as jest from 'expect'
import { afterAll, describe, expect, test } from 'vitest'
import { tensorMatchers } from '../../src/index.ts'
import { registerTensorMatchers } from '../../src/matchers/register.ts'
import type { AsymmetricTensorMatchers, TensorMatchers } from '../../src/matchers/types.ts'
import { reportOf } from './report-of.ts'
import { randomNumbers } from './samples.ts'

interface ExtendedExpect extends AsymmetricTensorMatchers {
  extend(matchers: object): void
  (actual: unknown): TensorMatchers<void> & { toEqual(expected: unknown): void; not: TensorMatchers<void> }
}

// The entry points do more, on which suites rely that come after this one.
afterAll(() => {
  for (const each of [expect, jest.expect]) registerTensorMatchers(each)
})

describe.each([
  ['Vitest', expect as unknown as ExtendedExpect],
  ['Jest', jest.expect as unknown as ExtendedExpect],
])('expect.extend of %s', (_, plain) => {
  plain.extend(tensorMatchers)
  const large = Float32Array.from(randomNumbers(100_000, 7))

  test('adds the matchers', () => {
    plain([1, 2]).toMatchTensor([1, 2])
    plain([1, 2]).not.toMatchTensor([1, 3])
    expect(() => plain([1, 2]).toMatchTensor([1, 3])).toThrow(/^Tensors do not match: 1 of 2 elements/)
    expect(() => plain([1]).not.toMatchTensor([1, 3])).toThrow(/shapes differ/)
  })

  test('adds the asymmetric matcher, whose diff is short', () => {
    plain({ emb: large }).toEqual({ emb: plain.tensorCloseTo(large) })
    const scaled = large.map((value) => value * 2)
    const text = reportOf(() => plain({ emb: scaled }).toEqual({ emb: plain.tensorCloseTo(large, { atol: 1e-3 }) }))
    expect(text).toContain('float32 [100000]')
    expect(text.length).toBeLessThan(1000)
  })
})
