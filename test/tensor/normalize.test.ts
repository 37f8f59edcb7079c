// Normalization: by definition, along any axes, and with an error where there is nothing to divide by.
import { describe, expect, test } from 'vitest'
import { type NormalizationName, normalize } from '../../src/tensor/normalize.ts'
import { tensor } from '../../src/tensor/to-tensor.ts'

const apply = (values: number[][] | number, method: NormalizationName, axes?: number[]) =>
  Array.from(normalize(tensor(values), method, axes, 'actual').data as Float64Array)

describe('along the last axis by default', () => {
  test.each<[NormalizationName, number[]]>([
    ['l2', [0.6, -0.8, 0, 1]],
    ['l1', [3 / 7, -4 / 7, 0, 1]],
    ['max', [0.75, -1, 0, 1]],
    ['minmax', [1, 0, 0, 1]],
    ['zscore', [1, -1, -1, 1]],
    [
      'softmax',
      [
        1 / (1 + Math.exp(-7)),
        Math.exp(-7) / (1 + Math.exp(-7)),
        Math.exp(-2) / (1 + Math.exp(-2)),
        1 / (1 + Math.exp(-2)),
      ],
    ],
  ])('%s', (method, expected) => {
    const values = apply(
      [
        [3, -4],
        [0, 2],
      ],
      method,
    )
    values.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 15)
    })
  })
})

test('along other axes, several, and from the end', () => {
  expect(
    apply(
      [
        [3, 0],
        [4, 2],
      ],
      'l2',
      [0],
    ),
  ).toEqual([0.6, 0, 0.8, 1])
  expect(
    apply(
      [
        [3, 0],
        [4, 2],
      ],
      'l2',
      [-2],
    ),
  ).toEqual([0.6, 0, 0.8, 1])
  expect(
    apply(
      [
        [1, 1],
        [1, 1],
      ],
      'l2',
      [0, 1],
    ),
  ).toEqual([0.5, 0.5, 0.5, 0.5])
  expect(
    apply(
      [
        [1, 1],
        [1, 1],
      ],
      'l2',
      [-1, 0],
    ),
  ).toEqual([0.5, 0.5, 0.5, 0.5])
})

test('a scalar is one slice, an empty tensor none', () => {
  expect(normalize(tensor(-5), 'l2', undefined, 'actual')).toEqual(tensor(-1))
  expect(normalize(tensor([[], []]), 'l2', undefined, 'actual').shape).toEqual([2, 0])
})

test('works in float64, whatever the dtype', () => {
  const half = tensor([3, 4], [2], 'float16')
  expect(normalize(half, 'l2', undefined, 'actual')).toEqual(tensor([0.6, 0.8]))
})

test('neither overflows nor vanishes', () => {
  expect(apply([[3e300, 4e300]], 'l2')).toEqual([0.6, 0.8])
  expect(apply([[3e-300, 4e-300]], 'l2').map((value) => Number(value.toPrecision(15)))).toEqual([0.6, 0.8])
  expect(apply([[1e308, 1000]], 'softmax')).toEqual([1, 0])
})

test('non-finite elements stay, and take no part in the scale', () => {
  expect(apply([[3, Number.NaN, 4, Infinity]], 'l2')).toEqual([0.6, Number.NaN, 0.8, Infinity])
  expect(apply([[Number.NaN, Number.NaN]], 'l2')).toEqual([Number.NaN, Number.NaN])
  expect(apply([[0, -Infinity, 0]], 'softmax')).toEqual([0.5, 0, 0.5])
})

test.each<NormalizationName>(['l2', 'l1', 'max'])('%s leaves a slice that is all zero', (method) => {
  expect(
    apply(
      [
        [0, 5],
        [0, -0],
      ],
      method,
    ),
  ).toEqual([0, 1, 0, -0])
})

test.each<[NormalizationName, number[][] | number, string]>([
  [
    'minmax',
    [[0.1, 0.1, 0.1]],
    'actual is constant in slice [0] of [1], so it cannot be normalized (along axis 1 of [1, 3])',
  ],
  ['zscore', [[0.1, 0.1, 0.1]], 'actual is constant'],
  ['minmax', [[Number.NaN, 0, 0]], 'actual is constant, apart from NaN and infinities in slice [0] of [1]'],
  ['minmax', 3, 'actual is constant, so it cannot be normalized (a scalar)'],
  ['minmax', [[-1.7e308, 1.7e308]], 'actual spans more than float64 can hold'],
])('%s of %j says why not', (method, values, message) => {
  expect(() => apply(values, method)).toThrow(RangeError)
  expect(() => apply(values, method)).toThrow(message)
})

test.each([[[2]], [[-3]], [[0, -2]]])('refuses axes %j of a matrix', (axes) => {
  expect(() => apply([[1]], 'l2', axes)).toThrow(RangeError)
})
