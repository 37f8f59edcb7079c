// Quantising floats, as the plain form does it, and the way back.
import { afterEach, describe, expect, test } from 'vitest'
import { toInt8 } from '../../src/runners/ncnn/engines/wasm/int8.ts'
import { createArena, randomBytes } from './arena.ts'

const arena = createArena()
const { kernels } = arena
afterEach(() => arena.reset())

/** Halves and their neighbours, both sides of the limits, what has no integer, and numbers in between. */
const awkward = [0, -0, 0.5, -0.5, 0.49999997, -0.49999997, 1.5, 2.5, -2.5, 126.5, 127.4, 127.5, -127.5, 1e9, -1e30]
const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-45, -1e-45, 8388609]
const samples = Float32Array.from([...awkward, ...special, ...Array.from({ length: 200 }, (_, i) => Math.sin(i) * 140)])

describe.each([1, 2, 3, 4, 7, samples.length])('%i numbers', (n) => {
  const values = samples.slice(-n)
  values.set(samples.subarray(0, Math.min(n, awkward.length + special.length)))

  test.each([1, 0.37, 3])('quantize by %f as toInt8 does', (scale) => {
    const factor = Math.fround(scale)
    const expected = Array.from(values, (value) => toInt8(Math.fround(value * factor)))
    const source = arena.put(values)
    const [floats, bytes] = [arena.floats(n), arena.bytes(n)]
    kernels.quantize(source, factor, floats, n)
    kernels.quantizeToBytes(source, factor, bytes, n)
    expect([...arena.read(floats, n)]).toEqual(expected)
    expect([...new Int8Array(arena.readBytes(bytes, n))]).toEqual(expected)
  })

  test('bytes to floats', () => {
    const bytes = randomBytes(n, 3)
    const floats = arena.floats(n)
    kernels.bytesToFloat(arena.putBytes(bytes), floats, n)
    expect([...arena.read(floats, n)]).toEqual([...bytes])
  })
})
