import { describe, expect, test } from 'vitest'
import { loadNcnn } from '../../../../../../src/runners/ncnn/index.ts'
import '../../../../../../src/vitest.ts'
import {
  activate,
  type FusedActivation,
} from '../../../../../../src/runners/ncnn/engines/wasm/operations/fused-activation.ts'
import { toInt8 } from '../../../../../../src/runners/ncnn/engines/wasm/precision/int8.ts'
import { sizeOf } from '../../../../../../src/tensor/shape.ts'
import type { Tensor } from '../../../../../../src/tensor/tensor.ts'
import { type RunLayerOptions, rawWeight, runSingle, taggedWeight } from '../../../run-layer.ts'
import {
  convolutionByDefinition,
  type Example,
  exampleParams,
  inputCount,
  noise,
  weightCount,
} from './convolution-by-definition.ts'

const values = (tensor: Tensor): number[] => Array.from(tensor.data, Number)
const tensor = (data: ArrayLike<number>, shape: readonly number[]): Tensor => ({
  data: Float32Array.from(data),
  shape: [...shape],
  dtype: 'float32',
})

const examples: readonly (Example & { readonly type: string })[] = [
  {
    type: 'Convolution',
    channels: 3,
    outputs: 5,
    group: 1,
    input: [9, 13],
    kernel: [3, 2],
    stride: [2, 1],
    dilation: [1, 3],
    before: [1, 2],
    after: [2, 0],
    padValue: 0.5,
  },
  {
    type: 'Convolution',
    channels: 7,
    outputs: 6,
    group: 1,
    input: [5, 6],
    kernel: [1, 1],
    stride: [1, 1],
    dilation: [1, 1],
    before: [0, 0],
    after: [0, 0],
  },
  {
    type: 'Convolution',
    channels: 7,
    outputs: 6,
    group: 1,
    input: [5, 6],
    kernel: [1, 1],
    stride: [1, 1],
    dilation: [1, 1],
    before: [1, 0],
    after: [2, 3],
    padValue: 0.75,
  },
  {
    type: 'ConvolutionDepthWise',
    channels: 4,
    outputs: 6,
    group: 2,
    input: [3, 5],
    kernel: [1, 1],
    stride: [1, 1],
    dilation: [1, 1],
    before: [0, 2],
    after: [1, 1],
  },
  {
    type: 'ConvolutionDepthWise',
    channels: 6,
    outputs: 6,
    group: 6,
    input: [11, 17],
    kernel: [3, 5],
    stride: [1, 2],
    dilation: [2, 1],
    before: [2, 2],
    after: [1, 3],
    padValue: -1.5,
  },
  {
    type: 'ConvolutionDepthWise',
    channels: 6,
    outputs: 9,
    group: 3,
    input: [8, 7],
    kernel: [2, 3],
    stride: [3, 2],
    dilation: [1, 1],
    before: [0, 1],
    after: [1, 1],
  },
  {
    type: 'Convolution1D',
    channels: 5,
    outputs: 4,
    group: 1,
    input: [23],
    kernel: [3],
    stride: [2],
    dilation: [2],
    before: [1],
    after: [2],
    padValue: 0.25,
  },
  {
    type: 'ConvolutionDepthWise1D',
    channels: 4,
    outputs: 4,
    group: 4,
    input: [19],
    kernel: [4],
    stride: [1],
    dilation: [3],
    before: [3],
    after: [0],
  },
  {
    type: 'ConvolutionDepthWise1D',
    channels: 4,
    outputs: 6,
    group: 2,
    input: [10],
    kernel: [3],
    stride: [1],
    dilation: [1],
    before: [1],
    after: [1],
  },
  {
    type: 'Convolution3D',
    channels: 2,
    outputs: 3,
    group: 1,
    input: [5, 4, 6],
    kernel: [2, 3, 2],
    stride: [2, 1, 2],
    dilation: [2, 1, 1],
    before: [1, 1, 0],
    after: [2, 0, 1],
    padValue: 2,
  },
  {
    type: 'ConvolutionDepthWise3D',
    channels: 4,
    outputs: 4,
    group: 4,
    input: [3, 5, 6],
    kernel: [3, 3, 2],
    stride: [1, 2, 1],
    dilation: [1, 1, 2],
    before: [1, 0, 1],
    after: [1, 1, 2],
  },
  {
    type: 'ConvolutionDepthWise3D',
    channels: 3,
    outputs: 3,
    group: 3,
    input: [2, 5, 6],
    kernel: [1, 3, 3],
    stride: [1, 1, 1],
    dilation: [1, 1, 1],
    before: [0, 1, 1],
    after: [0, 1, 1],
  },
]

describe.each([
  { precision: 'float32', digits: 5 },
  { precision: 'float64', digits: 13 },
] as const)('in $precision', ({ precision, digits }) => {
  const run = (type: string, params: Record<number, number | number[]>, x: unknown, weights: number[][]) =>
    runSingle(type, params, [x as number[]], {
      weights: weights.map((weight, index) => (index === 0 ? taggedWeight(weight) : rawWeight(weight))),
      precision,
    })

  test('a 2x2 kernel adds what is under it, and the bias', async () => {
    const x = [
      [
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ],
    ]
    const y = await run('Convolution', { 0: 2, 1: 2, 5: 1, 6: 8 }, x, [
      [1, 1, 1, 1, 1, 0, 0, -1],
      [0, 100],
    ])
    expect(y.shape).toEqual([2, 2, 2])
    expect(values(y)).toEqual([12, 16, 24, 28, 96, 96, 96, 96])
  })

  test.each(examples)('$type with kernel $kernel and $group groups is the sum of its definition', async (example) => {
    const weight = noise(weightCount(example), 1)
    const bias = noise(example.outputs, 2)
    const x = noise(inputCount(example), 3)
    const params = { ...exampleParams(example, weight.length), 18: example.padValue ?? 0 }
    const y = await runSingle(example.type, params, [tensor(x, [example.channels, ...example.input])], {
      weights: [taggedWeight(weight), rawWeight(bias)],
      precision,
    })
    const expected = convolutionByDefinition(example, x, weight, bias)
    expect(y).toMatchTensor({ ...expected, dtype: 'float64' }, { rtol: 0, atol: 0.5 * 10 ** -digits })
  })

  test('what the parameters leave out, the other axis supplies', async () => {
    const x = tensor(noise(25, 4), [1, 5, 5])
    const weights = { weights: [taggedWeight([1, 2, 3, 4])], precision }
    const short = await runSingle('Convolution', { 0: 1, 1: 2, 2: 2, 3: 2, 4: 1, 6: 4 }, [x], weights)
    const spelledOut = { 0: 1, 1: 2, 11: 2, 2: 2, 12: 2, 3: 2, 13: 2, 4: 1, 14: 1, 15: 1, 16: 1, 6: 4 }
    expect(values(short)).toEqual(values(await runSingle('Convolution', spelledOut, [x], weights)))
  })

  test('SAME_UPPER pads more at the end, SAME_LOWER more at the start', async () => {
    const x = [[1, 2, 3, 4]]
    const params = { 0: 1, 1: 2, 6: 2 }
    expect(values(await run('Convolution1D', { ...params, 4: -233 }, x, [[1, 10]]))).toEqual([21, 32, 43, 4])
    expect(values(await run('Convolution1D', { ...params, 4: -234 }, x, [[1, 10]]))).toEqual([10, 21, 32, 43])
    expect(values(await run('Convolution1D', { ...params, 4: -233, 3: 2 }, x, [[1, 10]]))).toEqual([21, 43])
  })

  test('pads that are partly a rule and not positive are none, as in ncnn', async () => {
    expect(values(await run('Convolution1D', { 0: 1, 1: 2, 4: -233, 15: 0, 6: 2 }, [[1, 2, 3]], [[1, 10]]))).toEqual([
      21, 32,
    ])
  })

  test('where SAME pads one axis, an axis that the stride steps over is cropped, as in ncnn', async () => {
    const x = [
      [
        [1, 2, 3, 4, 5, 6],
        [7, 8, 9, 10, 11, 12],
      ],
    ]
    const params = { 0: 1, 1: 1, 11: 2, 3: 3, 13: 1, 4: -233, 6: 2 }
    expect(values(await run('Convolution', params, x, [[1, 100]]))).toEqual([802, 1105, 8, 11])
  })

  test('SAME_LOWER in three dimensions pads the depth like SAME_UPPER, as ncnn does', async () => {
    const x = [[[[1]], [[2]], [[3]]]]
    const params = { 0: 1, 1: 1, 21: 2, 4: -234, 6: 2 }
    expect(values(await run('Convolution3D', params, x, [[1, 10]]))).toEqual([21, 32, 3])
  })

  test('Convolution takes a 1-d blob as features of a pixel, or as a row of pixels, and a 2-d blob as one channel', async () => {
    const features = await run(
      'Convolution',
      { 0: 2, 1: 1, 4: 3, 3: 2, 5: 1, 6: 6 },
      [1, 2, 3],
      [
        [1, 0, 0, 1, 1, 1],
        [10, 20],
      ],
    )
    expect(features).toMatchObject({ shape: [2] })
    expect(values(features)).toEqual([11, 26])

    const row = await run('Convolution', { 0: 1, 1: 2, 11: 1, 4: 1, 6: 2 }, [1, 2, 3], [[1, 10]])
    expect(row.shape).toEqual([1, 1, 4])
    expect(values(row)).toEqual([10, 21, 32, 3])

    const plane = [
      [1, 2],
      [3, 4],
    ]
    const image = await run('Convolution', { 0: 1, 1: 2, 6: 4 }, plane, [[1, 10, 100, 1000]])
    expect(image.shape).toEqual([1, 1, 1])
    expect(values(image)).toEqual([4321])
  })

  test.each([
    [1, [], [0, 0, 2]],
    [2, [0.5], [-1, 0, 2]],
    [3, [-1, 1.5], [-1, 0, 1.5]],
    [6, [0.25, 0.5], [-0, 0, 2]],
  ])('activation_type %d with %j is applied last', async (type, params, expected) => {
    const y = await run('Convolution1D', { 0: 1, 1: 1, 5: 1, 6: 1, 9: type, 10: params }, [[-3, -1, 1]], [[1], [1]])
    expect(values(y)).toEqual(expected)
  })

  test.each([
    ['Convolution', [2, 3, 4], [4, 2, 2, 3], {}],
    ['ConvolutionDepthWise', [2, 3, 4], [2, 1, 2, 3], { 7: 2 }],
    ['ConvolutionDepthWise', [4, 3, 4], [2, 2, 2, 3], { 7: 2 }],
    ['Convolution1D', [2, 9], [3, 2, 4], {}],
    ['ConvolutionDepthWise1D', [3, 9], [6, 1, 2], { 7: 3 }],
  ] as const)('%s takes weight and bias from inputs', async (type, shape, weightShape, params) => {
    const x = tensor(noise(sizeOf(shape), 5), shape)
    const weight = noise(sizeOf(weightShape), 6)
    const bias = noise(weightShape[0], 7)
    const [kernelW, kernelH = 1] = weightShape.slice(2).reverse()
    const stored = { ...params, 0: weightShape[0], 1: kernelW, 11: kernelH, 4: 1, 5: 1, 6: weight.length }
    const inputs = [x, tensor(weight, weightShape), tensor(bias, bias.length === 0 ? [] : [bias.length])]
    const expected = await runSingle(type, stored, [x], {
      weights: [taggedWeight(weight), rawWeight(bias)],
      precision,
    })
    const y = await runSingle(type, { ...params, 4: 1, 5: 1, 19: 1 }, inputs, { precision })
    expect(y.shape).toEqual(expected.shape)
    // The engine's inputs are floats of its own precision: the same numbers, so the same bits.
    expect(y.data).toEqual(expected.data)
  })

  test('a missing axis of a dynamic weight has size 1', async () => {
    const x = [
      [1, 2, 3],
      [4, 5, 6],
    ]
    const weight = [
      [1, 10],
      [100, 1000],
    ]
    const y = await runSingle('Convolution1D', { 19: 1 }, [x, weight], { precision })
    expect(y.shape).toEqual([1, 2])
    expect(values(y)).toEqual([5421, 6532])
  })

  test('ConvolutionDepthWise1D looks at the leading weights only', async () => {
    const params = { 0: 2, 1: 2, 6: 8, 7: 2 }
    const x = [
      [1, 2, 3],
      [4, 5, 6],
    ]
    expect(values(await run('ConvolutionDepthWise1D', params, x, [[1, 10, 100, 1000, 7, 7, 7, 7]]))).toEqual([
      21, 32, 5400, 6500,
    ])
  })
})

describe('int8', () => {
  const run = (type: string, params: Parameters<typeof runSingle>[1], x: Tensor, weights: RunLayerOptions['weights']) =>
    runSingle(type, params, [x], { weights })
  const pixels = (data: number[]) => tensor(data, [1, 1, data.length])

  test('quantises the input, sums integers, and scales back', async () => {
    // [1, -0.5, 0.25] * 2 = [2, -1, 0.5], and halves round away from zero: [2, -1, 1]; the scale of a sum is 1 / (2 * 4).
    const y = await run('Convolution', { 0: 1, 1: 3, 11: 1, 5: 1, 6: 3, 8: 1 }, pixels([1, -0.5, 0.25]), [
      taggedWeight(Int8Array.of(3, 5, -100)),
      rawWeight([1]),
      rawWeight([4]),
      rawWeight([2]),
    ])
    expect(y.dtype).toBe('float32')
    expect(values(y)).toEqual([(6 - 5 - 100) / 8 + 1])
  })

  test('limits quantised inputs to -127..127 and pads with the truncated pad_value', async () => {
    const params = { 0: 1, 1: 1, 4: 1, 14: 0, 18: -1.9, 6: 1, 8: 1 }
    const y = await run('Convolution', params, pixels([1000, -1000, -0.5]), [
      taggedWeight(Int8Array.of(2)),
      rawWeight([1]),
      rawWeight([1]),
    ])
    expect(values(y)).toEqual([-2, 254, -254, -2, -2])
  })

  test('requantises to int8 and takes int8 inputs', async () => {
    const weights = [taggedWeight(Int8Array.of(1)), rawWeight([2]), rawWeight([1]), rawWeight([1])]
    const x: Tensor = { data: Int8Array.of(9, -9, 8, 127, -128), shape: [1, 1, 5], dtype: 'int8' }
    const y = await run('Convolution', { 0: 1, 1: 1, 6: 1, 8: 101 }, x, weights)
    expect(y.dtype).toBe('int8')
    expect(values(y)).toEqual([5, -5, 4, 64, -64])
  })

  test('quantises float weights at load', async () => {
    const scales = [rawWeight([10, 20]), rawWeight([5])]
    const params = { 0: 2, 1: 1, 6: 2, 8: 1 }
    const floats = await run('Convolution', params, pixels([1, 2, 3]), [taggedWeight([0.35, -0.125]), ...scales])
    const bytes = await run('Convolution', params, pixels([1, 2, 3]), [taggedWeight(Int8Array.of(4, -3)), ...scales])
    expect(values(floats)).toEqual(values(bytes))
  })

  test('a weight scale of 0 silences its output', async () => {
    const y = await run('Convolution', { 0: 2, 1: 1, 6: 2, 8: 1 }, pixels([1]), [
      taggedWeight(Int8Array.of(4, 4)),
      rawWeight([0, 1]),
      rawWeight([1]),
    ])
    expect(values(y)).toEqual([0, 4])
  })

  test('a depthwise convolution has a scale for each group (1) or one for all (2)', async () => {
    const x = tensor([1, 2, 3, 4], [4, 1, 1])
    const weight = taggedWeight(Int8Array.of(1, 1, 1, 1))
    const params = { 0: 4, 1: 1, 6: 4, 7: 2 }
    const grouped = { ...params, 6: 8 }
    const pairs = taggedWeight(Int8Array.of(1, 1, 1, 1, 1, 1, 1, 1))
    expect(
      values(await run('ConvolutionDepthWise', { ...grouped, 8: 1 }, x, [pairs, rawWeight([1, 2]), rawWeight([1])])),
    ).toEqual([3, 3, 3.5, 3.5])
    expect(
      values(await run('ConvolutionDepthWise', { ...params, 7: 4, 8: 2 }, x, [weight, rawWeight([2]), rawWeight([1])])),
    ).toEqual([0.5, 1, 1.5, 2])
    expect(
      values(
        await run('ConvolutionDepthWise', { ...params, 7: 4, 8: 102 }, x, [
          weight,
          rawWeight([2]),
          rawWeight([1]),
          rawWeight([3]),
        ]),
      ),
    ).toEqual([2, 3, 5, 6])
  })

  const images = examples.filter(({ type }) => type === 'Convolution' || type === 'ConvolutionDepthWise')
  test.each(images)('$type of $channels to $outputs channels in $group groups, as by definition', async (example) => {
    const { type, channels, outputs, group, input, padValue = 0 } = example
    const integers = (length: number, seed: number) => noise(length, seed).map((v) => Math.round(v * 127))
    const [x, weight] = [integers(inputCount(example), 8), integers(weightCount(example), 9)]
    const params = { ...exampleParams(example, weight.length), 5: 0, 8: 1, 18: padValue * 10 }
    const weights = [
      taggedWeight(Int8Array.from(weight)),
      rawWeight(Array<number>(type === 'Convolution' ? outputs : group).fill(1)),
      rawWeight([1]),
    ]
    const padded = { ...example, padValue: Math.trunc(padValue * 10) }
    const expected = convolutionByDefinition(padded, x, weight, new Float32Array(outputs))
    const y = await runSingle(type, params, [tensor(x, [channels, ...input])], { weights })
    expect(y).toMatchTensor({ ...expected, dtype: 'float64' }, { preset: 'exact' })
  })

  const activations: readonly FusedActivation[] = [
    { type: 1, a: 0, b: 0 },
    { type: 2, a: Math.fround(0.1), b: 0 },
    { type: 3, a: -2, b: 3 },
    { type: 4, a: 0, b: 0 },
    { type: 5, a: 0, b: 0 },
    { type: 6, a: Math.fround(0.2), b: 0.5 },
  ]
  test.each(activations)(
    'activation $type is applied to the scaled sums, before they become int8',
    async (activation) => {
      const [x, outputScale] = [tensor(noise(4 * 5 * 7, 1), [4, 5, 7]), Math.fround(20.3)]
      const layers = [
        ['Convolution', 4 * 4 * 9, 4],
        ['ConvolutionDepthWise', 4 * 9, 4],
      ] as const
      for (const [type, count, scales] of layers) {
        const params = { 0: 4, 1: 3, 5: 1, 6: count, 7: type === 'Convolution' ? 1 : 4 }
        const weights = [
          taggedWeight(Int8Array.from(noise(count, 2), (v) => v * 127)),
          rawWeight(noise(4, 3)),
          rawWeight(Array<number>(scales).fill(40)),
          rawWeight([50]),
        ]
        const activated = { ...params, 9: activation.type, 10: [activation.a, activation.b] }
        const plain = values(await run(type, { ...params, 8: 1 }, x, weights))
        const expected = plain.map((value) => Math.fround(activate(value, activation)))
        expect(values(await run(type, { ...activated, 8: 1 }, x, weights))).toEqual(expected)
        const bytes = await run(type, { ...activated, 8: 101 }, x, [...weights, rawWeight([outputScale])])
        expect(values(bytes)).toEqual(expected.map((value) => toInt8(Math.fround(value * outputScale))))
      }
    },
  )

  // 2700 products of an output exceed what float32 sums exactly.
  test.each([
    ['Convolution', 300, 3, 1],
    ['ConvolutionDepthWise', 400, 4, 2],
    ['ConvolutionDepthWise', 8, 8, 8],
    // By Winograd's algorithm.
    ['Convolution', 37, 14, 1],
    ['ConvolutionDepthWise', 60, 26, 2],
  ] as const)('%s sums %d channels exactly', async (type, channels, outputs, group) => {
    const example: Example = {
      channels,
      outputs,
      group,
      input: [4, 3],
      kernel: [3, 3],
      stride: [1, 1],
      dilation: [1, 1],
      before: [1, 1],
      after: [1, 1],
    }
    const bytes = (length: number, seed: number) => Int8Array.from(noise(length, seed), (v) => Math.round(v * 127))
    const weight = bytes(weightCount(example), 8).map((v) => (v > 0 ? 127 : v))
    const x = bytes(inputCount(example), 9).map((v) => (v > 0 ? 127 : v))
    const params = { ...exampleParams(example, weight.length), 5: 0, 8: 1 }
    const scales = type === 'Convolution' ? outputs : group
    const input: Tensor = { data: x, shape: [channels, 4, 3], dtype: 'int8' }
    const weights = [taggedWeight(weight), rawWeight(Array<number>(scales).fill(1)), rawWeight([1])]
    const expected = convolutionByDefinition(example, x, weight, new Float32Array(outputs))
    for (const precision of ['float32', 'float64'] as const) {
      const y = await runSingle(type, params, [input], { weights, precision })
      const data = precision === 'float32' ? expected.data.map(Math.fround) : expected.data
      expect(y).toMatchTensor({ ...expected, data, dtype: 'float64' }, { preset: 'exact' })
    }
  })
})

test('sums in fp16 lose what fp16 cannot hold, on request', async () => {
  const weights = [taggedWeight([1, 1, 1])]
  const run = async (useFp16Arithmetic: boolean) =>
    values(
      await runSingle('Convolution', { 0: 1, 1: 3, 11: 1, 6: 3 }, [tensor([2048, 1, 1], [1, 1, 3])], {
        weights,
        ncnn: { useFp16Storage: true, useFp16Arithmetic },
      }),
    )
  expect(await run(false)).toEqual([2050])
  expect(await run(true)).toEqual([2048])
})

describe('errors say what does not fit', () => {
  const weights = (count: number) => [taggedWeight(new Float32Array(count))]
  const image = tensor(new Float32Array(18), [2, 3, 3])

  test.each([
    ['channels', 'Convolution', { 0: 1, 1: 1, 6: 3 }, 3, /weights are for 3 input channels, the input has 2/],
    [
      'groups',
      'ConvolutionDepthWise',
      { 0: 3, 1: 1, 6: 3, 7: 3 },
      3,
      /3 input channels \(3 groups of 1\), the input has 2/,
    ],
    ['a kernel beyond the input', 'Convolution', { 0: 1, 1: 4, 6: 32 }, 32, /spans 4 along the height, but .* only 3/],
    [
      'the number of weights',
      'Convolution',
      { 0: 2, 1: 2, 6: 6 },
      6,
      /6 is not a multiple of num_output 2 times kernel 1x2x2/,
    ],
    [
      'the number of weights of a layer that may have too many',
      'ConvolutionDepthWise1D',
      { 0: 2, 1: 1, 6: 5, 7: 2 },
      5,
      /5 is not a multiple of num_output 2 times kernel 1x1x1/,
    ],
    [
      'num_output and group',
      'ConvolutionDepthWise',
      { 0: 3, 1: 1, 6: 3, 7: 2 },
      3,
      /num_output 3 .* multiple of group 2/,
    ],
    [
      'a zero stride',
      'Convolution',
      { 0: 1, 1: 1, 3: 0, 6: 2 },
      2,
      /"layer".*stride along the height must be at least 1, found 0/,
    ],
    ['a zero dilation', 'Convolution', { 0: 1, 1: 1, 2: 0, 6: 2 }, 2, /dilation along the height must be at least 1/],
    ['a kernel of no size', 'Convolution', { 0: 1, 6: 2 }, 2, /kernel size along the height must be at least 1/],
    ['negative pads', 'Convolution', { 0: 1, 1: 1, 4: 1, 14: -1, 6: 2 }, 2, /pads must not be negative/],
    ['huge pads', 'Convolution', { 0: 1, 1: 1, 4: 2 ** 30, 6: 2 }, 2, /padded height of \d+ is too large/],
    ['too many axes', 'Convolution1D', { 0: 1, 1: 1, 6: 2 }, 2, /at most 2 axes, or others of length 1, found/],
    ['too few axes', 'Convolution3D', { 0: 1, 1: 1, 6: 2 }, 2, /expected an input of 4 axes, found 3/],
    ['a missing dynamic weight', 'Convolution', { 0: 1, 1: 1, 19: 1 }, 0, /its inputs are x, weight, but it has 1/],
    [
      'int8 scales',
      'ConvolutionDepthWise',
      { 0: 2, 1: 1, 6: 2, 7: 2, 8: 3 },
      2,
      /int8_scale_term \(8\) must be .*, found 3/,
    ],
  ] as const)('%s', async (_, type, params, count, message) => {
    const options = count === 0 ? {} : { weights: weights(count) }
    await expect(runSingle(type, params, [image], options)).rejects.toThrow(message)
  })

  test('int8 weights without scales', async () => {
    const options = { weights: [taggedWeight(Int8Array.of(1, 2))] }
    await expect(runSingle('Convolution', { 0: 1, 1: 1, 6: 2 }, [image], options)).rejects.toThrow(
      /stored as int8, but the layer has no int8_scale_term/,
    )
  })

  test('quantised elements where floats are expected', async () => {
    const param = '7767517\n3 3\nInput in 0 1 x\nQuantize q 1 1 x a 0=1\nConvolution c 1 1 a y 0=1 1=1 6=2'
    const bin = new Uint8Array(16)
    using model = await loadNcnn({ param, bin })
    await expect(model.run({ x: { data: new Float32Array(18), shape: [2, 3, 3] } })).rejects.toThrow(
      'it reads floats, but an input holds int8',
    )
  })

  test('a dynamic weight or bias of the wrong shape', async () => {
    const params = { 5: 1, 19: 1 }
    const weight = tensor(new Float32Array(6), [3, 2, 1, 1])
    await expect(runSingle('Convolution', params, [image, weight, [1, 2]])).rejects.toThrow(
      /bias must have 3 elements, found 2/,
    )
    await expect(runSingle('Convolution', params, [image, [1, 2], [1]])).rejects.toThrow(
      /weight must have 4 axes, found \[2\]/,
    )
  })

  test('a depthwise convolution of absurd extent needs no memory for it', async () => {
    const params = { 0: 1, 1: 2, 2: 2 ** 20, 4: 2 ** 20, 3: 2 ** 20, 6: 4, 7: 1 }
    const y = await runSingle('ConvolutionDepthWise', params, [tensor([1], [1, 1, 1])], {
      weights: [taggedWeight([1, 10, 100, 1000])],
    })
    expect(y.shape).toEqual([1, 2, 2])
    expect(values(y)).toEqual([1000, 100, 10, 1])
  })
})
