import { describe, expect, test } from 'vitest'
import '../../../../../../src/vitest.ts'
import { sizeOf } from '../../../../../../src/tensor/shape.ts'
import type { Tensor } from '../../../../../../src/tensor/tensor.ts'
import { rawWeight, runSingle, taggedWeight } from '../../../run-layer.ts'
import {
  deconvolutionByDefinition,
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

/** Parameter ids of output_pad, outermost axis first. */
const outputPadIds = [20, 19, 18]

const examples: readonly (Example & { readonly type: string; readonly outputPad: readonly number[] })[] = [
  {
    type: 'Deconvolution',
    channels: 3,
    outputs: 5,
    group: 1,
    input: [4, 6],
    kernel: [3, 2],
    stride: [2, 3],
    dilation: [1, 2],
    before: [1, 0],
    after: [0, 2],
    outputPad: [1, 2],
  },
  {
    type: 'Deconvolution',
    channels: 1,
    outputs: 2,
    group: 1,
    input: [3, 5],
    kernel: [2, 4],
    stride: [1, 2],
    dilation: [3, 1],
    before: [0, 0],
    after: [0, 0],
    outputPad: [0, 0],
  },
  {
    type: 'DeconvolutionDepthWise',
    channels: 6,
    outputs: 4,
    group: 2,
    input: [5, 3],
    kernel: [3, 3],
    stride: [2, 1],
    dilation: [1, 1],
    before: [1, 1],
    after: [1, 1],
    outputPad: [1, 0],
  },
  {
    type: 'DeconvolutionDepthWise',
    channels: 4,
    outputs: 4,
    group: 4,
    input: [5, 3],
    kernel: [4, 4],
    stride: [2, 2],
    dilation: [1, 1],
    before: [1, 1],
    after: [1, 1],
    outputPad: [0, 0],
  },
  {
    type: 'Deconvolution1D',
    channels: 3,
    outputs: 2,
    group: 1,
    input: [7],
    kernel: [5],
    stride: [3],
    dilation: [2],
    before: [2],
    after: [1],
    outputPad: [1],
  },
  {
    type: 'DeconvolutionDepthWise1D',
    channels: 4,
    outputs: 6,
    group: 2,
    input: [7],
    kernel: [3],
    stride: [2],
    dilation: [1],
    before: [0],
    after: [1],
    outputPad: [0],
  },
  {
    type: 'Deconvolution3D',
    channels: 2,
    outputs: 3,
    group: 1,
    input: [3, 2, 4],
    kernel: [2, 3, 2],
    stride: [2, 1, 3],
    dilation: [1, 1, 2],
    before: [1, 1, 0],
    after: [0, 1, 2],
    outputPad: [1, 0, 1],
  },
  {
    type: 'DeconvolutionDepthWise3D',
    channels: 3,
    outputs: 3,
    group: 3,
    input: [2, 3, 3],
    kernel: [2, 2, 3],
    stride: [1, 2, 2],
    dilation: [2, 1, 1],
    before: [0, 0, 1],
    after: [1, 0, 0],
    outputPad: [0, 1, 0],
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

  test('every element spreads over what its kernel covers', async () => {
    const x = [
      [
        [1, 2],
        [3, 4],
      ],
    ]
    const y = await run('Deconvolution', { 0: 1, 1: 2, 5: 1, 6: 4 }, x, [[1, 10, 100, 1000], [0.5]])
    expect(y.shape).toEqual([1, 3, 3])
    expect(values(y)).toEqual([1.5, 12.5, 20.5, 103.5, 1234.5, 2040.5, 300.5, 3400.5, 4000.5])
  })

  test.each(examples)('$type with kernel $kernel and $group groups is the sum of its definition', async (example) => {
    const weight = noise(weightCount(example), 1)
    const bias = noise(example.outputs, 2)
    const x = noise(inputCount(example), 3)
    const params = exampleParams(example, weight.length)
    for (const [axis, id] of outputPadIds.slice(3 - example.input.length).entries())
      params[id] = example.outputPad[axis]
    const y = await runSingle(example.type, params, [tensor(x, [example.channels, ...example.input])], {
      weights: [taggedWeight(weight), rawWeight(bias)],
      precision,
    })
    const expected = deconvolutionByDefinition(example, example.outputPad, x, weight, bias)
    expect(y).toMatchTensor({ ...expected, dtype: 'float64' }, { rtol: 0, atol: 0.5 * 10 ** -digits })
  })

  test('an image too large for one matrix product is taken in parts', async () => {
    // 32 outputs, 16 taps: 512 products for each of 80 * 40 positions.
    const example: Example = {
      channels: 2,
      outputs: 32,
      group: 1,
      input: [80, 40],
      kernel: [4, 4],
      stride: [4, 4],
      dilation: [1, 1],
      before: [0, 0],
      after: [0, 0],
    }
    const weight = noise(weightCount(example), 1)
    const x = noise(inputCount(example), 3)
    const params = { ...exampleParams(example, weight.length), 5: 0 }
    const y = await runSingle('Deconvolution', params, [tensor(x, [2, 80, 40])], {
      weights: [taggedWeight(weight)],
      precision,
    })
    expect(y.shape).toEqual([32, 320, 160])
    // Stride and kernel are equal: each output has one tap, and is the sum over two channels.
    const at = (q: number, i: number, j: number) => x[(q * 80 + i) * 40 + j]
    for (const [p, oy, ox] of [
      [0, 0, 0],
      [7, 81, 33],
      [31, 319, 159],
      [16, 160, 4],
    ]) {
      const tap = (oy % 4) * 4 + (ox % 4)
      const [i, j] = [Math.floor(oy / 4), Math.floor(ox / 4)]
      const expected = weight[p * 32 + tap] * at(0, i, j) + weight[p * 32 + 16 + tap] * at(1, i, j)
      expect(Number(y.data[(p * 320 + oy) * 160 + ox])).toBeCloseTo(expected, digits)
    }
  })

  test('a wanted size is cut out of the middle: SAME_UPPER cuts more at the end, SAME_LOWER more at the start', async () => {
    const params = { 0: 1, 1: 2, 3: 2, 6: 2, 20: 3 }
    const full = [1, 10, 2, 20, 3, 30]
    expect(values(await run('Deconvolution1D', { 0: 1, 1: 2, 3: 2, 6: 2 }, [[1, 2, 3]], [[1, 10]]))).toEqual(full)
    expect(values(await run('Deconvolution1D', { ...params, 4: -233 }, [[1, 2, 3]], [[1, 10]]))).toEqual([10, 2, 20])
    expect(values(await run('Deconvolution1D', { ...params, 4: -234 }, [[1, 2, 3]], [[1, 10]]))).toEqual([2, 20, 3])
    // One more than there is gives what there is.
    const more = { ...params, 4: -233, 20: 7 }
    expect(values(await run('Deconvolution1D', more, [[1, 2, 3]], [[1, 10]]))).toEqual(full)
  })

  test('output_h and output_w of a 2-D deconvolution hold together', async () => {
    const x = tensor([1, 2, 3, 4], [1, 2, 2])
    const options = { weights: [taggedWeight([1, 10, 100, 1000])], precision }
    const y = await runSingle('Deconvolution', { 0: 1, 1: 2, 3: 2, 4: -233, 6: 4, 20: 2, 21: 3 }, [x], options)
    expect(y.shape).toEqual([1, 3, 2])
    expect(values(y)).toEqual([10, 2, 1000, 200, 30, 4])
    const uncut = await runSingle('Deconvolution', { 0: 1, 1: 2, 3: 2, 4: -233, 6: 4, 20: 2, 21: 0 }, [x], options)
    expect(uncut.shape).toEqual([1, 4, 4])
  })

  test('the activation is applied to whole sums', async () => {
    const params = { 0: 1, 1: 2, 5: 1, 6: 2, 9: 3, 10: [0, 25] }
    expect(values(await run('Deconvolution1D', params, [[1, 2, -3]], [[1, 10], [-1]]))).toEqual([0, 11, 16, 0])
  })

  test.each([
    ['Deconvolution', [2, 3, 4], [2, 4, 2, 3], 1],
    ['DeconvolutionDepthWise', [2, 3, 4], [2, 1, 2, 3], 2],
    ['DeconvolutionDepthWise', [4, 3, 4], [4, 3, 2, 3], 2],
    ['Deconvolution1D', [2, 9], [2, 3, 4], 1],
    ['DeconvolutionDepthWise1D', [6, 5], [6, 2, 2], 3],
  ] as const)(
    '%s takes weight, input channels first, and bias from inputs',
    async (type, shape, weightShape, group) => {
      const [channels, groupOutputs, ...kernel] = weightShape
      const inputs = channels / group
      const outputs = groupOutputs * group
      const taps = sizeOf(kernel)
      const x = tensor(noise(sizeOf(shape), 5), shape)
      const weight = noise(channels * groupOutputs * taps, 6)
      const bias = noise(outputs, 7)
      // Stored weights have the output channels first, within each group.
      const stored = Float32Array.from(weight, (_, i) => {
        const tap = i % taps
        const q = Math.floor(i / taps) % inputs
        const p = Math.floor(i / (taps * inputs))
        const g = Math.floor(p / groupOutputs)
        return weight[((g * inputs + q) * groupOutputs + (p % groupOutputs)) * taps + tap]
      })
      const [kernelW, kernelH = 1] = [...kernel].reverse()
      const params = { 0: outputs, 1: kernelW, 11: kernelH, 3: 2, 4: 1, 5: 1, 6: weight.length, 7: group }
      const weights = [taggedWeight(stored), rawWeight(bias)]
      const expected = await runSingle(type, params, [x], { weights, precision })
      const inputTensors = [x, tensor(weight, weightShape), tensor(bias, [outputs])]
      const y = await runSingle(type, { 3: 2, 4: 1, 5: 1, 7: group, 28: 1 }, inputTensors, { precision })
      expect(y.shape).toEqual(expected.shape)
      expect(y.data).toEqual(expected.data)
    },
  )
})

test('sums in fp16 lose what fp16 cannot hold, on request', async () => {
  const run = async (useFp16Arithmetic: boolean) =>
    values(
      await runSingle('Deconvolution', { 0: 1, 1: 1, 6: 3 }, [tensor([2048, 1, 1], [3, 1, 1])], {
        weights: [taggedWeight([1, 1, 1])],
        ncnn: { useFp16Storage: true, useFp16Arithmetic },
      }),
    )
  expect(await run(false)).toEqual([2050])
  expect(await run(true)).toEqual([2048])
})

describe('errors say what does not fit', () => {
  const image = tensor(new Float32Array(8), [2, 2, 2])
  const plain = { 0: 1, 1: 2, 6: 8 }

  test.each([
    [
      'a cut beyond the result',
      { ...plain, 4: 2 },
      /give 3 positions along the height: 2 cannot be cut off the start and 2/,
    ],
    ['something to add in front', { ...plain, 4: 1, 14: -1 }, /-1 cannot be cut off the start/],
    ['a size without a rule', { ...plain, 20: 2 }, /output_w, output_h and output_d need pads of -233/],
    ['a negative output pad', { ...plain, 18: -1 }, /output pad along the height must not be negative, found -1/],
    ['a zero stride', { ...plain, 3: 0 }, /stride along the height must be at least 1/],
    ['channels', { ...plain, 0: 2 }, /weights are for 1 input channels, the input has 2/],
    ['a huge stride', { ...plain, 3: 2 ** 30 }, /result with a height of \d+ is too large/],
    ['a dynamic bias that is missing', { 5: 1, 28: 1 }, /its inputs are x, weight, bias, but it has 1/],
  ] as const)('%s', async (_, params, message) => {
    const options = 28 in params ? {} : { weights: [taggedWeight(new Float32Array(8))] }
    await expect(runSingle('Deconvolution', params, [image], options)).rejects.toThrow(message)
  })

  test('a dynamic weight for other channels', async () => {
    const weight = tensor(new Float32Array(12), [3, 1, 2, 2])
    await expect(runSingle('Deconvolution', { 28: 1 }, [image, weight])).rejects.toThrow(
      /weights are for 3 input channels, the input has 2/,
    )
    await expect(runSingle('DeconvolutionDepthWise', { 7: 2, 28: 1 }, [image, weight])).rejects.toThrow(
      /3 input channels cannot be split into 2 groups/,
    )
  })
})
