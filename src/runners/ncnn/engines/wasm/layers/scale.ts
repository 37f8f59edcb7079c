// Scale: a factor, and an offset, for each channel.
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { raw } from '../../../weights.ts'
import { defineLayer } from '../layer.ts'
import { checkFloat } from '../operations/elementwise.ts'
import { scaleBias } from '../operations/scale-bias.ts'
import { oneToOne } from '../param-checks.ts'
import { checkChannels, outermostChannels } from '../shapes/channels.ts'

/** The scale_data_size by which a layer says that the factors are its second input. */
const scaleFromInput = -233

/** y = x * scale + bias, for each channel; the factors are a weight or the second input */
export const Scale = defineLayer({
  type: 'Scale',
  binaryId: 29,
  inputs: '1..2',
  elements: 'float32',
  stores16: false,
  params: { scale_data_size: int(0), bias_term: int(1) },
  check({ scale_data_size }, layer) {
    if (scale_data_size !== scaleFromInput) oneToOne(layer)
  },
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
