// Unfold and Fold.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectLayer, fill } from '../../../expect-layer.ts'
import { runSingle } from '../../../run-layer.ts'

describe('Unfold', () => {
  const x = [
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
  ]
  test('windows become columns', () =>
    expectLayer(
      'Unfold',
      { 1: 2 },
      [x],
      [
        [1, 2],
        [2, 3],
        [4, 5],
        [5, 6],
      ],
    ))
  test('padding holds pad_value', () =>
    expectLayer(
      'Unfold',
      { 1: 2, 11: 1, 3: 2, 13: 1, 4: 1, 14: 0, 15: 0, 16: 0, 18: 9 },
      [x],
      [
        [9, 2, 9, 5],
        [1, 3, 4, 6],
      ],
    ))
  test('dilation', () =>
    expectLayer(
      'Unfold',
      { 1: 2, 11: 1, 2: 2 },
      [x],
      [
        [1, 4],
        [3, 6],
      ],
    ))
  test('SAME', async () => {
    await expectLayer(
      'Unfold',
      { 1: 2, 11: 1, 4: -233 },
      [x],
      [
        [1, 2, 3, 4, 5, 6],
        [2, 3, 0, 5, 6, 0],
      ],
    )
    await expectLayer(
      'Unfold',
      { 1: 2, 11: 1, 4: -234 },
      [x],
      [
        [0, 1, 2, 0, 4, 5],
        [1, 2, 3, 4, 5, 6],
      ],
    )
  })
  test('channels one after the other', () =>
    expectLayer(
      'Unfold',
      { 1: 1 },
      [fill([2, 1, 2])],
      [
        [0, 1],
        [2, 3],
      ],
    ))
})

describe('Fold', () => {
  test('overlapping windows add up', () =>
    expectLayer(
      'Fold',
      { 1: 2, 11: 1, 20: 3, 21: 1 },
      [
        [
          [1, 2],
          [10, 20],
        ],
      ],
      [[[1, 12, 20]]],
    ))
  test('what lies in the padding is dropped', () =>
    expectLayer(
      'Fold',
      { 1: 2, 11: 1, 4: 1, 14: 0, 15: 0, 16: 0, 20: 2, 21: 1 },
      [
        [
          [1, 2],
          [10, 20],
        ],
      ],
      [[[12, 20]]],
    ))
})

/** Both are one linear map and its transpose: <unfold(x), y> = <x, fold(y)>. */
test('Fold is the transpose of Unfold', async () => {
  const size = fc.integer({ min: 3, max: 7 })
  const small = fc.integer({ min: 1, max: 2 })
  const pads = fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2))
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(size, size),
      fc.tuple(small, small, small, small, small, small),
      pads,
      async ([h, w], p, pad) => {
        const [kernelW, kernelH, dilationW, dilationH, strideW, strideH] = p
        const windows = {
          1: kernelW,
          11: kernelH,
          2: dilationW,
          12: dilationH,
          3: strideW,
          13: strideH,
          4: pad[0],
          15: pad[1],
          14: pad[2],
          16: pad[3],
        }
        const value = (i: number): number => ((i * 5) % 7) - 3
        const x = fill([2, h, w], value)
        const columns = await runSingle('Unfold', windows, [x as never], { precision: 'float64' })
        const y = fill(columns.shape, (i) => ((i * 3) % 5) - 2)
        const image = await runSingle('Fold', { ...windows, 20: w, 21: h }, [y as never], { precision: 'float64' })
        const dot = (a: ArrayLike<unknown>, b: number[]): number => b.reduce((sum, v, i) => sum + v * Number(a[i]), 0)
        expect(image.shape).toEqual([2, h, w])
        const flat = (nested: unknown): number[] => [nested].flat(4) as number[]
        expect(dot(columns.data, flat(y))).toBe(dot(image.data, flat(x)))
      },
    ),
    { numRuns: 60 },
  )
})

test.each([
  ['Unfold', { 1: 0 }, 'kernel_w must be at least 1, found 0'],
  ['Unfold', { 1: 3, 2: 2 }, 'a kernel over 5 elements is larger than the padded image, 2'],
  ['Unfold', { 1: 1, 3: 0 }, 'stride_w must be at least 1, found 0'],
  ['Unfold', { 1: 1, 4: 1, 15: -1 }, 'a padding cannot be negative'],
])('%s refuses %o', async (type, params, message) => {
  await expect(
    runSingle(type, params, [
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
    ]),
  ).rejects.toThrow(message)
})

test.each([
  [{ 1: 1, 20: 3 }, 'the parameters describe 3 x 3 windows, the input has 2 columns'],
  [{ 1: 2, 11: 2, 20: 3, 21: 2 }, 'windows of 4 elements need as many rows, the input has 1'],
  [{ 1: 1, 20: 0 }, 'the output would have 0 rows'],
  [{ 1: 1, 3: 2 ** 30, 4: 2 ** 30, 20: 1 }, 'a padded image of 2147483649 elements is too large'],
  [{ 1: 1, 4: -1, 20: 1 }, 'the paddings of Fold cannot be negative'],
])('Fold refuses %o', async (params, message) => {
  await expect(runSingle('Fold', params, [[[1, 2]]])).rejects.toThrow(message)
})
