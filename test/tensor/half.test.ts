// Half floats: every bit pattern, every midpoint between neighbours, and what lies just beside it.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bfloat16ToFloat32,
  bfloat16ToFloat32Array,
  float16ToFloat32,
  float16ToFloat32Array,
  float32ToBfloat16,
  float32ToBfloat16Array,
  float32ToFloat16,
  float32ToFloat16Array,
} from '../../src/tensor/half.ts'
import { expectAtMost, expectSame } from '../in-loops.ts'

const formats = [
  { name: 'float16', decode: float16ToFloat32, encode: float32ToFloat16, exponentBits: 5, fractionBits: 10 },
  { name: 'bfloat16', decode: bfloat16ToFloat32, encode: float32ToBfloat16, exponentBits: 8, fractionBits: 7 },
] as const

/** The definition of IEEE 754: sign, biased exponent, fraction. */
function definedValue(bits: number, exponentBits: number, fractionBits: number): number {
  const bias = 2 ** (exponentBits - 1) - 1
  const sign = bits >> 15 ? -1 : 1
  const exponent = (bits & 0x7fff) >> fractionBits
  const fraction = bits & (2 ** fractionBits - 1)
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Infinity : Number.NaN
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias - fractionBits)
  return sign * (2 ** fractionBits + fraction) * 2 ** (exponent - bias - fractionBits)
}

describe.each(formats)('$name', ({ decode, encode, exponentBits, fractionBits }) => {
  test('decodes all 65536 bit patterns as IEEE 754 defines them', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const expected = definedValue(bits, exponentBits, fractionBits)
      if (!Object.is(decode(bits), expected)) expect(decode(bits), `0x${bits.toString(16)}`).toBe(expected)
    }
  })

  test('encodes every value it can hold as itself', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = decode(bits)
      const back = encode(value)
      if (Number.isNaN(value)) expectSame(decode(back), Number.NaN)
      else if (back !== bits) expect(back, `0x${bits.toString(16)}`).toBe(bits)
    }
  })

  test('rounds to nearest, ties to even', () => {
    const largest = ((2 ** exponentBits - 1) << fractionBits) - 1
    for (let bits = 0; bits < largest; bits++) {
      const [low, high] = [decode(bits), decode(bits + 1)]
      const middle = (low + high) / 2
      const even = bits % 2 === 0 ? bits : bits + 1
      const justBelow = middle - (high - low) * 2 ** -30
      const justAbove = middle + (high - low) * 2 ** -30
      const found = [encode(middle), encode(justBelow), encode(justAbove), encode(-middle)]
      const expected = [even, bits, bits + 1, even | 0x8000]
      if (found.join() !== expected.join()) expect(found, `between ${low} and ${high}`).toEqual(expected)
    }
  })

  test('overflows to infinity from half a step above the largest value', () => {
    const largest = decode(((2 ** exponentBits - 1) << fractionBits) - 1)
    const step = largest - decode(((2 ** exponentBits - 1) << fractionBits) - 2)
    const infinity = (2 ** exponentBits - 1) << fractionBits
    expect(encode(largest + step / 2)).toBe(infinity)
    expect(encode(largest + step * 0.499)).toBe(infinity - 1)
    expect(encode(Number.MAX_VALUE)).toBe(infinity)
    expect(encode(-Infinity)).toBe(infinity | 0x8000)
    expect(encode(-0)).toBe(0x8000)
    expect(encode(Number.MIN_VALUE)).toBe(0)
  })

  test('never lands farther away than the neighbours are', () => {
    fc.assert(
      fc.property(fc.double({ min: -60000, max: 60000, noNaN: true }), (value) => {
        const bits = encode(value)
        const error = Math.abs(decode(bits) - value)
        for (const neighbour of [bits - 1, bits + 1]) {
          if ((neighbour & 0x7fff) !== 0x7fff) expectAtMost(error, Math.abs(decode(neighbour & 0xffff) - value))
        }
      }),
    )
  })
})

test('array versions convert every element, into a given array when there is one', () => {
  expect(Array.from(float16ToFloat32Array([0x3c00, 0xc000]))).toEqual([1, -2])
  expect(Array.from(bfloat16ToFloat32Array([0x3f80, 0xc000]))).toEqual([1, -2])
  const out = new Uint16Array(3)
  expect(float32ToFloat16Array([1, -2, 0.1], out)).toBe(out)
  expect(Array.from(out)).toEqual([0x3c00, 0xc000, 0x2e66])
  expect(Array.from(float32ToBfloat16Array([1, -2]))).toEqual([0x3f80, 0xc000])
})
