// Concat and Slice.
import { describe, expect, test } from 'vitest'
import { loadNcnn } from '../../../../../../src/runners/ncnn/index.ts'
import { expectLayer, fill } from '../../../expect-layer.ts'
import { runLayer, runSingle } from '../../../run-layer.ts'

const int8 = (values: number[], shape: number[]) => ({ data: Int8Array.from(values), shape, dtype: 'int8' as const })

describe('Concat', () => {
  test('joins vectors, whatever the axis', async () => {
    await expectLayer('Concat', {}, [[1, 2], [3], [4, 5]], [1, 2, 3, 4, 5])
    await expectLayer('Concat', { 0: 2 }, [[1, 2], [3]], [1, 2, 3])
  })

  test.each([
    [
      0,
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ],
    [
      1,
      [
        [1, 2, 7],
        [3, 4, 8],
      ],
    ],
    [
      -1,
      [
        [1, 2, 7],
        [3, 4, 8],
      ],
    ],
    [
      -2,
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ],
  ])('joins matrices along axis %i', async (axis, expected) => {
    const other = axis === 0 || axis === -2 ? [[5, 6]] : [[7], [8]]
    await expectLayer(
      'Concat',
      { 0: axis },
      [
        [
          [1, 2],
          [3, 4],
        ],
        other,
      ],
      expected,
    )
  })

  test.each([0, 1, 2, 3])('joins blobs of 4 axes along axis %i', async (axis) => {
    const [a, b] = [fill([2, 2, 2, 2]), fill([2, 2, 2, 2], (i) => 100 + i)]
    const y = await runSingle('Concat', { 0: axis }, [a, b] as never)
    expect(y.shape[axis]).toBe(4)
    const stride = 2 ** (3 - axis)
    // Every run of elements that the axis steps over comes from one input, then from the other.
    const runs = Array.from({ length: 2 ** axis }, (_, run) => [run * 2 * stride, 100 + run * 2 * stride]).flat()
    const expected = runs.flatMap((start) => Array.from({ length: 2 * stride }, (_, i) => start + i))
    expect([...y.data]).toEqual(expected)
  })

  test('keeps int8', async () => {
    const y = await runSingle('Concat', { 0: 0 }, [int8([1, -2], [2]), int8([3], [1])])
    expect(y).toEqual(int8([1, -2, 3], [3]))
  })

  test('refuses blobs that do not fit together', async () => {
    const matrix = [[1, 2]]
    await expect(runSingle('Concat', { 0: 0 }, [matrix, [[1, 2, 3]]])).rejects.toThrow(
      '[1, 3] cannot be joined to [1, 2] along axis 0: all other lengths must agree',
    )
    await expect(runSingle('Concat', { 0: 2 }, [matrix, matrix])).rejects.toThrow('axis 2 does not exist')
    await expect(runSingle('Concat', {}, [[1], int8([1], [1])])).rejects.toThrow('a blob of int8 cannot be joined')
  })
})

describe('Slice', () => {
  const x = [
    [0, 1, 2, 3, 4],
    [10, 11, 12, 13, 14],
  ]
  const slices = async (params: Parameters<typeof runLayer>[1], outputs: number, input: number[][] | number[] = x) =>
    (await runLayer('Slice', params, [input], { outputs })).map((y) => ({ shape: y.shape, data: [...y.data] }))

  test('cuts parts of given lengths', async () => {
    expect(await slices({ 0: [2, 3], 1: 1 }, 2)).toEqual([
      { shape: [2, 2], data: [0, 1, 10, 11] },
      { shape: [2, 3], data: [2, 3, 4, 12, 13, 14] },
    ])
  })

  test('-233 is an equal share of what is left', async () => {
    const shapes = (await slices({ 0: [1, -233, -233], 1: -1 }, 3)).map(({ shape }) => shape)
    expect(shapes).toEqual([
      [2, 1],
      [2, 2],
      [2, 2],
    ])
    expect((await slices({ 0: [-233, -233], 1: 0 }, 2)).map(({ data }) => data)).toEqual(x)
  })

  test('cuts at indices, from the start or the end', async () => {
    expect((await slices({ 2: [1, -1], 1: 1 }, 3)).map(({ data }) => data)).toEqual([
      [0, 10],
      [1, 2, 3, 11, 12, 13],
      [4, 14],
    ])
  })

  test('may leave a rest out', async () => {
    expect(await slices({ 0: [1, 1] }, 2, [7, 8, 9])).toEqual([
      { shape: [1], data: [7] },
      { shape: [1], data: [8] },
    ])
  })

  test('cuts channels and depths', async () => {
    const [first, second] = await runLayer('Slice', { 0: [1, 2], 1: 1 }, [fill([2, 3, 1, 2]) as never], { outputs: 2 })
    expect([first.shape, [...first.data]]).toEqual([
      [2, 1, 1, 2],
      [0, 1, 6, 7],
    ])
    expect([second.shape, [...second.data]]).toEqual([
      [2, 2, 1, 2],
      [2, 3, 4, 5, 8, 9, 10, 11],
    ])
  })

  test.each([
    [{ 0: [2], 1: 1 }, '2 outputs need 2 slices, found 1'],
    [{ 0: [2, 4], 1: 1 }, 'a slice would hold 4 elements from 2 on, but the axis has 5'],
    [{ 0: [0, 5], 1: 1 }, 'slices must be lengths, or -233 for an equal share, found 0'],
    [{ 0: [2, 3], 1: 4 }, 'axis must be -4 to 3, found 4'],
    [{ 2: [9], 1: 1 }, 'a slice would hold 9 elements'],
    [{ 0: [1, 1], 1: 2 }, 'axis 2 does not exist'],
  ])('refuses %o', async (params, message) => {
    await expect(runLayer('Slice', params, [x], { outputs: 2 })).rejects.toThrow(message)
  })

  test('gives parts of one blob, which layers that work in place do not change for each other', async () => {
    const param = `7767517
6 9
Input in0 0 1 x
Slice cut 1 3 x a b c -23300=3,1,1,-233 1=0
ReLU first 1 1 a d
Slice again 1 2 c e f -23300=2,1,-233 1=0
ReLU second 1 1 f g
Concat all 4 1 d b e g y 0=0
`
    using model = await loadNcnn({ param, bin: new Uint8Array() })
    const data = Float32Array.from({ length: 5 * 24 }, (_, i) => (i % 3 ? -i : i))
    const input = { data, shape: [5, 24], dtype: 'float32' as const }
    const kept = [1, 2]
    for (let run = 0; run < 2; run++) {
      const { y } = await model.run({ x: input }, { outputs: ['y'] })
      expect([...y.data]).toEqual(
        Array.from(data, (value, i) => (kept.includes(Math.floor(i / 24)) ? value : Math.max(value, 0))),
      )
    }
  })
})
