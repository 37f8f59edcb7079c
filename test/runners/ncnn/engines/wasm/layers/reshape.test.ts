// Reshape, Flatten, Squeeze, ExpandDims: elements stay in order, so that only shapes are looked at.
import { describe, expect, test } from 'vitest'
import { fill } from '../../../expect-layer.ts'
import { runSingle } from '../../../run-layer.ts'

async function shapeAfter(
  type: string,
  params: Parameters<typeof runSingle>[1],
  ...shapes: number[][]
): Promise<readonly number[]> {
  const y = await runSingle(type, params, shapes.map((shape) => fill(shape)) as never)
  expect([...y.data]).toEqual([...y.data.keys()])
  return y.shape
}

describe('Reshape', () => {
  test.each([
    ['one axis', { 0: 24 }, [24]],
    ['two', { 0: 8, 1: 3 }, [3, 8]],
    ['three', { 0: 3, 1: 4, 2: 2 }, [2, 4, 3]],
    ['four', { 0: 3, 1: 2, 11: 2, 2: 2 }, [2, 2, 2, 3]],
    ['what remains', { 0: -1, 1: 2, 2: 3 }, [3, 2, 4]],
    ['everything that remains', { 0: -1 }, [24]],
    ['lengths of the input', { 0: 0, 1: -1 }, [6, 4]],
    ['an expression', { 6: '*(0w,2),-1' }, [3, 8]],
    ['an expression that gives four', { 6: '1,0w,0h,0c' }, [2, 3, 4, 1]],
  ])('to %s', async (_, params, shape) => {
    expect(await shapeAfter('Reshape', params, [2, 3, 4])).toEqual(shape)
  })

  test('to sizes of other inputs', async () => {
    expect(await shapeAfter('Reshape', { 6: '1w,-1' }, [2, 3, 4], [6])).toEqual([4, 6])
  })

  test('of a matrix gives way to its width when the height is right, as in ncnn', async () => {
    expect(await shapeAfter('Reshape', { 0: 10, 1: 3 }, [3, 8])).toEqual([3, 8])
  })

  test('takes a batch axis of length 1 out and puts it in', async () => {
    expect(await shapeAfter('Reshape', { 0: 4, 1: 6, 2: 1, 13: 0 }, [2, 3, 4])).toEqual([6, 4])
    expect(await shapeAfter('Reshape', { 0: -1, 1: 0, 12: 0 }, [2, 3, 4])).toEqual([1, 24])
    expect(await shapeAfter('Reshape', { 0: 12, 1: 2, 13: 0 }, [2, 3, 4])).toEqual([2, 12])
  })

  test.each([
    [{ 0: 5, 1: 5 }, 'the 24 elements of [2, 3, 4] do not fit the shape [5, 5]'],
    [{ 0: -1, 1: -1 }, 'only one length may be -1'],
    [{ 0: -1, 1: 7 }, 'do not fit'],
    [{}, 'a shape of 1 to 4 lengths must be given, found 0'],
    [{ 6: '1,2,3,4,1' }, 'a shape of 1 to 4 lengths must be given, found 5'],
    [{ 0: -2, 1: -12 }, 'do not fit'],
  ])('refuses %o', async (params, message) => {
    await expect(runSingle('Reshape', params, [fill([2, 3, 4]) as never])).rejects.toThrow(message)
  })
})

describe('Flatten', () => {
  test.each([[[5]], [[2, 3]], [[2, 3, 4]], [[2, 3, 4, 5]]])('%o', async (shape) => {
    expect(await shapeAfter('Flatten', {}, shape)).toEqual([shape.reduce((a, b) => a * b)])
  })

  test('keeps int8', async () => {
    const x = { data: Int8Array.of(1, 2, 3, 4), shape: [2, 2], dtype: 'int8' as const }
    expect(await runSingle('Flatten', {}, [x])).toEqual({ ...x, shape: [4] })
  })
})

describe('Squeeze', () => {
  test.each([
    [{ 3: [1] }, [3, 1, 4], [3, 4]],
    [{ 3: [-1] }, [3, 4, 1], [3, 4]],
    [{ 3: [0, 2] }, [1, 2, 1, 3], [2, 3]],
    [{ 3: [0] }, [3, 1], [3, 1]],
    [{ 3: [3] }, [3, 1], [3, 1]],
    [{ 3: [0, 1] }, [1, 1], [1]],
    [{ 0: 1, 1: 1, 2: 1, 11: 1 }, [1, 2, 1, 1], [2]],
    [{ 0: 1 }, [1, 3, 1], [1, 3]],
    [{ 1: 1 }, [2, 1, 3], [2, 3]],
    [{ 11: 1 }, [1, 1, 2, 3], [1, 2, 3]],
    [{}, [1, 1], [1, 1]],
  ])('%o of %o', async (params, shape, expected) => {
    expect(await shapeAfter('Squeeze', params, shape)).toEqual(expected)
  })
})

describe('ExpandDims', () => {
  test.each([
    [[0], [3], [1, 3]],
    [[1], [3], [3, 1]],
    [[-1], [2, 3], [2, 3, 1]],
    [[0, 2], [3], [1, 3, 1]],
    [[1], [2, 3, 4], [2, 1, 3, 4]],
    [[0, 1, 2], [3], [1, 1, 1, 3]],
    // As ncnn: no more than 4 axes, and axes that the result does not have are passed over.
    [[0], [1, 2, 3, 4], [1, 2, 3, 4]],
    [[3], [16, 14], [16, 14]],
    [[1, 3], [5], [1, 1, 5]],
  ])('axes %o of %o', async (axes, shape, expected) => {
    expect(await shapeAfter('ExpandDims', { 3: axes }, shape)).toEqual(expected)
  })
})
