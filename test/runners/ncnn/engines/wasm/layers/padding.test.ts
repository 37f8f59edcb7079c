// Padding: every type, every rank.
import { describe, expect, test } from 'vitest'
import { expectLayer, fill } from '../../../expect-layer.ts'
import { rawWeight, runSingle } from '../../../run-layer.ts'

const [constant, replicate, reflect] = [0, 1, 2]

describe('a vector', () => {
  const x = [1, 2, 3]
  test('constant', () => expectLayer('Padding', { 2: 2, 3: 1, 4: constant, 5: 9.5 }, [x], [9.5, 9.5, 1, 2, 3, 9.5]))
  test('replicate', () => expectLayer('Padding', { 2: 2, 3: 1, 4: replicate }, [x], [1, 1, 1, 2, 3, 3]))
  test('reflect', () => expectLayer('Padding', { 2: 2, 3: 1, 4: reflect }, [x], [3, 2, 1, 2, 3, 2]))
  test('nothing', () => expectLayer('Padding', { 4: reflect }, [x], x))
})

describe('a matrix', () => {
  const x = [
    [1, 2],
    [3, 4],
  ]
  test('constant', () =>
    expectLayer(
      'Padding',
      { 0: 1, 2: 1 },
      [x],
      [
        [0, 0, 0],
        [0, 1, 2],
        [0, 3, 4],
      ],
    ))
  test('replicate', () =>
    expectLayer(
      'Padding',
      { 1: 1, 3: 1, 4: replicate },
      [x],
      [
        [1, 2, 2],
        [3, 4, 4],
        [3, 4, 4],
      ],
    ))
  test('reflect', () =>
    expectLayer(
      'Padding',
      { 0: 1, 3: 1, 4: reflect },
      [x],
      [
        [3, 4, 3],
        [1, 2, 1],
        [3, 4, 3],
      ],
    ))
})

describe('channels', () => {
  const x = [[[1]], [[2]], [[3]]]
  const channels = (...values: number[]): number[][][] => values.map((value) => [[value]])
  test('constant', () => expectLayer('Padding', { 7: 1, 8: 2, 5: 7 }, [x], channels(7, 1, 2, 3, 7, 7)))
  test('replicate', () => expectLayer('Padding', { 7: 1, 8: 1, 4: replicate }, [x], channels(1, 1, 2, 3, 3)))
  test('reflect', () => expectLayer('Padding', { 7: 2, 8: 1, 4: reflect }, [x], channels(3, 2, 1, 2, 3, 2)))

  test('a constant of its own for each channel of the result', async () => {
    const weights = [rawWeight([10, 20, 30, 40])]
    await expectLayer('Padding', { 2: 1, 7: 1, 6: 4 }, [x], [[[10, 10]], [[20, 1]], [[30, 2]], [[40, 3]]], { weights })
  })
})

describe('depths of a blob with 4 axes', () => {
  const x = fill([2, 2, 1, 1])
  const volume = (...channels: number[][]): number[][][][] => channels.map((depths) => depths.map((value) => [[value]]))
  test('constant', () => expectLayer('Padding', { 7: 1, 5: 9 }, [x], volume([9, 0, 1], [9, 2, 3])))
  test('replicate', () => expectLayer('Padding', { 8: 1, 4: replicate }, [x], volume([0, 1, 1], [2, 3, 3])))
  test('reflect', () => expectLayer('Padding', { 7: 1, 4: reflect }, [x], volume([1, 0, 1], [3, 2, 3])))

  test('a constant of its own for each channel', async () => {
    const weights = [rawWeight([5, 6])]
    await expectLayer('Padding', { 8: 1, 6: 2 }, [x], volume([0, 1, 5], [2, 3, 6]), { weights })
  })
})

test('int8 keeps its type, and the constant is cut to an integer', async () => {
  const x = { data: Int8Array.of(1, -2), shape: [2], dtype: 'int8' as const }
  const y = await runSingle('Padding', { 2: 1, 3: 1, 5: -3.7 }, [x])
  expect(y).toEqual({ data: Int8Array.of(-3, 1, -2, -3), shape: [4], dtype: 'int8' })
})

test('integers that are fed become floats where the constant is one, and stay where nothing is added to them', async () => {
  const x = { data: Int32Array.of(1, 2), shape: [2], dtype: 'int32' as const }
  const padded = await runSingle('Padding', { 2: 1, 5: 0.5 }, [x])
  expect(padded).toEqual({ data: Float32Array.of(0.5, 1, 2), shape: [3], dtype: 'float32' })
  const repeated = await runSingle('Padding', { 2: 1, 4: replicate, 5: 0.5 }, [x])
  expect(repeated).toEqual({ data: Int32Array.of(1, 1, 2), shape: [3], dtype: 'int32' })
})

test.each([
  [{ 2: 1, 4: 3 }, 'type must be 0 to 2, found 3'],
  [{ 2: -1 }, 'a padding cannot be negative, found -1'],
  [{ 2: 3, 4: reflect }, '3 elements cannot be mirrored over a padding of 3'],
])('refuses %o', async (params, message) => {
  await expect(runSingle('Padding', params, [[1, 2, 3]])).rejects.toThrow(message)
})

test('refuses too few constants', async () => {
  const run = runSingle('Padding', { 2: 1, 6: 1 }, [[[[1]], [[2]]]], { weights: [rawWeight([1])] })
  await expect(run).rejects.toThrow('per_channel_pad_data has 1 values for 2 channels')
})
