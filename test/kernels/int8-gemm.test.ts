// Products of int8 matrices against sums in plain integers.
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { gemmScratchBytes } from '../../src/kernels/ncnn.ts'
import { runs } from '../trials.ts'
import { arenasOfForms, firstDifference, randomBytes } from './arena.ts'

/** A [m][k] times the transpose of B [n][k], in 32 bits. */
function productOf(a: Int8Array, b: Int8Array, m: number, n: number, k: number): Int32Array {
  const product = new Int32Array(m * n)
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0
      for (let p = 0; p < k; p++) sum += a[i * k + p] * b[j * k + p]
      product[i * n + j] = sum
    }
  }
  return product
}

describe.each(await arenasOfForms())('$form kernels', ({ arena }) => {
  const { kernels } = arena
  afterEach(() => arena.reset())

  function multiply(a: Int8Array, b: Int8Array, m: number, n: number, k: number, gap = 0): Int32Array {
    const ldc = n + gap
    const [left, right] = [arena.putBytes(a), arena.putBytes(b)]
    const packed = arena.bytes(kernels.packedInt8RightBytes({ k, n }))
    kernels.packInt8Right({ source: right, k, n, packed })
    const before = new Int32Array(m * ldc).fill(-7)
    const c = arena.putBytes(new Uint8Array(before.buffer))
    kernels.int8Gemm({ a: left, packedB: packed, c, ldc, m, n, k, scratch: arena.bytes(gemmScratchBytes) })
    const result = new Int32Array(arena.readBytes(c, 4 * m * ldc).buffer)
    expect(result.filter((_, i) => i % ldc >= n).every((value) => value === -7)).toBe(true)
    return result.filter((_, i) => i % ldc < n)
  }

  const size = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(31, 33, 64, 65, 257))
  const depth = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(511, 512, 513, 1500))

  test('has the sums of plain integers, whatever the shape', () => {
    fc.assert(
      fc.property(size, size, depth, fc.integer(), fc.integer({ min: 0, max: 3 }), (m, n, k, seed, gap) => {
        // Larger ones take the plain sums long, and show nothing else.
        fc.pre(m * n * k < 4e6)
        const [a, b] = [randomBytes(m * k, seed), randomBytes(n * k, seed + 1)]
        expect(firstDifference(multiply(a, b, m, n, k, gap), productOf(a, b, m, n, k))).toBeUndefined()
        arena.reset(4 * (seed & 3))
      }),
      runs(100),
    )
  })

  describe.each([1, 4])('%i rows', (m) => {
    test.each([1, 2, 9])('times %i columns of more products than an int32 holds wrap', (n) => {
      const k = 140_001
      const [a, b] = [new Int8Array(m * k).fill(-128), new Int8Array(n * k).fill(127)]
      a[k - 1] = 3
      const sum = -128 * 127 * (k - 1) + 3 * 127
      expect(sum).toBeLessThan(-(2 ** 31))
      expect(multiply(a, b, m, n, k)[0]).toBe(sum | 0)
    })
  })
})
