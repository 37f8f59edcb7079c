// Interp: sizes, and the three ways to fill them.
import { describe, expect, test } from 'vitest'
import { expectLayer } from '../../../expect-layer.ts'
import { runSingle } from '../../../run-layer.ts'

const [nearest, bilinear, bicubic] = [1, 2, 3]
const row = [[[0, 4, 8]]]

describe('size', () => {
  const image = { data: new Float32Array(2 * 4 * 6), shape: [2, 4, 6], dtype: 'float32' as const }
  const shape = async (params: Parameters<typeof runSingle>[1], ...others: number[][][]): Promise<readonly number[]> =>
    (await runSingle('Interp', params, [image, ...others])).shape

  test('given', async () => expect(await shape({ 0: nearest, 3: 2, 4: 9 })).toEqual([2, 2, 9]))
  test('from the scales', async () => expect(await shape({ 0: nearest, 1: 0.5, 2: 1.4 })).toEqual([2, 2, 8]))
  test('from the scales unless both sizes are given', async () => {
    expect(await shape({ 0: nearest, 1: 2, 4: 9 })).toEqual([2, 8, 6])
  })
  test('of another blob', async () => {
    expect(
      await shape({ 0: nearest, 5: 1 }, [
        [1, 2, 3],
        [4, 5, 6],
      ]),
    ).toEqual([2, 2, 3])
  })
  test('by an expression', async () => {
    expect(await shape({ 0: nearest, 9: '*(0w,2),//(0h,2)' })).toEqual([2, 2, 12])
    expect(await shape({ 0: nearest, 9: '1w' }, [[1, 2, 3]])).toEqual([2, 4, 3])
  })
})

describe('nearest', () => {
  test('up', async () => {
    const wide = [1, 1, 2, 2, 3, 3]
    await expectLayer('Interp', { 0: nearest, 3: 2, 4: 6 }, [[[[1, 2, 3]]]], [[wide, wide]])
  })
  test('down', () => expectLayer('Interp', { 0: nearest, 3: 1, 4: 2 }, [[[[1, 2, 3, 4]]]], [[[1, 3]]]))
  test('by a scale that does not divide', () =>
    expectLayer('Interp', { 0: nearest, 2: 1.5 }, [[[[1, 2, 3]]]], [[[1, 1, 2, 3]]]))
})

describe('bilinear', () => {
  test('edges coincide', () => expectLayer('Interp', { 0: bilinear, 3: 1, 4: 6 }, [row], [[[0, 1, 3, 5, 7, 8]]]))
  test('corners coincide', () => expectLayer('Interp', { 0: bilinear, 3: 1, 4: 5, 6: 1 }, [row], [[[0, 2, 4, 6, 8]]]))
  test('in both directions', () =>
    expectLayer(
      'Interp',
      { 0: bilinear, 3: 3, 4: 3, 6: 1 },
      [
        [
          [
            [0, 2],
            [4, 6],
          ],
        ],
      ],
      [
        [
          [0, 1, 2],
          [2, 3, 4],
          [4, 5, 6],
        ],
      ],
    ))
  test('of a single element', () =>
    expectLayer(
      'Interp',
      { 0: bilinear, 3: 2, 4: 2 },
      [[[[5]]]],
      [
        [
          [5, 5],
          [5, 5],
        ],
      ],
    ))
  test('to a single element', () => expectLayer('Interp', { 0: bilinear, 3: 1, 4: 1, 6: 1 }, [row], [[[0]]]))
})

// Keys' kernel with a = -0.75 has the weights -3/32, 19/32, 19/32, -3/32 half way between two elements,
// and -27/256, 225/256, 67/256, -9/256 a quarter of the way.
describe('bicubic', () => {
  test('half way', () =>
    expectLayer('Interp', { 0: bicubic, 3: 1, 4: 7, 6: 1 }, [[[[0, 32, 0, 0]]]], [[[0, 19, 32, 19, 0, -3, 0]]]))
  test('elements beyond the ends are those at the ends', () =>
    expectLayer('Interp', { 0: bicubic, 3: 1, 4: 4 }, [[[[0, 1]]]], [[[-27 / 256, 58 / 256, 198 / 256, 1 + 27 / 256]]]))
  test('keeps constants', () => expectLayer('Interp', { 0: bicubic, 3: 1, 4: 5 }, [[[[3, 3]]]], [[[3, 3, 3, 3, 3]]]))
})

describe('ranks', () => {
  test('a vector becomes images', () =>
    expectLayer('Interp', { 0: nearest, 3: 1, 4: 2 }, [[5, 6]], [[[5, 5]], [[6, 6]]]))
  test('a matrix is resized along its rows', () =>
    expectLayer(
      'Interp',
      { 0: bilinear, 3: 9, 4: 3, 6: 1 },
      [
        [
          [0, 2],
          [4, 8],
        ],
      ],
      [
        [0, 1, 2],
        [4, 6, 8],
      ],
    ))
  test('4 axes are refused', async () => {
    await expect(runSingle('Interp', { 0: nearest }, [[[[[1]], [[2]]]]])).rejects.toThrow('at most 3 axes')
  })
})

test.each([
  [{ 0: 0, 3: 2, 4: 2 }, 'resize_type must be 1 (nearest), 2 (bilinear) or 3 (bicubic), found 0'],
  [{ 0: nearest, 1: 0.1, 2: 0.1 }, 'the output would have 0 rows and 0 columns'],
  [{ 0: nearest, 3: -1, 4: 5 }, 'the output would have -1 rows'],
  [{ 0: nearest, 5: 1 }, 'a second input must have the wanted size'],
  [{ 0: nearest, 9: '1,2,3' }, 'size_expr must give a width and a height, found 3 sizes'],
])('refuses %o', async (params, message) => {
  await expect(runSingle('Interp', params, [row])).rejects.toThrow(message)
})

test('an empty image cannot be resized', async () => {
  const empty = { data: new Float32Array(0), shape: [2, 0, 3], dtype: 'float32' as const }
  await expect(runSingle('Interp', { 0: bilinear, 3: 2, 4: 2 }, [empty])).rejects.toThrow('0 rows and 3 columns')
})

describe('a scale that does not divide', () => {
  const x = Array.from({ length: 13 }, (_, i) => i * i)
  const at = (position: number): number => x[Math.min(Math.max(position, 0), 12)]

  test('steps by one over the scale, not by the ratio of the lengths', () =>
    expectLayer(
      'Interp',
      { 0: 2, 1: 1, 2: 0.5 },
      [[x]],
      [Array.from({ length: 6 }, (_, i) => (at(2 * i) + at(2 * i + 1)) / 2)],
    ))
  test('but by the ratio where the length is asked for', async () => {
    const y = await runSingle('Interp', { 0: 2, 3: 1, 4: 6 }, [[x]])
    const position = 0.5 * (13 / 6) - 0.5
    expect(y.data[0]).toBeCloseTo(position, 6)
  })
  test('bicubic shifts an axis that keeps its length', async () => {
    const y = await runSingle('Interp', { 0: 3, 1: 1, 2: 1.05 }, [[x]])
    expect(y.shape).toEqual([1, 13])
    expect(Array.from(y.data, Number)).not.toEqual(x)
  })
})
