// A factor, an offset or a slope for each channel: BatchNorm, Scale, Bias, PReLU.
import { BinaryOp } from '../../../../../kernels/ncnn.ts'
import { NcnnError } from '../../../error.ts'
import { float, int } from '../../../params.ts'
import { raw } from '../../../weights.ts'
import { defineLayer, type Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { checkFloat } from '../operations/elementwise.ts'
import { type Channels, checkChannels, outermostChannels, trueChannels } from '../shapes/channels.ts'

/** y = x * scale + bias with one factor and one offset for each channel. */
function scaleBias(
  x: Blob,
  { count, size }: Channels,
  scale: Blob,
  bias: Blob | undefined,
  workspace: Workspace,
): Blob {
  checkFloat(x, workspace)
  const y = workspace.reuse(x)
  if (workspace.float === 'float32') {
    workspace.kernels.scaleBias(x.ptr, y.ptr, scale.ptr, bias?.ptr ?? 0, count, size)
    return y
  }
  const [source, factors, offsets, target] = [x.data, scale.data, bias?.data, y.data]
  for (let q = 0; q < count; q++) {
    const [factor, offset] = [factors[q], offsets ? offsets[q] : 0]
    for (let i = q * size; i < (q + 1) * size; i++) target[i] = source[i] * factor + offset
  }
  return y
}

/** y = (x - mean) / sqrt(var + eps) * slope + bias, for each channel */
export const BatchNorm = defineLayer({
  type: 'BatchNorm',
  inputs: '1',
  params: { channels: int(0), eps: float(1) },
  weights: ({ channels }) => ({
    slope_data: raw(channels),
    mean_data: raw(channels),
    var_data: raw(channels),
    bias_data: raw(channels),
  }),
  /** As a factor and an offset. */
  prepare({ params: { channels, eps }, weights, sumsInHalf }, { alloc, kernels }) {
    const { slope_data, mean_data, var_data, bias_data } = weights
    const [scale, bias] = [alloc([channels]), alloc([channels])]
    for (let q = 0; q < channels; q++) {
      const deviation = Math.sqrt(var_data.data[q] + eps)
      // ncnn's way out of a division by zero.
      const divisor = deviation === 0 ? 0.0001 : deviation
      scale.data[q] = slope_data.data[q] / divisor
      bias.data[q] = bias_data.data[q] - (slope_data.data[q] * mean_data.data[q]) / divisor
    }
    for (const weight of [slope_data, mean_data, var_data, bias_data]) weight.release()
    if (sumsInHalf) for (const { ptr } of [scale, bias]) kernels.roundToHalf(ptr, channels)
    return { scale, bias }
  },
  forward([x], { params: { channels }, prepared: { scale, bias } }, workspace) {
    const xChannels = outermostChannels(x)
    checkChannels(xChannels, 'channels', channels)
    return scaleBias(x, xChannels, scale, bias, workspace)
  },
})

/** The scale_data_size by which a layer says that the factors are its second input. */
const scaleFromInput = -233

/** y = x * scale + bias, for each channel; the factors are a weight or the second input */
export const Scale = defineLayer({
  type: 'Scale',
  inputs: '1..2',
  params: { scale_data_size: int(0), bias_term: int(1) },
  weights: ({ scale_data_size, bias_term }) =>
    scale_data_size === scaleFromInput
      ? { scale_data: undefined, bias_data: undefined }
      : { scale_data: raw(scale_data_size), bias_data: bias_term ? raw(scale_data_size) : undefined },
  prepare({ params: { scale_data_size, bias_term } }) {
    if (scale_data_size === scaleFromInput && bias_term) {
      throw new NcnnError('scale_data_size -233, factors from the second input, goes without bias_term')
    }
  },
  forward([x, input], { weights: { scale_data, bias_data }, outputCount }, workspace) {
    const scale = scale_data ?? input
    if (scale === undefined) throw new NcnnError('scale_data_size -233 takes the factors from a second input')
    if (scale === input) checkFloat(scale, workspace)
    const channels = outermostChannels(x)
    checkChannels(channels, 'the scale', scale.length)
    const y = scaleBias(x, channels, scale, bias_data, workspace)
    // ncnn hands the factors on as a second output.
    return outputCount === 2 && input !== undefined ? [y, input.share()] : y
  },
})

/** y = x + bias, for each channel; a blob of 1 or 2 axes is a single channel */
export const Bias = defineLayer({
  type: 'Bias',
  inputs: '1',
  params: { bias_data_size: int(0) },
  weights: ({ bias_data_size }) => ({ bias_data: raw(bias_data_size) }),
  forward([x], { weights: { bias_data } }, workspace) {
    checkFloat(x, workspace)
    const { count, size } = trueChannels(x)
    if (bias_data.length < count) {
      throw new NcnnError(`bias_data_size is ${bias_data.length}, but the input has ${count} channels`)
    }
    const y = workspace.reuse(x)
    if (workspace.float === 'float32') {
      workspace.kernels.binary(BinaryOp.add, x.ptr, 0, 0, size, 1, bias_data.ptr, 0, 0, 1, 0, y.ptr, 1, 1, count, size)
      return y
    }
    const [source, offsets, target] = [x.data, bias_data.data, y.data]
    for (let q = 0; q < count; q++) {
      const offset = offsets[q]
      for (let i = q * size; i < (q + 1) * size; i++) target[i] = source[i] + offset
    }
    return y
  },
})

/** y = x, or x * slope below 0, with one slope for each channel or for all */
export const PReLU = defineLayer({
  type: 'PReLU',
  inputs: '1',
  params: { num_slope: int(0) },
  weights: ({ num_slope }) => ({ slope_data: raw(num_slope) }),
  prepare({ params: { num_slope } }) {
    if (num_slope < 1) throw new NcnnError(`num_slope must be at least 1, found ${num_slope}`)
  },
  forward([x], { params: { num_slope }, weights: { slope_data } }, workspace) {
    checkFloat(x, workspace)
    const channels = num_slope === 1 ? { count: 1, size: x.length } : outermostChannels(x)
    checkChannels(channels, 'slope_data', num_slope)
    const y = workspace.reuse(x)
    const [source, target] = [x.data, y.data]
    if (workspace.float === 'float32') {
      if (y.ptr !== x.ptr) target.set(source)
      workspace.kernels.prelu(y.ptr, slope_data.ptr, channels.count, channels.size)
      return y
    }
    const { count, size } = channels
    for (let q = 0; q < count; q++) {
      const slope = slope_data.data[q]
      for (let i = q * size; i < (q + 1) * size; i++) target[i] = source[i] < 0 ? source[i] * slope : source[i]
    }
    return y
  },
})
