import { describe, expect, test } from 'vitest'
import { rawWeight, runSingle, taggedWeight } from '../../../run-layer.ts'

const values = (tensor: { data: ArrayLike<number | bigint> }): number[] => Array.from(tensor.data, Number)

describe.each(['float32', 'float64'] as const)('in %s', (precision) => {
  test('InnerProduct maps one row of features, whatever its shape', async () => {
    const weights = [taggedWeight([1, 2, 3, 4, 5, 6]), rawWeight([10, 20])]
    const params = { 0: 2, 1: 1, 2: 6 }
    for (const x of [
      [1, 0, -1],
      [[[1]], [[0]], [[-1]]],
    ]) {
      expect(await runSingle('InnerProduct', params, [x], { weights, precision })).toMatchObject({ shape: [2] })
      expect(values(await runSingle('InnerProduct', params, [x], { weights, precision }))).toEqual([8, 18])
    }
  })

  test('InnerProduct maps each row of a matrix, then activates', async () => {
    const weights = [taggedWeight([1, 2, 3, 4, 5, 6])]
    const y = await runSingle(
      'InnerProduct',
      { 0: 2, 2: 6, 9: 1 },
      [
        [
          [1, 0, 0],
          [0, -1, 0],
        ],
      ],
      { weights, precision },
    )
    expect(y.shape).toEqual([2, 2])
    expect(values(y)).toEqual([1, 4, 0, 0])
  })

  test('MatMul follows the rules for vectors, matrices and batches', async () => {
    const m = [
      [1, 2],
      [3, 4],
    ]
    const run = async (a: unknown, b: unknown, transB = 0) => {
      const y = await runSingle('MatMul', { 0: transB }, [a as number[], b as number[]], { precision })
      return { shape: y.shape, values: values(y) }
    }
    expect(await run([1, 2], [3, 4])).toEqual({ shape: [1], values: [11] })
    const noMatrices = { data: new Float32Array(0), shape: [0, 2, 3], dtype: 'float32' }
    expect(await run([1, 2], noMatrices)).toEqual({ shape: [0, 3], values: [] })
    expect(
      await run(m, [
        [5, 6],
        [7, 8],
      ]),
    ).toEqual({ shape: [2, 2], values: [19, 22, 43, 50] })
    expect(
      await run(
        m,
        [
          [5, 6],
          [7, 8],
        ],
        1,
      ),
    ).toEqual({ shape: [2, 2], values: [17, 23, 39, 53] })
    expect(await run([1, 1], m)).toEqual({ shape: [2], values: [4, 6] })
    expect(await run(m, [1, 1])).toEqual({ shape: [2], values: [3, 7] })
    expect(
      await run(
        [
          m,
          [
            [0, 1],
            [1, 0],
          ],
        ],
        [1, 10],
      ),
    ).toEqual({ shape: [2, 2], values: [21, 43, 10, 1] })
    expect(
      await run(
        [
          [m],
          [
            [
              [2, 0],
              [0, 2],
            ],
          ],
        ],
        [m],
      ),
    ).toEqual({ shape: [2, 1, 2, 2], values: [7, 10, 15, 22, 2, 4, 6, 8] })
  })

  test('Gemm scales, adds and broadcasts C', async () => {
    const a = [
      [1, 2, 3],
      [4, 5, 6],
    ]
    const b = [
      [1, 0],
      [0, 1],
      [1, 1],
    ]
    const product = [4, 5, 10, 11]
    const run = async (params: Record<number, number>, c?: unknown) =>
      values(await runSingle('Gemm', params, c === undefined ? [a, b] : [a, b, c as number[]], { precision }))
    expect(await run({})).toEqual(product)
    expect(await run({ 0: 0.5 })).toEqual(product.map((v) => v / 2))
    expect(await run({ 0: 2, 1: 10 }, [1])).toEqual(product.map((v) => (v + 10) * 2))
    expect(await run({}, [[1], [2]])).toEqual([5, 6, 12, 13])
    expect(await run({}, [[1, 2]])).toEqual([5, 7, 11, 13])
    expect(
      await run({}, [
        [1, 2],
        [3, 4],
      ]),
    ).toEqual([5, 7, 13, 15])
    expect(await run({ 14: 1 }, [[1, 2]])).toEqual([5, 11, 7, 13])
  })

  test('Gemm takes operands in either orientation, fed or constant', async () => {
    const a = [
      [1, 4],
      [2, 5],
      [3, 6],
    ]
    const b = [
      [1, 0, 1],
      [0, 1, 1],
    ]
    expect(values(await runSingle('Gemm', { 2: 1, 3: 1 }, [a, b], { precision }))).toEqual([4, 5, 10, 11])
    const constantB = { 2: 1, 3: 1, 5: 1, 8: 2, 9: 3 }
    const weights = [taggedWeight(b.flat())]
    expect(values(await runSingle('Gemm', constantB, [a], { precision, weights }))).toEqual([4, 5, 10, 11])
    const constantA = { 2: 1, 3: 1, 4: 1, 7: 2, 9: 3, 11: 1 }
    const y = await runSingle('Gemm', constantA, [b], { precision, weights: [taggedWeight(a.flat())] })
    expect(y.shape).toEqual([2, 1, 2])
    expect(values(y)).toEqual([4, 5, 10, 11])
  })
})

test('Gemm unpacks weights in blocks of 4 bits with a scale each', async () => {
  // Row 0: 1, -2, 7, -8 in two's complement nibbles, lowest first; the scale divides.
  const packed = Int8Array.of(0xe1, 0x87)
  const params = { 3: 1, 5: 1, 8: 1, 9: 4, 18: 400 }
  const y = await runSingle('Gemm', params, [[[1, 10, 100, 1000]]], { weights: [{ data: packed }, rawWeight([2])] })
  expect(values(y)).toEqual([(1 - 20 + 700 - 8000) / 2])
  const tagged = [taggedWeight(packed), rawWeight([2])]
  const old = await runSingle('Gemm', params, [[[1, 10, 100, 1000]]], { weights: tagged, release: '20260722' })
  expect(old).toEqual(y)
})

test.each([
  [{}, [1, 2]],
  [{ 2: 1 }, [1, 2]],
  [{ 11: 1 }, [1, 1, 2]],
  [{ 14: 1 }, [2, 1]],
])('Gemm quantises what it multiplies with blocks of 8 bits: %o', async (more, shape) => {
  const params = { 0: 2, 3: 1, 5: 1, 6: 1, 8: 2, 9: 2, 10: 0, 18: 810, ...more }
  const weights = [{ data: Int8Array.of(3, -5, 100, 7) }, taggedWeight([0.5]), rawWeight([2, 4]), rawWeight([1, 10])]
  // x times the input scales is 1 and 4, which become 127 / 4 = 31.75 -> 32 and 127 in units of 4 / 127.
  const x = '2' in more ? [[1], [0.4]] : [[1, 0.4]]
  const y = await runSingle('Gemm', params, [x], { weights })
  const unit = 4 / 127
  expect(y.shape).toEqual(shape)
  expect(values(y)[0]).toBeCloseTo(2 * (0.5 + ((32 * 3 - 127 * 5) * unit) / 2), 5)
  expect(values(y)[1]).toBeCloseTo(2 * (0.5 + ((32 * 100 + 127 * 7) * unit) / 4), 5)
})

test('Gemm takes a vector for a row, and of a C that fits nowhere the first element', async () => {
  const y = await runSingle('Gemm', {}, [
    [1, 2],
    [[1], [2]],
    [1, 2, 3],
  ])
  expect([y.shape, values(y)]).toEqual([[1, 1], [6]])
})

test('InnerProduct in int8 rounds its input, sums integers and scales back', async () => {
  const weights = [taggedWeight(Int8Array.of(100, -50)), rawWeight([1]), rawWeight([50]), rawWeight([10])]
  // x * 10 = 12.5 and -3.4 are quantised to 13 and -3.
  const y = await runSingle('InnerProduct', { 0: 1, 1: 1, 2: 2, 8: 1 }, [[1.25, -0.34]], { weights })
  expect(values(y)[0]).toBeCloseTo((13 * 100 + 3 * 50) / 500 + 1, 6)
})

describe('int8 products, which are exact, differ between precisions by the last rounding', () => {
  const noise = (count: number, seed: number): Float32Array =>
    Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898 + seed) * 1.3)
  const matrix = (rows: number, columns: number, seed: number) => ({
    data: noise(rows * columns, seed),
    shape: [rows, columns],
    dtype: 'float32' as const,
  })
  const bytes = (count: number, seed: number): Int8Array => Int8Array.from(noise(count, seed), (v) => v * 97)
  const check = async (...[type, params, inputs, options]: Parameters<typeof runSingle>): Promise<void> => {
    const [single, double] = [
      await runSingle(type, params, inputs, { ...options, precision: 'float32' }),
      await runSingle(type, params, inputs, { ...options, precision: 'float64' }),
    ]
    expect(double.dtype).toBe('float64')
    expect(values(single)).toEqual(values(double).map(Math.fround))
  }

  test.each([0, 1, 2, 3, 4, 5, 6])('InnerProduct, activation %i', async (activation) => {
    const params = { 0: 9, 1: 1, 2: 9 * 37, 8: 2, 9: activation, 10: [0.1, 0.5] }
    const weights = [taggedWeight(bytes(9 * 37, 1)), rawWeight(noise(9, 2)), rawWeight([0, ...Array(8).fill(60)])]
    await check('InnerProduct', params, [matrix(5, 37, 3)], { weights: [...weights, rawWeight([80])] })
  })

  test.each([0, 1])('Gemm of inputs, transposed result: %i', async (transposed) => {
    const inputs = [matrix(37, 6, 1), matrix(37, 10, 2), matrix(6, 10, 3)]
    await check('Gemm', { 0: 0.7, 1: 0.3, 2: 1, 3: 0, 14: transposed, 18: 2 }, inputs, {})
  })

  test.each([0, 1, 2, 3, 4])('Gemm of constants, kind %i of C', async (broadcast) => {
    const [M, N, K] = [6, 10, 37]
    const weights = [
      taggedWeight(bytes(N * K, 1)),
      taggedWeight(noise([1, M, M, M * N, N][broadcast] ?? 0, 2)),
      rawWeight([33]),
    ]
    const params = { 3: 1, 5: 1, 6: 1, 7: M, 8: N, 9: K, 10: broadcast, 18: 2 }
    await check('Gemm', params, [matrix(M, K, 3)], { weights })
  })
})

describe('errors', () => {
  test.each([
    [
      'weights for other features',
      'InnerProduct',
      { 0: 2, 2: 6 },
      [[1, 2]],
      [taggedWeight([1, 2, 3, 4, 5, 6])],
      /the weights are for 3 features, the input has 2/,
    ],
    [
      'a size that does not divide',
      'InnerProduct',
      { 0: 4, 2: 6 },
      [[1, 2]],
      [taggedWeight([1, 2, 3, 4, 5, 6])],
      /weight_data_size 6 is not a multiple of num_output 4/,
    ],
    [
      'int8 weights without scales',
      'InnerProduct',
      { 0: 1, 2: 2 },
      [[1, 2]],
      [taggedWeight(Int8Array.of(1, 2))],
      /the weights are int8, but int8_scale_term is 0/,
    ],
    [
      'inner lengths that differ',
      'MatMul',
      {},
      [[[1, 2]], [[1, 2]]],
      [],
      /the inner lengths must be equal, found 2 and 1/,
    ],
    ['a missing operand', 'Gemm', {}, [[[1, 2]]], [], /operand B is neither constant nor an input/],
    ['an unknown quantisation', 'Gemm', { 18: 777 }, [[[1, 2]], [[1], [2]]], [], /quantize_term 777 is not/],
  ] as const)('%s', async (_, type, params, inputs, weights, message) => {
    await expect(runSingle(type, params, inputs as never, { weights })).rejects.toThrow(message)
  })
})
