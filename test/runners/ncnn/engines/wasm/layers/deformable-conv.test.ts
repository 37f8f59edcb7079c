import { describe, expect, test } from 'vitest'
import '../../../../../../src/vitest.ts'
import type { Tensor } from '../../../../../../src/tensor/tensor.ts'
import { rawWeight, runSingle, taggedWeight } from '../../../run-layer.ts'
import { noise } from './convolution-by-definition.ts'

const values = (tensor: Tensor): number[] => Array.from(tensor.data, Number)
const tensor = (data: ArrayLike<number>, shape: readonly number[]): Tensor => ({
  data: Float32Array.from(data),
  shape: [...shape],
  dtype: 'float32',
})

describe.each([
  { precision: 'float32', digits: 5 },
  { precision: 'float64', digits: 13 },
] as const)('in $precision', ({ precision, digits }) => {
  /** One pixel of a 1x1 kernel over [[1, 2], [3, 4]], moved by an offset. */
  const movedBy = async (dy: number, dx: number) => {
    const x = tensor([1, 2, 3, 4], [1, 2, 2])
    const offset = tensor([dy, 0, 0, 0, dx, 0, 0, 0], [2, 2, 2])
    const y = await runSingle('DeformableConv2D', { 0: 1, 1: 1, 6: 1 }, [x, offset], {
      weights: [taggedWeight([1])],
      precision,
    })
    return values(y)
  }

  test('offsets move a tap, vertical before horizontal, and it reads between pixels', async () => {
    expect(await movedBy(0, 0)).toEqual([1, 2, 3, 4])
    expect(await movedBy(1, 0)).toEqual([3, 2, 3, 4])
    expect(await movedBy(0, 1)).toEqual([2, 2, 3, 4])
    expect(await movedBy(0.5, 0.25)).toEqual([2.25, 2, 3, 4])
  })

  test('pixels outside are zero', async () => {
    expect(await movedBy(-0.5, 0)).toEqual([0.5, 2, 3, 4])
    expect(await movedBy(1.5, 1.5)).toEqual([1, 2, 3, 4])
    expect(await movedBy(-1, 0)).toEqual([0, 2, 3, 4])
    expect(await movedBy(0, 2)).toEqual([0, 2, 3, 4])
    expect(await movedBy(Number.NaN, 0)).toEqual([0, 2, 3, 4])
  })

  test('a mask weighs each tap of each output', async () => {
    const x = tensor([1, 2, 3], [1, 1, 3])
    const offset = tensor(new Float32Array(8), [4, 1, 2])
    const mask = tensor([1, 0.5, 0, 2], [2, 1, 2])
    const y = await runSingle('DeformableConv2D', { 0: 1, 1: 2, 11: 1, 5: 1, 6: 2, 9: 1 }, [x, offset, mask], {
      weights: [taggedWeight([1, -10]), rawWeight([5])],
      precision,
    })
    expect(values(y)).toEqual([6, 0])
  })

  test('without offsets it is the convolution', async () => {
    const x = tensor(noise(3 * 6 * 7, 1), [3, 6, 7])
    const params = { 0: 4, 1: 2, 11: 3, 2: 2, 12: 1, 3: 1, 13: 2, 4: 1, 15: 2, 14: 0, 16: 1, 5: 1, 6: 72 }
    const options = { weights: [taggedWeight(noise(72, 2)), rawWeight(noise(4, 3))], precision }
    const expected = await runSingle('Convolution', params, [x], options)
    const [, h, w] = expected.shape
    const y = await runSingle(
      'DeformableConv2D',
      params,
      [x, tensor(new Float32Array(12 * h * w), [12, h, w])],
      options,
    )
    expect(y).toMatchTensor(expected, { rtol: 0, atol: 0.5 * 10 ** -digits })
  })
})

test('offsets and masks of another shape are refused', async () => {
  const x = tensor(new Float32Array(8), [2, 2, 2])
  const options = { weights: [taggedWeight([1, 1])] }
  const params = { 0: 1, 1: 1, 6: 2 }
  const offset = tensor(new Float32Array(8), [2, 2, 2])
  await expect(
    runSingle('DeformableConv2D', params, [x, tensor(new Float32Array(4), [1, 2, 2])], options),
  ).rejects.toThrow(/the offset must have shape \[2, 2, 2\], found \[1, 2, 2\]/)
  await expect(runSingle('DeformableConv2D', params, [x, offset, offset], options)).rejects.toThrow(
    /the mask must have shape \[1, 2, 2\], found \[2, 2, 2\]/,
  )
})
