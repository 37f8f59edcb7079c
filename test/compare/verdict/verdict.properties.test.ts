// Properties of the verdict, for every pair of dtypes, in plain JavaScript (few elements) and in the kernels (many).
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { compareTensors } from '../../../src/compare/compare-tensors.ts'
import type { Tensor } from '../../../src/tensor/tensor.ts'
import { expectSame } from '../../in-loops.ts'
import { runs } from '../../trials.ts'
import { allDTypes, anyBigInt, anyNumber, anyTolerance, elementsOf, nearby, store } from '../arbitraries.ts'
import { allMatch } from '../reference-rule.ts'

/** More than the kernels' least, and not a multiple of anything: the elements under test lie at the very end, the rest matches. */
const padded = 4096 + 1025

function padTo(tensor: Tensor, length: number): Tensor {
  const data = new (tensor.data.constructor as new (n: number) => Float32Array)(length)
  data.set(tensor.data as Float32Array, length - tensor.data.length)
  return { ...tensor, data, shape: [length] }
}

const sizes = [
  { name: 'few elements', size: (tensor: Tensor) => tensor },
  { name: 'many elements', size: (tensor: Tensor) => padTo(tensor, padded) },
]

const dtypePairs = allDTypes.flatMap((actual) => allDTypes.map((reference) => ({ actual, reference })))

const sides = fc.tuple(anyTolerance, anyTolerance, fc.boolean()).chain(([atol, rtol, equalNaN]) =>
  fc.record({
    options: fc.constant({ atol, rtol, equalNaN }),
    pairs: fc.array(
      anyNumber.chain((reference) => fc.tuple(nearby(reference, atol, rtol), fc.constant(reference))),
      { minLength: 1, maxLength: 6 },
    ),
  }),
)

describe.each(sizes)('$name', ({ size }) => {
  test.each(dtypePairs)('$actual against $reference: the verdict is that of the rule', ({ actual, reference }) => {
    fc.assert(
      fc.property(sides, ({ options, pairs }) => {
        const a = store(
          pairs.map(([value]) => value),
          actual,
        )
        const r = store(
          pairs.map(([, value]) => value),
          reference,
        )
        const expected = allMatch(elementsOf(a), elementsOf(r), options)
        expectSame(compareTensors(size(a), size(r), options).pass, expected)
      }),
      runs(15),
    )
  })

  test.each([
    ['int64', 'int64'],
    ['uint64', 'uint64'],
    ['int64', 'uint64'],
    ['uint64', 'int64'],
    ['int64', 'float64'],
    ['float64', 'uint64'],
    ['int64', 'int32'],
  ] as const)('%s against %s, to the last bit', (actual, reference) => {
    fc.assert(
      fc.property(
        anyBigInt,
        fc.bigInt({ min: -4n, max: 4n }),
        anyTolerance,
        anyTolerance,
        (value, step, atol, rtol) => {
          const a = store([value + step], actual)
          const r = store([value], reference)
          const expected = allMatch(elementsOf(a), elementsOf(r), { atol, rtol })
          expectSame(compareTensors(size(a), size(r), { atol, rtol }).pass, expected)
        },
      ),
      runs(100),
    )
  })

  test('x matches x exactly, unless it holds NaN', () => {
    fc.assert(
      fc.property(fc.array(anyNumber), fc.constantFrom(...allDTypes), fc.boolean(), (values, dtype, equalNaN) => {
        const x = size(store(values, dtype))
        const holdsNaN = elementsOf(x).some(Number.isNaN)
        expectSame(compareTensors(x, x, { preset: 'exact', equalNaN }).pass, equalNaN || !holdsNaN)
        const copy = { ...x, data: x.data.slice() }
        expectSame(compareTensors(copy, x, { preset: 'exact', equalNaN }).pass, equalNaN || !holdsNaN)
      }),
    )
  })

  test('what passes with some tolerance passes with more', () => {
    fc.assert(
      fc.property(sides, anyTolerance, anyTolerance, ({ options, pairs }, moreAtol, moreRtol) => {
        const a = size(
          store(
            pairs.map(([value]) => value),
            'float32',
          ),
        )
        const r = size(
          store(
            pairs.map(([, value]) => value),
            'float32',
          ),
        )
        if (!compareTensors(a, r, options).pass) return
        const { atol, rtol } = options
        expectSame(compareTensors(a, r, { ...options, atol: atol + moreAtol }).pass, true)
        expectSame(compareTensors(a, r, { ...options, rtol: rtol + moreRtol }).pass, true)
      }),
    )
  })

  test('the order of the elements does not matter', () => {
    const shuffled = sides.chain(({ options, pairs }) =>
      fc.tuple(fc.constant(options), fc.constant(pairs), fc.shuffledSubarray(pairs, { minLength: pairs.length })),
    )
    fc.assert(
      fc.property(shuffled, ([options, pairs, other]) => {
        const passes = (list: typeof pairs) =>
          compareTensors(
            size(
              store(
                list.map(([value]) => value),
                'float32',
              ),
            ),
            size(
              store(
                list.map(([, value]) => value),
                'float32',
              ),
            ),
            options,
          ).pass
        expectSame(passes(other), passes(pairs))
      }),
    )
  })
})
