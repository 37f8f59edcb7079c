// Pairs about which other comparison tools were found to be wrong. Each must come out right here, in JavaScript and in the kernels.
import { describe, expect, test } from 'vitest'
import { compareTensors } from '../../../src/compare/compare-tensors.ts'
import type { CompareOptions } from '../../../src/compare/options/options.ts'
import type { TypedArray } from '../../../src/tensor/dtype.ts'
import type { Tensor, TensorLike } from '../../../src/tensor/tensor.ts'
import { tensor } from '../../../src/tensor/to-tensor.ts'

/** Repeats a pair until the kernels take over. */
function repeat({ data, dtype }: Tensor, times: number): Tensor {
  const repeated = new (data.constructor as new (n: number) => TypedArray)(data.length * times)
  for (let i = 0; i < times; i++) (repeated as Float32Array).set(data as Float32Array, i * data.length)
  return { data: repeated, shape: [repeated.length], dtype }
}

interface Case {
  readonly name: string
  readonly actual: Tensor
  readonly reference: Tensor
  readonly options?: CompareOptions
  readonly pass: boolean
  readonly maxAbs?: number
}

const f32 = (...values: number[]) => tensor(new Float32Array(values))
const f64 = (...values: number[]) => tensor(new Float64Array(values))
const f16 = (...values: number[]) => tensor(values, undefined, 'float16')
const i64 = (...values: bigint[]) => tensor(new BigInt64Array(values))
const u64 = (...values: bigint[]) => tensor(new BigUint64Array(values))

const cases: Case[] = [
  {
    name: 'int8 -128 and 127 are 255 apart',
    actual: tensor(new Int8Array([-128])),
    reference: tensor(new Int8Array([127])),
    options: { atol: 254 },
    pass: false,
    maxAbs: 255,
  },
  {
    name: 'uint8 3 and 5 are 2 apart, both ways',
    actual: tensor(new Uint8Array([3, 5])),
    reference: tensor(new Uint8Array([5, 3])),
    options: { atol: 1 },
    pass: false,
    maxAbs: 2,
  },
  {
    name: 'uint32 0 and 2^32 - 1',
    actual: tensor(new Uint32Array([0])),
    reference: tensor(new Uint32Array([2 ** 32 - 1])),
    options: { atol: 1 },
    pass: false,
    maxAbs: 2 ** 32 - 1,
  },
  {
    name: 'int64 extremes are 2^64 - 1 apart',
    actual: i64(-(2n ** 63n)),
    reference: i64(2n ** 63n - 1n),
    options: { atol: 1 },
    pass: false,
    maxAbs: 2 ** 64,
  },
  { name: 'int64 2^53 and 2^53 + 1', actual: i64(2n ** 53n + 1n), reference: i64(2n ** 53n), pass: false, maxAbs: 1 },
  {
    name: 'int64 2^53 + 1 and the float64 2^53',
    actual: i64(2n ** 53n + 1n),
    reference: f64(2 ** 53),
    options: { preset: 'exact' },
    pass: false,
    maxAbs: 1,
  },
  {
    name: 'int64 -1 and uint64 2^64 - 1',
    actual: i64(-1n),
    reference: u64(2n ** 64n - 1n),
    options: { atol: 2 ** 53 },
    pass: false,
    maxAbs: 2 ** 64,
  },
  {
    name: 'a tolerance that overflows float32',
    actual: f32(3.4e38),
    reference: f32(-3.4e38),
    options: { rtol: 1.5 },
    pass: false,
  },
  {
    name: 'a difference that overflows float32 within its tolerance',
    actual: f32(3.4e38),
    reference: f32(-3.4e38),
    options: { rtol: 2 },
    pass: true,
  },
  {
    name: 'an rtol beyond float32',
    actual: f32(1000),
    reference: f32(1e-36),
    options: { rtol: 3.5e38 },
    pass: false,
  },
  {
    name: 'a tolerance that overflows float64',
    actual: f64(1.7e308),
    reference: f64(-1.7e308),
    options: { rtol: 1.5 },
    pass: false,
  },
  {
    name: 'a difference that overflows float64 within its tolerance',
    actual: f64(1.7e308),
    reference: f64(-1.7e308),
    options: { rtol: 2 },
    pass: true,
  },
  {
    name: 'a tolerance beyond float16',
    actual: f16(60000),
    reference: f16(-60000),
    options: { atol: 70000 },
    pass: false,
    maxAbs: 120000,
  },
  {
    name: 'a difference beyond float16 within its tolerance',
    actual: f16(60000),
    reference: f16(-60000),
    options: { atol: 1e6 },
    pass: true,
  },
  {
    name: 'NaN where a number belongs',
    actual: f32(Number.NaN),
    reference: f32(1),
    options: { atol: 1e30 },
    pass: false,
  },
  {
    name: 'a number where NaN belongs',
    actual: f32(1),
    reference: f32(Number.NaN),
    options: { atol: 1e30, equalNaN: true },
    pass: false,
  },
  { name: 'NaN and NaN', actual: f32(Number.NaN), reference: f32(Number.NaN), pass: false },
  {
    name: 'NaN and NaN, when told',
    actual: f32(Number.NaN),
    reference: f32(Number.NaN),
    options: { equalNaN: true },
    pass: true,
  },
  {
    name: 'NaN and Infinity',
    actual: f32(Number.NaN),
    reference: f32(Infinity),
    options: { equalNaN: true, rtol: 1 },
    pass: false,
  },
  { name: 'equal infinities', actual: f32(Infinity, -Infinity), reference: f32(Infinity, -Infinity), pass: true },
  {
    name: 'opposite infinities',
    actual: f32(Infinity),
    reference: f32(-Infinity),
    options: { rtol: 10, atol: 1e30 },
    pass: false,
  },
  {
    name: 'a finite value and an infinite reference',
    actual: f32(1e30),
    reference: f32(Infinity),
    options: { rtol: 1 },
    pass: false,
  },
  { name: 'the same with rtol 0', actual: f32(1e30), reference: f32(Infinity), options: { atol: 1e38 }, pass: false },
  {
    name: 'an infinite value and a finite reference',
    actual: f64(Infinity),
    reference: f64(1),
    options: { atol: 1e308, rtol: 1e308 },
    pass: false,
  },
  { name: 'opposite signs far apart', actual: f32(-1e6), reference: f32(3), options: { rtol: 1e-3 }, pass: false },
  { name: 'zero and minus zero', actual: f32(0), reference: f32(-0), options: { preset: 'exact' }, pass: true },
  {
    name: 'rtol is of the reference: 6 for 10',
    actual: f32(6),
    reference: f32(10),
    options: { rtol: 0.5 },
    pass: true,
  },
  {
    name: 'rtol is of the reference: 10 for 6',
    actual: f32(10),
    reference: f32(6),
    options: { rtol: 0.5 },
    pass: false,
  },
  { name: 'tolerances add up', actual: f64(1.15), reference: f64(1), options: { atol: 0.1, rtol: 0.1 }, pass: true },
  { name: 'the bound is inclusive', actual: f64(1.5), reference: f64(1), options: { atol: 0.5 }, pass: true },
  { name: 'bool', actual: tensor([true, false]), reference: tensor([true, true]), pass: false, maxAbs: 1 },
]

describe.each([1, 5000])('repeated %i times', (times) => {
  test.each(cases)('$name', ({ actual, reference, options, pass, maxAbs }) => {
    const comparison = compareTensors(repeat(actual, times), repeat(reference, times), options)
    expect(comparison.pass).toBe(pass)
    if (maxAbs !== undefined) expect(comparison.absDiff.max).toBe(maxAbs)
  })
})

describe('shapes', () => {
  test('an empty tensor does not equal a scalar', () => {
    expect(compareTensors([], 5)).toMatchObject({ pass: false, reason: 'shape' })
    expect(compareTensors(5, [])).toMatchObject({ pass: false, reason: 'shape' })
  })

  test('a scalar is not spread over a vector', () => {
    expect(compareTensors([1, 1], 1).pass).toBe(false)
    expect(compareTensors(1, [1]).reason).toBe('shape')
  })

  test('scalars compare with scalars', () => {
    expect(compareTensors(1, 1).pass).toBe(true)
    expect(compareTensors(1n, 1).pass).toBe(true)
    expect(compareTensors(1, 2)).toMatchObject({ pass: false, reason: 'values', worst: [{ index: [] }] })
  })

  test('empty tensors of one shape match, of two they do not', () => {
    const empty = (shape: number[]): TensorLike => tensor(new Float32Array(0), shape)
    expect(compareTensors(empty([0, 3]), empty([0, 3])).pass).toBe(true)
    expect(
      compareTensors(empty([0, 3]), empty([0, 3]), { metrics: { cosine: 0.9, rmse: 0.1, maxUlp: 1, snr: 20 } }).pass,
    ).toBe(true)
    expect(compareTensors(empty([0, 3]), empty([3, 0])).reason).toBe('shape')
  })
})

describe('whole numbers written out beside integers are exact', () => {
  test.each<[TensorLike, TensorLike, CompareOptions | undefined, boolean]>([
    [Int32Array.of(20_000_001), [20_000_000], undefined, false],
    [[20_000_000], Int32Array.of(20_000_001), undefined, false],
    [Uint32Array.of(20_000_001), { data: [20_000_000], shape: [1] }, undefined, false],
    [BigInt64Array.of(1_764_359_999_123n), [1_764_359_999_000], undefined, false],
    [BigInt64Array.of(2n ** 53n + 1n), [2 ** 53], undefined, false],
    [tensor(Int32Array.of(20_000_001), []), 20_000_000, undefined, false],
    [BigInt64Array.of(1_764_359_999_123n), [1_764_359_999_123], undefined, true],
    [Int32Array.of(1, 2, 3), [1, 2, 3], undefined, true],
    [Int32Array.of(5), [6], { atol: 1 }, true],
    [Int32Array.of(20_000_001), Float64Array.of(20_000_000), undefined, true],
    [Float32Array.of(1 + 1e-6), [1], undefined, true],
  ])('%o against %o with %o: %s', (actual, reference, options, pass) => {
    expect(compareTensors(actual, reference, options).pass).toBe(pass)
  })
})
