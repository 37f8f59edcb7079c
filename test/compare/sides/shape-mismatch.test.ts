// What would make two shapes agree; every remedy is tried out.
import { describe, expect, test } from 'vitest'
import { compareTensors } from '../../../src/compare/compare-tensors.ts'
import { formatPermutation, parseLayout, permutationsOf } from '../../../src/compare/options/layout.ts'
import type { CompareOptions } from '../../../src/compare/options/options.ts'
import { sizeOf } from '../../../src/tensor/shape.ts'
import { tensor } from '../../../src/tensor/to-tensor.ts'

const zeros = (shape: number[]) => tensor(new Float32Array(sizeOf(shape)), shape)

test.each<[number[], number[], CompareOptions, string]>([
  [[1, 192], [192], { squeeze: true }, 'the shapes agree with { squeeze: true }'],
  [[1, 56, 57, 64], [1, 64, 56, 57], { layout: 'nhwc->nchw' }, "the shapes agree with { layout: 'nhwc->nchw' }"],
  [[1, 64, 56, 57], [1, 56, 57, 64], { layout: 'nchw->nhwc' }, "the shapes agree with { layout: 'nchw->nhwc' }"],
  [[56, 57, 3], [3, 56, 57], { layout: 'hwc->chw' }, "{ layout: 'hwc->chw' }"],
  [[2, 3], [3, 2], { layout: 'hw->wh' }, "{ layout: 'hw->wh' }"],
  [[2, 3, 4], [2, 4, 3], { layout: 'abc->acb' }, "{ layout: 'abc->acb' }"],
  [[2, 8, 9, 10, 3], [2, 3, 8, 9, 10], { layout: 'ndhwc->ncdhw' }, "{ layout: 'ndhwc->ncdhw' }"],
  [[1, 56, 57, 64], [64, 56, 57], { layout: 'nhwc->nchw', squeeze: true }, "{ layout: 'nhwc->nchw', squeeze: true }"],
])('%j against %j: %j', (actual, reference, options, remedy) => {
  const comparison = compareTensors(zeros(actual), zeros(reference))
  expect(comparison).toMatchObject({ pass: false, reason: 'shape' })
  expect(comparison.mismatch).toContain(`actual [${actual.join(', ')}], reference [${reference.join(', ')}]`)
  expect(comparison.mismatch).toContain(remedy)
  expect(compareTensors(zeros(actual), zeros(reference), options).pass).toBe(true)
})

test.each([
  [[4, 192], [192], 'actual has a leading axis of 4 more, a batch'],
  [[192], [4, 192], 'reference has a leading axis of 4 more, a batch'],
  [[12], [3, 4], 'both have 12 elements'],
  [[2, 2], [5], 'they hold 4 and 5 elements'],
  [[], [5], 'they hold 1 and 5 elements'],
  [[0, 4], [0, 6], 'neither holds an element'],
])('%j against %j: %s', (actual, reference, text) => {
  expect(compareTensors(zeros(actual), zeros(reference)).mismatch).toContain(text)
})

describe('where they overlap', () => {
  const wave = (shape: number[], at: (...index: number[]) => number) =>
    tensor(
      Float32Array.from({ length: sizeOf(shape) }, (_, i) => at(Math.floor(i / shape[1]), i % shape[1])),
      shape,
    )
  const value = (y: number, x: number) => Math.sin(3 * y + 0.7 * x * x)

  test.each<[string, number[], number[], (y: number, x: number) => number, string]>([
    ['a frame too many', [8, 12], [8, 11], value, 'agree to a thousandth: actual has 1 along axis 1 more, at the end'],
    ['a class in front', [4, 11], [4, 10], (y, x) => value(y, x - 1), 'actual has 1 along axis 1 more, at the start'],
    ['a frame too few', [8, 11], [8, 13], value, 'the reference has 2 along axis 1 more, at the end'],
    [
      'a border',
      [10, 12],
      [8, 10],
      (y, x) => value(y - 1, x - 1),
      '2 along axis 0 and 2 along axis 1 more, on both sides',
    ],
  ])('%s', (_, actual, reference, at, words) => {
    expect(compareTensors(wave(actual, at), wave(reference, value)).mismatch).toContain(words)
  })

  test.each<[string, number[], number[], (y: number, x: number) => number]>([
    ['other numbers', [8, 12], [8, 11], (y, x) => value(y, x) + 0.01],
    ['a constant', [8, 12], [8, 11], () => 1],
    ['longer along one axis, shorter along another', [8, 12], [9, 11], value],
    ['NaN', [8, 12], [8, 11], () => Number.NaN],
    ['few elements', [2, 4], [2, 3], value],
  ])('not %s', (name, actual, reference, at) => {
    const other = name === 'other numbers' ? value : at
    expect(compareTensors(wave(actual, at), wave(reference, other)).mismatch).toMatch(/they hold \d+ and \d+ elements$/)
  })
})

test('shapes that differ after a layout are explained as they are then', () => {
  const { mismatch } = compareTensors(zeros([2, 3, 4]), zeros([2, 3, 4]), { layout: 'abc->acb' })
  expect(mismatch).toContain("actual [2, 4, 3] (after layout 'abc->acb'), reference [2, 3, 4]")
})

test('nothing is counted or measured when shapes differ', () => {
  const comparison = compareTensors(zeros([2]), zeros([3]))
  expect(comparison).toMatchObject({ total: 3, mismatched: 3, ratio: 1, worst: [], hints: [], cosine: Number.NaN })
  expect(comparison.required).toEqual({ atolGivenRtol: Infinity, rtolGivenAtol: Infinity })
  expect(JSON.parse(JSON.stringify(comparison))).toMatchObject({ reason: 'shape', cosine: 'NaN' })
})

describe('layout', () => {
  test('reorders the axes of actual', () => {
    const actual = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ])
    const reference = [
      [1, 4],
      [2, 5],
      [3, 6],
    ]
    expect(compareTensors(actual, reference, { layout: 'ab->ba', preset: 'exact' }).pass).toBe(true)
    const { worst, shape } = compareTensors(
      actual,
      [
        [1, 4],
        [2, 5],
        [3, 7],
      ],
      { layout: 'ab->ba' },
    )
    expect(worst[0]).toMatchObject({ index: [2, 1], actual: 6, reference: 7 })
    expect(shape).toEqual([3, 2])
  })

  test.each([2, 3, 4, 5])('every permutation of %i axes is written so that it can be read back', (rank) => {
    const permutations = permutationsOf(rank)
    const factorial = [1, 1, 2, 6, 24, 120][rank] ?? 0
    expect(new Set(permutations.map(String)).size).toBe(factorial - 1)
    for (const order of permutations) expect(parseLayout(formatPermutation(order)).order).toEqual(order)
  })
})
