// Simulated fp16 and bf16: what is rounded, and when.
import { describe, expect, test } from 'vitest'
import { roundToFloat16 } from '../../../../../../src/runners/ncnn/engines/wasm/precision/sums.ts'
import { loadNcnn } from '../../../../../../src/runners/ncnn/index.ts'
import type { NcnnOptions } from '../../../../../../src/runners/ncnn/options.ts'
import { float16ToFloat32, float32ToFloat16 } from '../../../../../../src/tensor/half.ts'
import { expectSame } from '../../../../../in-loops.ts'
import { rawWeight, runSingle, taggedWeight } from '../../../run-layer.ts'

const fp16: NcnnOptions = { useFp16Storage: true }
const fp16Sums: NcnnOptions = { useFp16Storage: true, useFp16Arithmetic: true }
const bf16: NcnnOptions = { useBf16Storage: true }

describe('rounding to float16', () => {
  const everyHalf = Array.from({ length: 0x7c00 }, (_, bits) => float16ToFloat32(bits))

  test('numbers that float16 has stay', () => {
    const signed = everyHalf.slice(1).flatMap((x) => [x, -x])
    expect(signed.filter((x) => roundToFloat16(x) !== x)).toEqual([])
  })

  test('others go to the nearest, and halfway to the even one', () => {
    for (let bits = 1; bits < everyHalf.length - 1; bits++) {
      const [low, high] = [everyHalf[bits], everyHalf[bits + 1]]
      const middle = (low + high) / 2
      const even = bits % 2 === 0 ? low : high
      const found = [middle * (1 - 2 ** -40), middle, middle * (1 + 2 ** -40)].map(roundToFloat16)
      if (found[0] !== low || found[1] !== even || found[2] !== high) expect(found).toEqual([low, even, high])
    }
  })

  test('the ends of the range', () => {
    expect(roundToFloat16(65519.99)).toBe(65504)
    expect(roundToFloat16(65520)).toBe(Infinity)
    expect(roundToFloat16(-1e300)).toBe(-Infinity)
    expect(roundToFloat16(Infinity)).toBe(Infinity)
    expect(roundToFloat16(Number.NaN)).toBeNaN()
    expect(roundToFloat16(2 ** -25)).toBe(0)
    expect(roundToFloat16(2 ** -25 * 1.01)).toBe(2 ** -24)
    expect(roundToFloat16(5e-324)).toBe(0)
  })

  test('float32 numbers are rounded like those that are stored', () => {
    for (let i = 0; i < 2000; i++) {
      const x = Math.fround((((i * 7919) % 2003) - 1001) * 2 ** ((i % 34) - 26))
      expectSame(roundToFloat16(x) + 0, float16ToFloat32(float32ToFloat16(x)) + 0)
    }
  })
})

describe('storage', () => {
  test('float16 rounds weights, inputs and outputs to nearest, but not biases', async () => {
    // 1 + 2^-11 is a tie and becomes 1; 3 x 2^-11 above 1 becomes 1 + 2^-9.
    const weights = [taggedWeight([1 + 3 * 2 ** -11]), rawWeight([2 ** -11])]
    const run = (ncnn?: NcnnOptions) =>
      runSingle('InnerProduct', { 0: 1, 1: 1, 2: 1 }, [[1 + 2 ** -11]], { weights, ncnn })
    // In float16 the sum, 1 + 2^-9 + 2^-11, is rounded to 1 + 2^-9 when it is stored.
    expect([...(await run(fp16)).data]).toEqual([1 + 2 ** -9])
    expect((await run()).data[0]).not.toBe(1 + 2 ** -9)
  })

  test('beyond 65504 float16 has Infinity', async () => {
    const run = async (ncnn?: NcnnOptions) => [
      ...(await runSingle('BinaryOp', { 0: 2, 1: 1, 2: 2 }, [[30000, 40000, -40000]], { ncnn })).data,
    ]
    expect(await run()).toEqual([60000, 80000, -80000])
    expect(await run(fp16)).toEqual([60000, Infinity, -Infinity])
    expect(await run(bf16)).toEqual([59904, 79872, -79872])
  })

  test('bfloat16 rounds to eight bits', async () => {
    const { data } = await runSingle('ReLU', {}, [[1 + 2 ** -8, 1 + 2 ** -7, 1 + 3 * 2 ** -9, 3e38]], { ncnn: bf16 })
    expect([...data].slice(0, 3)).toEqual([1, 1 + 2 ** -7, 1 + 2 ** -7])
    expect(data[3]).toBeCloseTo(3e38, -36)
  })

  test('layers whose ARM code does not store 16 bits compute in float32', async () => {
    const x = 1 + 2 ** -20
    expect((await runSingle('AbsVal', {}, [[x]], { ncnn: fp16 })).data[0]).toBe(x)
    expect((await runSingle('ReLU', {}, [[x]], { ncnn: fp16 })).data[0]).toBe(1)
  })
})

describe('what is computed is what ncnn computes on ARM', () => {
  const packed = { ...fp16Sums, usePackingLayout: true }

  test('what a layer has computed is rounded to bfloat16 with ties away from zero, what it is given to even', async () => {
    const tie = 1 + 2 ** -8
    expect([...(await runSingle('BinaryOp', { 0: 2, 1: 1, 2: 2 }, [[tie, -tie]], { ncnn: bf16 })).data]).toEqual([
      2, -2,
    ])
    const added = await runSingle('BinaryOp', {}, [[[1, 1]], [[2 ** -8, -(2 ** -9)]]], { ncnn: bf16 })
    expect([...added.data]).toEqual([1 + 2 ** -7, 1])
  })

  test('a sum of eight chains holds what one chain loses', async () => {
    const weights = [taggedWeight(new Float32Array(16).fill(1))]
    const run = async (x: readonly number[] | readonly (readonly number[])[]) =>
      (await runSingle('InnerProduct', { 0: 1, 2: 16 }, [x], { weights, ncnn: fp16Sums })).data[0]
    const features = [2048, ...new Array(15).fill(1)]
    expect(await run(features)).toBe(2062)
    expect(await run([features])).toBe(2048)
  })

  test('filters for Winograd are transformed before anything is rounded to bfloat16', async () => {
    // 1 + 2^-9 is 1 in bfloat16: minus 1 in another channel, that is 0, but not in float32.
    const centers = [1 + 2 ** -9, -1, ...new Array(14).fill(0)]
    const weights = [
      taggedWeight(Array.from({ length: 16 }, () => centers.flatMap((w) => [0, 0, 0, 0, w, 0, 0, 0, 0])).flat()),
    ]
    const input = Array.from({ length: 16 }, () => [[1, 1, 1]])
    const params = { 0: 16, 1: 3, 4: 1, 6: 16 * 16 * 9 }
    const run = async (ncnn: NcnnOptions) =>
      (await runSingle('Convolution', params, [input], { weights, ncnn })).data[1]
    expect(await run(bf16)).toBe(0)
    expect(await run({ ...bf16, useWinogradConvolution: true })).toBeCloseTo(2 ** -9, 5)
  })

  test("ncnn's slip in depthwise filters of 3x3 and stride 2 over eight channels is there, and nowhere else", async () => {
    const input = Array.from({ length: 8 }, () =>
      Array.from({ length: 5 }, (_, y) => Array.from({ length: 5 }, (_, x) => (x === 4 ? y : 0))),
    )
    const weights = [taggedWeight(new Float32Array(72).fill(1))]
    const params = { 0: 8, 1: 3, 3: 2, 6: 72, 7: 8 }
    const run = async (ncnn: NcnnOptions) =>
      [...(await runSingle('ConvolutionDepthWise', params, [input], { weights, ncnn })).data].slice(0, 4)
    // Rows 0, 1, 2 and 2, 3, 4 of the last column: 3 and 9. The slip reads the first of each three times.
    expect(await run(fp16Sums)).toEqual([0, 3, 0, 9])
    expect(await run(packed)).toEqual([0, 0, 0, 6])
  })

  test('softmax adds halves up in half precision, wherever they are stored', async () => {
    const x = Array.from({ length: 4096 }, () => 0)
    expect((await runSingle('Softmax', { 1: 1 }, [x], { ncnn: fp16 })).data[0]).toBe(2 ** -12)
    const eight = Array.from({ length: 8 }, () => x)
    // One sum of a row whose neighbours lie in other vectors: it gets no further than 2048.
    expect((await runSingle('Softmax', { 0: 1, 1: 1 }, [eight], { ncnn: packed })).data[0]).toBe(2 ** -11)
  })
})

describe('the feature mask, parameter 31, exempts a layer', () => {
  const x = 1 + 2 ** -20
  const relu = async (mask: number, ncnn: NcnnOptions) =>
    (await runSingle('ReLU', { 31: mask }, [[x]], { ncnn })).data[0]

  test('bit 1 from fp16 storage, bit 2 from bf16 storage', async () => {
    expect(await relu(0, fp16)).toBe(1)
    expect(await relu(2, fp16)).toBe(x)
    expect(await relu(4, fp16)).toBe(1)
    expect(await relu(4, bf16)).toBe(x)
    expect(await relu(2, bf16)).toBe(1)
  })

  test('bit 0 from fp16 arithmetic', async () => {
    const sum = async (mask: number) =>
      (
        await runSingle('InnerProduct', { 0: 1, 2: 3, 31: mask }, [[2048, 1, 1]], {
          weights: [taggedWeight([1, 1, 1])],
          ncnn: fp16Sums,
        })
      ).data[0]
    expect(await sum(0)).toBe(2048)
    expect(await sum(1)).toBe(2050)
  })
})

/** In fp16, 2048 + 1 is 2048 again: sums that are rounded at every step never get beyond it. */
describe('fp16 arithmetic rounds after every addition', () => {
  const ones = (count: number) => taggedWeight(new Float32Array(count).fill(1))
  const zeros = (count: number) => taggedWeight(new Float32Array(count))
  const row = [2048, 1, 1]

  test.each([
    ['InnerProduct', { 0: 1, 2: 3 }, [row], [ones(3)]],
    ['Gemm', { 3: 1, 5: 1, 6: 1, 8: 1, 9: 3, 10: -1 }, [[row]], [ones(3)]],
    ['Gemm', {}, [[row], [[1], [1], [1]]], []],
    ['MatMul', {}, [[row], [[1], [1], [1]]], []],
    ['Convolution', { 0: 1, 1: 3, 11: 1, 6: 3 }, [[[row]]], [ones(3)]],
    ['Convolution1D', { 0: 1, 1: 3, 6: 3 }, [[row]], [ones(3)]],
    ['ConvolutionDepthWise', { 0: 1, 1: 3, 11: 1, 6: 3, 7: 1 }, [[[row]]], [ones(3)]],
    ['Deconvolution', { 0: 1, 1: 1, 6: 3 }, [[[[2048]], [[1]], [[1]]].map((plane) => plane)], [ones(3)]],
    ['Eltwise', { 0: 1 }, [[2048], [1], [1]], []],
  ] as const)('%s %j', async (type, params, inputs, weights) => {
    const run = async (ncnn: NcnnOptions) => [...(await runSingle(type, params, inputs, { weights, ncnn })).data]
    expect(await run(fp16)).toEqual([2050])
    expect(await run(fp16Sums)).toEqual([2048])
  })

  test.each([
    ['RNN', 1, 1],
    ['LSTM', 4, 4],
    ['GRU', 3, 4],
  ])('%s', async (type, gates, biases) => {
    // Gates that see 2048 + 1 + 1 - 2048 in the first of four chains: 2 in float32, 0 in fp16.
    const inFirstChain = [1, 1, 1, -1].flatMap((weight) => [weight, 0, 0, 0])
    const weight = taggedWeight(Array.from({ length: gates }, () => inFirstChain).flat())
    const input = [...row, 2048].flatMap((value) => [value, 0, 0, 0])
    const run = async (ncnn: NcnnOptions) =>
      (
        await runSingle(type, { 0: 1, 1: gates * 16 }, [[input]], {
          weights: [weight, zeros(biases), zeros(gates)],
          ncnn,
        })
      ).data[0]
    const [stored, summed] = [Number(await run(fp16)), Number(await run(fp16Sums))]
    expect(summed).toBe(0)
    expect(stored).toBeGreaterThan(0.05)
  })

  test('attention', async () => {
    // One key: the scores do not matter, and the value 1 passes through; its projection sums to 2050 or, in fp16, 2048.
    const width = 3
    const identity = taggedWeight([1, 0, 0, 0, 1, 0, 0, 0, 1])
    const sumUp = taggedWeight([1, 1, 1, 0, 0, 0, 0, 0, 0])
    const bias = rawWeight([0, 0, 0])
    const weights = [zeros(9), bias, zeros(9), bias, identity, bias, sumUp, bias]
    const run = async (ncnn: NcnnOptions) =>
      (await runSingle('MultiHeadAttention', { 0: width, 1: 1, 2: 9 }, [[row]], { weights, ncnn })).data[0]
    expect(await run(fp16)).toBe(2050)
    expect(await run(fp16Sums)).toBe(2048)
  })

  test('BatchNorm rounds its factor and offset', async () => {
    const one = 1 + 2 ** -12
    const weights = [[one], [0], [1], [0]].map((values) => rawWeight(values))
    const run = async (ncnn: NcnnOptions) => (await runSingle('BatchNorm', { 0: 1 }, [[3]], { weights, ncnn })).data[0]
    expect(await run(fp16Sums)).toBe(3)
    expect(await run({})).toBeGreaterThan(3)
  })

  test('it needs fp16 storage', async () => {
    const loaded = loadNcnn(
      { param: '7767517\n1 1\nInput x 0 1 x', bin: new Uint8Array(0) },
      { ncnn: { useFp16Arithmetic: true } },
    )
    await expect(loaded).rejects.toThrow('useFp16Arithmetic needs useFp16Storage')
  })
})
