// ShuffleChannel, PixelShuffle, Reorg.
import { describe, expect, test } from 'vitest'
import { expectLayer, fill } from '../../../expect-layer.ts'
import { runSingle } from '../../../run-layer.ts'

const channels = (...values: number[]): number[][][] => values.map((value) => [[value]])

describe('ShuffleChannel', () => {
  const x = channels(0, 1, 2, 3, 4, 5)
  test('2 groups of 3', () => expectLayer('ShuffleChannel', { 0: 2 }, [x], channels(0, 3, 1, 4, 2, 5)))
  test('reverse: 3 groups of 2', () => expectLayer('ShuffleChannel', { 0: 2, 1: 1 }, [x], channels(0, 2, 4, 1, 3, 5)))
  test('whole volumes move', () =>
    expectLayer(
      'ShuffleChannel',
      { 0: 2 },
      [fill([4, 1, 1, 2])],
      [
        [0, 1],
        [4, 5],
        [2, 3],
        [6, 7],
      ].map((row) => [[row]]),
    ))

  test.each([
    [4, '6 channels cannot be divided into 4 groups'],
    [0, 'group must be at least 1, found 0'],
  ])('refuses %i groups of 6 channels', async (group, message) => {
    await expect(runSingle('ShuffleChannel', { 0: group }, [x])).rejects.toThrow(message)
  })
})

describe('PixelShuffle', () => {
  test('four channels become a block of pixels', () =>
    expectLayer(
      'PixelShuffle',
      { 0: 2 },
      [channels(1, 2, 3, 4)],
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
    ))

  test('mode 0: neighbouring channels, mode 1: channels that lie apart', async () => {
    const x = channels(1, 2, 3, 4, 5, 6, 7, 8)
    await expectLayer(
      'PixelShuffle',
      { 0: 2 },
      [x],
      [
        [
          [1, 2],
          [3, 4],
        ],
        [
          [5, 6],
          [7, 8],
        ],
      ],
    )
    await expectLayer(
      'PixelShuffle',
      { 0: 2, 1: 1 },
      [x],
      [
        [
          [1, 3],
          [5, 7],
        ],
        [
          [2, 4],
          [6, 8],
        ],
      ],
    )
  })

  test('blocks keep their places', () =>
    expectLayer(
      'PixelShuffle',
      { 0: 2 },
      [fill([4, 1, 2])],
      [
        [
          [0, 2, 1, 3],
          [4, 6, 5, 7],
        ],
      ],
    ))

  test.each([
    [{ 0: 3 }, 'an upscale_factor of 3 needs 9 channels, found 4'],
    [{ 0: 0 }, 'upscale_factor must be at least 1, found 0'],
  ])('refuses %o', async (params, message) => {
    await expect(runSingle('PixelShuffle', params, [channels(1, 2, 3, 4)])).rejects.toThrow(message)
  })
})

describe('Reorg', () => {
  const x = [
    [
      [1, 2],
      [3, 4],
    ],
    [
      [5, 6],
      [7, 8],
    ],
  ]
  test('mode 0', () => expectLayer('Reorg', { 0: 2 }, [x], channels(1, 2, 3, 4, 5, 6, 7, 8)))
  test('mode 1', () => expectLayer('Reorg', { 0: 2, 1: 1 }, [x], channels(1, 5, 2, 6, 3, 7, 4, 8)))
  test('incomplete blocks are left out', () =>
    expectLayer(
      'Reorg',
      { 0: 2 },
      [
        [
          [
            [1, 2, 9],
            [3, 4, 9],
            [9, 9, 9],
          ],
        ],
      ],
      channels(1, 2, 3, 4),
    ))

  test.each([0, 1])('undoes PixelShuffle, mode %i', async (mode) => {
    const shuffled = await runSingle('PixelShuffle', { 0: 2, 1: mode }, [fill([8, 2, 3]) as never])
    const restored = await runSingle('Reorg', { 0: 2, 1: mode }, [shuffled])
    expect([...restored.data]).toEqual([...restored.data.keys()])
  })

  test('refuses a stride larger than the input', async () => {
    await expect(runSingle('Reorg', { 0: 3 }, [x])).rejects.toThrow('a stride of 3 is larger than the input')
    await expect(runSingle('Reorg', { 0: 0 }, [x])).rejects.toThrow('stride must be at least 1, found 0')
    await expect(runSingle('Reorg', { 0: 1 }, [[[[[1]], [[2]]]]])).rejects.toThrow('at most 3 axes')
  })
})
