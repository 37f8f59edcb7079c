// Sums and functions in half precision against their definition, every step rounded by a scalar function.
import { afterEach, describe, expect, test } from 'vitest'
import {
  HalfFunction,
  halfMatrixScratchBytes,
  packedLeftBytes,
  packedRightBytes,
  WeightType,
} from '../../src/kernels/ncnn.ts'
import { roundToFloat16 as half } from '../../src/runners/ncnn/engines/wasm/precision/sums.ts'
import { createArena, randomFloats } from './arena.ts'
// What ncnn 1.0.20261020 makes of halves on a 64-bit ARM, under useFp16Arithmetic.
import onArm from './half-functions.json' with { type: 'json' }

const arena = createArena()
const { kernels } = arena
afterEach(() => arena.reset())

const halves = (count: number, seed: number): Float32Array => randomFloats(count, seed).map((x) => half(x))
const integers = (values: readonly number[]): number => arena.put(new Float32Array(Int32Array.from(values).buffer))

/**
 * The sum of products in the chains of `order`, joined by pairs; eight as the compiler of ncnn's wheel joins them. Additions are rounded to
 * float32 first.
 */
function chained(a: ArrayLike<number>, b: ArrayLike<number>, order: readonly (readonly number[])[], start = 0): number {
  let sums = order.map((terms, chain) =>
    terms.reduce((sum, i) => half(Math.fround(sum + a[i] * b[i])), chain === 0 ? start : 0),
  )
  if (sums.length === 8) {
    const [a, b, c, d, ...rest] = sums
    const fours = half(half(rest[0] + rest[1]) + half(rest[2] + rest[3]))
    return half(half(a + half(b + c)) + half(d + fours))
  }
  while (sums.length > 1) sums = sums.flatMap((sum, i) => (i % 2 === 0 ? [half(sum + sums[i + 1])] : []))
  return sums[0]
}

const inTurn = (terms: number, chains: number): number[][] =>
  Array.from({ length: chains }, (_, c) => Array.from({ length: terms }, (_, i) => i).filter((i) => i % chains === c))

const orderOf = (order: readonly (readonly number[])[]) => {
  let end = 0
  return {
    chains: order.length,
    order: integers(order.flat()),
    ends: integers(order.map(({ length }) => (end += length))),
  }
}

/** A right side of weights [columns][depth]. */
function packedPanels(weights: Float32Array, n: number, k: number): number {
  const packed = arena.bytes(packedRightBytes(k, Math.ceil(n / 8) * 8))
  const source = arena.put(weights)
  kernels.packRight({
    source,
    weightType: WeightType.float32,
    depthStride: 1,
    columnStride: k,
    k,
    n,
    packed,
    whole: 1,
  })
  return packed
}

/** What `halfMatrix` takes beside its operands and what sums begin with. */
const matrixOf = (m: number, n: number, k: number, chains = 1) => ({
  rowStride: k,
  ldc: n,
  m,
  n,
  k,
  scratch: arena.bytes(halfMatrixScratchBytes(chains, n, k)),
})

describe('products of rows and a packed matrix', () => {
  test.each([
    [1, 8, 16, 1],
    [1, 40, 24, 4],
    [3, 13, 32, 8],
    [6, 5, 16, 4],
    [5, 1030, 3, 1],
    [9, 9, 8200, 1],
  ])('%d rows, %d columns, %d terms in %d chains, from a bias on', (m, n, k, chains) => {
    const [a, w, bias] = [halves(m * k, 1), halves(n * k, 2), halves(n, 3)]
    const order = inTurn(k, chains)
    const c = arena.bytes(4 * m * n)
    kernels.halfMatrix({
      ...matrixOf(m, n, k, chains),
      a: arena.put(a),
      packedB: packedPanels(w, n, k),
      ...orderOf(order),
      bias: arena.put(bias),
      c,
    })
    const expected = Array.from({ length: m * n }, (_, i) => {
      const [row, column] = [Math.floor(i / n), i % n]
      return chained(a.subarray(row * k), w.subarray(column * k), order, bias[column])
    })
    expect([...arena.read(c, m * n)]).toEqual(expected)
  })

  test('from what is there on, which is rounded first, in one chain', () => {
    const [m, n, k] = [6, 11, 5]
    const [a, w, start] = [halves(m * k, 1), halves(n * k, 2), randomFloats(m * n, 3)]
    const c = arena.put(start)
    kernels.halfMatrix({
      ...matrixOf(m, n, k),
      a: arena.put(a),
      packedB: packedPanels(w, n, k),
      c,
      accumulate: 1,
    })
    const expected = [...start].map((value, i) =>
      chained(a.subarray(Math.floor(i / n) * k), w.subarray((i % n) * k), inTurn(k, 1), half(value)),
    )
    expect([...arena.read(c, m * n)]).toEqual(expected)
  })

  test('a sum beyond 65504 is infinite', () => {
    const c = arena.bytes(64)
    const packedB = packedPanels(Float32Array.of(300), 1, 1)
    kernels.halfMatrix({ ...matrixOf(1, 1, 1), a: arena.put(Float32Array.of(-300)), packedB, c })
    expect(arena.read(c, 1)[0]).toBe(-Infinity)
  })
})

test.each([
  [4, 3],
  [27, 33],
  [32, 21],
  [20, 64],
])('the last row of an odd number of rows: %d columns of %d terms in eight or four chains', (n, k) => {
  const [a, w, start] = [halves(3 * k, 6), halves(n * k, 7), halves(3 * n, 8)]
  const c = arena.put(start)
  kernels.halfMatrix({
    ...matrixOf(3, n, k),
    a: arena.put(a),
    packedB: packedPanels(w, n, k),
    c,
    accumulate: 1,
    lastApart: 1,
  })
  const firsts = Array.from({ length: 2 * n }, (_, i) =>
    chained(a.subarray(Math.floor(i / n) * k), w.subarray((i % n) * k), inTurn(k, 1), start[i]),
  )
  const last = a.subarray(2 * k)
  const eights = n - (n % 12) + (n % 12 >= 8 ? 8 : 0)
  const expected = Array.from({ length: n }, (_, j) => {
    const row = w.subarray(j * k, (j + 1) * k)
    const chains = j < eights ? 8 : 4
    const whole = k - (k % chains)
    const sums = inTurn(whole, chains).map((terms) => terms.reduce((sum, i) => half(sum + last[i] * row[i]), 0))
    const plus = (x: number, y: number): number => half(x + y)
    const chain = (...places: number[]): number => places.map((i) => sums[i]).reduce(plus)
    const joined =
      chains === 8
        ? plus(plus(chain(0, 1, 5, 6), start[2 * n + j]), chain(2, 3, 4, 7))
        : plus(start[2 * n + j], plus(chain(0, 1), chain(2, 3)))
    return last.slice(whole).reduce((sum, x, i) => half(sum + x * row[whole + i]), joined)
  })
  expect([...arena.read(c, 3 * n)]).toEqual([...firsts, ...expected])
})

test.each([
  [1, 1, 6],
  [2, 4, 6],
  // 63 outputs of each channel, or 20: of the last eight all but one are there, or half of them.
  [1, 1, 38],
  [2, 4, 70],
])(
  'a convolution of stride %d, in %d chains, to %d channels adds in the order that it is given',
  (stride, chains, outch) => {
    const [inch, h, w, size] = [4, 7, 9, 3]
    const k = inch * size * size
    const [x, weights, bias] = [halves(inch * h * w, 3), halves(outch * k, 4), halves(outch, 5)]
    const order = inTurn(k, chains)
    const flat = order.flat()
    const ordered = Float32Array.from({ length: outch * k }, (_, i) => weights[Math.floor(i / k) * k + flat[i % k]])
    const packedWeights = arena.bytes(packedLeftBytes(outch, k))
    const source = arena.put(ordered)
    kernels.packLeft({
      source,
      weightType: WeightType.float32,
      rowStride: k,
      depthStride: 1,
      m: outch,
      k,
      packed: packedWeights,
    })
    const [outH, outW] = [Math.floor((h - 1) / stride) + 1, Math.floor((w - 1) / stride) + 1]
    const output = arena.bytes(4 * outch * outH * outW)
    kernels.halfConvolution({
      input: arena.put(x),
      inch,
      h,
      w,
      packedWeights,
      ...orderOf(order),
      bias: arena.put(bias),
      output,
      outch,
      outH,
      outW,
      kernelH: size,
      kernelW: size,
      strideH: stride,
      strideW: stride,
      dilationH: 1,
      dilationW: 1,
      padTop: 1,
      padLeft: 1,
      padValue: 0.5,
      scratch: arena.bytes(kernels.halfConvolutionScratchBytes({ k })),
    })
    const patch = (oy: number, ox: number): number[] =>
      Array.from({ length: k }, (_, i) => {
        const [q, ky, kx] = [Math.floor(i / 9), Math.floor((i % 9) / 3), i % 3]
        const [y, column] = [oy * stride - 1 + ky, ox * stride - 1 + kx]
        return y >= 0 && y < h && column >= 0 && column < w ? x[(q * h + y) * w + column] : 0.5
      })
    const expected = Array.from({ length: outch * outH * outW }, (_, i) => {
      const [p, oy, ox] = [Math.floor(i / (outH * outW)), Math.floor((i % (outH * outW)) / outW), i % outW]
      return chained(weights.subarray(p * k), patch(oy, ox), order, bias[p])
    })
    expect([...arena.read(output, expected.length)]).toEqual(expected)
  },
)

test.each([
  [2, -1],
  [2, 3],
  [1, -1],
  [3, -1],
])('a depthwise convolution of stride %d adds tap by tap; column %d reads wrong rows', (stride, slipped) => {
  const [channels, h, w] = [3, 8, 9]
  const [x, weights] = [halves(channels * h * w, 6), halves(channels * 9, 7)]
  const [outH, outW] = [Math.floor((h - 1) / stride) + 1, Math.floor((w - 1) / stride) + 1]
  const output = arena.bytes(4 * channels * outH * outW)
  kernels.halfDepthwise({
    input: arena.put(x),
    channels,
    h,
    w,
    weights: arena.put(weights),
    output,
    outH,
    outW,
    kernelH: 3,
    kernelW: 3,
    strideH: stride,
    strideW: stride,
    dilationH: 1,
    dilationW: 1,
    padTop: 1,
    padLeft: 1,
    padValue: 0,
    slipped,
    scratch: arena.bytes(
      kernels.halfDepthwiseScratchBytes({
        outH,
        outW,
        kernelH: 3,
        kernelW: 3,
        strideH: stride,
        strideW: stride,
        dilationH: 1,
        dilationW: 1,
      }),
    ),
  })
  const expected = Array.from({ length: channels * outH * outW }, (_, i) => {
    const [q, oy, ox] = [Math.floor(i / (outH * outW)), Math.floor((i % (outH * outW)) / outW), i % outW]
    const taps = Array.from({ length: 9 }, (_, t) => {
      const row = ox === slipped && t % 3 === 2 ? 0 : Math.floor(t / 3)
      const [y, column] = [oy * stride - 1 + row, ox * stride - 1 + (t % 3)]
      return y >= 0 && y < h && column >= 0 && column < w ? x[(q * h + y) * w + column] : 0
    })
    return chained(weights.subarray(q * 9), taps, inTurn(9, 1))
  })
  expect([...arena.read(output, expected.length)]).toEqual(expected)
})

describe.each([1, 3, 4, 30, 67])('mean and variance of %d elements', (n) => {
  const f = Math.fround
  const channels = 8
  const x = halves(channels * n, 12)
  const elements = (q: number): number[] => [...x.subarray(q * n, (q + 1) * n)]
  /** Four sums take all but the last in turn. */
  const sumInTurn = (values: readonly number[]): number => {
    const whole = values.length - (values.length % 4)
    const sums = [0, 1, 2, 3].map((k) =>
      values.slice(0, whole).reduce((sum, v, i) => (i % 4 === k ? f(sum + v) : sum), 0),
    )
    return values.slice(whole).reduce((sum, v) => f(sum + v), f(f(sums[0] + sums[1]) + f(sums[2] + sums[3])))
  }
  const sumOfAll = (values: readonly number[]): number => values.reduce((sum, v) => f(sum + v), 0)

  test.each([
    ['alone', 0, (values: readonly number[]) => f(sumInTurn(values) / n)],
    ['in blocks', 1, (values: readonly number[]) => f(sumOfAll(values) * f(1 / n))],
  ])('of channels %s', (_, inBlocks, average) => {
    const [means, variances] = [arena.bytes(4 * channels), arena.bytes(4 * channels)]
    kernels.halfMoments({ input: arena.put(x), channels, n, inBlocks, means, variances })
    const expected = Array.from({ length: channels }, (_, q) => {
      const mean = average(elements(q))
      return [mean, average(elements(q).map((v) => f(v - mean) ** 2))]
    })
    expect([...arena.read(means, channels)]).toEqual(expected.map(([mean]) => mean))
    expect([...arena.read(variances, channels)]).toEqual(expected.map(([, variance]) => variance))
  })
})

test.each([
  ['exp', Math.exp, 4e-3],
  ['sigmoid', (x: number) => 1 / (1 + Math.exp(-x)), 4e-3],
  ['tanh', Math.tanh, 4e-3],
  ['swish', (x: number) => x / (1 + Math.exp(-x)), 4e-3],
  ['mish', (x: number) => x * Math.tanh(Math.log1p(Math.exp(x))), 2e-2],
] as const)('%s in half precision is near the function, and a half', (name, f, tolerance) => {
  const x = halves(203, 8).map((value) => half(3 * value))
  const output = arena.bytes(4 * x.length)
  kernels.halfFunction({ f: HalfFunction[name], input: arena.put(x), output, n: x.length })
  const found = arena.read(output, x.length)
  expect([...found]).toEqual([...found].map(half))
  for (const [i, value] of found.entries())
    expect(Math.abs(value - f(x[i]))).toBeLessThan(tolerance * Math.max(1, Math.abs(f(x[i]))))
})

test.each(['exp', 'sigmoid', 'tanh', 'swish', 'hardSigmoid', 'hardSwish'] as const)(
  '%s has the bits of a real ARM',
  (name) => {
    const x = Float32Array.from(onArm.x)
    const output = arena.bytes(4 * x.length)
    kernels.halfFunction({ f: HalfFunction[name], input: arena.put(x), output, n: x.length, a: 1 / 6, b: 0.5 })
    expect([...arena.read(output, x.length)]).toEqual(onArm[name])
  },
)

test.each(['mish', 'erf', 'selu'] as const)('%s of many elements is looked up, with the same bits', (name) => {
  const bits = Uint16Array.from({ length: 65536 }, (_, i) => i)
  const [x, computed, found] = [arena.floats(bits.length), arena.floats(bits.length), arena.floats(bits.length)]
  kernels.halfToFloat({ source: arena.putBytes(new Uint8Array(bits.buffer)), destination: x, n: bits.length })
  const call = { f: HalfFunction[name], a: 1.5, b: 1.25, input: x, n: bits.length }
  for (let i = 0; i < bits.length; i += 512) {
    // Another function in between: the table is not filled for so few.
    kernels.halfFunction({ ...call, input: x + 4 * i, output: computed + 4 * i, n: 512 })
    kernels.halfFunction({ ...call, f: HalfFunction.exp, output: found, n: 512 })
  }
  for (let run = 0; run < 3; run++) kernels.halfFunction({ ...call, output: found })
  expect(Buffer.compare(arena.readBytes(found, 4 * bits.length), arena.readBytes(computed, 4 * bits.length))).toBe(0)
  kernels.halfFunction({ ...call, a: 0.5, b: 0.5, output: found, n: 515 })
  kernels.halfFunction({ ...call, a: 0.5, b: 0.5, output: computed, n: 512 })
  kernels.halfFunction({ ...call, a: 0.5, b: 0.5, input: x + 2048, output: computed + 2048, n: 3 })
  expect(arena.readBytes(found, 4 * 515)).toEqual(arena.readBytes(computed, 4 * 515))
})

const root = Math.SQRT2
const fourByFour = [
  [1, 0, 0],
  [-2 / 3, -root / 3, -1 / 3],
  [-2 / 3, root / 3, -1 / 3],
  [1 / 6, root / 6, 1 / 3],
  [1 / 6, -root / 6, 1 / 3],
  [0, 0, 1],
]
const sixBySix = [
  [1, 0, 0],
  [-2 / 9, -2 / 9, -2 / 9],
  [-2 / 9, 2 / 9, -2 / 9],
  [1 / 90, 1 / 45, 2 / 45],
  [1 / 90, -1 / 45, 2 / 45],
  [1 / 45, 1 / 90, 1 / 180],
  [1 / 45, -1 / 90, 1 / 180],
  [0, 0, 1],
]

// Where few tiles are left, filters come in groups of 32.
const winogradSizes = [2, 4, 6].flatMap((size) => [5, 32, 37].map((outch) => [size, outch] as const))

test.each(winogradSizes)(
  'Winograd in tiles of %d gives a convolution of %d filters, with the rounding of its transforms',
  (size, outch) => {
    const [inch, h, w] = [3, 9, 10]
    const [x, weights, bias] = [halves(inch * h * w, 9), halves(outch * inch * 9, 10), halves(outch, 11)]
    const transforms: Readonly<Record<number, readonly (readonly number[])[]>> = {
      2: [
        [1, 0, 0],
        [0.5, 0.5, 0.5],
        [0.5, -0.5, 0.5],
        [0, 0, 1],
      ],
      4: fourByFour,
      6: sixBySix,
    }
    const g = transforms[size]
    const [edge, count] = [size + 2, outch * inch]
    const placeBytes = packedLeftBytes(outch, inch)
    const packedFilters = arena.bytes(edge * edge * placeBytes)
    for (let column = 0; column < edge; column++) {
      for (let row = 0; row < edge; row++) {
        const place = Float32Array.from({ length: count }, (_, i) => {
          let sum = 0
          for (let y = 0; y < 3; y++)
            for (let c = 0; c < 3; c++) sum += g[row][y] * g[column][c] * weights[i * 9 + y * 3 + c]
          return half(sum)
        })
        const packed = packedFilters + (column * edge + row) * placeBytes
        const source = arena.put(place)
        kernels.packLeft({
          source,
          weightType: WeightType.float32,
          rowStride: inch,
          depthStride: 1,
          m: outch,
          k: inch,
          packed,
        })
      }
    }
    const { order, ends } = orderOf(inTurn(inch, 1))
    const output = arena.bytes(4 * outch * h * w)
    kernels.halfWinograd({
      size,
      input: arena.put(x),
      inch,
      h,
      w,
      packedFilters,
      order,
      ends,
      bias: arena.put(bias),
      output,
      outch,
      outH: h,
      outW: w,
      padTop: 1,
      padLeft: 1,
      padValue: 0,
      scratch: arena.bytes(kernels.halfWinogradScratchBytes({ size, inch, outW: w })),
    })
    const found = arena.read(output, outch * h * w)
    expect([...found]).toEqual([...found].map(half))
    let [squares, errors] = [0, 0]
    for (let i = 0; i < found.length; i++) {
      const [p, oy, ox] = [Math.floor(i / (h * w)), Math.floor((i % (h * w)) / w), i % w]
      let sum = bias[p]
      for (let q = 0; q < inch; q++) {
        for (let t = 0; t < 9; t++) {
          const [y, column] = [oy - 1 + Math.floor(t / 3), ox - 1 + (t % 3)]
          if (y >= 0 && y < h && column >= 0 && column < w)
            sum += weights[(p * inch + q) * 9 + t] * x[(q * h + y) * w + column]
        }
      }
      squares += sum * sum
      errors += (found[i] - sum) ** 2
    }
    const relative = Math.sqrt(errors / squares)
    expect(relative).toBeGreaterThan(1e-4)
    expect(relative).toBeLessThan(2e-2)
  },
)
