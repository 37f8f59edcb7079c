// Properties of the report: every number against its plain definition, for few elements (JavaScript) and many (kernels).
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareTensors } from '../../../src/compare/compare-tensors.ts'
import type { DType } from '../../../src/tensor/dtype.ts'
import type { Tensor } from '../../../src/tensor/tensor.ts'
import { expectAtMost, expectSame } from '../../in-loops.ts'
import { runs } from '../../trials.ts'
import { allDTypes, anyNumber, anyTolerance, elementsOf, nearby, store } from '../arbitraries.ts'
import { matches } from '../reference-rule.ts'

const kernelDTypes = allDTypes.filter((dtype) => !dtype.endsWith('64') || dtype === 'float64')

interface Sample {
  readonly options: { readonly atol: number; readonly rtol: number; readonly equalNaN: boolean }
  readonly dtypes: readonly [actual: DType, reference: DType]
  readonly pairs: readonly (readonly [actual: number, reference: number])[]
}

function samples(dtypes: readonly DType[]): fc.Arbitrary<Sample> {
  return fc.record({ atol: anyTolerance, rtol: anyTolerance, equalNaN: fc.boolean() }).chain((options) =>
    fc.record({
      options: fc.constant(options),
      dtypes: fc.tuple(fc.constantFrom(...dtypes), fc.constantFrom(...dtypes)),
      pairs: fc.array(
        anyNumber.chain((r) => fc.tuple(nearby(r, options.atol, options.rtol), fc.constant(r))),
        { minLength: 1, maxLength: 40 },
      ),
    }),
  )
}

/** Repeats the pairs up to a length, so that a few awkward values turn up at every place within a group of the kernels. */
function tensorsOf({ dtypes, pairs }: Sample, length: number): { actual: Tensor; reference: Tensor } {
  const repeated = Array.from({ length: Math.max(length, pairs.length) }, (_, i) => pairs[i % pairs.length] ?? [0, 0])
  return {
    actual: store(
      repeated.map(([value]) => value),
      dtypes[0],
    ),
    reference: store(
      repeated.map(([, value]) => value),
      dtypes[1],
    ),
  }
}

interface Expected {
  mismatched: number
  nonFinite: number
  /** Absolute errors of the finite pairs, and relative ones where the reference is not zero. */
  abs: number[]
  rel: number[]
}

function examine(
  actual: Tensor,
  reference: Tensor,
  options: { atol: number; rtol: number; equalNaN: boolean },
): Expected {
  const [a, r] = [elementsOf(actual), elementsOf(reference)]
  const expected: Expected = { mismatched: 0, nonFinite: 0, abs: [], rel: [] }
  a.forEach((value, i) => {
    const other = r[i] ?? 0
    const finite = Number.isFinite(Number(value)) && Number.isFinite(Number(other))
    const missed = !matches(value, other, options)
    if (missed) expected.mismatched++
    if (missed && !finite) expected.nonFinite++
    if (!finite) return
    const diff =
      typeof value === 'bigint' && typeof other === 'bigint' ? Number(value - other) : Number(value) - Number(other)
    expected.abs.push(Math.abs(diff))
    if (Number(other) !== 0) expected.rel.push(Math.abs(diff) / Math.abs(Number(other)))
  })
  expected.abs.sort((x, y) => x - y)
  expected.rel.sort((x, y) => x - y)
  return expected
}

function quantile(sorted: readonly number[], q: number): number {
  const at = q * (sorted.length - 1)
  const [low, high] = [sorted[Math.floor(at)] ?? Number.NaN, sorted[Math.ceil(at)] ?? Number.NaN]
  return low === high ? low : low + (high - low) * (at - Math.floor(at))
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

/** Equal up to the order of summation. */
function expectNear(found: number, expected: number): void {
  if (Object.is(found, expected) || found === expected) return
  expectAtMost(Math.abs(found - expected) / Math.abs(expected), 1e-12)
}

describe.each([
  {
    name: 'few elements',
    length: 1,
    dtypes: allDTypes.filter((dtype) => dtype !== 'int64' && dtype !== 'uint64'),
    usual: 200,
  },
  { name: 'few 64-bit integers', length: 1, dtypes: ['int64', 'uint64'] as DType[], usual: 80 },
  { name: 'many elements', length: 4096 + 77, dtypes: kernelDTypes, usual: 30 },
])('$name', ({ length, dtypes, usual }) => {
  test('counts, extremes, sums and quantiles', () => {
    fc.assert(
      fc.property(samples(dtypes), (sample) => {
        const { options } = sample
        const { actual, reference } = tensorsOf(sample, length)
        const expected = examine(actual, reference, options)
        const found = compareTensors(actual, reference, options)
        expectSame(found.mismatched, expected.mismatched)
        if (!found.pass) expectSame(found.reason, expected.nonFinite > 0 ? 'nonfinite' : 'values')
        const values = elementsOf(reference).map(Number)
        expect(found.reference.nonFinite).toEqual({
          nan: values.filter(Number.isNaN).length,
          posInf: values.filter((value) => value === Infinity).length,
          negInf: values.filter((value) => value === -Infinity).length,
        })
        const finite = values.filter(Number.isFinite)
        expect([found.reference.min, found.reference.max].map((value) => value + 0)).toEqual(
          finite.length === 0
            ? [Number.NaN, Number.NaN]
            : [finite.reduce((x, y) => Math.min(x, y)) + 0, finite.reduce((x, y) => Math.max(x, y)) + 0],
        )
        const { abs, rel } = expected
        if (abs.length === 0) return
        expectSame(found.absDiff.max, abs.at(-1))
        for (const q of [0.5, 0.9, 0.99] as const) {
          expectSame(found.absDiff[`p${q * 100}` as 'p50' | 'p90' | 'p99'], quantile(abs, q))
        }
        if (abs.at(-1) !== Infinity && sum(abs) < Infinity) expectNear(found.absDiff.mean, sum(abs) / abs.length)
        expectSame(found.relDiff.zeroReferences, abs.length - rel.length)
        if (rel.length === 0) return
        expectSame(found.relDiff.max, rel.at(-1))
        expectSame(found.relDiff.p50, quantile(rel, 0.5))
        expectSame(found.relDiff.p99, quantile(rel, 0.99))
      }),
      runs(usual),
    )
  })

  test('the histogram puts every error into its decade', () => {
    fc.assert(
      fc.property(samples(dtypes), (sample) => {
        const { options } = sample
        const { actual, reference } = tensorsOf(sample, length)
        const { abs } = examine(actual, reference, options)
        const { first, counts, zeros } = compareTensors(actual, reference, options).histogram
        expectSame(zeros, abs.filter((error) => error === 0).length)
        expectSame(sum(counts), abs.length - zeros)
        counts.forEach((count, i) => {
          const [from, to] = [Number(`1e${first + i}`), Number(`1e${first + i + 1}`)]
          const inside = (error: number) => error >= from && (error < to || to === Infinity) && error > 0
          expectSame(count, abs.filter(inside).length)
        })
        if (counts.length > 0) expect([counts[0] === 0, counts.at(-1) === 0]).toEqual([false, false])
      }),
      runs(usual),
    )
  })

  test('the reported atol and rtol pass, and the next smaller doubles fail', () => {
    fc.assert(
      fc.property(samples(dtypes), fc.constantFrom(0, 0, 1, 3), (sample, maxMismatch) => {
        const { options } = sample
        const { actual, reference } = tensorsOf(sample, length)
        const { required } = compareTensors(actual, reference, { ...options, maxMismatch })
        const passes = (tolerance: { atol: number; rtol: number }) =>
          compareTensors(actual, reference, { ...options, ...tolerance, maxMismatch }).pass
        for (const [name, value] of [
          ['atol', required.atolGivenRtol],
          ['rtol', required.rtolGivenAtol],
        ] as const) {
          if (value === Infinity) expectSame(passes({ ...options, [name]: Number.MAX_VALUE }), false)
          else expectSame(passes({ ...options, [name]: value }), true)
          if (value > 0 && value < Infinity) expectSame(passes({ ...options, [name]: nextBelow(value) }), false)
        }
      }),
      runs(usual),
    )
  })

  test('the worst elements are those that sorting by excess finds', () => {
    fc.assert(
      fc.property(samples(dtypes), (sample) => {
        const { options } = sample
        const { actual, reference } = tensorsOf(sample, length)
        const [a, r] = [elementsOf(actual), elementsOf(reference)]
        const missed = a.map((_, i) => i).filter((i) => !matches(a[i] ?? 0, r[i] ?? 0, options))
        const { worst } = compareTensors(actual, reference, options)
        const listed = worst.map(({ index: [position = -1] }) => position)
        expectSame(new Set(listed).size, listed.length)
        if (missed.length === 0) {
          expectSame(
            worst.every(({ excess }) => excess <= 1),
            true,
          )
          return
        }
        expectSame(listed.length, Math.min(5, missed.length))
        expectSame(
          listed.every((position) => missed.includes(position)),
          true,
        )
        const excessOf = (i: number) => {
          const diff = Math.abs(Number(a[i]) - Number(r[i]))
          if (!Number.isFinite(Number(a[i])) || !Number.isFinite(Number(r[i]))) return Infinity
          return diff === Infinity ? Number.NaN : diff / (options.atol + options.rtol * Math.abs(Number(r[i])))
        }
        const all = missed.map(excessOf).sort((x, y) => y - x)
        if (all.some(Number.isNaN) || typeof a[0] === 'bigint') return
        expect(worst.map(({ excess }) => excess)).toEqual(all.slice(0, 5))
      }),
      runs(usual),
    )
  })
})

function nextBelow(value: number): number {
  const double = new Float64Array([value])
  const bits = new BigUint64Array(double.buffer)
  bits[0] = (bits[0] ?? 0n) - 1n
  return double[0] ?? 0
}
