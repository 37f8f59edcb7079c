import { expect, test } from 'vitest'
import { loadNcnn } from '../../../../../../src/runners/ncnn/index.ts'
import { rawWeight, runSingle, taggedWeight } from '../../../run-layer.ts'

const values = (tensor: { data: ArrayLike<number | bigint> }): number[] => Array.from(tensor.data, Number)
const int32 = (data: number[], shape: number[]) => ({ data: Int32Array.from(data), shape, dtype: 'int32' }) as const

test('Quantize rounds halves away from zero and limits to -127..127', async () => {
  const y = await runSingle('Quantize', {}, [[0.25, -0.25, 0.24, 100, -100]], { weights: [rawWeight([2])] })
  expect(y.dtype).toBe('int8')
  expect(values(y)).toEqual([1, -1, 0, 127, -127])
})

test('Quantize and Dequantize have a scale for each outermost index', async () => {
  const y = await runSingle(
    'Quantize',
    { 0: 2 },
    [
      [
        [1, 2],
        [1, 2],
      ],
    ],
    { weights: [rawWeight([1, 10])] },
  )
  expect(values(y)).toEqual([1, 2, 10, 20])
  const weights = [rawWeight([0.5, 0.25]), rawWeight([100, 200])]
  const back = await runSingle('Dequantize', { 0: 2, 1: 2 }, [int32([2, 4, 8, 16], [2, 2])], { weights })
  expect(back.dtype).toBe('float32')
  expect(values(back)).toEqual([101, 102, 202, 204])
})

test('Requantize scales, adds a bias, activates and quantises', async () => {
  const weights = [rawWeight([0.5]), rawWeight([10]), rawWeight([1])]
  const y = await runSingle('Requantize', { 2: 1, 3: 1 }, [int32([4, -10, 1], [3])], { weights })
  expect(y.dtype).toBe('int8')
  expect(values(y)).toEqual([30, 0, 15])
})

test('Cast changes the element type as ncnn does, to nearest, halves away from zero', async () => {
  const half = await runSingle('Cast', { 0: 1, 1: 2 }, [[1, 1.0009, 1 + 2 ** -11, 65519, 65520, 1e-6, -2]])
  expect([half.dtype, values(half)]).toEqual(['float16', [0x3c00, 0x3c01, 0x3c01, 0x7bff, 0x7c00, 0, 0xc000]])
  const brain = await runSingle('Cast', { 0: 1, 1: 4 }, [[1, 1.0077, 1 + 2 ** -8, -2]])
  expect([brain.dtype, values(brain)]).toEqual(['bfloat16', [0x3f80, 0x3f81, 0x3f81, 0xc000]])
  const int8 = { data: Int8Array.of(-5, 7), shape: [2], dtype: 'int8' } as const
  expect(values(await runSingle('Cast', { 0: 3, 1: 1 }, [int8]))).toEqual([-5, 7])
  await expect(runSingle('Cast', { 0: 1, 1: 3 }, [[1]])).rejects.toThrow('ncnn has no cast from type 1 to type 3')
})

test('Embed looks rows up and limits indices to the table', async () => {
  const params = { 0: 2, 1: 3, 2: 1, 3: 6 }
  const weights = [taggedWeight([1, 2, 3, 4, 5, 6]), rawWeight([10, 20])]
  const y = await runSingle('Embed', params, [int32([2, 0, 9, -1], [4])], { weights })
  expect(y.shape).toEqual([4, 2])
  expect(values(y)).toEqual([15, 26, 11, 22, 15, 26, 11, 22])
})

test('Embed refuses a table without rows', async () => {
  const weights = [taggedWeight([])]
  await expect(runSingle('Embed', { 0: 2, 1: 0, 3: 0 }, [int32([0], [1])], { weights })).rejects.toThrow(
    'input_dim 0 and num_output 2 must be at least 1',
  )
})

test('Embed of a NaN that a layer computed is NaN', async () => {
  const param = '7767517\n3 3\nInput x 0 1 x\nLog log 1 1 x i\nEmbed embed 1 1 i y 0=2 1=2 3=4\n'
  using model = await loadNcnn({ param, bin: new Uint8Array(Float32Array.of(0, 1, 2, 3, 4).buffer) })
  const { y } = await model.run({ x: [-1, 3] })
  expect(values(y)).toEqual([Number.NaN, Number.NaN, 3, 4])
})

test('Embed refuses an input without elements whose last axis is not empty', async () => {
  const x = { data: new Int32Array(0), shape: [0, 3], dtype: 'int32' as const }
  const weights = [taggedWeight([1, 2])]
  await expect(runSingle('Embed', { 0: 1, 1: 2, 3: 2 }, [x], { weights })).rejects.toThrow(
    'the input, [0, 3], has no elements',
  )
})

test('Embed scales an int8 table back', async () => {
  const weights = [taggedWeight(Int8Array.of(1, -2, 3, 4)), rawWeight([2])]
  const y = await runSingle('Embed', { 0: 2, 1: 2, 3: 4, 18: 1 }, [int32([1, 0], [2])], { weights })
  expect(values(y)).toEqual([1.5, 2, 0.5, -1])
})

test.each([
  [
    'the trace',
    'ii',
    [
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [1],
    [5],
  ],
  [
    'a product of matrices',
    'ik,kj->ij',
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
    [2, 2],
    [19, 22, 43, 50],
  ],
  [
    'a sum over an axis',
    'ij->i',
    [
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [2],
    [3, 7],
  ],
  [
    'an outer product',
    'i,j->ij',
    [
      [1, 2],
      [10, 20],
    ],
    [2, 2],
    [10, 20, 20, 40],
  ],
] as const)('Einsum: %s', async (_, equation, inputs, shape, expected) => {
  const y = await runSingle('Einsum', { 0: [...equation].map((letter) => letter.charCodeAt(0)) }, inputs as never)
  expect(y.shape).toEqual(shape)
  expect(values(y)).toEqual(expected)
})

test('Einsum refuses what is not an equation', async () => {
  await expect(runSingle('Einsum', { 0: [105, 106] }, [[[1]]])).rejects.toThrow(
    'the equation "ij" is not of ncnn\'s form',
  )
})
