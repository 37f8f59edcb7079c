// GridSample, at points whose values can be worked out by hand.
import { describe, expect, test } from 'vitest'
import { expectLayer } from '../../../expect-layer.ts'
import { runSingle } from '../../../run-layer.ts'

const [bilinear, nearest, bicubic] = [1, 2, 3]
const [zeros, border, reflection] = [1, 2, 3]

/** Columns 0, 1, 2 hold 10, 20, 40: values in between tell the coordinate. */
const image = [[[10, 20, 40]]]
/** A grid [1, n, 2] of points on the only row. */
const points = (...x: number[]): number[][][] => [x.map((coordinate) => [coordinate, 0])]

describe('bilinear', () => {
  test('-1 and 1 are the outermost centres with align_corner', () =>
    expectLayer('GridSample', { 0: bilinear, 2: 1 }, [image, points(-1, -0.5, 0, 0.5, 1)], [[[10, 15, 20, 30, 40]]]))
  test('and the outermost edges without', () =>
    expectLayer('GridSample', { 0: bilinear }, [image, points(-2 / 3, 0, 1 / 3)], [[[10, 20, 30]]]))
  test('beyond the image: zeros', () =>
    expectLayer('GridSample', { 0: bilinear, 1: zeros, 2: 1 }, [image, points(-1.5, 1.5, 3)], [[[5, 20, 0]]]))
  test('beyond the image: its border', () =>
    expectLayer('GridSample', { 0: bilinear, 1: border, 2: 1 }, [image, points(-1.5, 1.5, 3)], [[[10, 40, 40]]]))
  test('beyond the image: mirrored', async () => {
    const mirrored = { 0: bilinear, 1: reflection }
    await expectLayer('GridSample', { ...mirrored, 2: 1 }, [image, points(-1.5, 1.5)], [[[15, 30]]])
    await expectLayer('GridSample', mirrored, [image, points(-4 / 3, 4 / 3)], [[[10, 40]]])
  })
  test('both coordinates, x first', () =>
    expectLayer(
      'GridSample',
      { 0: bilinear, 2: 1 },
      [
        [
          [
            [0, 1],
            [10, 11],
          ],
        ],
        [[[0, -1]], [[-1, 0]]],
      ],
      [[[0.5], [5]]],
    ))
  test('all channels are read at the same points', () =>
    expectLayer('GridSample', { 0: bilinear, 2: 1 }, [[[[0, 2]], [[4, 8]]], points(0)], [[[1]], [[6]]]))
})

test('nearest', () =>
  expectLayer(
    'GridSample',
    { 0: nearest, 2: 1 },
    [image, points(-1, -0.6, -0.4, 0.6, 1.4, 1.6)],
    [[[10, 10, 20, 40, 40, 0]]],
  ))

/** Half way: -3/32, 19/32, 19/32, -3/32. */
test('bicubic', async () => {
  const row = [[[32, 64, 96, 128]]]
  await expectLayer('GridSample', { 0: bicubic, 2: 1 }, [row, points(0, 1)], [[[80, 128]]])
  await expectLayer(
    'GridSample',
    { 0: bicubic, 1: border, 2: 1 },
    [row, points(-2 / 3)],
    [[[(-3 * 32 + 19 * 32 + 19 * 64 - 3 * 96) / 32]]],
  )
})

test('permute_fusion: the grid has a plane for each coordinate', () =>
  expectLayer('GridSample', { 0: bilinear, 2: 1, 3: 1 }, [image, [[[-1, 1]], [[0, 0]]]], [[[10, 40]]]))

describe('volumes', () => {
  const volume = [[[[0, 1]], [[10, 11]]]]
  test('trilinear', () =>
    expectLayer(
      'GridSample',
      { 0: bilinear, 2: 1 },
      [
        volume,
        [
          [
            [
              [0, 0, 0],
              [1, 0, -1],
            ],
          ],
        ],
      ],
      [[[[5.5, 1]]]],
    ))
  test('nearest', () => expectLayer('GridSample', { 0: nearest, 2: 1 }, [volume, [[[[0.8, 0, 0.9]]]]], [[[[11]]]]))
  test('permute_fusion', () =>
    expectLayer('GridSample', { 0: nearest, 2: 1, 3: 1 }, [volume, [[[[-1]]], [[[0]]], [[[1]]]]], [[[[10]]]]))
  test('bicubic is refused', async () => {
    await expect(runSingle('GridSample', { 0: bicubic }, [volume, [[[[0, 0, 0]]]]])).rejects.toThrow(
      'no bicubic sampling of volumes',
    )
  })
})

test.each([
  [{ 0: 4 }, points(0), 'sample_type must be 1 to 3, found 4'],
  [{ 1: 0 }, points(0), 'padding_mode must be 1 to 3, found 0'],
  [{}, [[[0]]], 'a grid of [1, 1, 1] does not hold points of 2 coordinates'],
  [{}, [[0, 0, 0]], 'a grid of [1, 3] does not hold points of 2 coordinates'],
])('refuses %o with a grid %o', async (params, grid, message) => {
  await expect(runSingle('GridSample', params, [image, grid as number[][]])).rejects.toThrow(message)
})
