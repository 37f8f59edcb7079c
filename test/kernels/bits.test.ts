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
  kernels.packLeft({
    source: random(m * k, seed),
    weightType: WeightType.float32,
    rowStride: k,
    depthStride: 1,
    m,
    k,
    packed,
  })
  return packed
}

function packedRight(k: number, n: number, seed: number): Pointer {
  const packed = arena.bytes(packedRightBytes(k, n))
  kernels.packRight({
    source: random(k * n, seed),
    weightType: WeightType.float32,
    depthStride: 1,
    columnStride: k,
    k,
    n,
    packed,
  })
  return packed
}

const results: Record<string, () => [output: Pointer, count: number]> = {
  product() {
    const output = arena.floats(37 * 301)
    const scratch = arena.bytes(gemmScratchBytes)
    const [packed, b, bias] = [packedLeft(37, 700, 1), random(700 * 301, 2), random(37, 3)]
    kernels.gemmLeft({
      packedA: packed,
      b,
      depthStride: 301,
      columnStride: 1,
      c: output,
      ldc: 301,
      m: 37,
      n: 301,
      k: 700,
      initial: Initial.rowBias,
      bias,
      scratch,
    })
    return [output, 37 * 301]
  },
  convolution() {
    const output = arena.floats(24 * 29 * 31)
    const scratch = arena.bytes(gemmScratchBytes)
    const [packed, input, bias] = [packedLeft(24, 30 * 9, 1), random(30 * 29 * 31, 2), random(24, 3)]
    kernels.convolution({
      input,
      inch: 30,
      h: 29,
      w: 31,
      packedWeights: packed,
      bias,
      output,
      outch: 24,
      outH: 29,
      outW: 31,
      kernelH: 3,
      kernelW: 3,
      strideH: 1,
      strideW: 1,
      dilationH: 1,
      dilationW: 1,
      padTop: 1,
      padLeft: 1,
      padValue: 0,
      activation: Activation.swish,
      scratch,
    })
    return [output, 24 * 29 * 31]
  },
  depthwise() {
    const output = arena.floats(5 * 29 * 31)
    const scratch = arena.bytes(
      kernels.depthwiseScratchBytes({
        outW: 31,
        kernelH: 3,
        kernelW: 3,
        strideH: 1,
        strideW: 1,
        dilationH: 1,
        dilationW: 1,
      }),
    )
    const [input, weights, bias] = [random(5 * 29 * 31, 1), random(5 * 9, 2), random(5, 3)]
    kernels.depthwise({
      input,
      channels: 5,
      h: 29,
      w: 31,
      weights,
      bias,
      output,
      outH: 29,
      outW: 31,
      kernelH: 3,
      kernelW: 3,
      strideH: 1,
      strideW: 1,
      dilationH: 1,
      dilationW: 1,
      padTop: 1,
      padLeft: 1,
      padValue: 0,
      activation: Activation.hardSwish,
      activationA: 1 / 6,
      activationB: 0.5,
      scratch,
    })
    return [output, 5 * 29 * 31]
  },
  lstm() {
    const [steps, hidden] = [12, 20]
    const output = arena.floats(steps * hidden)
    const scratch = arena.bytes(recurrentScratchBytes(4, hidden))
    const [gates, h, c] = [random(steps * hidden * 4, 1, 3), random(hidden, 2), random(hidden, 3)]
    kernels.lstm({
      gates,
      packedHidden: packedRight(hidden, 4 * hidden, 4),
      packedProjection: 0,
      hidden: h,
      cell: c,
      output,
      outputStride: hidden,
      steps,
      numOutput: hidden,
      hiddenSize: hidden,
      reverse: 0,
      scratch,
    })
    return [output, steps * hidden]
  },
  resize() {
    const output = arena.floats(3 * 25 * 31)
    const first = arena.putBytes(new Uint8Array(Int32Array.from({ length: 31 }, (_, i) => i >> 2).buffer))
    const [weightH, weightW] = [random(50, 2), random(124, 3)]
    const scratch = arena.bytes(kernels.resizeScratchBytes({ outW: 31 }))
    kernels.resize({
      input: random(3 * 12 * 13, 1),
      channels: 3,
      h: 12,
      w: 13,
      output,
      outH: 25,
      outW: 31,
      countH: 2,
      firstH: first,
      weightH,
      countW: 4,
      firstW: first,
      weightW,
      scratch,
    })
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
        kernels.gridSample({
          sampleType: i + 1,
          axes: 2,
          input,
          channels: 5,
          d: 1,
          h: 12,
          w: 13,
          grid,
          axisStride: 1,
          pointStride: 2,
          output,
          n: 301,
          paddingMode: 3,
          alignCorner: 0,
          scratch,
        })
        return [output, 5 * 301] as [Pointer, number]
      },
    ]),
  ),
  deformedColumns() {
    const columns = arena.floats(5 * 9 * 130)
    const [input, offset, mask] = [random(5 * 12 * 15, 1), random(18 * 130, 2, 3), random(9 * 130, 3)]
    const scratch = arena.bytes(kernels.bilinearScratchBytes())
    kernels.deformedColumns({
      input,
      channels: 5,
      h: 12,
      w: 15,
      offset,
      mask,
      columns,
      outH: 10,
      outW: 13,
      kernelH: 3,
      kernelW: 3,
      strideH: 1,
      strideW: 1,
      dilationH: 1,
      dilationW: 1,
      padTop: 0,
      padLeft: 0,
      scratch,
    })
    return [columns, 5 * 9 * 130]
  },
  spread() {
    const [output, scratch] = [
      random(4 * 24 * 30, 3),
      arena.bytes(kernels.spreadScratchBytes({ outW: 30, kernelW: 4, strideW: 2 })),
    ]
    const [input, weights] = [random(4 * 12 * 15, 1), random(64, 2)]
    kernels.spread({
      source: input,
      channels: 4,
      channelStride: 12 * 15,
      tapStride: 0,
      weights,
      d: 1,
      h: 12,
      w: 15,
      firstRow: 0,
      rowCount: 12,
      target: output,
      outD: 1,
      outH: 24,
      outW: 30,
      kernelD: 1,
      kernelH: 4,
      kernelW: 4,
      strideD: 1,
      strideH: 2,
      strideW: 2,
      dilationD: 1,
      dilationH: 1,
      dilationW: 1,
      front: 0,
      top: 1,
      left: 1,
      scratch,
    })
    return [output, 4 * 24 * 30]
  },
  ...Object.fromEntries(
    (['exp', 'log', 'sin', 'cos', 'tan', 'tanh', 'asin', 'atan', 'log10', 'expm1', 'sinh', 'log1p'] as const).map(
      (name) => [
        name,
        () => {
          const data = random(5000, 7, name === 'asin' ? 1 : 50)
          kernels.unary({ op: UnaryOp[name], input: data, output: data, n: 5000 })
          return [data, 5000] as [Pointer, number]
        },
      ],
    ),
  ),
  gelu() {
    const data = random(5000, 7, 6)
    kernels.activate({
      activation: Activation.gelu,
      input: data,
      output: data,
      n: 5000,
    })
    return [data, 5000]
  },
  softmax() {
    const data = random(7 * 501, 7, 9)
    kernels.softmax({ input: data, output: data, outer: 7, length: 501, inner: 1 })
    return [data, 7 * 501]
  },
  layerNorm() {
    const data = random(7 * 501, 7, 9)
    kernels.layerNorm({
      input: data,
      output: data,
      rows: 7,
      n: 501,
      gamma: random(501, 8),
      beta: random(501, 9),
      eps: 1e-5,
    })
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
