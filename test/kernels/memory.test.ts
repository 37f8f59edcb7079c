// Half floats in both directions over all their values, fills and transposition.
import { describe, expect, test } from 'vitest'
import { firstFreeByte } from '../../src/kernels/ncnn.ts'
import { createArena, firstDifference, randomFloats } from './arena.ts'

const arena = createArena()
const { kernels } = arena
const allBits = Uint16Array.from({ length: 65536 }, (_, i) => i)

/** A float16's value, from the definition. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 0x3ff
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

const halves = (pointer: number, n: number) => new Uint16Array(arena.readBytes(pointer, n * 2).buffer)

describe('float16', () => {
  test('all 65536 values to float32 and back', () => {
    const source = arena.putBytes(new Uint8Array(allBits.buffer))
    const floats = arena.floats(65536)
    kernels.halfToFloat({ source, destination: floats, n: 65536 })
    const values = arena.read(floats, 65536)
    expect(firstDifference(values, Float32Array.from(allBits, halfValue))).toBeUndefined()
    kernels.floatToHalf({ source: floats, destination: source, n: 65536 })
    const wrong = halves(source, 65536).findIndex((bits, i) => bits !== i && !Number.isNaN(values[i]))
    expect(wrong).toBe(-1)
    arena.reset()
  })

  test('rounds to nearest, ties to even, and overflows to infinity', () => {
    const positive = allBits.slice(0, 0x7c00)
    const between = Array.from(
      positive,
      (bits) => (halfValue(bits) + (bits === 0x7bff ? 65536 : halfValue(bits + 1))) / 2,
    )
    const pointer = arena.put(between)
    kernels.roundToHalf({ data: pointer, n: between.length })
    const nan = arena.put([Number.NaN, -Number.NaN, 1e30, -1e30, 1e-30, 65519, 65520])
    kernels.roundToHalf({ data: nan, n: 7 })
    const even = Float32Array.from(positive, (bits) =>
      bits === 0x7bff ? Number.POSITIVE_INFINITY : halfValue(bits + (bits & 1)),
    )
    expect(firstDifference(arena.read(pointer, between.length), even)).toBeUndefined()
    const inf = Number.POSITIVE_INFINITY
    expect([...arena.read(nan, 7)]).toEqual([Number.NaN, Number.NaN, inf, -inf, 0, 65504, inf])
    arena.reset()
  })

  test('as Cast rounds: halves away from zero, and what is too small or too large', () => {
    const inf = Number.POSITIVE_INFINITY
    const unit = 2 ** -10
    const cases = [
      [1, 1],
      [-1, -1],
      [2 ** -14, 2 ** -14],
      [2 ** -15, 0],
      [-(2 ** -15), -0],
      [65519, 65504],
      [65520, inf],
      [65536, inf],
      [-inf, -inf],
      [inf, inf],
      [Number.NaN, Number.NaN],
      [0, 0],
      [-0, -0],
      [1 + unit / 2, 1 + unit],
      [-1 - unit / 2, -1 - unit],
      [1 + unit / 2 - 2 ** -23, 1],
      [2 - 2 ** -23, 2],
    ]
    const destination = arena.bytes(2 * cases.length)
    kernels.castToHalf({ source: arena.put(cases.map(([value]) => value)), destination, n: cases.length })
    expect(Array.from(halves(destination, cases.length), halfValue)).toEqual(cases.map(([, rounded]) => rounded))
    arena.reset()
  })

  test.each([1, 7, 8, 9, 17])('%i elements to bfloat16 as Cast rounds', (n) => {
    const values = randomFloats(n, 2)
    const destination = arena.bytes(2 * n)
    kernels.castToBfloat16({ source: arena.put(values), destination, n })
    const rounded = Uint16Array.from(new Uint32Array(values.buffer), (bits) => (bits + 0x8000) >>> 16)
    expect(halves(destination, n)).toEqual(rounded)
    arena.reset()
  })

  test.each([1, 2, 3, 5, 7, 8])('%i elements', (n) => {
    const values = randomFloats(n, 1)
    const source = arena.put(values)
    const destination = arena.bytes(n * 2)
    kernels.floatToHalf({ source, destination, n })
    kernels.roundToHalf({ data: source, n })
    const expected = arena.read(source, n)
    kernels.halfToFloat({ source: destination, destination: source, n })
    expect(arena.read(source, n)).toEqual(expected)
    arena.reset()
  })
})

test('bfloat16: nearest even, truncated, and back', () => {
  const bits = [0x3f800000, 0x3f808000, 0x3f818000, 0x3f808001, 0x7f7fffff, 0x7f800000, 0x7f800001, 0xc0490fdb]
  const values = new Float32Array(Uint32Array.from(bits).buffer)
  const pointer = arena.putBytes(new Uint8Array(values.buffer))
  kernels.roundToBfloat16({ data: pointer, n: bits.length })
  const rounded = new Uint32Array(arena.read(pointer, bits.length).buffer)
  const expected = [0x3f800000, 0x3f800000, 0x3f820000, 0x3f810000, 0x7f800000, 0x7f800000, 0x7fc00000, 0xc0490000]
  expect([...rounded].slice(0, 6)).toEqual(expected.slice(0, 6))
  expect(arena.read(pointer, bits.length)[6]).toBeNaN()
  expect(rounded[7]).toBe(expected[7])
  const other = arena.putBytes(new Uint8Array(values.buffer))
  kernels.truncateToBfloat16({ data: other, n: 6 })
  expect([...new Uint32Array(arena.read(other, 6).buffer)]).toEqual(bits.slice(0, 6).map((x) => (x & 0xffff0000) >>> 0))
  const back = arena.floats(3)
  kernels.bfloat16ToFloat({
    source: arena.putBytes(new Uint8Array(Uint16Array.from([0x3f80, 0xc049, 0x7f80]).buffer)),
    destination: back,
    n: 3,
  })
  expect([...arena.read(back, 3)]).toEqual([1, -3.140625, Number.POSITIVE_INFINITY])
  arena.reset()
})

test.each([1, 3, 4, 9])('fill %i', (n) => {
  const pointer = arena.floats(n)
  kernels.fill({ destination: pointer, n, value: 1.5 })
  expect([...arena.read(pointer, n)]).toEqual(new Array(n).fill(1.5))
  arena.reset()
})

test.each([1, 3, 4, 5, 30, 300])('copyStrided copies, repeats, reverses and gathers rows of %i', (n) => {
  const source = arena.put(Array.from({ length: 2 * n }, (_, i) => i))
  const output = arena.floats(4 * n)
  kernels.fill({ destination: output, n: 4 * n, value: -1 })
  const copy = (from: number, stride: number, row: number) =>
    kernels.copyStrided({
      source: source + 4 * from,
      s0: 0,
      s1: 0,
      s2: 0,
      s3: stride,
      destination: output + 4 * row * n,
      d0: 0,
      d1: 0,
      d2: 0,
      d3: 1,
      n0: 1,
      n1: 1,
      n2: 1,
      n3: n,
    })
  copy(n, 1, 0)
  copy(n, 0, 1)
  copy(n - 1, -1, 2)
  copy(1, 2, 3)
  const expected = [(i: number) => n + i, () => n, (i: number) => n - 1 - i, (i: number) => 1 + 2 * i]
  const length = { length: n }
  expect([...arena.read(output, 4 * n)]).toEqual(expected.flatMap((value) => Array.from(length, (_, i) => value(i))))
  arena.reset()
})

test('copyStrided writes a window and leaves the rest', () => {
  const source = arena.put([1, 2, 3, 4])
  const output = arena.put(new Array(12).fill(0))
  kernels.copyStrided({
    source,
    s0: 0,
    s1: 0,
    s2: 2,
    s3: 1,
    destination: output + 4 * 5,
    d0: 0,
    d1: 0,
    d2: 4,
    d3: 1,
    n0: 1,
    n1: 1,
    n2: 2,
    n3: 2,
  })
  expect([...arena.read(output, 12)]).toEqual([0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0])
  arena.reset()
})

test.each([
  [1, 1, 1],
  [2, 3, 5],
  [1, 8, 12],
  [3, 17, 31],
  [1, 1, 9],
])('transpose %i of %i x %i', (batch, rows, columns) => {
  const values = randomFloats(batch * rows * columns, 2)
  const output = arena.floats(values.length)
  kernels.transpose({ source: arena.put(values), destination: output, batch, rows, columns })
  const size = rows * columns
  const expected = values.map((_, i) => {
    const [b, rest] = [Math.floor(i / size), i % size]
    return values[b * size + (rest % rows) * columns + Math.floor(rest / rows)] ?? 0
  })
  expect(arena.read(output, values.length)).toEqual(expected)
  arena.reset()
})

test('the constants end below the memory that the engine allocates from', () => {
  expect(kernels.staticBytes()).toBeGreaterThan(0)
  expect(kernels.staticBytes()).toBeLessThanOrEqual(firstFreeByte)
})
