// The report: tolerances, counts, statistics, metrics, normalization, JSON.
import { describe, expect, test } from 'vitest'
import { compareTensors } from '../../src/compare/compare-tensors.ts'
import type { CompareOptions } from '../../src/compare/options/options.ts'
import type { DType } from '../../src/tensor/dtype.ts'
import { tensor } from '../../src/tensor/to-tensor.ts'
import { allDTypes, store } from './arbitraries.ts'

describe('tolerance', () => {
  test.each<[DType, DType, number, number]>([
    ['float32', 'float32', 1e-5, 1.3e-6],
    ['float64', 'float64', 1e-7, 1e-7],
    ['float16', 'float16', 1e-5, 1e-3],
    ['bfloat16', 'bfloat16', 1e-5, 1.6e-2],
    ['float32', 'float64', 1e-5, 1.3e-6],
    ['float64', 'float32', 1e-5, 1.3e-6],
    ['float16', 'bfloat16', 1e-5, 1.6e-2],
    ['int8', 'float32', 1e-5, 1.3e-6],
    ['int8', 'int64', 0, 0],
    ['bool', 'bool', 0, 0],
  ])('%s against %s: the looser default of the two', (actual, reference, atol, rtol) => {
    const { tolerance } = compareTensors(store([1], actual), store([1], reference))
    expect(tolerance).toEqual({ atol, rtol, source: 'dtype' })
  })

  test.each<[CompareOptions, number, number, string]>([
    [{ atol: 1e-3 }, 1e-3, 0, 'options'],
    [{ rtol: 1e-3 }, 0, 1e-3, 'options'],
    [{ atol: 0, rtol: 0 }, 0, 0, 'options'],
    [{ preset: 'exact' }, 0, 0, 'preset'],
    [{ preset: 'fp32' }, 1e-4, 1e-4, 'preset'],
    [{ preset: 'fp16-weights' }, 1e-3, 1e-2, 'preset'],
    [{ preset: 'fp32', atol: 1 }, 1, 1e-4, 'options'],
    [{ metrics: { cosine: 0.9 } }, Infinity, 0, 'metrics only'],
    [{ metrics: { cosine: 0.9 }, atol: 1e-3 }, 1e-3, 0, 'options'],
    [{ metrics: {} }, 1e-5, 1.3e-6, 'dtype'],
    [{ metrics: { cosine: undefined } }, 1e-5, 1.3e-6, 'dtype'],
  ])('%j', (options, atol, rtol, source) => {
    const one = new Float32Array([1])
    expect(compareTensors(one, one, options).tolerance).toEqual({ atol, rtol, source })
  })

  test('normalized integers are fractions, and get the tolerance of float64', () => {
    const { tolerance, pass } = compareTensors(new Int8Array([1, 2, 3]), new Int8Array([2, 4, 6]), { normalize: 'l2' })
    expect(tolerance).toEqual({ atol: 1e-7, rtol: 1e-7, source: 'dtype' })
    expect(pass).toBe(true)
  })

  test('float64 literals do not demand more of a float32 result than it has', () => {
    expect(compareTensors(new Float32Array([0.1, 0.2]), [0.1, 0.2]).pass).toBe(true)
  })
})

describe('checkDtype', () => {
  test('is off by default, and a failure of its own when on', () => {
    const [actual, reference] = [new Float32Array([1]), new Float64Array([1])]
    expect(compareTensors(actual, reference).pass).toBe(true)
    expect(compareTensors(actual, reference, { checkDtype: true })).toMatchObject({
      pass: false,
      reason: 'dtype',
      mismatch: 'dtypes differ: actual float32, reference float64',
      mismatched: 0,
    })
    expect(compareTensors(actual, actual, { checkDtype: true }).pass).toBe(true)
  })

  test.each(allDTypes)('accepts %s beside itself', (dtype) => {
    expect(compareTensors(store([1], dtype), store([1], dtype), { checkDtype: true }).pass).toBe(true)
  })
})

describe('maxMismatch', () => {
  const reference = new Float32Array(200)
  const off = (count: number, value = 1) => reference.map((_, i) => (i < count ? value : 0))

  test('excuses so many elements, and no more', () => {
    expect(compareTensors(off(2), reference, { maxMismatch: 2 })).toMatchObject({
      pass: true,
      mismatched: 2,
      reason: undefined,
    })
    expect(compareTensors(off(3), reference, { maxMismatch: 2 })).toMatchObject({
      pass: false,
      mismatched: 3,
      reason: 'values',
    })
    expect(compareTensors(off(2), reference, { maxMismatch: '1%' }).pass).toBe(true)
    expect(compareTensors(off(3), reference, { maxMismatch: '1%' }).pass).toBe(false)
  })

  test('never excuses what is not finite', () => {
    expect(compareTensors(off(1, Number.NaN), reference, { maxMismatch: '100%' })).toMatchObject({
      pass: false,
      reason: 'nonfinite',
    })
    expect(compareTensors(off(1, Infinity), reference, { maxMismatch: 50 }).pass).toBe(false)
  })
})

describe('report', () => {
  const actual = tensor(new Float32Array([1, 2.5, Number.NaN, -4, 0.5, Infinity]), [2, 3])
  const reference = tensor(new Float32Array([1, 2, 3, -5, 0, Infinity]), [2, 3])
  const comparison = compareTensors(actual, reference, { atol: 0.25, rtol: 0.125 })

  test('counts', () => {
    expect(comparison).toMatchObject({
      pass: false,
      reason: 'nonfinite',
      total: 6,
      mismatched: 3,
      ratio: 0.5,
      shape: [2, 3],
    })
    expect(comparison.actual).toMatchObject({
      shape: [2, 3],
      dtype: 'float32',
      min: -4,
      max: 2.5,
      nonFinite: { nan: 1, posInf: 1, negInf: 0 },
    })
    expect(comparison.reference).toMatchObject({ min: -5, max: 3, nonFinite: { nan: 0, posInf: 1, negInf: 0 } })
  })

  test('statistics are over the pairs of finite elements', () => {
    const { absDiff, relDiff, histogram } = comparison
    expect({ ...absDiff }).toEqual({
      max: 1,
      at: [1, 0],
      mean: 0.5,
      p50: 0.5,
      p90: expect.closeTo(0.85),
      p99: expect.closeTo(0.985),
      rmse: Math.sqrt(1.5 / 4),
    })
    expect({ ...relDiff }).toEqual({
      max: 0.25,
      at: [0, 1],
      mean: expect.closeTo(0.15),
      p50: 0.2,
      p99: expect.closeTo(0.249),
      zeroReferences: 1,
    })
    expect(histogram).toEqual({ first: -1, counts: [2, 1], zeros: 1 })
    expect(comparison.actual.norm).toBeCloseTo(Math.sqrt(1 + 6.25 + 16 + 0.25))
    expect(comparison.reference.norm).toBeCloseTo(Math.sqrt(30))
    expect(comparison.normRatio).toBeCloseTo(Math.sqrt(23.5 / 30))
    expect(comparison.cosine).toBeCloseTo((1 + 5 + 20) / Math.sqrt(23.5 * 30), 12)
    expect(comparison.snrDb).toBeCloseTo(10 * Math.log10(30 / 1.5))
  })

  test('the worst elements by excess, the non-finite first', () => {
    expect(comparison.worst).toEqual([
      { index: [0, 2], actual: Number.NaN, reference: 3, diff: Number.NaN, allowed: 0.625, excess: Infinity },
      { index: [1, 1], actual: 0.5, reference: 0, diff: 0.5, allowed: 0.25, excess: 2 },
      { index: [1, 0], actual: -4, reference: -5, diff: 1, allowed: 0.875, excess: 1 / 0.875 },
    ])
  })

  test('no tolerance is enough for a non-finite mismatch', () => {
    expect(comparison.required).toEqual({ atolGivenRtol: Infinity, rtolGivenAtol: Infinity })
  })

  test('argmax', () => {
    expect(compareTensors([1, 3, 2], [0, 9, 1]).argmaxAgree).toBe(true)
    expect(compareTensors([1, 3, 4], [0, 9, 1]).argmaxAgree).toBe(false)
    expect(compareTensors([2n, 1n], [5n, 1n]).argmaxAgree).toBe(true)
    expect(compareTensors([-Infinity, Number.NaN], [-Infinity, -Infinity]).argmaxAgree).toBe(true)
  })

  test('64-bit integers are reported as they are', () => {
    const { worst, absDiff } = compareTensors(
      new BigInt64Array([2n ** 60n + 1n, 5n]),
      new BigInt64Array([2n ** 60n, 5n]),
    )
    expect(worst).toEqual([
      { index: [0], actual: 2n ** 60n + 1n, reference: 2n ** 60n, diff: 1, allowed: 0, excess: Infinity },
    ])
    expect(absDiff.max).toBe(1)
  })

  test('a passing comparison lists what comes closest to missing', () => {
    const { pass, worst } = compareTensors([1, 2.1, 3.2], [1, 2, 3], { atol: 0.5 })
    expect(pass).toBe(true)
    expect(worst.map(({ index }) => index)).toEqual([[2], [1]])
    expect(worst[0]?.excess).toBeCloseTo(0.4)
  })

  test('the worst slice of an axis', () => {
    const noisy = new Float32Array(4 * 5 * 6).map((_, i) => (Math.floor(i / 6) % 5 === 3 ? 1 : 0.01))
    expect(
      compareTensors(
        tensor(noisy, [4, 5, 6]),
        tensor(
          noisy.map(() => 0),
          [4, 5, 6],
        ),
      ).worstSlices,
    ).toEqual([{ axis: 1, index: 3, share: expect.closeTo(24 / (24 + 96e-4), 6), mismatched: 24 }])
  })

  test('is computed when read, and once', () => {
    let reads = 0
    const values = new Float32Array([1, 2, 3])
    const watched = {
      shape: [3],
      dtype: 'float32' as const,
      get data() {
        reads++
        return values
      },
    }
    const lazy = compareTensors(watched, new Float32Array([1, 2, 3]))
    const before = reads
    expect(lazy.pass).toBe(true)
    expect(reads).toBe(before)
    expect(lazy.absDiff.max).toBe(0)
    const after = reads
    expect(lazy.absDiff.rmse).toBe(0)
    expect(lazy.mismatched).toBe(0)
    expect(reads).toBe(after)
  })

  test('becomes JSON, with strings for what JSON lacks', () => {
    const json = JSON.parse(JSON.stringify(comparison))
    expect(json).toMatchObject({
      pass: false,
      reason: 'nonfinite',
      tolerance: { atol: 0.25, rtol: 0.125, source: 'options' },
      worst: [{ index: [0, 2], actual: 'NaN', excess: 'Infinity' }, {}, {}],
      required: { atolGivenRtol: 'Infinity' },
      metrics: { maxUlp: 'Infinity' },
      absDiff: { max: 1, at: [1, 0], p50: 0.5 },
    })
    expect(json).not.toHaveProperty('raw')
    expect(JSON.parse(JSON.stringify(compareTensors([2n ** 60n], [0n]))).worst[0].actual).toBe('1152921504606846976')
  })

  test.each([Float32Array, Float64Array])(
    'the cosine of sides of different lengths keeps the digits of 1 - cos: %o',
    (Floats) => {
      // directions that differ by 2^-21 in every element, of which two do not count
      const reference = new Floats(40_001).fill(1)
      const actual = reference.map((_, i) => 2 + (i % 2 === 0 ? 2 ** -20 : -(2 ** -20)))
      actual[7] = Number.NaN
      reference[30_000] = Infinity
      const { cosine, normRatio } = compareTensors(actual, reference)
      expect(normRatio).toBeCloseTo(2, 10)
      expect((1 - cosine) / 2 ** -43).toBeCloseTo(1, 2)
    },
  )

  test('values whose squares leave float64', () => {
    const huge = compareTensors([3e200, 4e200], [3e200, 4.4e200])
    expect(huge.actual.norm).toBeCloseTo(5e200, -190)
    expect(huge.cosine).toBeCloseTo((9 + 17.6) / (5 * Math.hypot(3, 4.4)), 12)
    expect(huge.absDiff.rmse / 4e199).toBeCloseTo(Math.SQRT1_2, 12)
    const tiny = compareTensors([3e-200, 4e-200], [3e-200, 4.4e-200])
    expect(tiny.cosine).toBeCloseTo(huge.cosine, 12)
    expect(tiny.snrDb).toBeCloseTo(huge.snrDb, 10)
  })
})

describe('normalize', () => {
  const actual = tensor([
    [3, 4],
    [0, 2],
  ])
  const reference = tensor([
    [6, 8],
    [0, 10],
  ])

  test('decides on the normalized values, and reports the raw ones too', () => {
    const comparison = compareTensors(actual, reference, { normalize: 'l2', atol: 1e-12 })
    expect(comparison).toMatchObject({ pass: true, normalize: 'l2', raw: { maxAbs: 8 } })
    expect(comparison.absDiff.max).toBeLessThan(1e-15)
    expect(comparison.normRatio).toBeCloseTo(Math.sqrt(29 / 200))
    expect(comparison.actual).toMatchObject({ max: 4, dtype: 'float64' })
    expect(compareTensors(actual, reference).raw).toBeUndefined()
  })

  test('along an axis', () => {
    expect(
      compareTensors(
        [
          [1, 10],
          [2, 20],
        ],
        [
          [2, 1],
          [4, 2],
        ],
        { normalize: 'max', axis: 0 },
      ).pass,
    ).toBe(true)
    expect(
      compareTensors(
        [
          [1, 10],
          [2, 20],
        ],
        [
          [2, 1],
          [4, 2],
        ],
        { normalize: 'max', axis: 1 },
      ).pass,
    ).toBe(false)
    expect(
      compareTensors(
        [
          [1, 10],
          [2, 20],
        ],
        [
          [3, 30],
          [6, 60],
        ],
        { normalize: 'l2', axis: [0, 1] },
      ).pass,
    ).toBe(true)
  })

  test('a vector that is all zero on both sides is equal', () => {
    const padded = [
      [0, 0],
      [3, 4],
    ]
    expect(compareTensors(padded, [padded[0] ?? [], [6, 8]], { normalize: 'l2' }).pass).toBe(true)
    expect(compareTensors(padded, [padded[0] ?? [], [6, 9]], { normalize: 'l2' }).pass).toBe(false)
  })

  test.each(['l2', 'l1', 'max'] as const)(
    '%s: a vector that is all zero on one side fails, however loose the tolerance',
    (method) => {
      const rows = [
        [0, 0],
        [1, 1],
      ]
      const ones = [rows[1] ?? [], rows[1] ?? []]
      const options = { normalize: method, atol: 2, maxMismatch: 4, metrics: { rmse: 9 } }
      expect(compareTensors(rows, ones, options)).toMatchObject({
        pass: false,
        reason: 'values',
        mismatch: `actual is all zero in slice [0] of [2], the reference is not: normalize '${method}' cannot give it a length`,
      })
      expect(compareTensors([1, 1], [0, 0], options).mismatch).toBe(
        `the reference is all zero, actual is not: normalize '${method}' cannot give it a length`,
      )
    },
  )

  test('NaN cannot hide behind it', () => {
    expect(compareTensors([Number.NaN, 2, 3], [Number.NaN, 2, 4], { normalize: 'l2', equalNaN: true }).pass).toBe(false)
    expect(compareTensors([Number.NaN, 2, 4], [Number.NaN, 1, 2], { normalize: 'l2', equalNaN: true }).pass).toBe(true)
    expect(compareTensors([Number.NaN, 1], [1, 1], { normalize: 'l2' }).reason).toBe('nonfinite')
  })

  test('with a function of each side', () => {
    const round = ({ data, shape }: { data: ArrayLike<unknown>; shape: readonly number[] }) =>
      tensor(
        Float64Array.from(data as ArrayLike<number>, (value) => Math.round(value)),
        shape,
      )
    expect(compareTensors([1.2, 2.1], [0.9, 1.8], { normalize: round, preset: 'exact' })).toMatchObject({
      pass: true,
      normalize: 'round',
    })
    expect(
      compareTensors(
        [
          [1, 2],
          [3, 4],
        ],
        [
          [1, 2],
          [3, 4],
        ],
        { normalize: () => [1, 2] },
      ).shape,
    ).toEqual([2])
    expect(() => compareTensors([1], [1], { normalize: () => 'x' as never })).toThrow(
      'normalize(actual) must be a tensor',
    )
    let calls = 0
    expect(() => compareTensors([1], [1], { normalize: () => new Array(++calls).fill(0) })).toThrow(
      'normalize returned two shapes',
    )
  })

  test('a function gets a copy in float64, whatever the side is', () => {
    const sides = [Float32Array.of(-3, 1), [3, 1], Int32Array.of(-3, 1), BigInt64Array.of(-3n, 1n)]
    for (const side of sides) {
      const magnitudes = compareTensors(side, [3, 1], {
        normalize: ({ data, shape }) => ({ data: data.map(Math.abs).sort(), shape }),
      })
      expect(magnitudes.pass).toBe(true)
      compareTensors(side, side, { normalize: (tensor) => ({ data: tensor.data.fill(0), shape: tensor.shape }) })
    }
    expect(sides).toEqual([Float32Array.of(-3, 1), [3, 1], Int32Array.of(-3, 1), BigInt64Array.of(-3n, 1n)])
  })

  test('the last axis is that of the shapes as compared', () => {
    const column = tensor(new Float32Array([3, 4]), [2, 1])
    expect(compareTensors(column, new Float32Array([6, 8]), { normalize: 'l2', squeeze: true }).pass).toBe(true)
  })
})

describe('metrics', () => {
  const reference = [3, 4]
  const actual = [3, 4.5]

  test.each<[CompareOptions['metrics'], boolean]>([
    [{ cosine: 0.99 }, true],
    [{ cosine: 0.9999 }, false],
    [{ snr: 20 }, true],
    [{ snr: 20.1 }, false],
    [{ psnr: 21 }, true],
    [{ psnr: 21.1 }, false],
    [{ rmse: 0.36 }, true],
    [{ rmse: 0.35 }, false],
    [{ mae: 0.25 }, true],
    [{ mae: 0.24 }, false],
    [{ maxAbs: 0.5 }, true],
    [{ maxAbs: 0.49 }, false],
    [{ maxRel: 0.125 }, true],
    [{ maxRel: 0.12 }, false],
    [{ maxUlp: 2 ** 49 }, true],
    [{ maxUlp: 2 ** 48 }, false],
    [{ cosine: 0.99, maxAbs: 0.1 }, false],
  ])('%j alone decide', (metrics, pass) => {
    const comparison = compareTensors(actual, reference, { metrics })
    expect(comparison.pass).toBe(pass)
    expect(comparison.reason).toBe(pass ? undefined : 'metric')
    expect(comparison.failedMetrics.length).toBe(pass ? 0 : 1)
    expect(comparison.mismatched).toBe(0)
  })

  test('and the tolerance too, when one is given', () => {
    expect(compareTensors(actual, reference, { metrics: { cosine: 0.9 }, atol: 0.1 }).reason).toBe('values')
    expect(compareTensors(actual, reference, { metrics: { cosine: 0.9999 }, atol: 1 })).toMatchObject({
      reason: 'metric',
      failedMetrics: [{ name: 'cosine', bound: 0.9999 }],
    })
  })

  test('never excuse what is not finite', () => {
    expect(compareTensors([1, Number.NaN], [1, 1], { metrics: { cosine: 0.9 } })).toMatchObject({
      pass: false,
      reason: 'nonfinite',
      mismatched: 1,
    })
    expect(compareTensors([1, Infinity], [1, Infinity], { metrics: { cosine: 0.9 } }).pass).toBe(true)
  })

  test('cosine of zero vectors: alike to each other, unlike anything else', () => {
    expect(compareTensors([0, 0], [0, 0]).cosine).toBe(1)
    expect(compareTensors([0, 0], [1, 0]).cosine).toBe(0)
    expect(compareTensors([-1, -2], [1, 2]).cosine).toBeCloseTo(-1, 14)
  })

  test('signal-to-noise ratio of a perfect match and of a dead reference', () => {
    expect(compareTensors([1, 2], [1, 2]).snrDb).toBe(Infinity)
    expect(compareTensors([1, 2], [0, 0]).snrDb).toBe(-Infinity)
  })

  test.each<[DType, DType, number[], number[], number]>([
    ['float32', 'float32', [1], [1 + 2 ** -23], 1],
    ['float64', 'float64', [1], [1 + 2 ** -52], 1],
    ['float16', 'float16', [1], [1 + 2 ** -10], 1],
    ['bfloat16', 'bfloat16', [1], [1 + 2 ** -7], 1],
    ['float32', 'float16', [1 + 2 ** -12], [1], 0],
    ['float64', 'float32', [1 + 2 ** -22], [1], 2],
    ['float16', 'bfloat16', [1 + 2 ** -6], [1], 2],
    ['int32', 'int32', [7], [5], 2],
    ['float32', 'float32', [-(2 ** -149)], [2 ** -149], 2],
    ['float32', 'float32', [0], [-0], 0],
    ['float64', 'float64', [-Number.MIN_VALUE], [Number.MIN_VALUE], 2],
    ['float64', 'float16', [70000], [65504], Infinity],
    ['int64', 'float32', [16777217], [16777216], 0],
    ['float32', 'float32', [Infinity], [3.4028234663852886e38], Infinity],
  ])('ulps of %s beside %s: %j and %j', (actualType, referenceType, a, r, ulps) => {
    expect(compareTensors(store(a, actualType), store(r, referenceType)).metrics.maxUlp).toBe(ulps)
  })

  test('ulps after normalization are those of the dtypes before it', () => {
    const options = { normalize: 'l2', metrics: { maxUlp: 1 } } as const
    expect(compareTensors(new Float32Array([1, 2, 3]), new Float32Array([10, 20, 30]), options).pass).toBe(true)
  })
})
