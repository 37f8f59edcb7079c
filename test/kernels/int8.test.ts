// Quantising floats, and scaling sums back, as the plain form does it.
import { afterEach, describe, expect, test } from 'vitest'
import { Activation } from '../../src/kernels/ncnn.ts'
import { toInt8 } from '../../src/runners/ncnn/engines/wasm/precision/int8.ts'
import { roundToFloat16 } from '../../src/runners/ncnn/engines/wasm/precision/sums.ts'
import { createArena, firstDifference, randomBytes, randomFloats } from './arena.ts'

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
    kernels.quantize({ source, scale: factor, destination: floats, n })
    kernels.quantizeToBytes({ source, scale: factor, destination: bytes, n })
    expect([...arena.read(floats, n)]).toEqual(expected)
    expect([...new Int8Array(arena.readBytes(bytes, n))]).toEqual(expected)
  })

  test.each([1, 0.37, 3])('quantize halves by %f, the product rounded to a half', (scale) => {
    const factor = roundToFloat16(scale)
    const halves = values.map((value) => roundToFloat16(value))
    const expected = Array.from(halves, (value) => toInt8(roundToFloat16(value * factor)))
    const source = arena.put(halves)
    const [floats, bytes, image] = [arena.floats(n), arena.bytes(n), arena.bytes(n)]
    kernels.quantize({ source, scale: factor, destination: floats, n, inHalf: 1 })
    kernels.quantizeToBytes({ source, scale: factor, destination: bytes, n, inHalf: 1 })
    const whole = { channels: 1, h: 1, w: n, windowH: 1, windowW: n, top: 0, left: 0, pad: 0 }
    kernels.int8Window({ ...whole, source, isFloat: 1, scale: factor, window: image, inHalf: 1 })
    expect([...arena.read(floats, n)]).toEqual(expected)
    expect([...new Int8Array(arena.readBytes(bytes, n))]).toEqual(expected)
    expect([...new Int8Array(arena.readBytes(image, n))]).toEqual(expected)
  })

  test('sums scaled and shifted with one rounding', () => {
    const channels = 3
    const sums = randomFloats(channels * n, 7).map((v) => Math.trunc(v * 10_000))
    const [scales, bias] = [randomFloats(channels, 8), randomFloats(channels, 9)]
    const expected = sums.map((sum, i) => sum * scales[Math.floor(i / n)] + bias[Math.floor(i / n)])
    const y = arena.put(sums)
    kernels.int8ScaleFused({ sums: y, channels, n, scales: arena.put(scales), bias: arena.put(bias) })
    expect(firstDifference(arena.read(y, channels * n), expected)).toBeUndefined()
  })

  test('bytes to floats', () => {
    const bytes = randomBytes(n, 3)
    const floats = arena.floats(n)
    kernels.bytesToFloat({ source: arena.putBytes(bytes), destination: floats, n })
    expect([...arena.read(floats, n)]).toEqual([...bytes])
  })

  test('the largest magnitude', () => {
    const numbers = randomFloats(n, n).map((v) => v * 3)
    const source = arena.put(numbers)
    expect(kernels.largestMagnitude({ source, n })).toBe(Math.max(...numbers.map(Math.abs)))
    expect(kernels.largestMagnitude({ source, n: 0 })).toBe(0)
    numbers[n - 1] = Number.NaN
    expect(kernels.largestMagnitude({ source: arena.put(numbers), n })).toBeNaN()
  })

  test('float sums scaled, shifted and limited, to floats in place and to bytes', () => {
    const [channels, low, high, outputScale] = [3, -0.5, 40, Math.fround(2.3)]
    const sums = randomFloats(channels * n, 4).map((v) => Math.trunc(v * 10_000))
    const [scales, bias] = [randomFloats(channels, 5).map((v) => v / 100), randomFloats(channels, 6)]
    const expected = sums.map((sum, i) => {
      const p = Math.floor(i / n)
      const value = Math.fround(Math.fround(sum * (scales[p] ?? 0)) + (bias[p] ?? 0))
      return Math.min(Math.max(value, low), high)
    })
    const [y, bytes, factors, offsets] = [
      arena.put(sums),
      arena.bytes(channels * n),
      arena.put(scales),
      arena.put(bias),
    ]
    const activation = { activation: Activation.clip, activationA: low, activationB: high }
    kernels.int8Finish({
      sums: y,
      channels,
      n,
      scales: factors,
      bias: offsets,
      ...activation,
      outputScale,
      output: bytes,
    })
    kernels.int8Finish({
      sums: y,
      channels,
      n,
      scales: factors,
      bias: offsets,
      ...activation,
      outputScale: 0,
      output: y,
    })
    expect([...new Int8Array(arena.readBytes(bytes, channels * n).buffer)]).toEqual(
      Array.from(expected, (value) => toInt8(Math.fround(value * outputScale))),
    )
    expect(firstDifference(arena.read(y, channels * n), expected)).toBeUndefined()
  })

  test.each([1, 0.37, 0, -3, Number.NaN])('sums after a ReLU to bytes, scaled by %f', (scale) => {
    const outputScale = Math.fround(scale)
    const bytes = arena.bytes(n)
    const whole = { channels: 1, n, scales: arena.put([1]), activation: Activation.relu }
    kernels.int8Finish({ ...whole, sums: arena.put(values), outputScale, output: bytes })
    const expected = Array.from(values, (value) => toInt8(Math.fround((value > 0 ? value : 0) * outputScale)))
    expect([...new Int8Array(arena.readBytes(bytes, n).buffer)]).toEqual(expected)
  })

  test.each([
    { scales: [1, 1], addends: [0, 1] },
    { scales: [1, 0], addends: [1, 0] },
    { scales: [0, 1], addends: [n, 1] },
    { scales: [0, 0], addends: undefined },
  ])('integer sums scaled and shifted in float64: strides %o', ({ scales: [ofRows = 0, ofColumns = 0], addends }) => {
    const [rows, gap, beta, alpha] = [5, 2, 0.3, -1.7]
    const sums = Int32Array.from(randomFloats(rows * n, 1), (v) => v * 2 ** 31)
    const [left, right] = [randomFloats(rows, 2), randomFloats(n, 3)]
    const [added, start] = [randomFloats(rows * n, 4), new Float32Array(rows * (n + gap)).fill(9)]
    const expected = start.map((before, at) => {
      const [i, j] = [Math.floor(at / (n + gap)), at % (n + gap)]
      if (j >= n) return before
      const factor = Math.fround(1 / Math.fround((left[i * ofRows] ?? 0) * (right[j * ofColumns] ?? 0)))
      const addend = addends === undefined ? 0 : (added[i * (addends[0] ?? 0) + j * (addends[1] ?? 0)] ?? 0)
      return ((sums[i * n + j] ?? 0) * factor + addend * beta) * alpha
    })
    const y = arena.put(start)
    kernels.int8Scale({
      sums: arena.putBytes(new Uint8Array(sums.buffer)),
      rows,
      n,
      rowScales: arena.put(left),
      rowScaleStride: ofRows,
      columnScales: arena.put(right),
      columnScaleStride: ofColumns,
      addends: addends === undefined ? 0 : arena.put(added),
      addendRowStride: addends?.[0] ?? 0,
      addendColumnStride: addends?.[1] ?? 0,
      beta,
      alpha,
      output: y,
      outputStride: n + gap,
    })
    expect(firstDifference(arena.read(y, start.length), expected)).toBeUndefined()
  })
})
