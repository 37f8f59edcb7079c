// Cosine similarity against exact arithmetic, over vectors of any lengths and directions.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareTensors } from '../../../src/compare/compare-tensors.ts'
import { runs } from '../../trials.ts'

/** Every finite double is a whole multiple of 2^-1074. */
function toUnits(value: number): bigint {
  const words = new DataView(new ArrayBuffer(8))
  words.setFloat64(0, value)
  const bits = words.getBigUint64(0)
  const biased = (bits >> 52n) & 0x7ffn
  const fraction = bits & 0xfffffffffffffn
  const magnitude = biased === 0n ? fraction : (fraction | 0x10000000000000n) << (biased - 1n)
  return bits >> 63n === 1n ? -magnitude : magnitude
}

function squareRoot(value: bigint): bigint {
  if (value < 2n) return value
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1)
  for (;;) {
    const next = (root + value / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

const digits = 10n ** 40n

function exactCosine(a: readonly number[], r: readonly number[]): number {
  const [x, y] = [a.map(toUnits), r.map(toUnits)]
  const dot = x.reduce((sum, value, i) => sum + value * (y[i] ?? 0n), 0n)
  const squares = [x, y].map((values) => values.reduce((sum, value) => sum + value * value, 0n))
  const product = (squares[0] ?? 0n) * (squares[1] ?? 0n)
  const cosine = squareRoot((dot * dot * digits * digits) / product)
  return (dot < 0n ? -1 : 1) * (Number(cosine) / Number(digits))
}

const ofAnySize = fc
  .tuple(fc.double({ min: 1, max: 10, noNaN: true }), fc.integer({ min: -15, max: 15 }), fc.boolean())
  .map(([digit, exponent, negative]) => (negative ? -digit : digit) * 10 ** exponent)

const vector = fc.array(ofAnySize, { minLength: 3, maxLength: 8 })
const bell = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 })

/** As many copies as the kernels want: the cosine stays the same. */
const repeated = (values: readonly number[], times: number) =>
  Float64Array.from({ length: values.length * times }, (_, i) => values[i % values.length] ?? 0)

describe.each([
  ['few elements', 1],
  ['many elements', 700],
])('%s', (_, times) => {
  const expectExact = (a: readonly number[], r: readonly number[]) => {
    const found = compareTensors(repeated(a, times), repeated(r, times)).cosine
    expect(Math.abs(found - exactCosine(a, r))).toBeLessThan(times === 1 ? 2e-15 : 2e-13)
  }

  test('of unrelated vectors', () => {
    const pairs = vector.chain((a) =>
      fc.tuple(fc.constant(a), fc.array(ofAnySize, { minLength: a.length, maxLength: a.length })),
    )
    fc.assert(
      fc.property(pairs, ([a, r]) => expectExact(a, r)),
      runs(times === 1 ? 300 : 30),
    )
  })

  test('of nearly one direction, with any gain', () => {
    const noise = fc.integer({ min: -16, max: 0 })
    fc.assert(
      fc.property(bell, bell, noise, ofAnySize, ofAnySize, (base, off, size, gain, other) => {
        fc.pre(base.some((value) => Math.abs(value) > 0.1))
        const a = base.map((value, i) => gain * (value + (off[i] ?? 0) * 10 ** size))
        expectExact(
          a,
          base.map((value) => value * other),
        )
      }),
      runs(times === 1 ? 300 : 30),
    )
  })
})

test('a gain alone leaves 1', () => {
  const values = Float64Array.from({ length: 5000 }, (_, i) => Math.sin(i))
  for (const gain of [1e-300, 1e-9, 0.5, 3, 1e9, 3e15, 1e300]) {
    const comparison = compareTensors(
      values.map((value) => gain * value),
      values,
      { metrics: { cosine: 1 - 1e-15 } },
    )
    expect(comparison.pass).toBe(true)
  }
  expect(compareTensors([100, 200, 300], [1, 2, 3], { metrics: { cosine: 1 } }).pass).toBe(true)
})

test('lengths whose squares overflow on one side and vanish on the other', () => {
  const comparison = compareTensors([3e200, 4e200], [4e-200, 3e-200])
  expect(comparison.cosine).toBeCloseTo(0.96, 15)
  expect(comparison.actual.norm / 5e200).toBeCloseTo(1, 14)
  expect(comparison.reference.norm / 5e-200).toBeCloseTo(1, 14)
  expect(comparison.snrDb).toBeCloseTo(-8000, 9)
})

test('a huge element beside an infinity does not hide the others', () => {
  expect(compareTensors([1e300, 3e-200, 4e-200], [Infinity, 4e-200, 3e-200]).cosine).toBeCloseTo(0.96, 15)
})

test('garbage among small numbers fails a bound', () => {
  const reference = Float32Array.from({ length: 256 }, (_, i) => 0.35 * Math.sin(i * 1.7))
  const actual = reference.map((value, i) => (i === 159 ? 4.7e15 : i === 255 ? -3.4e22 : value))
  expect(compareTensors(actual, reference, { metrics: { cosine: 0.99 } })).toMatchObject({
    pass: false,
    reason: 'metric',
  })
})

test('without a finite pair there is no cosine, and no bound holds', () => {
  const nothing = new Float32Array(4).fill(Number.NaN)
  const comparison = compareTensors(nothing, nothing, { equalNaN: true, metrics: { cosine: -1 } })
  expect(comparison.cosine).toBeNaN()
  expect(comparison.pass).toBe(false)
})
