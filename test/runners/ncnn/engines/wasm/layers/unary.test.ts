import { describe, expect, test } from 'vitest'
import { expectLayer, fill, mapNested } from '../../../expect-layer.ts'
import { runSingle } from '../../../run-layer.ts'

const positive = fill([2, 6], (i) => (i + 1) / 4)
const unit = fill([3, 5], (i) => (i - 7) / 8)
const signed = fill([2, 2, 4], (i) => (i - 8) / 2 + 0.25)
const aboveOne = fill([2, 1, 2, 3], (i) => 1 + i / 4)

describe('UnaryOp', () => {
  const operations = [
    [0, 'abs', signed, Math.abs],
    [1, 'neg', signed, (x: number) => -x],
    [2, 'floor', signed, Math.floor],
    [3, 'ceil', signed, Math.ceil],
    [4, 'square', signed, (x: number) => x * x],
    [5, 'sqrt', positive, Math.sqrt],
    [6, 'rsqrt', positive, (x: number) => 1 / Math.sqrt(x)],
    [7, 'exp', signed, Math.exp],
    [8, 'log', positive, Math.log],
    [9, 'sin', signed, Math.sin],
    [10, 'cos', signed, Math.cos],
    [11, 'tan', unit, Math.tan],
    [12, 'asin', unit, Math.asin],
    [13, 'acos', unit, Math.acos],
    [14, 'atan', signed, Math.atan],
    [15, 'reciprocal', signed, (x: number) => 1 / x],
    [16, 'tanh', signed, Math.tanh],
    [17, 'log10', positive, Math.log10],
    [19, 'trunc', signed, Math.trunc],
    [20, 'sign', unit, Math.sign],
    [21, 'expm1', unit, Math.expm1],
    [22, 'sinh', signed, Math.sinh],
    [23, 'asinh', signed, Math.asinh],
    [24, 'cosh', signed, Math.cosh],
    [25, 'acosh', aboveOne, Math.acosh],
    [26, 'atanh', unit, Math.atanh],
    [27, 'log1p', positive, Math.log1p],
  ] as const
  test.each(operations)('op_type %d: %s', async (op_type, _, x, f) => {
    await expectLayer('UnaryOp', { 0: op_type }, [x], mapNested(x, f))
  })

  test('op_type 18 rounds halves to even', async () => {
    const x = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4, 2.6, -2.6]
    await expectLayer('UnaryOp', { 0: 18 }, [x], [-2, -2, -0, 0, 2, 2, 2, 3, -3])
    const { data } = await runSingle('UnaryOp', { 0: 18 }, [[-0.5, -0, 2 ** 52 + 1, NaN]], { precision: 'float64' })
    expect([...data]).toEqual([-0, -0, 2 ** 52 + 1, NaN])
  })

  test('op_type 0 is the default', () => expectLayer('UnaryOp', {}, [[-2]], [2]))

  test('an unknown op_type is an error at load', async () => {
    await expect(runSingle('UnaryOp', { 0: 28 }, [[1]])).rejects.toThrow('op_type must be 0 to 27, found 28')
  })
})

test('AbsVal', async () => {
  for (const shape of [[3], [2, 3], [2, 2, 2], [1, 2, 2, 2]]) {
    const x = fill(shape, (i) => i - 2)
    await expectLayer('AbsVal', {}, [x], mapNested(x, Math.abs))
  }
})

test('Exp: base^(shift + x * scale)', async () => {
  await expectLayer('Exp', {}, [signed], mapNested(signed, Math.exp))
  await expectLayer(
    'Exp',
    { 1: 0.5, 2: 0.25 },
    [signed],
    mapNested(signed, (x) => Math.exp(0.25 + x / 2)),
  )
  await expectLayer(
    'Exp',
    { 0: 2.5 },
    [unit],
    mapNested(unit, (x) => 2.5 ** x),
  )
  await expectLayer('Exp', { 0: 2, 1: 2, 2: -1 }, [[0, 1, 2, 3.5]], [0.5, 2, 8, 64])
})

test('Log: log(shift + x * scale) to the base', async () => {
  await expectLayer('Log', {}, [positive], mapNested(positive, Math.log))
  await expectLayer(
    'Log',
    { 1: 2, 2: 1 },
    [positive],
    mapNested(positive, (x) => Math.log(1 + 2 * x)),
  )
  await expectLayer('Log', { 0: 2, 1: 4 }, [[0.25, 0.5, 8]], [0, 1, 5])
  await expectLayer('Log', {}, [[0, -1]], [-Infinity, NaN])
})

test('Power: (shift + x * scale)^power', async () => {
  await expectLayer('Power', {}, [signed], signed)
  await expectLayer('Power', { 0: 2, 1: 0.5, 2: 1 }, [[0, 2, -6]], [1, 4, 4])
  await expectLayer('Power', { 0: 0.5 }, [[0, 4, 2, -1]], [0, 2, Math.SQRT2, NaN])
  await expectLayer('Power', { 0: -3, 2: 1 }, [[1, -3]], [0.125, -0.125])
})
