// Few different values are found and sorted, many are given up.
import { expect, test } from 'vitest'
import { distinctValues } from '../../../src/compare/hints/causes/distinct-values.ts'

const levels = (count: number) => Float64Array.from({ length: 5000 }, (_, i) => ((i * 7919) % count) / 8 - 3)

test('the different values in order', () => {
  expect(distinctValues(levels(40), [], 40)).toEqual(Float64Array.from({ length: 40 }, (_, k) => k / 8 - 3))
})

test('nothing when there are more than asked for, wherever the last one is', () => {
  expect(distinctValues(levels(41), [], 40)).toBeUndefined()
  const values = new Float64Array(3000)
  expect(distinctValues(values, [], 1)).toEqual(Float64Array.of(0))
  values[2999] = 1
  expect(distinctValues(values, [Int32Array.of(0, 17)], 1)).toBeUndefined()
  expect(distinctValues(values, [Int32Array.of(0, 2999)], 2)).toEqual(Float64Array.of(0, 1))
})

test('0 and -0 are one value', () => {
  expect(distinctValues(Float64Array.of(-0, 0, 5, -0), [], 2)?.length).toBe(2)
})
