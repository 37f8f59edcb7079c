// Convolution and deconvolution written down as their sums, for one to three dimensions: what the engine's layers are compared with.

/** A filter bank and how it slides. All sizes are outermost first: [h, w] in two dimensions. */
export interface Example {
  readonly channels: number
  readonly outputs: number
  readonly group: number
  readonly input: readonly number[]
  readonly kernel: readonly number[]
  readonly stride: readonly number[]
  readonly dilation: readonly number[]
  readonly before: readonly number[]
  readonly after: readonly number[]
  readonly padValue?: number
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1)

/** The positions of a grid, row-major. */
function positions(sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>(
    (outer, size) => outer.flatMap((at) => Array.from({ length: size }, (_, i) => [...at, i])),
    [[]],
  )
}

/** y[p][o] = bias[p] + sum over q, k of weight[p][q][k] * x[q][o * stride - before + k * dilation] */
export function convolutionByDefinition(
  example: Example,
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  bias: ArrayLike<number>,
): { shape: number[]; data: Float64Array } {
  const { channels, outputs, group, input, kernel, stride, dilation, before, after, padValue = 0 } = example
  const output = input.map((size, axis) => {
    const spare = before[axis] + size + after[axis] - (dilation[axis] * (kernel[axis] - 1) + 1)
    return Math.floor(spare / stride[axis]) + 1
  })
  const inputs = channels / group
  const taps = positions([inputs, ...kernel])
  const data = positions([outputs, ...output]).map(([p, ...o]) => {
    const firstChannel = Math.floor(p / (outputs / group)) * inputs
    let sum = bias[p]
    for (const [tap, [q, ...k]] of taps.entries()) {
      let index: number | undefined = firstChannel + q
      for (let axis = 0; axis < input.length && index !== undefined; axis++) {
        const at = o[axis] * stride[axis] - before[axis] + k[axis] * dilation[axis]
        index = at >= 0 && at < input[axis] ? index * input[axis] + at : undefined
      }
      sum += weight[p * taps.length + tap] * (index === undefined ? padValue : x[index])
    }
    return sum
  })
  return { shape: [outputs, ...output], data: Float64Array.from(data) }
}

/** y[p][o] = bias[p] + sum over q, i, k with i * stride + k * dilation - before = o of weight[p][q][k] * x[q][i] */
export function deconvolutionByDefinition(
  example: Example,
  outputPad: readonly number[],
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  bias: ArrayLike<number>,
): { shape: number[]; data: Float64Array } {
  const { channels, outputs, group, input, kernel, stride, dilation, before, after } = example
  const output = input.map((size, axis) => {
    const full = (size - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1 + outputPad[axis]
    return full - before[axis] - after[axis]
  })
  const inputs = channels / group
  const taps = positions([inputs, ...kernel])
  const data = positions([outputs, ...output]).map(([p, ...o]) => {
    const firstChannel = Math.floor(p / (outputs / group)) * inputs
    let sum = bias[p]
    for (const [tap, [q, ...k]] of taps.entries()) {
      let index: number | undefined = firstChannel + q
      for (let axis = 0; axis < input.length && index !== undefined; axis++) {
        const at = (o[axis] + before[axis] - k[axis] * dilation[axis]) / stride[axis]
        index = Number.isInteger(at) && at >= 0 && at < input[axis] ? index * input[axis] + at : undefined
      }
      if (index !== undefined) sum += weight[p * taps.length + tap] * x[index]
    }
    return sum
  })
  return { shape: [outputs, ...output], data: Float64Array.from(data) }
}

/** Numbers of a linear congruential generator, as float32 in [-1, 1). */
export function noise(length: number, seed: number): Float32Array {
  let state = seed
  return Float32Array.from({ length }, () => {
    state = (state * 1103515245 + 12345) % 2 ** 31
    return state / 2 ** 30 - 1
  })
}

/** ncnn's parameter ids of a window's sizes and pads, outermost axis first. */
const windowIds = {
  kernel: [21, 11, 1],
  dilation: [22, 12, 2],
  stride: [23, 13, 3],
  before: [24, 14, 4],
  after: [17, 16, 15],
} as const

/** The parameters of a layer that computes an example with bias, every window parameter spelled out. */
export function exampleParams(example: Example, weights: number): Record<number, number> {
  const params: Record<number, number> = { 0: example.outputs, 5: 1, 6: weights }
  if (example.group > 1) params[7] = example.group
  const dimensions = example.input.length
  for (const name of ['kernel', 'dilation', 'stride', 'before', 'after'] as const) {
    for (const [axis, id] of windowIds[name].slice(3 - dimensions).entries()) params[id] = example[name][axis]
  }
  return params
}

export const weightCount = ({ outputs, channels, group, kernel }: Example): number =>
  (outputs * channels * product(kernel)) / group

export const inputCount = ({ channels, input }: Example): number => channels * product(input)
