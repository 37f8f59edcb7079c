import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from '../../src/tensor/half.ts'
import {
  countOf,
  formatApart,
  formatAtLeast,
  formatBytes,
  formatBytesAtLeast,
  formatCosine,
  formatCount,
  formatExact,
  formatFactor,
  formatMagnitude,
  formatNumber,
  formatPercent,
  formatPowerOfTwo,
  formatShare,
  formatValue,
} from '../../src/tensor/numbers.ts'

describe('formatValue', () => {
  test.each([
    [Math.fround(0.1), 'float32', '0.1'],
    [Math.fround(1 / 3), 'float32', '0.33333334'],
    [0.1, 'float64', '0.1'],
    [1 / 3, 'float64', '0.3333333333333333'],
    [float16ToFloat32(float32ToFloat16(0.1)), 'float16', '0.1'],
    [bfloat16ToFloat32(float32ToBfloat16(2.7)), 'bfloat16', '2.7'],
    [65504, 'float16', '65500'],
    [0, 'float32', '0'],
    [2 ** -149, 'float32', '1e-45'],
    [-7, 'int8', '-7'],
    [16777217, 'int32', '16777217'],
    [9007199254740993n, 'int64', '9007199254740993'],
    [Number.NaN, 'float32', 'NaN'],
    [Number.NEGATIVE_INFINITY, 'float16', '-Infinity'],
  ] as const)('%s as %s is %s', (value, dtype, text) => {
    expect(formatValue(value, dtype)).toBe(text)
  })

  test('reads back as the same float32', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (value) => {
        expect(Math.fround(Number(formatValue(value, 'float32')))).toBe(value === 0 ? 0 : value)
      }),
    )
  })

  test('reads back as the same float16', () => {
    const all = Array.from({ length: 0x7c00 }, (_, bits) => bits)
    const readBack = all.map((bits) => float32ToFloat16(Number(formatValue(float16ToFloat32(bits), 'float16'))))
    expect(readBack).toEqual(all)
  })
})

test('formatAtLeast is never below the value and at most one in the third figure above it', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (value) => {
      const rounded = Number(formatAtLeast(value))
      expect(rounded).toBeGreaterThanOrEqual(value)
      expect(rounded).toBeLessThanOrEqual(value * 1.0101)
    }),
  )
  expect(formatAtLeast(0)).toBe('0')
  expect(formatAtLeast(0.001)).toBe('1e-3')
  expect(formatAtLeast(0.0010000001)).toBe('0.00101')
  expect(formatAtLeast(9.999e-5)).toBe('1e-4')
})

test.each([
  [formatExact, 1e-3, '1e-3'],
  [formatExact, 1e-5, '1e-5'],
  [formatExact, 100000, '1e5'],
  [formatMagnitude, 0.000123456, '1.23e-4'],
  [formatMagnitude, 12.3456, '12.3'],
  [formatFactor, 1.0312, '1.03'],
  [formatFactor, 6.42, '6.4'],
  [formatFactor, 41.2, '41'],
  [formatFactor, 12345, '12300'],
  [formatPercent, 1 / 3, '33.3%'],
  [formatPercent, 0.99998, '>99.9%'],
  [formatPercent, 1, '100%'],
  [formatPercent, 1 / 150528, '0.000664%'],
  [formatCosine, 1, '1'],
  [formatCosine, 0.999, '0.9990000'],
  [formatCosine, 1 - 3e-12, '1 - 3e-12'],
  [formatCosine, -0.5, '-0.5000000'],
  [formatNumber, 1.23456, '1.235'],
  [formatNumber, 2, '2'],
  [formatShare, 0.934, '93 %'],
  [formatShare, 0.9999, 'over 99 %'],
  [formatPowerOfTwo, 1 / 4096, '2^-12.0'],
  [formatCount, 1423616, '1 423 616'],
  [formatBytes, 1023, '1023 B'],
  [formatBytes, 1.5 * 2 ** 20, '1.5 MiB'],
  [formatBytes, 2 ** 42, '4096.0 GiB'],
  [formatBytesAtLeast, 2 ** 20 + 1, '2 MiB'],
  [formatBytesAtLeast, 2 ** 32 + 1, '4.1 GiB'],
])('%o(%d) is %s', (format, value, text) => {
  expect(format(value)).toBe(text)
})

test('counts take the plural', () => {
  expect([countOf(1, 'element'), countOf(0, 'element')]).toEqual(['1 element', '0 elements'])
})

test.each([
  [1e-5, 0.02, ['1e-5', '0.02']],
  [0.16666667, 0.166667, ['0.1666667', '0.166667']],
  [2, 2, ['2', '2']],
])('%d and %d are told apart', (a, b, text) => {
  expect(formatApart(a, b)).toEqual(text)
})
