// The kernels give these very bits on every machine and in every runtime: fingerprints of their results, written down once.
import { expect, test } from 'vitest'
import {
  Activation,
  gemmScratchBytes,
  Initial,
  type Pointer,
  packedLeftBytes,
  packedRightBytes,
  recurrentScratchBytes,
  UnaryOp,
  WeightType,
} from '../../src/kernels/ncnn.ts'
import { createArena, fingerprint, randomFloats } from './arena.ts'

const arena = createArena()
const { kernels } = arena

function random(count: number, seed: number, scale = 1): Pointer {
  return arena.put(randomFloats(count, seed).map((x) => x * scale))
}

function packedLeft(m: number, k: number, seed: number): Pointer {
  const packed = arena.bytes(packedLeftBytes(m, k))
  kernels.packLeft(random(m * k, seed), WeightType.float32, k, 1, m, k, packed)
  return packed
}

function packedRight(k: number, n: number, seed: number): Pointer {
  const packed = arena.bytes(packedRightBytes(k, n))
  kernels.packRight(random(k * n, seed), WeightType.float32, 1, k, k, n, packed)
  return packed
}

const results: Record<string, () => [output: Pointer, count: number]> = {
  product() {
    const output = arena.floats(37 * 301)
    const scratch = arena.bytes(gemmScratchBytes)
    const [packed, b, bias] = [packedLeft(37, 700, 1), random(700 * 301, 2), random(37, 3)]
    kernels.gemmLeft(
      packed,
      b,
      301,
      1,
      output,
      301,
      37,
      301,
      700,
      Initial.rowBias,
      bias,
      Activation.none,
      0,
      0,
      scratch,
    )
    return [output, 37 * 301]
  },
  convolution() {
    const output = arena.floats(24 * 29 * 31)
    const scratch = arena.bytes(gemmScratchBytes)
    const [packed, input, bias] = [packedLeft(24, 30 * 9, 1), random(30 * 29 * 31, 2), random(24, 3)]
    kernels.convolution(
      input,
      30,
      29,
      31,
      packed,
      bias,
      output,
      24,
      29,
      31,
      3,
      3,
      1,
      1,
      1,
      1,
      1,
      1,
      0,
      Activation.swish,
      0,
      0,
      scratch,
    )
    return [output, 24 * 29 * 31]
  },
  depthwise() {
    const output = arena.floats(5 * 29 * 31)
    const scratch = arena.bytes(kernels.depthwiseScratchBytes(31, 3, 3, 1, 1, 1, 1))
    const [input, weights, bias] = [random(5 * 29 * 31, 1), random(5 * 9, 2), random(5, 3)]
    kernels.depthwise(
      input,
      5,
      29,
      31,
      weights,
      bias,
      output,
      29,
      31,
      3,
      3,
      1,
      1,
      1,
      1,
      1,
      1,
      0,
      Activation.hardSwish,
      1 / 6,
      0.5,
      scratch,
    )
    return [output, 5 * 29 * 31]
  },
  lstm() {
    const [steps, hidden] = [12, 20]
    const output = arena.floats(steps * hidden)
    const scratch = arena.bytes(recurrentScratchBytes(4, hidden))
    const [gates, h, c] = [random(steps * hidden * 4, 1, 3), random(hidden, 2), random(hidden, 3)]
    kernels.lstm(gates, packedRight(hidden, 4 * hidden, 4), 0, h, c, output, hidden, steps, hidden, hidden, 0, scratch)
    return [output, steps * hidden]
  },
  resize() {
    const output = arena.floats(3 * 25 * 31)
    const first = arena.putBytes(new Uint8Array(Int32Array.from({ length: 31 }, (_, i) => i >> 2).buffer))
    const [rows, columns] = [[2, first, random(50, 2)] as const, [4, first, random(124, 3)] as const]
    const scratch = arena.bytes(kernels.resizeScratchBytes(31))
    kernels.resize(random(3 * 12 * 13, 1), 3, 12, 13, output, 25, 31, ...rows, ...columns, scratch)
    return [output, 3 * 25 * 31]
  },
  ...Object.fromEntries(
    (['linear', 'nearest', 'cubic'] as const).map((name, i) => [
      `gridSample ${name}`,
      () => {
        const output = arena.floats(5 * 301)
        const [input, grid, scratch] = [
          random(5 * 12 * 13, 1),
          random(602, 2),
          arena.bytes(kernels.gridSampleScratchBytes()),
        ]
        kernels.gridSample(i + 1, 2, input, 5, 1, 12, 13, grid, 1, 2, output, 301, 3, 0, scratch)
        return [output, 5 * 301] as [Pointer, number]
      },
    ]),
  ),
  deformedColumns() {
    const columns = arena.floats(5 * 9 * 130)
    const [input, offset, mask] = [random(5 * 12 * 15, 1), random(18 * 130, 2, 3), random(9 * 130, 3)]
    const scratch = arena.bytes(kernels.bilinearScratchBytes())
    kernels.deformedColumns(input, 5, 12, 15, offset, mask, columns, 10, 13, 3, 3, 1, 1, 1, 1, 0, 0, scratch)
    return [columns, 5 * 9 * 130]
  },
  spread() {
    const [output, scratch] = [random(4 * 24 * 30, 3), arena.bytes(kernels.spreadScratchBytes(30, 4, 2))]
    const [input, weights] = [random(4 * 12 * 15, 1), random(64, 2)]
    const image = [weights, 1, 12, 15, 0, 12, output, 1, 24, 30] as const
    kernels.spread(input, 4, 12 * 15, 0, ...image, ...([1, 4, 4, 1, 2, 2, 1, 1, 1, 0, 1, 1, scratch] as const))
    return [output, 4 * 24 * 30]
  },
  ...Object.fromEntries(
    (['exp', 'log', 'sin', 'cos', 'tan', 'tanh', 'asin', 'atan', 'log10', 'expm1', 'sinh', 'log1p'] as const).map(
      (name) => [
        name,
        () => {
          const data = random(5000, 7, name === 'asin' ? 1 : 50)
          kernels.unary(UnaryOp[name], data, data, 5000)
          return [data, 5000] as [Pointer, number]
        },
      ],
    ),
  ),
  gelu() {
    const data = random(5000, 7, 6)
    kernels.activate(Activation.gelu, data, data, 5000, 0, 0)
    return [data, 5000]
  },
  softmax() {
    const data = random(7 * 501, 7, 9)
    kernels.softmax(data, data, 7, 501, 1)
    return [data, 7 * 501]
  },
  layerNorm() {
    const data = random(7 * 501, 7, 9)
    kernels.layerNorm(data, data, 7, 501, random(501, 8), random(501, 9), 1e-5)
    return [data, 7 * 501]
  },
}

test('the bits of every kernel', () => {
  const fingerprints = Object.entries(results).map(([name, run]) => {
    const [output, count] = run()
    // The payload of a NaN is the processor's choice.
    const values = arena.read(output, count).map((x) => (Number.isNaN(x) ? Number.NaN : x))
    arena.reset()
    return `${name} ${fingerprint(values)}`
  })
  expect(fingerprints).toMatchInlineSnapshot(`
    [
      "product fbe887a3",
      "convolution c7981f89",
      "depthwise bfe8e5e9",
      "lstm b811d8f8",
      "resize 32726866",
      "gridSample linear e0433553",
      "gridSample nearest ca53c572",
      "gridSample cubic 96b1286b",
      "deformedColumns a6e4fa25",
      "spread 5a195297",
      "exp 2099b154",
      "log 929aa7f9",
      "sin 0a194d2d",
      "cos 45df6619",
      "tan 8d745508",
      "tanh c6f64538",
      "asin e49035cc",
      "atan 7383bf24",
      "log10 2cf269cb",
      "expm1 5a4cb064",
      "sinh a4443852",
      "log1p eefba3d5",
      "gelu ea549051",
      "softmax 8dc5c386",
      "layerNorm fedabf1e",
    ]
  `)
})

test('the same bits when repeated, at any alignment', () => {
  for (const run of Object.values(results)) {
    const bits = [0, 4, 8, 12, 0].map((skew) => {
      arena.reset(skew)
      const [output, count] = run()
      return fingerprint(arena.read(output, count))
    })
    expect(new Set(bits).size).toBe(1)
  }
})
