// ROIAlign, ROIPooling, PSROIPooling, SPP.
import { describe, expect, test } from 'vitest'
import { expectLayer, fill } from '../../../expect-layer.ts'
import { runSingle } from '../../../run-layer.ts'

/** Element (i, j) is 10 i + j, so that linear interpolation gives 10 y + x. */
const image = [Array.from({ length: 4 }, (_, i) => Array.from({ length: 4 }, (_, j) => 10 * i + j))]

describe('ROIAlign', () => {
  test('samples in the middle of each bin', () =>
    expectLayer(
      'ROIAlign',
      { 0: 2, 1: 2, 3: 1 },
      [image, [0, 0, 2, 2]],
      [
        [
          [5.5, 6.5],
          [15.5, 16.5],
        ],
      ],
    ))
  test('more samples average to the same on a linear image', () =>
    expectLayer('ROIAlign', { 0: 1, 1: 1, 3: 2 }, [image, [0, 0, 2, 2]], [[[11]]]))
  test('aligned: centres of elements lie at halves', () =>
    expectLayer('ROIAlign', { 0: 1, 1: 1, 3: 1, 4: 1, 5: 1 }, [image, [1, 1, 3, 3]], [[[16.5]]]))
  test('coordinates are scaled', () =>
    expectLayer('ROIAlign', { 0: 1, 1: 1, 2: 0.5, 3: 1 }, [image, [0, 0, 4, 4]], [[[11]]]))
  test('the number of samples follows the size of the bin', async () => {
    const spike = [
      [
        [0, 0, 0, 0],
        [0, 16, 0, 0],
        [0, 0, 0, 0],
        [0, 0, 0, 0],
      ],
    ]
    // 2 x 2 samples at 0.5 and 1.5: each sees a quarter of the spike.
    for (const version of [0, 1]) {
      await expectLayer('ROIAlign', { 0: 1, 1: 1, 5: version }, [spike, [0, 0, 2, 2]], [[[4]]])
    }
  })
  test('version 1: samples beyond the image count as 0', () =>
    expectLayer(
      'ROIAlign',
      { 0: 2, 1: 1, 3: 1, 5: 1 },
      [
        [
          [
            [8, 8],
            [8, 8],
          ],
        ],
        [0, 0, 8, 2],
      ],
      [[[8, 0]]],
    ))
  test('version 0: bins beyond the image are 0', () =>
    expectLayer(
      'ROIAlign',
      { 0: 2, 1: 1, 3: 1 },
      [
        [
          [
            [8, 8],
            [8, 8],
          ],
        ],
        [0, 0, 8, 1],
      ],
      [[[8, 0]]],
    ))
  test('refuses an endless number of samples', async () => {
    await expect(runSingle('ROIAlign', { 0: 1, 1: 1, 5: 1 }, [image, [0, 0, 1e9, 1]])).rejects.toThrow(
      'a bin would need 1000000000 sampling points along an axis',
    )
  })
})

describe('ROIPooling', () => {
  test('maxima of whole elements', () =>
    expectLayer('ROIPooling', { 0: 3, 1: 1 }, [image, [0, 0, 2, 1]], [[[10, 11, 12]]]))
  test('coordinates are scaled and rounded', () =>
    expectLayer('ROIPooling', { 0: 1, 1: 1, 2: 0.5 }, [image, [1, 1, 3.2, 5]], [[[32]]]))
  test('bins that share elements', () =>
    expectLayer('ROIPooling', { 0: 3, 1: 1 }, [image, [0, 0, 1, 0]], [[[0, 1, 1]]]))
  test('0 beyond the image', () => expectLayer('ROIPooling', { 0: 1, 1: 1 }, [[[[-1]]], [3, 3, 4, 4]], [[[0]]]))
  test('an edge that falls on an element takes it in as well, where the reciprocal of the count comes out low', () =>
    expectLayer('ROIPooling', { 0: 2, 1: 1 }, [[[[9, 5, 1, 2]]], [0, 0, 3, 0]], [[[9, 5]]]))
})

describe('PSROIPooling', () => {
  /** Channel q is all q + 1. */
  const channels = Array.from({ length: 8 }, (_, q) => [
    [q + 1, q + 1],
    [q + 1, q + 1],
  ])
  test('each bin has a channel of its own', () =>
    expectLayer(
      'PSROIPooling',
      { 0: 2, 1: 2, 2: 1, 3: 2 },
      [channels, [0, 0, 1, 1]],
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
    ))
  test('averages what the bin covers', () =>
    expectLayer(
      'PSROIPooling',
      { 0: 1, 1: 1, 2: 1, 3: 1 },
      [
        [
          [
            [1, 2],
            [3, 6],
          ],
        ],
        [0, 0, 1, 0],
      ],
      [[[1.5]]],
    ))
  test('0 beyond the image', () =>
    expectLayer('PSROIPooling', { 0: 1, 1: 1, 2: 1, 3: 1 }, [[[[1]]], [5, 5, 6, 6]], [[[0]]]))
  test('refuses another number of channels', async () => {
    await expect(runSingle('PSROIPooling', { 0: 2, 1: 2, 3: 1 }, [image, [0, 0, 1, 1]])).rejects.toThrow(
      '4 channels are needed, the input has 1',
    )
  })
})

test.each(['ROIAlign', 'ROIPooling', 'PSROIPooling'])(
  '%s refuses a region without 4 coordinates, and no size',
  async (type) => {
    await expect(runSingle(type, { 0: 1, 1: 1, 3: 1 }, [image, [1, 2]])).rejects.toThrow('must hold the 4 coordinates')
    await expect(runSingle(type, { 0: 0, 1: 1 }, [image, [1, 2, 3, 4]])).rejects.toThrow(
      /pooled_width.* must be (at least 1|positive), found 0/,
    )
  },
)

describe('SPP', () => {
  // All channels in one row: maxima of the whole, then of the quarters; ncnn declares 2 channels of 5, the second from element 8 on.
  test('gives what ncnn declares of its pyramid', () =>
    expectLayer('SPP', { 0: 0, 1: 2 }, [fill([3, 2, 2], (i) => i + 1)], [[[4, 8, 12, 1, 2]], [[6, 7, 8, 9, 10]]]))
  test('averages count the padding', () => expectLayer('SPP', { 0: 1, 1: 1 }, [fill([5, 1, 2])], [[[0.5]], [[8.5]]]))
  test('refuses what ncnn leaves undefined', async () => {
    await expect(runSingle('SPP', {}, [[[[1]]]])).rejects.toThrow(
      'ncnn leaves a part of its result undefined for 1 channels',
    )
    await expect(runSingle('SPP', { 1: 11 }, [[[[1]]]])).rejects.toThrow('pyramid_height must be 1 to 10, found 11')
  })
})
