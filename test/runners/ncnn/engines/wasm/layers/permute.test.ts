// Permute, against the definition: the result's axes in the order that ncnn documents, innermost first.
import { describe, expect, test } from 'vitest'
import { rowMajorStrides, sizeOf, unravelIndex } from '../../../../../../src/tensor/shape.ts'
import { expectLayer, fill } from '../../../expect-layer.ts'
import { runSingle } from '../../../run-layer.ts'

const documented: Record<number, string[]> = {
  3: 'WHC HWC WCH CWH HCW CHW'.split(' '),
  4: (
    'WHDC HWDC WDHC DWHC HDWC DHWC WHCD HWCD WCHD CWHD HCWD CHWD ' +
    'WDCH DWCH WCDH CWDH DCWH CDWH HDCW DHCW HCDW CHDW DCHW CDHW'
  ).split(' '),
}

function permuted(shape: readonly number[], order: string): { shape: number[]; data: number[] } {
  const names = shape.length === 3 ? 'CHW' : 'CDHW'
  const axes = [...order].reverse().map((name) => names.indexOf(name))
  const strides = rowMajorStrides(shape)
  const result = axes.map((axis) => shape[axis])
  const data = Array.from({ length: sizeOf(shape) }, (_, position) =>
    unravelIndex(position, result).reduce((sum, index, i) => sum + index * strides[axes[i]], 0),
  )
  return { shape: result, data }
}

describe.each([[[2, 3, 4]], [[2, 3, 4, 5]], [[1, 3, 1, 4]], [[9, 1, 7]]])('%o', (shape) => {
  const orders = documented[shape.length].map((name, order_type) => ({ name, order_type }))
  test.each(orders)('order_type $order_type: $name', async ({ name, order_type }) => {
    for (const precision of ['float32', 'float64'] as const) {
      const y = await runSingle('Permute', { 0: order_type }, [fill(shape) as never], { precision })
      expect({ shape: y.shape, data: [...y.data] }).toEqual(permuted(shape, name))
    }
  })
})

test('a matrix is transposed by order_type 1', async () => {
  await expectLayer(
    'Permute',
    { 0: 1 },
    [
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
    [
      [1, 4],
      [2, 5],
      [3, 6],
    ],
  )
})

test('a vector stays', async () => {
  await expectLayer('Permute', { 0: 3 }, [[1, 2]], [1, 2])
})

test('keeps int32', async () => {
  const x = { data: Int32Array.of(1, 2, 3, 4), shape: [2, 2], dtype: 'int32' as const }
  expect(await runSingle('Permute', { 0: 1 }, [x])).toEqual({ ...x, data: Int32Array.of(1, 3, 2, 4) })
})

test('refuses an order that its rank, or no rank, has', async () => {
  await expect(runSingle('Permute', { 0: 2 }, [[[1]]])).rejects.toThrow('with 2 axes must be 0 to 1, found 2')
  await expect(runSingle('Permute', { 0: -1 }, [[[[1]]]])).rejects.toThrow('order_type must be 0 to 23, found -1')
})
