// The committed fixtures and what fixtures/make.py put into them.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Tensor } from '../../src/tensor/tensor.ts'

export function fixturePath(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))
}

/** Bytes in memory of their own, so that tests may change them. */
export function fixtureBytes(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(fixturePath(name)))
}

/** The arrays of make.py that .npy can hold. Half floats are bits. */
export const arrays: Readonly<Record<string, Tensor>> = {
  int8: { data: Int8Array.of(0, 1, 2, 100, 127, -128), shape: [2, 3], dtype: 'int8' },
  int16: { data: Int16Array.of(0, 1, 2, 100, 32767, -32768), shape: [2, 3], dtype: 'int16' },
  int32: { data: Int32Array.of(0, 1, 2, 100, 2147483647, -2147483648), shape: [2, 3], dtype: 'int32' },
  int64: { data: BigInt64Array.of(0n, 1n, 2n, 100n, 2n ** 63n - 1n, -(2n ** 63n)), shape: [2, 3], dtype: 'int64' },
  uint8: { data: Uint8Array.of(0, 1, 2, 100, 255, 0), shape: [2, 3], dtype: 'uint8' },
  uint16: { data: Uint16Array.of(0, 1, 2, 100, 65535, 0), shape: [2, 3], dtype: 'uint16' },
  uint32: { data: Uint32Array.of(0, 1, 2, 100, 4294967295, 0), shape: [2, 3], dtype: 'uint32' },
  uint64: { data: BigUint64Array.of(0n, 1n, 2n, 100n, 2n ** 64n - 1n, 0n), shape: [2, 3], dtype: 'uint64' },
  float16: { data: Uint16Array.of(0, 0x8000, 0x2e66, 0x7bff, 0xfc00, 1), shape: [2, 3], dtype: 'float16' },
  float32: {
    data: Float32Array.of(0, -0, 0.1, 3.4028234663852886e38, Number.NEGATIVE_INFINITY, 2 ** -149),
    shape: [2, 3],
    dtype: 'float32',
  },
  float64: {
    data: Float64Array.of(0, -0, 0.1, Number.MAX_VALUE, Number.NEGATIVE_INFINITY, Number.MIN_VALUE),
    shape: [2, 3],
    dtype: 'float64',
  },
  bool: { data: Uint8Array.of(1, 0, 1, 0, 0, 1), shape: [2, 3], dtype: 'bool' },
  scalar: { data: Float32Array.of(2.5), shape: [], dtype: 'float32' },
  empty: { data: new Float32Array(0), shape: [0, 3], dtype: 'float32' },
}

/** All arrays of make.py, with the one that only .safetensors can hold. */
export const withBfloat16: Readonly<Record<string, Tensor>> = {
  ...arrays,
  bfloat16: { data: Uint16Array.of(0, 0x8000, 0x3dcd, 0x7f62, 0xff80, 1), shape: [6], dtype: 'bfloat16' },
}

/** `numpy.arange(24).reshape(2, 3, 4)` as float32. */
export const cube: Tensor = { data: Float32Array.from({ length: 24 }, (_, i) => i), shape: [2, 3, 4], dtype: 'float32' }
