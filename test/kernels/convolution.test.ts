// Convolutions, full and depthwise, against the textbook loop in float32, bit for bit.
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { Activation, gemmScratchBytes, packedLeftBytes, WeightType } from '../../src/kernels/ncnn.ts'
import { expectSame } from '../in-loops.ts'
import { runs } from '../trials.ts'
import { createArena, firstDifference, randomFloats } from './arena.ts'

const arena = createArena()
const { kernels } = arena

interface Geometry {
  inch: number
  outch: number
  h: number
  w: number
  kernelH: number
  kernelW: number
  strideH: number
  strideW: number
  dilationH: number
  dilationW: number
  padTop: number
  padBottom: number
  padLeft: number
  padRight: number
  padValue: number
  activation: number
  withBias: boolean
  seed: number
}

function outputSize(g: Geometry): [number, number] {
  return [
    Math.floor((g.h + g.padTop + g.padBottom - (g.kernelH - 1) * g.dilationH - 1) / g.strideH) + 1,
    Math.floor((g.w + g.padLeft + g.padRight - (g.kernelW - 1) * g.dilationW - 1) / g.strideW) + 1,
  ]
}

function activated(value: number, activation: number): number {
  if (activation === Activation.relu) return Math.max(value, 0)
  if (activation === Activation.leakyRelu) return value > 0 ? value : Math.fround(value * 0.25)
  if (activation === Activation.clip) return Math.min(Math.max(value, -0.5), 0.75)
  return value
}

function parameters(activation: number): [number, number] {
  return activation === Activation.clip ? [-0.5, 0.75] : [0.25, 0]
}

/** The definition: bias, then every product in the order channel, kernel row, kernel column. */
function reference(g: Geometry, depthwise: boolean, input: Float32Array, weights: Float32Array, bias: Float32Array) {
  const [outH, outW] = outputSize(g)
  const { h, w, kernelH, kernelW, strideH, strideW, dilationH, dilationW, padTop, padLeft, padValue } = g
  const group = depthwise ? 1 : g.inch
  const output = new Float32Array(g.outch * outH * outW)
  let at = 0
  for (let o = 0; o < g.outch; o++) {
    for (let oy = 0; oy < outH; oy++) {
      for (let ox = 0; ox < outW; ox++) {
        let sum = g.withBias ? (bias[o] ?? 0) : 0
        for (let q = 0; q < group; q++) {
          for (let ky = 0; ky < kernelH; ky++) {
            const y = oy * strideH - padTop + ky * dilationH
            const row = ((depthwise ? o : q) * h + y) * w
            const inRows = y >= 0 && y < h
            let weight = ((o * group + q) * kernelH + ky) * kernelW
            for (let kx = 0, x = ox * strideW - padLeft; kx < kernelW; kx++, x += dilationW) {
              const value = inRows && x >= 0 && x < w ? input[row + x] : padValue
              sum = Math.fround(sum + Math.fround(value * weights[weight++]))
            }
          }
        }
        output[at++] = activated(sum, g.activation)
      }
    }
  }
  return output
}

function run(g: Geometry, depthwise: boolean, skew = 0) {
  arena.reset(skew)
  const [outH, outW] = outputSize(g)
  const k = (depthwise ? 1 : g.inch) * g.kernelH * g.kernelW
  const input = randomFloats(g.inch * g.h * g.w, g.seed)
  const weights = randomFloats(g.outch * k, g.seed + 1)
  const bias = randomFloats(g.outch, g.seed + 2)
  const output = arena.floats(g.outch * outH * outW)
  const pInput = arena.put(input)
  const pBias = g.withBias ? arena.put(bias) : 0
  const [a, b] = parameters(g.activation)
  const { kernelH, kernelW, strideH, strideW, dilationH, dilationW } = g
  const window = { kernelH, kernelW, strideH, strideW, dilationH, dilationW }
  if (depthwise) {
    const scratch = arena.bytes(kernels.depthwiseScratchBytes({ outW, ...window }))
    kernels.depthwise({
      input: pInput,
      channels: g.inch,
      h: g.h,
      w: g.w,
      weights: arena.put(weights),
      bias: pBias,
      output,
      outH,
      outW,
      ...window,
      padTop: g.padTop,
      padLeft: g.padLeft,
      padValue: g.padValue,
      activation: g.activation,
      activationA: a,
      activationB: b,
      scratch,
    })
  } else {
    const packed = arena.bytes(packedLeftBytes(g.outch, k))
    const scratch = arena.bytes(gemmScratchBytes)
    kernels.packLeft({
      source: arena.put(weights),
      weightType: WeightType.float32,
      rowStride: k,
      depthStride: 1,
      m: g.outch,
      k,
      packed,
    })
    kernels.convolution({
      input: pInput,
      inch: g.inch,
      h: g.h,
      w: g.w,
      packedWeights: packed,
      bias: pBias,
      output,
      outch: g.outch,
      outH,
      outW,
      ...window,
      padTop: g.padTop,
      padLeft: g.padLeft,
      padValue: g.padValue,
      activation: g.activation,
      activationA: a,
      activationB: b,
      scratch,
    })
  }
  const actual = arena.read(output, g.outch * outH * outW)
  arena.reset()
  return { actual, expected: () => reference(g, depthwise, input, weights, bias) }
}

const geometry = (depthwise: boolean) =>
  fc
    .record({
      inch: fc.integer({ min: 1, max: depthwise ? 4 : 20 }),
      outch: fc.integer({ min: 1, max: 9 }),
      h: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 16 })),
      w: fc.oneof(fc.constantFrom(1, 3, 4, 5, 7, 8, 9, 31), fc.integer({ min: 1, max: 40 })),
      kernelH: fc.integer({ min: 1, max: 5 }),
      kernelW: fc.integer({ min: 1, max: 7 }),
      strideH: fc.integer({ min: 1, max: 3 }),
      strideW: fc.integer({ min: 1, max: 4 }),
      dilationH: fc.integer({ min: 1, max: 3 }),
      dilationW: fc.integer({ min: 1, max: 3 }),
      padTop: fc.integer({ min: 0, max: 4 }),
      padBottom: fc.integer({ min: 0, max: 4 }),
      padLeft: fc.integer({ min: 0, max: 6 }),
      padRight: fc.integer({ min: 0, max: 6 }),
      padValue: fc.constantFrom(0, 0, -1.5),
      activation: fc.constantFrom(Activation.none, Activation.relu, Activation.leakyRelu, Activation.clip),
      withBias: fc.boolean(),
      seed: fc.integer(),
    })
    .map((g) => (depthwise ? { ...g, outch: g.inch } : g))
    .filter((g) => outputSize(g).every((size) => size >= 1))

const plain: Geometry = {
  inch: 8,
  outch: 8,
  h: 14,
  w: 14,
  kernelH: 3,
  kernelW: 3,
  strideH: 1,
  strideW: 1,
  dilationH: 1,
  dilationW: 1,
  padTop: 1,
  padBottom: 1,
  padLeft: 1,
  padRight: 1,
  padValue: 0,
  activation: Activation.none,
  withBias: true,
  seed: 3,
}
const unpadded = { padTop: 0, padBottom: 0, padLeft: 0, padRight: 0 }

describe.each([
  ['convolution', false],
  ['depthwise convolution', true],
] as const)('%s', (_, depthwise) => {
  test('has the bits of the textbook loop, whatever the geometry', () => {
    fc.assert(
      fc.property(geometry(depthwise), (g) => {
        const { actual, expected } = run(g, depthwise)
        expectSame(firstDifference(actual, expected()), undefined)
      }),
      runs(100),
    )
  })

  test.each([
    ['3x3', {}],
    ['3x3, stride 2', { strideH: 2, strideW: 2, h: 15, w: 17 }],
    ['3x3, dilation 2', { dilationH: 2, dilationW: 2, padTop: 2, padLeft: 2 }],
    ['5x5', { kernelH: 5, kernelW: 5, padTop: 2, padBottom: 2, padLeft: 2, padRight: 2 }],
    ['5x5, stride 2', { kernelH: 5, kernelW: 5, strideH: 2, strideW: 2, padTop: 1, padLeft: 2, h: 28, w: 28 }],
    [
      '5x5, more than a strip of rows',
      { kernelH: 5, kernelW: 5, padTop: 2, padLeft: 2, h: 75, w: 70, inch: 2, outch: 2 },
    ],
    ['5x5, an odd number of rows', { kernelH: 5, kernelW: 5, padTop: 2, padBottom: 2, padLeft: 2, h: 13, w: 21 }],
    ['7x5, two rows', { kernelH: 7, kernelW: 5, padTop: 3, padBottom: 3, padLeft: 2, padRight: 2, h: 2, w: 9 }],
    [
      '7x7, rows longer than a strip',
      { kernelH: 7, kernelW: 7, padTop: 3, padBottom: 2, h: 4, w: 2500, inch: 1, outch: 1 },
    ],
    ['5 wide (1-D)', { h: 1, w: 200, kernelH: 1, kernelW: 5, padTop: 0, padBottom: 0 }],
    ['7 wide (1-D)', { h: 1, w: 61, kernelH: 1, kernelW: 7, padTop: 0, padBottom: 0, activation: Activation.relu }],
    [
      '7x7, fewer than eight columns',
      { kernelH: 7, kernelW: 7, padTop: 3, padBottom: 3, padLeft: 3, padRight: 3, h: 6, w: 7 },
    ],
    ['7x7, clipped', { kernelH: 7, kernelW: 7, padTop: 3, padLeft: 3, h: 20, w: 25, activation: Activation.clip }],
    [
      '3x3, stride 2, a large image',
      { strideH: 2, strideW: 2, h: 97, w: 101, inch: 2, outch: 2, activation: Activation.relu },
    ],
    ['3x3, stride 2, a large image of even size', { strideH: 2, strideW: 2, h: 96, w: 90, inch: 2, outch: 2 }],
    [
      '3x3, stride 2, a large image without a border',
      { ...unpadded, strideH: 2, strideW: 2, h: 92, w: 95, inch: 2, outch: 2 },
    ],
    ['3x3, stride 2, more than sixteen columns', { strideH: 2, strideW: 2, h: 13, w: 59, activation: Activation.clip }],
    ['3x3, sixteen columns without a border', { ...unpadded, h: 9, w: 18 }],
    ['3x3, a large image', { h: 97, w: 113, inch: 24, outch: 24, activation: Activation.relu }],
    [
      '3x3, a large image without a border',
      { ...unpadded, h: 92, w: 96, inch: 30, outch: 30, activation: Activation.clip },
    ],
    [
      '3x3, stride 2, blocks of columns that end in a row',
      { strideH: 2, strideW: 2, h: 70, w: 90, inch: 3, padBottom: 0, padRight: 0 },
    ],
    ['3x3, blocks of columns that end in a row', { h: 29, w: 43, inch: 3 }],
    ['3x3, dilation 2, stride 2', { dilationH: 2, dilationW: 2, strideH: 2, strideW: 2, h: 21, w: 53, padLeft: 2 }],
    ['1x1, stride 2, several panels', { kernelH: 1, kernelW: 1, ...unpadded, strideH: 2, strideW: 2, h: 9, w: 63 }],
    ['3x3, stride 2, three channels', { strideH: 2, strideW: 2, h: 37, w: 64, inch: 3, padValue: -1.5 }],
    [
      '5x5, stride 2, three channels',
      { kernelH: 5, kernelW: 5, padTop: 2, padLeft: 2, strideH: 2, strideW: 2, h: 31, w: 61, inch: 3 },
    ],
    [
      '5x7, dilation 2, one channel',
      { kernelH: 5, kernelW: 7, padTop: 4, padLeft: 6, padRight: 6, dilationW: 2, h: 9, w: 40, inch: 1 },
    ],
    ['a single column', { w: 1 }],
    ['a single row (1-D)', { h: 1, w: 200, kernelH: 1, padTop: 0, padBottom: 0, kernelW: 5, dilationW: 2 }],
    ['more than a strip of rows', { h: 90, w: 90, inch: 2, outch: 2 }],
    ['a row longer than a strip', { h: 3, w: 5000, inch: 1, outch: 1 }],
    ['a kernel of more than 512 taps', { h: 26, w: 40, kernelH: 23, kernelW: 23, inch: 2, outch: 2 }],
    ['1x1', { kernelH: 1, kernelW: 1, ...unpadded, h: 17, w: 19 }],
    ['1x1, stride 2', { kernelH: 1, kernelW: 1, ...unpadded, strideH: 2, strideW: 2 }],
    ['padding wider than the input', { h: 2, w: 2, padTop: 5, padBottom: 5, padLeft: 6, padRight: 7, padValue: 2 }],
  ] as [string, Partial<Geometry>][])('%s', (_name, changes) => {
    const { actual, expected } = run({ ...plain, ...changes }, depthwise)
    expectSame(firstDifference(actual, expected()), undefined)
  })

  test.each([1, 2])('3x3 with stride %i, borders of at most one zero, all small sizes', (stride) => {
    const both = [0, 1]
    for (let h = 1; h <= 6; h++) {
      for (let w = 1; w <= 27; w++) {
        for (const [padTop, padLeft] of both.flatMap((top) => both.map((left) => [top, left]))) {
          for (const [padBottom, padRight] of both.flatMap((bottom) => both.map((right) => [bottom, right]))) {
            const activation = [Activation.none, Activation.relu, Activation.clip, Activation.leakyRelu][(h + w) % 4]
            const g = { ...plain, inch: 2, outch: 2, h, w, strideH: stride, strideW: stride, activation }
            const padded = { ...g, padTop, padLeft, padBottom, padRight }
            if (outputSize(padded).some((size) => size < 1)) continue
            const { actual, expected } = run(padded, depthwise)
            expectSame(firstDifference(actual, expected()), undefined, JSON.stringify(padded))
          }
        }
      }
    }
  })

  test.each([
    ...[1, 2, 3, 4, 5, 6, 7, 8].map((kernelW) => [kernelW, 2]),
    ...[1, 3, 4].flatMap((strideW) => [1, 3, 4].map((kernelW) => [kernelW, strideW])),
  ])('%i columns with stride %i, borders of all widths, one panel of eight outputs and several', (kernelW, strideW) => {
    for (const w of [9, 15, 16, 17, 18, 19, 31, 32, 33, 34, 35, 36, 47, 50, 25 * strideW]) {
      for (let padLeft = 0; padLeft < 11; padLeft++) {
        const window = {
          kernelH: 2,
          kernelW,
          strideH: 1,
          strideW,
          padTop: 1,
          padBottom: 2,
          padLeft,
          padRight: (w + padLeft) % 7,
        }
        const g = { ...plain, ...window, padValue: -1.5, inch: 2, outch: 2, h: 2, w, seed: w }
        const { actual, expected } = run(g, depthwise)
        expectSame(firstDifference(actual, expected()), undefined, JSON.stringify(g))
      }
    }
  })

  test('alignment changes no bit', () => {
    const results = [0, 4, 8, 12].map((skew) => run({ ...plain, h: 31, w: 29, strideW: 2 }, depthwise, skew).actual)
    for (const result of results) expectSame(firstDifference(result, results[0]), undefined)
  })

  test.each([Activation.sigmoid, Activation.mish, Activation.hardSwish])(
    'fused activation %i equals the activation on its own',
    (activation) => {
      const before = run({ ...plain, activation: Activation.none }, depthwise).actual
      const pointer = arena.put(before)
      kernels.activate({
        activation,
        input: pointer,
        output: pointer,
        n: before.length,
        activationA: 0.25,
        activationB: 0,
      })
      const expected = arena.read(pointer, before.length)
      expectSame(firstDifference(run({ ...plain, activation }, depthwise).actual, expected), undefined)
    },
  )
})
