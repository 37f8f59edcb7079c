// Copies between strided views: with the kernels, without them, and by the definition.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createNcnnKernels, firstFreeByte, maxPages } from '../../../../../../src/kernels/ncnn.ts'
import { copyStrided } from '../../../../../../src/runners/ncnn/engines/wasm/operations/strided-copy.ts'
import { rowMajorStrides, sizeOf, unravelIndex } from '../../../../../../src/tensor/shape.ts'
import { firstDifference } from '../../../../../kernels/arena.ts'

const dense = (shape: readonly number[], data: Float32Array) => ({ data, offset: 0, strides: rowMajorStrides(shape) })
const memory = new WebAssembly.Memory({ initial: 8, maximum: maxPages })
const kernels = createNcnnKernels(memory)
const counting = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => i)

describe('copyStrided', () => {
  test('transposes', () => {
    const target = new Float32Array(6)
    copyStrided([3, 2], { data: counting(6), offset: 0, strides: [1, 3] }, dense([3, 2], target))
    expect([...target]).toEqual([0, 3, 1, 4, 2, 5])
  })

  test('walks backwards and repeats', () => {
    const target = new Float32Array(6)
    copyStrided([2, 3], { data: counting(3), offset: 2, strides: [0, -1] }, dense([2, 3], target))
    expect([...target]).toEqual([2, 1, 0, 2, 1, 0])
  })

  test('copies one element of no axes, and nothing of an empty shape', () => {
    const target = new Float32Array(1)
    copyStrided([0, 3], dense([1], counting(1).fill(7)), dense([1], target))
    expect([...target]).toEqual([0])
    copyStrided([], dense([1], counting(1).fill(7)), dense([1], target))
    expect([...target]).toEqual([7])
  })

  test('writes a window and leaves the rest', () => {
    const target = new Float32Array(12)
    copyStrided(
      [2, 2],
      dense(
        [2, 2],
        counting(4).map((x) => x + 1),
      ),
      { data: target, offset: 5, strides: [4, 1] },
    )
    expect([...target]).toEqual([0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0])
  })

  test('equals the definition for all axes in all orders, rows long and short', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(shapes, fc.constantFrom(1, 60), fc.infiniteStream(fc.nat()), (outer, inner, keys) => {
        const shape = [...outer, inner]
        const order = shape.map((_, axis) => ({ axis, key: keys.next().value as number }))
        const axes = order.sort((a, b) => a.key - b.key).map(({ axis }) => axis)
        const strides = rowMajorStrides(shape)
        const permuted = axes.map((axis) => shape[axis])
        const size = sizeOf(shape)
        const sourceStrides = axes.map((axis) => strides[axis])
        const target = new Float32Array(size)
        copyStrided(permuted, { data: counting(size), offset: 0, strides: sourceStrides }, dense(permuted, target))
        const expected = Float32Array.from(target, (_, position) => {
          const index = unravelIndex(position, permuted)
          return axes.reduce((sum, axis, i) => sum + index[i] * strides[axis], 0)
        })
        expect(firstDifference(target, expected)).toBeUndefined()
        const inMemory = new Float32Array(memory.buffer, firstFreeByte, size)
        inMemory.set(counting(size))
        const copied = new Float32Array(memory.buffer, memory.buffer.byteLength / 2, size)
        copyStrided(permuted, { data: inMemory, offset: 0, strides: sourceStrides }, dense(permuted, copied), kernels)
        expect(firstDifference(copied, expected)).toBeUndefined()
      }),
      { numRuns: 60 },
    )
  })
})
