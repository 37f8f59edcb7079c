// Reordering axes: against the definition, element by element.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rowMajorStrides, sizeOf, unravelIndex } from '../../src/tensor/shape.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import { transpose } from '../../src/tensor/transpose.ts'

const shapeAndOrder = fc
  .array(fc.nat(4), { maxLength: 5 })
  .chain((shape) => fc.tuple(fc.constant(shape), fc.shuffledSubarray([...shape.keys()], { minLength: shape.length })))

test('element [i0, i1, ...] of the result is the element of the source with its index permuted back', () => {
  fc.assert(
    fc.property(shapeAndOrder, ([shape, order]) => {
      const data = Int32Array.from({ length: sizeOf(shape) }, (_, i) => i)
      const result = transpose({ data, shape, dtype: 'int32' }, order)
      expect(result.shape).toEqual(order.map((axis) => shape[axis]))
      const strides = rowMajorStrides(shape)
      Array.from(result.data as Int32Array).forEach((value, position) => {
        const index = unravelIndex(position, result.shape)
        expect(value).toBe(order.reduce((sum, axis, i) => sum + (index[i] ?? 0) * (strides[axis] ?? 0), 0))
      })
    }),
  )
})

test('keeps dtypes, 64-bit ones too, and leaves the source alone', () => {
  const source: Tensor = { data: new BigInt64Array([1n, 2n, 3n, 4n]), shape: [2, 2], dtype: 'int64' }
  expect(transpose(source, [1, 0])).toEqual({
    data: new BigInt64Array([1n, 3n, 2n, 4n]),
    shape: [2, 2],
    dtype: 'int64',
  })
  expect(source.data).toEqual(new BigInt64Array([1n, 2n, 3n, 4n]))
})

test.each([[[0]], [[0, 0]], [[0, 2]], [[0, 1, 2]]])('refuses %j for two axes', (order) => {
  const source: Tensor = { data: new Float32Array(4), shape: [2, 2], dtype: 'float32' }
  expect(() => transpose(source, order)).toThrow(RangeError)
})
