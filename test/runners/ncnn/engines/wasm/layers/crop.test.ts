// Crop: every way to say which part of the blob is wanted.
import { describe, expect, test } from 'vitest'
import { expectLayer, fill } from '../../../expect-layer.ts'
import { runSingle } from '../../../run-layer.ts'

const row = [0, 1, 2, 3, 4, 5]
const matrix = [
  [0, 1, 2, 3],
  [10, 11, 12, 13],
  [20, 21, 22, 23],
]

describe('by offsets and sizes', () => {
  test('a vector', () => expectLayer('Crop', { 0: 2, 3: 3 }, [row], [2, 3, 4]))
  test('a matrix', () =>
    expectLayer(
      'Crop',
      { 0: 1, 1: 1, 3: 2, 4: 2 },
      [matrix],
      [
        [11, 12],
        [21, 22],
      ],
    ))
  test('-233 takes all that is left', () => expectLayer('Crop', { 0: 1, 3: -233, 6: 2 }, [row], [1, 2, 3]))
  test('a size is cut to what is left', () => expectLayer('Crop', { 0: 4, 3: 9 }, [row], [4, 5]))

  test('channels and depths', async () => {
    const x = fill([2, 3, 1, 1])
    await expectLayer('Crop', { 2: 1, 5: 1, 13: 1, 14: 2, 3: -233, 4: -233 }, [x], [[[[4]], [[5]]]])
  })
})

describe('by starts and ends', () => {
  test('along given axes', () =>
    expectLayer(
      'Crop',
      { 9: [1], 10: [3], 11: [1] },
      [matrix],
      [
        [1, 2],
        [11, 12],
        [21, 22],
      ],
    ))
  test('along all axes', () => expectLayer('Crop', { 9: [1, 2], 10: [2, 4] }, [matrix], [[12, 13]]))
  test('from the end', () => expectLayer('Crop', { 9: [-2], 10: [-1], 11: [-1] }, [matrix], [[2], [12], [22]]))
  test('-233 is an open start or end', () => expectLayer('Crop', { 9: [-233], 10: [-233] }, [row], row))
  test('an end beyond the axis is its end', () => expectLayer('Crop', { 9: [4], 10: [99] }, [row], [4, 5]))
  test('an end of 0 is the end of the axis', () => expectLayer('Crop', { 9: [4], 10: [0] }, [row], [4, 5]))
})

describe('by the second input', () => {
  test('its shape', () => expectLayer('Crop', { 0: 1, 1: 1 }, [matrix, [[0, 0]]], [[11, 12]]))

  test('its height and width, and all channels', () =>
    expectLayer('Crop', {}, [fill([2, 2, 2]), [[0]]], [[[0]], [[4]]]))

  test('the offsets and sizes that it holds', async () => {
    const window = { data: Int32Array.of(1, 2, 0, 3, 1, 0), shape: [6], dtype: 'int32' as const }
    const y = await runSingle('Crop', { 0: -233 }, [matrix, window])
    expect(y).toEqual({ data: Float32Array.of(21, 22, 23), shape: [1, 3], dtype: 'float32' })
    const asFloats = await runSingle('Crop', { 0: -233 }, [matrix, [1, 2, 0, 3, 1, 0]])
    expect(asFloats).toEqual(y)
  })
})

describe('by expressions', () => {
  test('of sizes', () => expectLayer('Crop', { 19: '//(0w,3)', 20: '-(0w,1)' }, [row], [2, 3, 4]))
  test('of other inputs, along given axes', () =>
    expectLayer('Crop', { 19: '1w', 20: '2w', 21: '-1' }, [row, [0], [0, 0, 0]], [1, 2]))
})

test('keeps int8', async () => {
  const x = { data: Int8Array.of(1, 2, 3), shape: [3], dtype: 'int8' as const }
  expect(await runSingle('Crop', { 0: 1, 3: 2 }, [x])).toEqual({ data: Int8Array.of(2, 3), shape: [2], dtype: 'int8' })
})

test.each([
  [{ 0: 5, 3: 3, 6: 4 }, 'is empty or reaches beyond [6]'],
  [{ 9: [4], 10: [2] }, 'is empty or reaches beyond [6]'],
  [{ 9: [1], 10: [2], 11: [0, 0] }, 'starts, ends and axes must be as many as each other, found 1, 1 and 2'],
  [{ 0: 1 }, 'Crop needs a second input'],
])('refuses %o', async (params, message) => {
  await expect(runSingle('Crop', params, [row])).rejects.toThrow(message)
})
