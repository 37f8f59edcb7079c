// Random tensors for property tests: values that computers get wrong, and references just inside or outside their tolerance.
import fc from 'fast-check'
import { elementAt } from '../../src/tensor/decode.ts'
import type { DType } from '../../src/tensor/dtype.ts'
import { allocate, isBigIntDType } from '../../src/tensor/dtype.ts'
import { float32ToBfloat16, float32ToFloat16 } from '../../src/tensor/half.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'

export const allDTypes: readonly DType[] = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'bool',
]

/** Stores numbers as `dtype` the way the hardware would: rounding fractions, wrapping integers. */
export function store(values: readonly (number | bigint)[], dtype: DType): Tensor {
  const data = allocate(dtype, values.length)
  values.forEach((value, i) => {
    const number = Number(value)
    if (dtype === 'float16') data[i] = float32ToFloat16(number)
    else if (dtype === 'bfloat16') data[i] = float32ToBfloat16(number)
    else if (dtype === 'bool') data[i] = number > 0 ? 1 : 0
    else if (isBigIntDType(dtype))
      data[i] = typeof value === 'bigint' ? value : BigInt(Number.isFinite(number) ? Math.trunc(number) : 0)
    else data[i] = number
  })
  return { data, shape: [values.length], dtype }
}

export function elementsOf(tensor: Tensor): (number | bigint)[] {
  return Array.from({ length: tensor.data.length }, (_, i) => elementAt(tensor, i))
}

const limits = [
  0,
  -0,
  1,
  -1,
  0.5,
  127,
  -128,
  255,
  32767,
  65504,
  65520,
  2 ** 31 - 1,
  -(2 ** 31),
  2 ** 32 - 1,
  2 ** 53,
  2 ** 53 + 2,
  3.4e38,
  -3.4e38,
  1e-45,
  -1e-45,
  1e-38,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  Number.MIN_VALUE,
  Infinity,
  -Infinity,
  Number.NaN,
]

/** Numbers of all sizes, with the awkward ones often. */
export const anyNumber: fc.Arbitrary<number> = fc.oneof(
  { weight: 4, arbitrary: fc.double({ min: -100, max: 100, noNaN: true }) },
  { weight: 2, arbitrary: fc.integer({ min: -300, max: 300 }) },
  { weight: 2, arbitrary: fc.constantFrom(...limits) },
  { weight: 1, arbitrary: fc.double() },
  { weight: 1, arbitrary: fc.float() },
)

export const anyBigInt: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -5n, max: 5n }).map((n) => 2n ** 53n + n),
  fc.constantFrom(0n, -(2n ** 63n), 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n),
)

export const anyTolerance: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 1e-7, 1e-5, 1.3e-6, 1e-3, 1e-2, 1, 2, 1e-45, 1e-300, 3.5e38, 70000, 2 ** 53),
  fc.double({ min: 0, max: 1, noNaN: true }),
)

/** An actual element for a reference: equal, near the edge of the tolerance on either side, or anything. */
export function nearby(reference: number, atol: number, rtol: number): fc.Arbitrary<number> {
  const allowed = atol + rtol * Math.abs(reference)
  const near = fc
    .tuple(
      fc.constantFrom(1, -1),
      fc.constantFrom(0.5, 1 - 2 ** -20, 1 - 2 ** -23, 1 - 2 ** -52, 1, 1 + 2 ** -52, 1 + 2 ** -23, 1 + 2 ** -20),
    )
    .map(([sign, factor]) => reference + sign * allowed * factor)
  return fc.oneof(
    { weight: 8, arbitrary: near },
    { weight: 3, arbitrary: fc.constant(reference) },
    { weight: 1, arbitrary: anyNumber },
  )
}
