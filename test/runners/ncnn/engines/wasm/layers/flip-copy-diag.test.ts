// Flip, CopyTo, Diag.
import { describe, expect, test } from 'vitest'
import { expectLayer, fill } from '../../../expect-layer.ts'
import { runSingle } from '../../../run-layer.ts'

describe('Flip', () => {
  const x = [
    [1, 2, 3],
    [4, 5, 6],
  ]
  test('columns', () =>
    expectLayer(
      'Flip',
      { 0: [1] },
      [x],
      [
        [3, 2, 1],
        [6, 5, 4],
      ],
    ))
  test('rows', () =>
    expectLayer(
      'Flip',
      { 0: [-2] },
      [x],
      [
        [4, 5, 6],
        [1, 2, 3],
      ],
    ))
  test('both', () =>
    expectLayer(
      'Flip',
      { 0: [0, 1] },
      [x],
      [
        [6, 5, 4],
        [3, 2, 1],
      ],
    ))
  test('nothing', () => expectLayer('Flip', {}, [x], x))
  test('a vector, whatever the axis', () => expectLayer('Flip', { 0: [2] }, [[1, 2]], [2, 1]))
  test('channels and depths', () =>
    expectLayer(
      'Flip',
      { 0: [0, 1] },
      [fill([2, 2, 1, 2])],
      [
        [[[6, 7]], [[4, 5]]],
        [[[2, 3]], [[0, 1]]],
      ],
    ))
})

describe('CopyTo', () => {
  const self = [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ]
  test('at offsets', () =>
    expectLayer(
      'CopyTo',
      { 0: 1, 1: 2 },
      [self, [[7, 8]]],
      [
        [0, 0, 0],
        [0, 0, 0],
        [0, 7, 8],
      ],
    ))
  test('at starts', () =>
    expectLayer(
      'CopyTo',
      { 9: [1, -1] },
      [self, [[7], [8]]],
      [
        [0, 0, 0],
        [0, 0, 7],
        [0, 0, 8],
      ],
    ))
  test('at starts along given axes', () =>
    expectLayer(
      'CopyTo',
      { 9: [1], 11: [-1] },
      [
        self,
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
      ],
      [
        [0, 1, 2],
        [0, 3, 4],
        [0, 5, 6],
      ],
    ))
  test('a vector as a row', () =>
    expectLayer(
      'CopyTo',
      { 1: 1 },
      [self, [7, 8]],
      [
        [0, 0, 0],
        [7, 8, 0],
        [0, 0, 0],
      ],
    ))
  test('channels and depths', () =>
    expectLayer(
      'CopyTo',
      { 2: 1, 13: 1 },
      [fill([2, 2, 1, 1]), [[[[9]]]]],
      [
        [[[0]], [[1]]],
        [[[2]], [[9]]],
      ],
    ))
  test('a source of the same shape replaces all, wherever it should go', () =>
    expectLayer(
      'CopyTo',
      { 0: 5 },
      [
        [1, 2],
        [3, 4],
      ],
      [3, 4],
    ))

  test('refuses what does not fit', async () => {
    await expect(runSingle('CopyTo', { 0: 2 }, [self, [[1, 2]]])).rejects.toThrow(
      '[1, 2] at [0, 2] reaches beyond [3, 3]',
    )
    await expect(runSingle('CopyTo', {}, [[1, 2], self])).rejects.toThrow('reaches beyond [2]')
    await expect(runSingle('CopyTo', { 9: [0], 11: [0, 1] }, [self, [[1]]])).rejects.toThrow(
      'there are 2 axes, but 1 starts',
    )
  })
})

describe('Diag', () => {
  test('a vector becomes a matrix', () =>
    expectLayer(
      'Diag',
      {},
      [[1, 2]],
      [
        [1, 0],
        [0, 2],
      ],
    ))
  test('above the diagonal', () =>
    expectLayer(
      'Diag',
      { 0: 1 },
      [[1, 2]],
      [
        [0, 1, 0],
        [0, 0, 2],
        [0, 0, 0],
      ],
    ))
  test('below it', () =>
    expectLayer(
      'Diag',
      { 0: -1 },
      [[1]],
      [
        [0, 0],
        [1, 0],
      ],
    ))

  const matrix = [
    [1, 2, 3],
    [4, 5, 6],
  ]
  test.each([
    [0, [1, 5]],
    [1, [2, 6]],
    [2, [3]],
    [-1, [4]],
    [3, []],
    [-2, []],
  ])('diagonal %i of a matrix', (diagonal, expected) => expectLayer('Diag', { 0: diagonal }, [matrix], expected))

  test('other ranks are refused', async () => {
    await expect(runSingle('Diag', {}, [[[[1]]]])).rejects.toThrow('the input must have 1 or 2 axes, it has 3')
  })
})
