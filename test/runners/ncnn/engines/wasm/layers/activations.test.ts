import { describe, expect, test } from 'vitest'
import { expectLayer, fill, mapNested } from '../../../expect-layer.ts'
import { runSingle } from '../../../run-layer.ts'

const { exp, expm1, log1p, tanh } = Math
const softplus = (x: number): number => log1p(exp(x))
/** erf x = 2 / sqrt(pi) * e^-x^2 * (x + 2/3 x^3 + 4/15 x^5 + ...), whose terms all have x's sign. */
function erf(x: number): number {
  let [term, sum] = [x, x]
  for (let n = 1; n < 80; n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * exp(-x * x) * sum
}

type Params = Record<number, number>
/** With parameters that float32 holds exactly. */
const definitions: [name: string, params: Params, f: (x: number) => number][] = [
  ['ReLU', {}, (x) => Math.max(x, 0)],
  ['ReLU', { 0: 0.25 }, (x) => (x < 0 ? 0.25 * x : x)],
  ['ReLU', { 0: -0.5 }, (x) => (x < 0 ? -0.5 * x : x)],
  ['Clip', { 0: -0.5, 1: 1.25 }, (x) => Math.min(Math.max(x, -0.5), 1.25)],
  ['Clip', { 1: 0.5 }, (x) => Math.min(x, 0.5)],
  ['Clip', { 0: 0.5 }, (x) => Math.max(x, 0.5)],
  ['Sigmoid', {}, (x) => 1 / (1 + exp(-x))],
  ['TanH', {}, tanh],
  ['Swish', {}, (x) => x / (1 + exp(-x))],
  ['Mish', {}, (x) => x * tanh(softplus(x))],
  ['Softplus', {}, softplus],
  ['BNLL', {}, softplus],
  ['ELU', { 0: 0.75 }, (x) => (x < 0 ? 0.75 * expm1(x) : x)],
  ['ELU', {}, (x) => (x < 0 ? Math.fround(0.1) * expm1(x) : x)],
  ['SELU', { 0: 1.5, 1: 1.25 }, (x) => 1.25 * (x < 0 ? 1.5 * expm1(x) : x)],
  ['SELU', {}, (x) => Math.fround(1.050700987) * (x < 0 ? Math.fround(1.67326324) * expm1(x) : x)],
  ['CELU', { 0: 0.5 }, (x) => (x < 0 ? 0.5 * expm1(x / 0.5) : x)],
  ['CELU', {}, (x) => (x < 0 ? expm1(x) : x)],
  ['GELU', {}, (x) => 0.5 * x * (1 + erf(x / Math.SQRT2))],
  ['GELU', { 0: 1 }, (x) => 0.5 * x * (1 + tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))],
  ['Erf', {}, erf],
  ['HardSigmoid', { 0: 0.25, 1: 0.5 }, (x) => Math.min(Math.max(0.25 * x + 0.5, 0), 1)],
  ['HardSwish', { 0: 0.25, 1: 0.5 }, (x) => x * Math.min(Math.max(0.25 * x + 0.5, 0), 1)],
  ['Shrink', { 0: 0.25, 1: 1 }, (x) => (x < -1 ? x + 0.25 : x > 1 ? x - 0.25 : 0)],
  ['Shrink', {}, (x) => (Math.abs(x) > 0.5 ? x : 0)],
  ['Threshold', { 0: 0.5 }, (x) => (x > 0.5 ? 1 : 0)],
  ['Threshold', {}, (x) => (x > 0 ? 1 : 0)],
]

describe('every element by the definition', () => {
  const vector = fill([25], (i) => (i - 12) / 4)
  test.each(definitions)('%s %j', async (type, params, f) => {
    await expectLayer(type, params, [vector], mapNested(vector, f))
  })
})

describe('all ranks', () => {
  const shapes = [[7], [2, 5], [3, 1, 5], [2, 3, 1, 3]]
  test.each(shapes.map((shape) => [shape]))('%j', async (shape) => {
    const x = fill(shape, (i) => i - 4)
    await expectLayer(
      'ReLU',
      { 0: 0.5 },
      [x],
      mapNested(x, (v) => (v < 0 ? v / 2 : v)),
    )
    await expectLayer(
      'Sigmoid',
      {},
      [x],
      mapNested(x, (v) => 1 / (1 + exp(-v))),
    )
  })
})

describe('limits', () => {
  const run = async (type: string, params: Params, x: number[], precision: 'float32' | 'float64'): Promise<number[]> =>
    Array.from((await runSingle(type, params, [x], { precision })).data, Number)

  test.each(['float32', 'float64'] as const)('NaN passes through ReLU and Clip in %s', async (precision) => {
    expect(await run('ReLU', {}, [NaN, -1], precision)).toEqual([NaN, 0])
    expect(await run('ReLU', { 0: 0.5 }, [NaN, -1], precision)).toEqual([NaN, -0.5])
    expect(await run('Clip', { 0: 0, 1: 6 }, [NaN, 7], precision)).toEqual([NaN, 6])
  })

  test('Softplus overflows in float32, as in ncnn, and not in float64; BNLL never', async () => {
    expect(await run('Softplus', {}, [1000], 'float32')).toEqual([Infinity])
    expect(await run('Softplus', {}, [1000], 'float64')).toEqual([1000])
    expect(await run('BNLL', {}, [1000, -1000], 'float32')).toEqual([1000, 0])
  })

  test('Clip without parameters clips infinity to the largest float', async () => {
    expect(await run('Clip', {}, [Infinity, -Infinity, 1], 'float32')).toEqual([
      3.4028234663852886e38, -3.4028234663852886e38, 1,
    ])
  })

  test('a hard sigmoid of slope 0 is constant', async () => {
    await expectLayer('HardSigmoid', { 0: 0, 1: 0.5 }, [[-3, 0, 3]], [0.5, 0.5, 0.5])
  })

  test.each([
    { data: Int32Array.of(-1, 2), shape: [2], dtype: 'int32' },
    { data: Int8Array.of(-1, 2), shape: [2], dtype: 'int8' },
    { data: BigInt64Array.of(-1n, 2n), shape: [2], dtype: 'int64' },
  ] as const)('integers are what their values say: $dtype', async (x) => {
    expect(await runSingle('ReLU', {}, [x])).toEqual({ data: Float32Array.of(0, 2), shape: [2], dtype: 'float32' })
  })
})
