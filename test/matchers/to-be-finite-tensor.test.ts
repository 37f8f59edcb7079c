import { expect, test } from 'vitest'
import '../../src/vitest.ts'
import { float32ToFloat16Array } from '../../src/tensor/half.ts'
import { messageOf } from './message-of.ts'

const half = (values: number[]) => ({ data: float32ToFloat16Array(values), dims: [values.length], type: 'float16' })

test('passes when no element is NaN or infinite', () => {
  expect([1, -2, 0]).toBeFiniteTensor()
  expect(new Float32Array([3.4e38, -1e-45])).toBeFiniteTensor()
  expect(half([65504, -65504])).toBeFiniteTensor()
  expect(new BigInt64Array([2n ** 62n])).toBeFiniteTensor()
  expect([1, Number.NaN]).not.toBeFiniteTensor()
  expect([1, Number.POSITIVE_INFINITY]).not.toBeFiniteTensor()
  expect(half([70000])).not.toBeFiniteTensor()
  expect({ data: Uint16Array.of(0x7fc0), dims: [1], type: 'bfloat16' }).not.toBeFiniteTensor()
})

test('says how many of which kind, where, and what they have in common', () => {
  const data = new Float32Array(3 * 4 * 4)
  data.fill(Number.NaN, 16, 26)
  data[30] = Number.NEGATIVE_INFINITY
  expect(messageOf(() => expect({ data, dims: [3, 4, 4], type: 'float32' }).toBeFiniteTensor())).toMatchInlineSnapshot(`
    "The tensor is not finite: 11 of 48 elements (22.9%), namely 10 NaN, 1 -Infinity

      actual      float32 [3, 4, 4]
      at          [1, 0, 0], [1, 0, 1], [1, 0, 2], [1, 0, 3], [1, 1, 0] and 6 more
      where       all with axis 0 = 1"
  `)
  expect(messageOf(() => expect([0, Number.NaN]).toBeFiniteTensor())).toMatchInlineSnapshot(`
    "The tensor is not finite: 1 of 2 elements (50%), namely 1 NaN

      actual      float64 [2]
      at          [1]"
  `)
  expect(messageOf(() => expect(data.fill(0)).not.toBeFiniteTensor())).toMatchInlineSnapshot(
    `"Expected a tensor with NaN or infinite elements, but float32 [48] has none"`,
  )
})

test('what is no tensor is an error, under .not too', () => {
  expect(() => expect({}).not.toBeFiniteTensor()).toThrow(/actual must be a tensor/)
})

test.each([Float32Array, Float64Array])('finds each single element of %o, whichever of the block', (Numbers) => {
  const data = new Numbers(7).fill(1e38)
  expect(data).toBeFiniteTensor()
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    for (const index of data.keys()) expect(data.with(index, value)).not.toBeFiniteTensor()
  }
})

test('places are counted across blocks, for NaN everywhere too', () => {
  const data = new Float32Array(3 * 20_000)
  for (const row of [0, 1, 2]) data[row * 20_000 + 17_000] = row === 1 ? Number.NaN : Number.POSITIVE_INFINITY
  const tensor = { data, dims: [3, 20_000], type: 'float32' }
  const message = messageOf(() => expect(tensor).toBeFiniteTensor())
  expect(message).toMatch(/3 of 60000 elements \(\S+%\), namely 1 NaN, 2 Infinity\n/)
  expect(message).toMatch(/at {10}\[0, 17000\], \[1, 17000\], \[2, 17000\]\n {2}where {7}all with axis 1 = 17000$/)
  expect(messageOf(() => expect({ ...tensor, data: data.fill(Number.NaN) }).toBeFiniteTensor())).toMatch(
    /60000 of 60000 elements .* and 59995 more$/s,
  )
})
