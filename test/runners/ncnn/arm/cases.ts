// Single layers whose results on a 64-bit ARM are stored in results.json: `npm run test:devices` asks the real ncnn for them,
// and the built-in engine is to compute the same.
import { type NcnnOptions, ncnnOptionSets } from '../../../../src/runners/ncnn/index.ts'
import type { Tensor } from '../../../../src/tensor/tensor.ts'
import { randomFloats } from '../../../kernels/arena.ts'
import { type RunLayerOptions, rawWeight, runLayer, type TestWeight, taggedWeight } from '../run-layer.ts'

export interface ArmCase {
  readonly type: string
  readonly params: Parameters<typeof runLayer>[1]
  readonly inputs: readonly Tensor[]
  readonly weights: readonly TestWeight[]
  readonly ncnn: NcnnOptions
  /** The least share of equal elements: all, unless steps are rounded otherwise than in the engine. */
  readonly share: number
}

const { useFp16Arithmetic: _, ...fp16Storage } = ncnnOptionSets.default
const modes = {
  'fp16 storage': fp16Storage,
  'fp16 arithmetic': ncnnOptionSets.default,
  bf16: ncnnOptionSets['bf16 storage'],
}
type Mode = keyof typeof modes

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1)

function floats(shape: readonly number[], seed: number, magnitude = 1): Tensor {
  const data = randomFloats(sizeOf(shape), seed).map((x) => x * magnitude)
  return { data, shape: [...shape], dtype: 'float32' }
}

/** Sums of int8 products, as Requantize reads them. */
function sums(shape: readonly number[], seed: number): Tensor {
  return { data: Int32Array.from(floats(shape, seed, 5000).data as Float32Array), shape: [...shape], dtype: 'int32' }
}

/** Between 0.5 and 1.5 times as much as said. */
const near = (count: number, seed: number, middle: number): TestWeight =>
  rawWeight(randomFloats(count, seed).map((x) => middle * (1 + x / 2)))

const int8 = (count: number, seed: number): TestWeight =>
  taggedWeight(Int8Array.from(randomFloats(count, seed), (x) => Math.round(127 * x)))

interface CaseOptions {
  readonly weights?: readonly TestWeight[]
  readonly modes?: readonly Mode[]
  readonly share?: number
}

/** The case under each of its modes, fp16 arithmetic unless others are named. */
function cases(
  name: string,
  type: string,
  params: ArmCase['params'],
  inputs: readonly Tensor[],
  { weights = [], modes: names = ['fp16 arithmetic'], share = 1 }: CaseOptions = {},
): [string, ArmCase][] {
  return names.map((mode) => [`${name}, ${mode}`, { type, params, inputs, weights, ncnn: modes[mode], share }])
}

const all = Object.keys(modes) as Mode[]

function int8Convolution(
  outputs: number,
  inputs: number,
  taps: number,
  seed: number,
  more: readonly TestWeight[] = [],
) {
  const weights = int8(outputs * inputs * taps, seed)
  return [
    weights,
    rawWeight(randomFloats(outputs, seed + 1)),
    near(outputs, seed + 2, 120),
    near(1, seed + 3, 60),
    ...more,
  ]
}

function int8Depthwise(channels: number, taps: number, seed: number, more: readonly TestWeight[] = []) {
  return [
    int8(channels * taps, seed),
    rawWeight(randomFloats(channels, seed + 1)),
    near(channels, seed + 2, 120),
    near(1, seed + 3, 60),
    ...more,
  ]
}

/** A recurrent layer of two directions, six features and five units. */
function int8Recurrent(gates: number, biases: number, seed: number) {
  const rows = 2 * gates * 5
  return [
    int8(rows * 6, seed),
    taggedWeight(randomFloats(2 * biases * 5, seed + 1)),
    int8(rows * 5, seed + 2),
    near(rows, seed + 3, 300),
    near(rows, seed + 4, 300),
  ]
}

/** Queries, keys, values and a mask. */
const attended = [
  [2, 4, 8],
  [2, 8, 8],
  [2, 8, 8],
  [4, 8],
].map((shape, i) => floats(shape, 90 + i))

const attentionWeights = [95, 96, 97, 98].flatMap((seed) => [
  taggedWeight(randomFloats(64, seed)),
  rawWeight(randomFloats(8, seed + 9)),
])

const activations: readonly [name: string, type: string, params?: ArmCase['params']][] = [
  ['GELU', 'GELU'],
  ['fast GELU', 'GELU', { 0: 1 }],
  ['ELU', 'ELU', { 0: 0.7 }],
  ['SELU', 'SELU'],
  ['Erf', 'Erf'],
  ['Mish', 'Mish'],
  ['Swish', 'Swish'],
]

export const armCases: Readonly<Record<string, ArmCase>> = Object.fromEntries([
  ...cases('Quantize by channel', 'Quantize', { 0: 3 }, [floats([3, 8, 10], 1, 2)], {
    weights: [near(3, 2, 50)],
    modes: all,
  }),
  ...cases('Requantize with ReLU', 'Requantize', { 0: 1, 1: 1, 2: 8, 3: 1 }, [sums([8, 2, 3], 3)], {
    weights: [near(1, 4, 1e-3), near(1, 5, 40), rawWeight(randomFloats(8, 6))],
  }),
  ...cases(
    'Requantize with a leaky ReLU of each channel',
    'Requantize',
    { 0: 6, 1: 6, 2: 6, 3: 2, 4: [0.3] },
    [sums([6, 2, 3], 7)],
    { weights: [near(6, 8, 1e-3), near(6, 9, 40), rawWeight(randomFloats(6, 10))] },
  ),
  ...cases(
    'Requantize of four channels reads the first ones scales',
    'Requantize',
    { 0: 4, 1: 4, 2: 4 },
    [sums([4, 3, 3], 11)],
    { weights: [near(4, 12, 1e-3), near(4, 13, 40), rawWeight(randomFloats(4, 14))] },
  ),
  ...cases(
    'int8 Convolution to floats',
    'Convolution',
    { 0: 4, 1: 3, 4: 1, 5: 1, 6: 4 * 3 * 9, 8: 1, 9: 2, 10: [0.1] },
    [floats([3, 4, 5], 15)],
    { weights: int8Convolution(4, 3, 9, 16), modes: all },
  ),
  ...cases(
    'int8 Convolution to int8',
    'Convolution',
    { 0: 8, 1: 1, 5: 1, 6: 8 * 5, 8: 101, 9: 1 },
    [floats([5, 2, 4], 20)],
    { weights: int8Convolution(8, 5, 1, 21, [near(1, 25, 20)]), modes: all },
  ),
  ...cases(
    'int8 Convolution to int8, hard swish',
    'Convolution',
    { 0: 3, 1: 1, 5: 1, 6: 3 * 5, 8: 101, 9: 6, 10: [0.2, 0.5] },
    [floats([5, 3, 5], 26)],
    { weights: int8Convolution(3, 5, 1, 27, [near(1, 31, 20)]) },
  ),
  ...cases(
    'int8 ConvolutionDepthWise of eight channels to floats',
    'ConvolutionDepthWise',
    { 0: 8, 1: 3, 4: 1, 5: 1, 6: 72, 7: 8, 8: 1, 9: 1 },
    [floats([8, 3, 3], 32)],
    { weights: int8Depthwise(8, 9, 33), modes: all },
  ),
  ...cases(
    'int8 ConvolutionDepthWise of eight channels to int8',
    'ConvolutionDepthWise',
    { 0: 8, 1: 3, 3: 2, 4: 1, 5: 1, 6: 72, 7: 8, 8: 101, 9: 1 },
    [floats([8, 5, 5], 37)],
    { weights: int8Depthwise(8, 9, 38, [near(1, 42, 20)]) },
  ),
  ...cases(
    'int8 ConvolutionDepthWise that leaves float32',
    'ConvolutionDepthWise',
    { 0: 8, 1: 2, 5: 1, 6: 32, 7: 8, 8: 1, 9: 3, 10: [-0.5, 0.5] },
    [floats([8, 3, 3], 43)],
    { weights: int8Depthwise(8, 4, 44), modes: all },
  ),
  ...cases(
    'int8 ConvolutionDepthWise of three channels to int8',
    'ConvolutionDepthWise',
    { 0: 3, 1: 3, 4: 1, 5: 1, 6: 27, 7: 3, 8: 101 },
    [floats([3, 4, 4], 48)],
    { weights: int8Depthwise(3, 9, 49, [near(1, 53, 20)]) },
  ),
  ...cases('int8 InnerProduct of features', 'InnerProduct', { 0: 7, 1: 1, 2: 84, 8: 1 }, [floats([12], 54)], {
    weights: int8Convolution(7, 12, 1, 55),
    modes: all,
  }),
  ...cases('int8 InnerProduct of four rows', 'InnerProduct', { 0: 7, 1: 1, 2: 84, 8: 1, 9: 1 }, [floats([4, 12], 59)], {
    weights: int8Convolution(7, 12, 1, 60),
  }),
  ...cases(
    'int8 InnerProduct of three rows',
    'InnerProduct',
    { 0: 7, 1: 1, 2: 84, 8: 1, 9: 1 },
    [floats([3, 12], 59)],
    {
      weights: int8Convolution(7, 12, 1, 60),
    },
  ),
  ...cases(
    'int8 ConvolutionDepthWise of three channels that leaves float32',
    'ConvolutionDepthWise',
    { 0: 3, 1: 2, 5: 1, 6: 12, 7: 3, 8: 1, 9: 2, 10: [0.3] },
    [floats([3, 3, 3], 71)],
    // In single outputs the wheel's compiler fused the multiplication and the addition.
    { weights: int8Depthwise(3, 4, 72), share: 0.9 },
  ),
  ...cases('int8 InnerProduct of float weights', 'InnerProduct', { 0: 7, 1: 1, 2: 84, 8: 1 }, [floats([12], 64)], {
    weights: [taggedWeight(randomFloats(84, 65)), rawWeight(randomFloats(7, 66)), near(7, 67, 120), near(1, 68, 60)],
  }),
  ...cases('int8 LSTM', 'LSTM', { 0: 5, 1: 240, 2: 2, 8: 2 }, [floats([4, 6], 160)], {
    weights: int8Recurrent(4, 4, 161),
    modes: all,
  }),
  ...cases('int8 GRU', 'GRU', { 0: 5, 1: 180, 2: 2, 8: 2 }, [floats([4, 6], 166)], {
    weights: int8Recurrent(3, 4, 167),
    modes: all,
  }),
  ...cases('int8 RNN', 'RNN', { 0: 5, 1: 60, 2: 2, 8: 2 }, [floats([4, 6], 172)], {
    weights: int8Recurrent(1, 1, 173),
    modes: all,
  }),
  ...cases('Gemm of an odd number of rows, with a C that is scaled', 'Gemm', { 0: 1.7, 1: 0.6, 3: 1 }, [
    floats([5, 19], 80),
    floats([27, 19], 81),
    floats([27], 82),
  ]),
  ...cases('Gemm, transposed', 'Gemm', { 5: 1, 6: 1, 8: 10, 9: 12, 10: 4, 14: 1 }, [floats([6, 12], 83)], {
    weights: [taggedWeight(randomFloats(120, 84)), taggedWeight(randomFloats(10, 85))],
  }),
  ...cases('Gemm to float32', 'Gemm', { 13: 1 }, [floats([2, 5], 86), floats([5, 4], 87)], { modes: ['fp16 storage'] }),
  ...cases('MatMul', 'MatMul', { 0: 1 }, [floats([2, 3, 33], 88), floats([2, 12, 33], 89)]),
  ...cases('SDPA', 'SDPA', { 5: 1, 6: 0.4 }, attended, { modes: ['fp16 storage', 'fp16 arithmetic'] }),
  ...cases('SDPA of twelve keys', 'SDPA', { 6: 0.4 }, [
    floats([1, 4, 8], 160),
    floats([1, 12, 8], 161),
    floats([1, 12, 4], 162),
  ]),
  // Results of float32, whose last bits depend on the order of sums.
  ...cases('SDPA', 'SDPA', { 5: 1, 6: 0.4 }, attended, { modes: ['bf16'], share: 0.1 }),
  ...cases('MultiHeadAttention', 'MultiHeadAttention', { 0: 8, 1: 2, 2: 64, 6: 0.5 }, [floats([8, 8], 94)], {
    weights: attentionWeights,
    modes: ['fp16 storage', 'fp16 arithmetic'],
  }),
  ...cases('MultiHeadAttention', 'MultiHeadAttention', { 0: 8, 1: 2, 2: 64, 6: 0.5 }, [floats([8, 8], 94)], {
    weights: attentionWeights,
    modes: ['bf16'],
    share: 0.1,
  }),
  ...cases(
    'Deconvolution',
    'Deconvolution',
    { 0: 5, 1: 3, 2: 1, 3: 2, 4: 1, 5: 1, 6: 5 * 7 * 9, 9: 2, 10: [0.2] },
    [floats([7, 3, 4], 110)],
    {
      weights: [taggedWeight(randomFloats(5 * 7 * 9, 111)), rawWeight(randomFloats(5, 112))],
    },
  ),
  ...cases(
    'DeconvolutionDepthWise of eight channels',
    'DeconvolutionDepthWise',
    { 0: 8, 1: 3, 5: 1, 6: 72, 7: 8 },
    [floats([8, 3, 3], 113)],
    {
      weights: [taggedWeight(randomFloats(72, 114)), rawWeight(randomFloats(8, 115))],
    },
  ),
  ...cases(
    'DeconvolutionDepthWise of three channels',
    'DeconvolutionDepthWise',
    { 0: 3, 1: 3, 5: 1, 6: 27, 7: 3 },
    [floats([3, 4, 4], 116)],
    {
      weights: [taggedWeight(randomFloats(27, 117)), rawWeight(randomFloats(3, 118))],
    },
  ),
  ...activations.flatMap(([name, type, params = {}], i) => [
    ...cases(`${name} of three channels`, type, params, [floats([3, 3, 5], 120 + i, 4)]),
    ...cases(`${name} of four channels`, type, params, [floats([4, 3, 3], 130 + i, 4)]),
  ]),
  ...cases('PReLU of three channels', 'PReLU', { 0: 3 }, [floats([3, 3, 5], 140)], {
    weights: [rawWeight(randomFloats(3, 141))],
  }),
  ...cases('PReLU of eight features', 'PReLU', { 0: 8 }, [floats([8], 142)], {
    weights: [rawWeight(randomFloats(8, 143))],
  }),
  ...cases('Pooling, average of three channels', 'Pooling', { 0: 1, 1: 3, 3: 1, 5: 1 }, [floats([3, 4, 5], 144)]),
  ...cases('Pooling, average of eight channels', 'Pooling', { 0: 1, 1: 3, 2: 2, 3: 1, 5: 1, 6: 1 }, [
    floats([8, 5, 5], 145),
  ]),
  ...cases('Pooling, adaptive', 'Pooling', { 0: 1, 7: 1, 8: 2 }, [floats([3, 5, 7], 146)], { modes: all, share: 0.6 }),
  ...cases('InstanceNorm of three channels', 'InstanceNorm', { 0: 3 }, [floats([3, 4, 5], 147)], {
    weights: [rawWeight(randomFloats(3, 148)), rawWeight(randomFloats(3, 149))],
    modes: ['fp16 storage', 'fp16 arithmetic'],
  }),
  ...cases('InstanceNorm of eight channels', 'InstanceNorm', { 0: 8 }, [floats([8, 3, 3], 150)], {
    weights: [rawWeight(randomFloats(8, 151)), rawWeight(randomFloats(8, 152))],
  }),
  ...cases('Interp, bilinear of three channels', 'Interp', { 0: 2, 1: 2, 2: 1.5 }, [floats([3, 3, 4], 153)]),
  ...cases('Interp, bilinear of eight channels', 'Interp', { 0: 2, 1: 2, 2: 1.5 }, [floats([8, 2, 3], 154)]),
  ...cases('Interp, bicubic of four channels', 'Interp', { 0: 3, 1: 2, 2: 1.5 }, [floats([4, 4, 5], 155)]),
  ...cases('leaky ReLU', 'ReLU', { 0: 0.1 }, [floats([3, 2, 5], 69)], { modes: all }),
  ...cases('Reshape', 'Reshape', { 0: -1 }, [floats([2, 3, 4], 70)], { modes: all }),
])

/** What a case gives: the built-in engine's, or that of another. */
export async function runArmCase(
  { type, params, inputs, weights, ncnn }: ArmCase,
  engine?: RunLayerOptions['engine'],
): Promise<Tensor> {
  const [output] = await runLayer(type, params, inputs, { weights, ncnn, engine })
  return output
}
