// Tile.
import { describe, expect, test } from 'vitest'
import { expectLayer, fill } from '../../../expect-layer.ts'
import { runSingle } from '../../../run-layer.ts'

const matrix = [
  [1, 2],
  [3, 4],
]

describe('along one axis', () => {
  test('of a vector, whatever the axis', () => expectLayer('Tile', { 0: 2, 1: 2 }, [[1, 2]], [1, 2, 1, 2]))
  test('rows', () => expectLayer('Tile', { 0: 0, 1: 2 }, [matrix], [...matrix, ...matrix]))
  test('columns', () =>
    expectLayer(
      'Tile',
      { 0: 1, 1: 2 },
      [matrix],
      [
        [1, 2, 1, 2],
        [3, 4, 3, 4],
      ],
    ))
  test('channels', () => expectLayer('Tile', { 0: 0, 1: 2 }, [[matrix]], [matrix, matrix]))
  test('depths', () =>
    expectLayer(
      'Tile',
      { 0: 1, 1: 2 },
      [fill([2, 1, 1, 2])],
      [
        [[[0, 1]], [[0, 1]]],
        [[[2, 3]], [[2, 3]]],
      ],
    ))
  test('that it does not have: nothing, as in ncnn', () => expectLayer('Tile', { 0: 3, 1: 2 }, [matrix], matrix))
})

describe('with repeats', () => {
  const twice = [1, 2, 1, 2]
  test('for every axis', () => expectLayer('Tile', { 2: [3, 2] }, [[[1, 2]]], [twice, twice, twice]))
  test('for the innermost axes', () =>
    expectLayer(
      'Tile',
      { 2: [2] },
      [[[1], [2]]],
      [
        [1, 1],
        [2, 2],
      ],
    ))
  test('for more axes than there are', () => expectLayer('Tile', { 2: [2, 1, 2] }, [[1, 2]], [[twice], [twice]]))
  test('of 1 add axes only', () => expectLayer('Tile', { 2: [1, 1] }, [[1, 2]], [[1, 2]]))
  test('that turn 3 axes into 4: the new one is the depth', () =>
    expectLayer(
      'Tile',
      { 2: [1, 2, 1, 1] },
      [[[[1]], [[2]]]],
      [
        [[[1]], [[1]]],
        [[[2]], [[2]]],
      ],
    ))
})

test('keeps int8', async () => {
  const x = { data: Int8Array.of(1, 2), shape: [2], dtype: 'int8' as const }
  expect(await runSingle('Tile', { 1: 2 }, [x])).toEqual({ ...x, data: Int8Array.of(1, 2, 1, 2), shape: [4] })
})

test.each([
  [{ 1: 0 }, 'tiles must be at least 1, found 0'],
  [{ 2: [-1] }, 'repeats must be at least 1, found -1'],
  [{ 2: [1, 1, 1, 1, 1] }, 'the number of repeats must be 0 to 4, found 5'],
  [{ 0: -1 }, 'axis must be 0 to 3, found -1'],
  [{ 1: 2 ** 31 - 1 }, 'elements are too many'],
])('refuses %o', async (params, message) => {
  await expect(runSingle('Tile', params, [[1, 2]])).rejects.toThrow(message)
})
