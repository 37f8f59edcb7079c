// Layers that read width, height and channels, and do not look at how many axes a blob has: what they do not read must be 1 long.
import { describe, expect, test } from 'vitest'
import { rawWeight, runSingle, taggedWeight } from '../../../run-layer.ts'

const floats = (shape: readonly number[]) => ({
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i + 1)),
  shape: [...shape],
  dtype: 'float32' as const,
})

test.each([
  ['PixelShuffle', { 0: 2 }, [4, 2, 3], [4, 1, 2, 3]],
  ['PixelShuffle', { 0: 1 }, [1, 2, 3], [2, 3]],
  ['Reorg', { 0: 2 }, [1, 4, 2], [4, 2]],
  ['Reorg', { 0: 2 }, [3, 4, 2], [3, 1, 4, 2]],
  ['Interp', { 0: 2, 1: 2, 2: 2 }, [2, 3, 4], [2, 1, 3, 4]],
  ['Pooling', { 0: 1, 1: 2, 2: 1 }, [2, 3, 4], [2, 1, 3, 4]],
  ['Pooling', { 4: 1 }, [2, 3, 4], [2, 1, 3, 4]],
  ['Unfold', { 1: 2 }, [2, 3, 4], [2, 1, 3, 4]],
  ['Spectrogram', { 0: 8, 1: 1 }, [20], [1, 20]],
  ['Spectrogram', { 0: 8, 1: 1 }, [20], [1, 1, 20]],
])('%s %o gives for %o and %o the same', async (type, params, usual, other) => {
  const expected = await runSingle(type, params, [floats(usual)])
  expect(await runSingle(type, params, [floats(other)])).toEqual(expected)
})

test('LRN keeps the axes it does not read', async () => {
  const { data } = await runSingle('LRN', {}, [floats([2, 3, 4])])
  expect(await runSingle('LRN', {}, [floats([2, 1, 3, 4])])).toMatchObject({ data, shape: [2, 1, 3, 4] })
})

test('a matrix is one head of attention', async () => {
  const heads = [floats([1, 2, 4]), floats([1, 3, 4]), floats([1, 3, 4])]
  const matrices = [floats([2, 4]), floats([3, 4]), floats([3, 4])]
  expect(await runSingle('SDPA', {}, matrices)).toEqual(await runSingle('SDPA', {}, heads))
})

test('a matrix of points is one row of a grid', async () => {
  const image = floats([2, 3, 4])
  const expected = await runSingle('GridSample', {}, [image, floats([1, 5, 2])])
  expect(await runSingle('GridSample', {}, [image, floats([5, 2])])).toEqual(expected)
})

test('rotations come from the first rows of longer tables', async () => {
  const x = floats([2, 3, 4])
  const rows = ({ data }: { data: Float32Array }) => ({
    data: data.slice(0, 6),
    shape: [3, 2],
    dtype: 'float32' as const,
  })
  const [cos, sin] = [floats([7, 2]), floats([5, 2])]
  const expected = await runSingle('RotaryEmbed', {}, [x, rows(cos), rows(sin)])
  expect(await runSingle('RotaryEmbed', {}, [x, cos, sin])).toEqual(expected)
})

test('Reshape puts everything into one row, whatever length was fixed', async () => {
  expect((await runSingle('Reshape', { 0: 4 }, [floats([2, 3, 4])])).shape).toEqual([24])
})

test('a vector has one axis, whatever it is called', async () => {
  expect((await runSingle('Crop', { 9: [1], 10: [3], 11: [2] }, [[0, 1, 2, 3]])).data).toEqual(Float32Array.of(1, 2))
  expect((await runSingle('CopyTo', { 9: [1], 11: [2] }, [[0, 0, 0], [5]])).data).toEqual(Float32Array.of(0, 5, 0))
})

/** Of MultiHeadAttention with 2 features: four maps, each with its bias. */
const attentionWeights = Array.from({ length: 4 }, () => [taggedWeight([1, 0, 0, 1]), rawWeight([0, 0])]).flat()

describe('refused', () => {
  test.each([
    [
      'a volume where an image is read',
      'PixelShuffle',
      { 0: 1 },
      [[1, 2, 1, 1]],
      'at most 3 axes, or others of length 1',
    ],
    ['padding without a depth', 'Pooling3D', { 1: 2, 3: 1 }, [[1, 2, 2]], 'padding needs an input of 4 axes'],
    [
      'a mask of other lengths with as many elements',
      'SDPA',
      { 5: 1 },
      [
        [1, 2, 4],
        [1, 3, 4],
        [1, 3, 4],
        [3, 2],
      ],
      'the mask must be [2, 3]',
    ],
    ['several matrices as the query', 'MultiHeadAttention', { 0: 2, 1: 1, 2: 4 }, [[2, 3, 2]], 'at most 2 axes'],
    [
      'points of more coordinates',
      'GridSample',
      {},
      [
        [1, 2, 2],
        [1, 2, 3],
      ],
      'does not hold points of 2 coordinates',
    ],
    ['a slope that falls', 'HardSwish', { 0: -1 }, [[2]], 'alpha must be at least 0, found -1'],
  ] as const)('%s', async (_, type, params, shapes, message) => {
    const weights = type === 'MultiHeadAttention' ? attentionWeights : []
    await expect(runSingle(type, params, shapes.map(floats), { weights })).rejects.toThrow(message)
  })
})
