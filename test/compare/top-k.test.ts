import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findTopKDisagreements } from '../../src/compare/top-k.ts'
import { tensor } from '../../src/tensor/to-tensor.ts'

const exact = { atol: 0, rtol: 0 }
const row = (...values: number[]) => tensor(Float64Array.from(values))

describe('findTopKDisagreements', () => {
  test('ignores the scores and the order within the top k', () => {
    expect(findTopKDisagreements(row(9, 8, 1, 0), row(0.3, 0.6, 0.1, 0), 2, exact)).toEqual([])
    expect(findTopKDisagreements(row(9, 8, 1, 0), row(0.3, 0.6, 0.1, 0), 1, exact)).toHaveLength(1)
  })

  test('names the clearest swap', () => {
    const [disagreement] = findTopKDisagreements(row(1, 2, 8, 9), row(9, 7, 3, 1), 2, { atol: 0.5, rtol: 0.5 })
    expect(disagreement?.row).toEqual([])
    expect(disagreement?.swap).toEqual({
      entered: { index: 3, actual: 9, reference: 1 },
      displaced: { index: 0, actual: 1, reference: 9 },
      gap: 8,
      allowed: 5,
    })
    expect(disagreement?.actualTop.map(({ index }) => index)).toEqual([3, 2])
    expect(disagreement?.referenceTop.map(({ index }) => index)).toEqual([0, 1])
  })

  test('a swap within atol + rtol * |displaced| is a tie', () => {
    const actual = row(5, 4, 3)
    expect(findTopKDisagreements(actual, row(4, 4.5, 0), 1, { atol: 0.5, rtol: 0 })).toEqual([])
    expect(findTopKDisagreements(actual, row(4, 4.5, 0), 1, { atol: 0.49, rtol: 0 })).toHaveLength(1)
    expect(findTopKDisagreements(actual, row(-4.5, -4, -9), 1, { atol: 0, rtol: 0.125 })).toEqual([])
  })

  test('every swapped pair must be a tie, not only the nearest', () => {
    // 0 and 1 are near, but 2 enters for 0, far above it
    expect(findTopKDisagreements(row(0, 5, 4.9), row(10, 5, 4.9), 2, { atol: 0.2, rtol: 0 })).toHaveLength(1)
  })

  test('scores that all became equal do not agree with anything', () => {
    expect(findTopKDisagreements(row(0, 0, 0), row(0.1, 0.2, 0.7), 1, { atol: 1e-3, rtol: 0 })).toHaveLength(1)
  })

  test('of equal scores the lower index ranks higher, and equal references are a tie', () => {
    expect(findTopKDisagreements(row(1, 1, 0), row(2, 1, 0), 1, exact)).toEqual([])
    expect(findTopKDisagreements(row(1, 2, 0), row(1, 1, 0), 1, exact)).toEqual([])
  })

  test('ranks infinities, and never excuses one by rtol', () => {
    const masked = row(Number.NEGATIVE_INFINITY, 1, Number.NEGATIVE_INFINITY)
    expect(findTopKDisagreements(row(-9, 1, -3), masked, 2, exact)).toEqual([])
    const peak = row(Number.POSITIVE_INFINITY, 1)
    expect(findTopKDisagreements(row(0, 1), peak, 1, { atol: 1, rtol: 1 })).toHaveLength(1)
  })

  test('a row with a NaN never agrees', () => {
    const [disagreement] = findTopKDisagreements(row(Number.NaN, 1), row(0, 1), 1, exact)
    expect(disagreement).toMatchObject({ actualTop: [], swap: undefined })
    expect(findTopKDisagreements(row(0, 1), row(Number.NaN, 1), 1, exact)).toHaveLength(1)
  })

  test('takes the last axis of any shape as the classes', () => {
    const reference = tensor([
      [
        [3, 2, 1],
        [1, 2, 3],
      ],
    ])
    const actual = tensor([
      [
        [3, 2, 1],
        [3, 2, 1],
      ],
    ])
    expect(findTopKDisagreements(actual, reference, 1, exact).map((disagreement) => disagreement.row)).toEqual([[0, 1]])
  })

  test('ranks 64-bit integers that a double cannot tell apart', () => {
    const big = 2n ** 53n
    const reference = tensor(BigInt64Array.of(big, big + 1n))
    expect(findTopKDisagreements(tensor(BigInt64Array.of(1n, 2n)), reference, 1, exact)).toEqual([])
    const [disagreement] = findTopKDisagreements(tensor(BigInt64Array.of(2n, 1n)), reference, 1, exact)
    expect(disagreement?.swap?.gap).toBe(1)
  })

  test('without ties it is set equality of the k highest', () => {
    const scores = fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 6, maxLength: 6 })
    fc.assert(
      fc.property(scores, scores, fc.integer({ min: 1, max: 6 }), (ours, theirs, k) => {
        const top = (values: number[]) =>
          values
            .map((value, index) => [value, index] as const)
            .sort(([a], [b]) => b - a)
            .slice(0, k)
            .map(([, index]) => index)
            .sort()
        const agree = top(ours).join() === top(theirs).join()
        expect(findTopKDisagreements(row(...ours), row(...theirs), k, exact).length === 0).toBe(agree)
      }),
    )
  })
})
