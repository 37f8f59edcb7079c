import { describe, expect, test } from 'vitest'
import { loadNcnn } from '../../../../../../src/runners/ncnn/index.ts'
import { expectLayer, fill, type Nested } from '../../../expect-layer.ts'
import { runLayer, runSingle } from '../../../run-layer.ts'

describe('BinaryOp', () => {
  const a = [-2.5, -1, 0.5, 1, 3, 7]
  const b = [2, -0.75, 3, -1, 0.25, 2.5]
  const magnitudes = [2.5, 1, 0.5, 1, 3, 7]
  /** x - n * y for the n that brings it nearest to 0. */
  const remainder = (x: number, y: number): number => {
    const [below, above] = [Math.floor(x / y), Math.ceil(x / y)].map((n) => x - n * y)
    return Math.abs(below) < Math.abs(above) ? below : above
  }
  const operations: [op_type: number, name: string, x: number[], f: (x: number, y: number) => number][] = [
    [0, 'add', a, (x, y) => x + y],
    [1, 'sub', a, (x, y) => x - y],
    [2, 'mul', a, (x, y) => x * y],
    [3, 'div', a, (x, y) => x / y],
    [4, 'max', a, Math.max],
    [5, 'min', a, Math.min],
    [6, 'pow', magnitudes, (x, y) => x ** y],
    [7, 'rsub', a, (x, y) => y - x],
    [8, 'rdiv', a, (x, y) => y / x],
    [9, 'rpow', magnitudes, (x, y) => Math.abs(y) ** x],
    [10, 'atan2', a, Math.atan2],
    [11, 'ratan2', a, (x, y) => Math.atan2(y, x)],
    [12, 'fmod', a, (x, y) => x - Math.trunc(x / y) * y],
    [13, 'rfmod', a, (x, y) => y - Math.trunc(y / x) * x],
    [14, 'logaddexp', a, (x, y) => Math.log(Math.exp(x) + Math.exp(y))],
    [15, 'floor_divide', a, (x, y) => Math.floor(x / y)],
    [16, 'rfloor_divide', a, (x, y) => Math.floor(y / x)],
    [17, 'remainder', a, remainder],
    [18, 'rremainder', a, (x, y) => remainder(y, x)],
  ]
  test.each(operations)('op_type %d: %s', async (op_type, name, x, f) => {
    const second = name === 'rpow' ? b.map(Math.abs) : b
    const expected = x.map((value, i) => f(value, second[i]))
    await expectLayer('BinaryOp', { 0: op_type }, [x, second], expected)
    const scalar = second[2]
    await expectLayer(
      'BinaryOp',
      { 0: op_type, 1: 1, 2: scalar },
      [x],
      x.map((value) => f(value, scalar)),
    )
  })

  test('a remainder of half the divisor goes with the even quotient', async () => {
    await expectLayer(
      'BinaryOp',
      { 0: 17 },
      [
        [1, 3, -1, -3, 5],
        [2, 2, 2, 2, -2],
      ],
      [1, -1, -1, 1, 1],
    )
  })

  test('the second operand may be both', () =>
    expectLayer(
      'BinaryOp',
      { 0: 0 },
      [
        [1, 2],
        [1, 2],
      ],
      [2, 4],
    ))

  test('a blob that is needed again is not overwritten', async () => {
    const param = [
      '7767517\n5 7\nInput in 0 1 in\nSplit split 1 3 in a b c',
      'BinaryOp double 2 1 a b double 0=0\nBinaryOp square 2 1 double c product 0=2\nReLU relu 1 1 product out',
    ].join('\n')
    using model = await loadNcnn({ param, bin: new Uint8Array() })
    const { out } = await model.run({ in: [1, 2, 3] })
    expect([...out.data]).toEqual([2, 8, 18])
  })

  test('errors', async () => {
    await expect(runSingle('BinaryOp', { 0: 19 }, [[1], [1]])).rejects.toThrow('op_type must be 0 to 18, found 19')
    await expect(runSingle('BinaryOp', {}, [[1]])).rejects.toThrow('two inputs, or with_scalar=1 and the constant b')
    await expect(runSingle('BinaryOp', {}, [[[1, 2]], [[1, 2, 3]]])).rejects.toThrow(
      '[1, 2] and [1, 3] do not go together: 2 and 3 differ, and neither is 1',
    )
    await expect(runSingle('BinaryOp', {}, [fill([2, 3]), fill([2, 2, 3])])).rejects.toThrow(
      '(for ncnn that is [2, 3, 1] and [2, 2, 3])',
    )
  })
})

describe('broadcasting', () => {
  /** Each operand's shape as ncnn takes it, written out; element (i, j, k, l) of the sum is a's plus b's. */
  const cases: [a: number[], b: number[], aExpanded: number[], bExpanded: number[]][] = [
    [[4], [1], [4], [1]],
    [[1], [4], [1], [4]],
    [[2, 3], [1], [2, 3], [1, 1]],
    [[2, 3], [3], [2, 3], [1, 3]],
    [[2, 3], [2], [2, 3], [2, 1]],
    [[2, 2], [2], [2, 2], [2, 1]],
    [[3], [2, 3], [1, 3], [2, 3]],
    [
      [2, 3],
      [2, 1],
      [2, 3],
      [2, 1],
    ],
    [
      [2, 1],
      [1, 3],
      [2, 1],
      [1, 3],
    ],
    [[2, 3, 4], [1], [2, 3, 4], [1, 1, 1]],
    [[2, 3, 4], [2], [2, 3, 4], [2, 1, 1]],
    [[2, 3, 4], [4], [2, 3, 4], [1, 1, 4]],
    [
      [2, 3, 4],
      [1, 1],
      [2, 3, 4],
      [1, 1, 1],
    ],
    [
      [2, 3, 4],
      [2, 3],
      [2, 3, 4],
      [2, 3, 1],
    ],
    [
      [2, 3],
      [2, 3, 4],
      [2, 3, 1],
      [2, 3, 4],
    ],
    [
      [2, 3, 4],
      [1, 3, 1],
      [2, 3, 4],
      [1, 3, 1],
    ],
    [
      [2, 1, 4],
      [2, 3, 1],
      [2, 1, 4],
      [2, 3, 1],
    ],
    [
      [2, 1, 1],
      [1, 3, 4],
      [2, 1, 1],
      [1, 3, 4],
    ],
    [[2, 3, 4, 5], [2], [2, 3, 4, 5], [2, 1, 1, 1]],
    [[2, 3, 4, 5], [5], [2, 3, 4, 5], [1, 1, 1, 5]],
    [
      [2, 3, 4, 5],
      [2, 3],
      [2, 3, 4, 5],
      [2, 3, 1, 1],
    ],
    [
      [2, 3, 4],
      [2, 3, 4, 5],
      [2, 3, 4, 1],
      [2, 3, 4, 5],
    ],
    [
      [2, 3, 4, 5],
      [1, 3, 1, 5],
      [2, 3, 4, 5],
      [1, 3, 1, 5],
    ],
    [
      [2, 1, 4, 1],
      [1, 3, 1, 5],
      [2, 1, 4, 1],
      [1, 3, 1, 5],
    ],
    [
      [2, 3, 1, 5],
      [2, 1, 4, 5],
      [2, 3, 1, 5],
      [2, 1, 4, 5],
    ],
  ]

  function sum(aShape: readonly number[], bShape: readonly number[]): Nested {
    const at = (shape: readonly number[], index: readonly number[]): number =>
      index.reduce((position, i, axis) => position * shape[axis] + (shape[axis] === 1 ? 0 : i), 0)
    const shape = aShape.map((m, axis) => Math.max(m, bShape[axis]))
    const build = (index: readonly number[]): Nested =>
      index.length === shape.length
        ? 1000 * at(aShape, index) + at(bShape, index)
        : Array.from({ length: shape[index.length] }, (_, i) => build([...index, i]))
    return build([])
  }

  test.each(cases)('%j and %j as %j and %j', async (aShape, bShape, aExpanded, bExpanded) => {
    const [a, b] = [fill(aShape, (i) => 1000 * i), fill(bShape)]
    await expectLayer('BinaryOp', { 0: 0 }, [a, b], sum(aExpanded, bExpanded))
  })
})

describe('Eltwise', () => {
  const shapes = [[5], [2, 3], [2, 1, 3], [2, 1, 2, 3]]
  test.each(shapes.map((shape) => [shape]))('of %j', async (shape) => {
    const [a, b, c] = [fill(shape, (i) => i - 2), fill(shape, (i) => 1 - i / 2), fill(shape, (i) => i * i)]
    const value = [(i: number) => i - 2, (i: number) => 1 - i / 2, (i: number) => i * i]
    const expected = (f: (...values: number[]) => number): Nested => fill(shape, (i) => f(...value.map((v) => v(i))))
    await expectLayer(
      'Eltwise',
      {},
      [a, b, c],
      expected((x, y, z) => x * y * z),
    )
    await expectLayer(
      'Eltwise',
      { 0: 1 },
      [a, b, c],
      expected((x, y, z) => x + y + z),
    )
    await expectLayer('Eltwise', { 0: 2 }, [a, b, c], expected(Math.max))
    await expectLayer(
      'Eltwise',
      { 0: 1, 1: [0.5, -2, 0.25] },
      [a, b, c],
      expected((x, y, z) => x / 2 - 2 * y + z / 4),
    )
    await expectLayer(
      'Eltwise',
      { 0: 0, 1: [3, 3] },
      [a, b],
      expected((x, y) => x * y),
    )
  })

  test('one blob as several inputs', async () => {
    const run = async (params: string): Promise<number[]> => {
      const param = `7767517\n3 3\nInput in 0 1 in\nReLU r 1 1 in x\nEltwise e 3 1 x x x out ${params}`
      using model = await loadNcnn({ param, bin: new Uint8Array() })
      return Array.from((await model.run({ in: [1, 2, 3] })).out.data, Number)
    }
    expect(await run('0=1')).toEqual([3, 6, 9])
    expect(await run('0=0')).toEqual([1, 8, 27])
    expect(await run('0=1 -23301=3,1.0,2.0,3.0')).toEqual([6, 12, 18])
  })

  test('errors', async () => {
    await expect(runSingle('Eltwise', { 0: 3 }, [[1], [1]])).rejects.toThrow('op_type must be 0, 1 or 2, found 3')
    await expect(runSingle('Eltwise', { 0: 1, 1: [1] }, [[1], [1]])).rejects.toThrow('one number for each of 2 inputs')
    await expect(runSingle('Eltwise', {}, [[1, 2], [1]])).rejects.toThrow('the shape of the first, [2]')
    await expect(runLayer('Eltwise', {}, [[1]])).rejects.toThrow('has 1 inputs, but Eltwise takes at least 2')
  })
})
