// The comparison kernels on large tensors: what only shows when every group of elements differs from the next.
import { describe, expect, test } from 'vitest'
import { momentsOf, openPair, type PairKernel } from '../../src/kernels/compare.ts'
import type { DType } from '../../src/tensor/dtype.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import { store } from '../compare/arbitraries.ts'
import { matches } from '../compare/reference-rule.ts'

/** Reproducible numbers in [-1, 1) (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1
  }
}

function open(actual: Tensor, reference: Tensor): PairKernel {
  const kernel = openPair(actual, reference)
  if (kernel === undefined) throw new Error('there are no kernels here')
  return kernel
}

const float32 = (data: Float32Array): Tensor => ({ data, shape: [data.length], dtype: 'float32' })

/** A float32 neighbour, away from zero or towards it. */
function neighbour(value: number, steps: number): number {
  const single = new Float32Array([value])
  const bits = new Int32Array(single.buffer)
  bits[0] += steps
  return single[0]
}

/** Elements that the kernels look at together. */
const groupLength = 1024

/** More of them than are copied in the first three chunks, all of which are as long as some groups. */
const groupsOfChunks = 100

describe('an element that misses by a hair, alone in its group, is found', () => {
  test.each([
    [1e-5, 1.3e-6],
    [0, 1e-3],
    [1e-3, 0],
    [1e-3, 1e-2],
    [1e-30, 1e-7],
    [0.3, 0.7],
  ])('atol %s, rtol %s', (atol, rtol) => {
    const random = randomNumbers(5)
    const rule = { atol, rtol, equalNaN: false }
    const groups = 400
    const actual = new Float32Array(groups * groupLength)
    const reference = new Float32Array(groups * groupLength)
    const expected: number[] = []
    for (let group = 0; group < groups; group++) {
      const position = group * groupLength + Math.floor((random() + 1) * 512)
      const r = Math.fround(random() * 2 ** Math.round(random() * 8))
      // the nearest float32 beyond the bound
      let a = neighbour(Math.fround(r + Math.sign(r) * (atol + rtol * Math.abs(r))), -3)
      while (matches(a, r, rule)) a = neighbour(a, 1)
      actual[position] = a
      reference[position] = r
      expected.push(position)
    }
    const kernel = open(float32(actual), float32(reference))
    const found: number[] = []
    for (let i = kernel.firstMiss(rule, 0); i < actual.length; i = kernel.firstMiss(rule, i + 1)) found.push(i)
    expect(found).toEqual(expected)
  })
})

test.each([
  [Number.NaN, 0],
  [0, Number.NaN],
  [-Number.NaN, Infinity],
  [Infinity, -Infinity],
  [Infinity, 3e38],
  [0, -Infinity],
])('%s beside %s, alone among equal elements, is found wherever it lies', (a, r) => {
  const rule = { atol: 1e-3, rtol: 1e-3, equalNaN: false }
  for (let position = 0; position < 40; position++) {
    const [actual, reference] = [a, r].map((value) =>
      new Float32Array(2 * groupLength).fill(value, position, position + 1),
    )
    expect(open(float32(actual), float32(reference)).firstMiss(rule, 0)).toBe(position)
  }
})

describe.each<[DType, DType]>([
  ['float32', 'float32'],
  ['float64', 'float64'],
  ['float16', 'float16'],
  ['int8', 'float32'],
  ['int32', 'float64'],
  ['int64', 'int64'],
  ['uint8', 'int64'],
])('a miss beside the end of what is copied at a time, of %s and %s', (actualType, referenceType) => {
  const rule = { atol: 0.5, rtol: 0, equalNaN: false }
  const length = groupsOfChunks * groupLength + 3
  const ends = Array.from({ length: groupsOfChunks }, (_, group) => (group + 1) * groupLength).flatMap((end) => [
    end - 1,
    end,
  ])
  const places = [0, ...ends, length - 1]
  const values = Array.from({ length }, (_, i) => (i * i) % 7)
  const [reference, equal, different] = [
    store(values, referenceType),
    store(values, actualType),
    store(
      values.map((value) => value + 1),
      actualType,
    ),
  ]
  const pairMissingAt = (missing: readonly number[]) => {
    const data = equal.data.slice()
    for (const place of missing) data[place] = different.data[place]
    return open({ ...equal, data } as Tensor, reference)
  }

  test('is found alone', () => {
    for (const place of places) expect(pairMissingAt([place]).firstMiss(rule, 0)).toBe(place)
  })

  test('is found behind others, and counted', () => {
    const kernel = pairMissingAt(places)
    const found: number[] = []
    for (let i = kernel.firstMiss(rule, 0); i < length; i = kernel.firstMiss(rule, i + 1)) found.push(i)
    expect(found).toEqual(places)
    expect(kernel.errors?.statistics(rule).mismatched ?? places.length).toBe(places.length)
    expect(kernel.errors?.squaredDistance(1, 1) ?? places.length).toBe(places.length)
  })
})

test.each<DType>(['float32', 'float64', 'float16'])(
  'NaN beside the end of what is copied at a time is found among equal bytes of %s',
  (dtype) => {
    const length = groupsOfChunks * groupLength + 1
    const [ones, nans] = [1, Number.NaN].map((value) => store(new Array<number>(length).fill(value), dtype))
    for (let end = groupLength; end < length; end += groupLength) {
      for (const place of [end - 1, end]) {
        const data = ones.data.slice()
        data[place] = nans.data[place]
        const kernel = open({ ...ones, data } as Tensor, { ...ones, data: data.slice() } as Tensor)
        expect(kernel.firstMiss({ atol: 1, rtol: 1, equalNaN: false }, 0)).toBe(place)
        expect(kernel.firstMiss({ atol: 1, rtol: 1, equalNaN: true }, 0)).toBe(length)
      }
    }
  },
)

test('elements that need rtol follow elements that do not', () => {
  const rule = { atol: 1e-3, rtol: 1e-2, equalNaN: false }
  const reference = Float32Array.from({ length: 8 * groupLength }, (_, i) => (i < 3 * groupLength ? 0 : 1))
  const actual = reference.map((value) => value * 1.009 + 5e-4)
  actual[7 * groupLength + 5] = 1.012
  expect(open(float32(actual), float32(reference)).firstMiss(rule, 0)).toBe(7 * groupLength + 5)
  expect(open(float32(actual), float32(reference)).firstMiss(rule, 2 * groupLength + 9)).toBe(7 * groupLength + 5)
})

test.each<[DType, DType]>([
  ['float32', 'float32'],
  ['float64', 'float32'],
  ['float16', 'float16'],
  ['int8', 'int8'],
  ['int32', 'float32'],
])('extremes, counts and sums of errors that grow from group to group: %s and %s', (actualType, referenceType) => {
  const random = randomNumbers(9)
  const length = 50 * groupLength + 3
  const values = Array.from({ length }, () => 100 * random())
  const actual = store(
    values.map((value, i) => value + (i / length) * 10 * random()),
    actualType,
  )
  const reference = store(values, referenceType)
  const rule = { atol: 1, rtol: 0.01, equalNaN: false }
  const [a, r] = [actual, reference].map((side) => decode(side)) as [number[], number[]]
  const diffs = a.map((value, i) => Math.abs(value - r[i]))
  const rels = diffs.map((diff, i) => (r[i] === 0 ? 0 : diff / Math.abs(r[i])))
  const maxAbs = diffs.reduce((x, y) => Math.max(x, y))
  const maxRel = rels.reduce((x, y) => Math.max(x, y))
  const excesses = diffs.map((diff, i) => diff / (rule.atol + rule.rtol * Math.abs(r[i])))
  const found = open(actual, reference).errors?.statistics(rule)
  expect(found).toMatchObject({
    mismatched: a.filter((value, i) => !matches(value, r[i], rule)).length,
    finitePairs: length,
    maxAbs,
    maxAbsAt: diffs.indexOf(maxAbs),
    maxRel,
    maxRelAt: rels.indexOf(maxRel),
    maxExcess: excesses.reduce((x, y) => Math.max(x, y)),
    zeroReferences: r.filter((value) => value === 0).length,
    actual: { min: a.reduce((x, y) => Math.min(x, y)), max: a.reduce((x, y) => Math.max(x, y)) },
    reference: { min: r.reduce((x, y) => Math.min(x, y)), max: r.reduce((x, y) => Math.max(x, y)) },
  })
  const sum = (list: number[]) => list.reduce((total, value) => total + value, 0)
  expect((found?.sumOfDiffs ?? 0) / sum(diffs)).toBeCloseTo(1, 12)
  expect((found?.sumOfProducts ?? 0) / sum(a.map((value, i) => value * r[i]))).toBeCloseTo(1, 12)
  expect((found?.sumOfSquaredDiffs ?? 0) / sum(diffs.map((diff) => diff * diff))).toBeCloseTo(1, 12)
})

test.each([
  ['below the tolerance, above all before', [0.125, 0.0625, 0.5, 0.0625], 0, 0.5],
  ['above the tolerance, below another before', [8, 0.0625, 4, 0.0625], 2, 8],
])('an error %s is found behind a group of small ones', (_, errors, mismatched, maxExcess) => {
  const reference = new Float32Array(errors.length * groupLength).fill(1)
  const actual = reference.slice()
  for (const [group, error] of errors.entries()) actual[group * groupLength + 7] += error
  const rule = { atol: 1, rtol: 0, equalNaN: false }
  const found = open(float32(actual), float32(reference)).errors?.statistics(rule)
  expect(found).toMatchObject({ mismatched, maxExcess, maxAbs: Math.max(...errors), maxRel: Math.max(...errors) })
})

test.each([
  [1e-5, 1.3e-6, 1],
  [0, 1e-3, 1],
  [0, 0, 1],
  [1e-3, 1e-2, 100],
  [1e-31, 0, 1e-31],
  [1e-45, 1e-7, 1e-40],
  [1e38, 0.5, 1e38],
  [2e38, 0, 1e38],
  [Infinity, 0, 1],
])(
  'elements within a hair of the rule are counted as it says: atol %s, rtol %s, sizes about %s',
  (atol, rtol, size) => {
    const random = randomNumbers(3)
    const rule = { atol, rtol, equalNaN: false }
    const reference = Float32Array.from({ length: 24 * groupLength }, () => size * random())
    const actual = reference.map((r, i) => {
      const bound = Math.fround(r + Math.sign(random()) * Math.min(atol + rtol * Math.abs(r), size))
      // some groups hold what float32 can tell, others what it cannot
      return i % 3 === 0 ? r : neighbour(bound, Math.round(random() * (i % (2 * groupLength) < groupLength ? 3 : 1e6)))
    })
    const expected = actual.reduce((sum, a, i) => sum + (matches(a, reference[i], rule) ? 0 : 1), 0)
    const found = open(float32(actual), float32(reference)).errors?.statistics(rule)
    expect(found?.mismatched).toBe(expected)
  },
)

test('what lies in memory is that of another comparison as soon as there is one', () => {
  const rule = { atol: 0.5, rtol: 0, equalNaN: false }
  const side = (value: number) => float32(new Float32Array(5000).fill(value))
  const [first, second] = [open(side(1), side(0)), open(side(0), side(0))]
  for (let round = 0; round < 2; round++) {
    expect(first.firstMiss(rule, 0)).toBe(0)
    expect(second.firstMiss(rule, 0)).toBe(5000)
    expect(first.firstMiss(rule, 7)).toBe(7)
    expect(first.errors?.statistics(rule).mismatched).toBe(5000)
    momentsOf(new Float64Array(5000), new Float64Array(5000), 0, 0, new Uint8Array(200))
    expect(first.errors?.squaredDistance(1, 1)).toBe(5000)
    expect(second.errors?.statistics(rule).mismatched).toBe(0)
  }
})

test.each([Number.NaN, Infinity])('a distance counts pairs of finite elements only, beside %s', (value) => {
  const actual = new Float32Array(3 * groupLength).fill(3)
  const reference = new Float32Array(3 * groupLength).fill(1)
  actual[5] = value
  reference[groupLength + 1] = -value
  expect(open(float32(actual), float32(reference)).errors?.squaredDistance(1, 2)).toBe(actual.length - 2)
})

test.each<DType>(['float32', 'float64'])(
  'of %s the greatest excess is that of the rule, whatever the tolerance',
  (dtype) => {
    const random = randomNumbers(21)
    for (const scale of [1e-44, 1e-38, 1, 7e37]) {
      const values = Array.from({ length: 20 * groupLength + 1 }, () => scale * (random() - 0.5))
      const reference = store(values, dtype)
      const actual = store(
        values.map((value, i) => (i % 3 === 0 ? value : value * (1 - 2 * random()))),
        dtype,
      )
      const [a, r] = [actual, reference].map(decode) as [number[], number[]]
      for (const [atol, rtol] of [
        [0, 0],
        [0, 1e-3],
        [1e-45, 0],
        [0.1 * scale, 0],
        [1e-3 * scale, 1e-2],
        [scale, 10],
        [Infinity, 0],
      ] as const) {
        const excesses = a.map((value, i) => {
          const diff = Math.abs(value - r[i])
          return diff === 0 ? 0 : diff / (atol + rtol * Math.abs(r[i]))
        })
        const found = open(actual, reference).errors?.statistics({ atol, rtol, equalNaN: false })
        expect({ scale, atol, rtol, excess: found?.maxExcess }).toEqual({
          scale,
          atol,
          rtol,
          excess: excesses.reduce((x, y) => Math.max(x, y)),
        })
      }
    }
  },
)

test('errors that overflow float32 are told apart', () => {
  const reference = new Float32Array(2 * groupLength).fill(-3e38)
  const actual = reference.map((_, i) => (i < groupLength ? 2.5e38 : 3e38))
  const found = open(float32(actual), float32(reference)).errors?.statistics({ atol: 0, rtol: 1, equalNaN: false })
  expect(found).toMatchObject({ maxRel: 2, maxRelAt: groupLength, maxExcess: 2 })
})

function decode(side: Tensor): number[] {
  return side.dtype === 'float16'
    ? Array.from(side.data as Uint16Array, halfToNumber)
    : Array.from(side.data as Float32Array)
}

/** The definition of float16. */
function halfToNumber(bits: number): number {
  const exponent = (bits >> 10) & 31
  const magnitude = exponent === 0 ? (bits & 1023) * 2 ** -24 : (1024 + (bits & 1023)) * 2 ** (exponent - 25)
  return bits >> 15 ? -magnitude : magnitude
}
