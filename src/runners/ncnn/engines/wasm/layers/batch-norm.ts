// BatchNorm: normalization with the mean and variance that training saw.
import { float, int } from '../../../params.ts'
import { raw } from '../../../weights.ts'
import { defineLayer } from '../layer.ts'
import { scaleBias } from '../operations/scale-bias.ts'
import { checkChannels, outermostChannels } from '../shapes/channels.ts'

/** y = (x - mean) / sqrt(var + eps) * slope + bias, for each channel */
export const BatchNorm = defineLayer({
  type: 'BatchNorm',
  binaryId: 2,
  inputs: '1',
  elements: 'float32',
  stores16: true,
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
    if (sumsInHalf) for (const { ptr } of [scale, bias]) kernels.roundToHalf({ data: ptr, n: channels })
    return { scale, bias }
  },
  forward([x], { params: { channels }, prepared: { scale, bias } }, workspace) {
    const xChannels = outermostChannels(x)
    checkChannels(xChannels, 'channels', channels)
    return scaleBias(x, xChannels, scale, bias, workspace)
  },
})
