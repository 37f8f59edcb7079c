import { describe, expect, test } from 'vitest'
import { loadNcnn } from '../../../../../../src/runners/ncnn/index.ts'
import { rawWeight, runLayer, runSingle, taggedWeight } from '../../../run-layer.ts'

const values = (tensor: { data: ArrayLike<number | bigint> }): number[] => Array.from(tensor.data, Number)

type Matrix = number[][]
const matmulT = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b.map((other) => row.reduce((sum, v, k) => sum + v * other[k], 0)))
const softmax = (row: number[]): number[] => {
  const exps = row.map((v) => Math.exp(v - Math.max(...row)))
  return exps.map((v) => v / exps.reduce((a, b) => a + b))
}
/** Attention of one head, straight from its definition. */
function attention(q: Matrix, k: Matrix, v: Matrix, scale: number, mask?: Matrix): Matrix {
  const weights = matmulT(q, k).map((row, i) => softmax(row.map((score, j) => score * scale + (mask?.[i][j] ?? 0))))
  return weights.map((row) => v[0].map((_, c) => row.reduce((sum, w, j) => sum + w * v[j][c], 0)))
}

const random = (seed: number) => () => {
  seed = (seed * 1103515245 + 12345) % 2147483648
  return Math.fround(seed / 1073741824 - 1)
}
const matrix = (rows: number, columns: number, next: () => number): Matrix =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, next))

describe.each([
  ['float32', 5],
  ['float64', 12],
] as const)('in %s', (precision, digits) => {
  const close = (actual: number[], expected: number[]): void => {
    expect(actual).toHaveLength(expected.length)
    for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, digits)
  }

  test('SDPA: two heads share one group of keys; the scale is 1 / sqrt(width)', async () => {
    const next = random(1)
    const q = [matrix(2, 4, next), matrix(2, 4, next)]
    const [k, v] = [[matrix(3, 4, next)], [matrix(3, 5, next)]]
    const y = await runSingle('SDPA', {}, [q, k, v], { precision })
    expect(y.shape).toEqual([2, 2, 5])
    close(values(y), q.flatMap((head) => attention(head, k[0], v[0], 0.5)).flat())
  })

  test('SDPA with a causal mask', async () => {
    const next = random(2)
    const [q, k, v] = [[matrix(2, 4, next)], [matrix(2, 4, next)], [matrix(2, 4, next)]]
    const mask = [
      [0, -Infinity],
      [0, 0],
    ]
    const y = await runSingle('SDPA', { 5: 1, 6: 1 }, [q, k, v, mask], { precision })
    close(values(y), attention(q[0], k[0], v[0], 1, mask).flat())
    close(values(y).slice(0, 4), v[0][0])
  })

  test('decoding step by step with a cache equals attending to all at once; an empty cache may be left out', async () => {
    const next = random(3)
    const [q, k, v] = [matrix(3, 4, next), matrix(3, 4, next), matrix(3, 4, next)]
    const inputs = ['q', 'k', 'v', 'pastK', 'pastV'].map((name) => `Input ${name} 0 1 ${name}`)
    const layers = [...inputs, 'SDPA a 5 3 q k v pastK pastV y newK newV 7=1']
    const model = await loadNcnn(
      { param: ['7767517', '6 8', ...layers].join('\n'), bin: new Uint8Array(0) },
      { precision },
    )
    let step = await model.run({ q: [[q[0]]], k: [[k[0]]], v: [[v[0]]] })
    for (const t of [1, 2])
      step = await model.run({ q: [[q[t]]], k: [[k[t]]], v: [[v[t]]], pastK: step.newK, pastV: step.newV })
    expect(step.newK.shape).toEqual([1, 3, 4])
    close(values(step.newK), k.flat())
    close(values(step.y), attention([q[2]], k, v, 0.5).flat())
    const empty = { data: new Float32Array(0), shape: [1, 0, 4], dtype: 'float32' } as const
    const first = await model.run({ q: [[q[0]]], k: [[k[0]]], v: [[v[0]]], pastK: empty, pastV: empty })
    close(values(first.y), v[0])
  })

  test('RotaryEmbed turns pairs that are halves apart, or neighbours', async () => {
    const [c, s] = [Math.fround(Math.cos(0.3)), Math.fround(Math.sin(0.3))]
    const x = [[[1, 2, 3, 4]]]
    const tables = [[[c, 1]], [[s, 0]]]
    close(values(await runSingle('RotaryEmbed', {}, [x, ...tables], { precision })), [c - 3 * s, 2, s + 3 * c, 4])
    close(values(await runSingle('RotaryEmbed', { 0: 1 }, [x, ...tables], { precision })), [c - 2 * s, s + 2 * c, 3, 4])
  })

  test('MultiHeadAttention maps, attends per head, and maps back', async () => {
    const next = random(4)
    const [x, context] = [matrix(2, 4, next), matrix(3, 4, next)]
    const [wq, wk, wv, wo] = [1, 2, 3, 4].map(() => matrix(4, 4, next))
    const [bq, bk, bv, bo] = [1, 2, 3, 4].map(() => matrix(1, 4, next)[0])
    const weights = [wq, wk, wv, wo].flatMap((w, i) => [taggedWeight(w.flat()), rawWeight([bq, bk, bv, bo][i])])
    const y = await runSingle('MultiHeadAttention', { 0: 4, 1: 2, 2: 16 }, [x, context], { weights, precision })
    const linear = (m: Matrix, w: Matrix, b: number[]): Matrix =>
      matmulT(m, w).map((row) => row.map((value, j) => value + b[j]))
    const [q, k, v] = [linear(x, wq, bq), linear(context, wk, bk), linear(context, wv, bv)]
    const part = (m: Matrix, head: number): Matrix => m.map((row) => row.slice(2 * head, 2 * head + 2))
    const heads = [0, 1].map((head) => attention(part(q, head), part(k, head), part(v, head), Math.SQRT1_2))
    const merged = heads[0].map((row, i) => [...row, ...heads[1][i]])
    close(values(y), linear(merged, wo, bo).flat())
  })
})

test('int8 attention comes close to float attention', async () => {
  const next = random(5)
  const [q, k, v] = [[matrix(4, 8, next)], [matrix(4, 8, next)], [matrix(4, 8, next)]]
  const [float, int8] = await Promise.all([runSingle('SDPA', {}, [q, k, v]), runSingle('SDPA', { 18: 2 }, [q, k, v])])
  const errors = values(float).map((value, i) => Math.abs(value - values(int8)[i]))
  expect(Math.max(...errors)).toBeLessThan(0.03)
  expect(Math.max(...errors)).toBeGreaterThan(1e-6)
})

describe('errors', () => {
  test.each([
    [
      'heads that are no multiple of the groups',
      'SDPA',
      {},
      [
        [[[1]], [[1]], [[1]]],
        [[[1]], [[1]]],
        [[[1]], [[1]]],
      ],
      /do not go together/,
    ],
    [
      'a mask of another size',
      'SDPA',
      { 5: 1 },
      [[[[1]]], [[[1]]], [[[1]]], [[1, 2, 3]]],
      /the mask must be \[1, 1\] or \[1, 1, 1\], found \[1, 3\]/,
    ],
    [
      'tables that are too short',
      'RotaryEmbed',
      {},
      [
        [
          [
            [1, 2],
            [3, 4],
          ],
        ],
        [[1]],
        [[1]],
      ],
      /the tables must be \[2, 1\] or longer, found cos \[1, 1\]/,
    ],
  ] as const)('%s', async (_, type, params, inputs, message) => {
    await expect(runLayer(type, params, inputs as never)).rejects.toThrow(message)
  })
})
