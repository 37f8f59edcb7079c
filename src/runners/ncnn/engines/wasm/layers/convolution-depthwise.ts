// Grouped convolution, in one, two and three dimensions: with as many groups as channels it is depthwise.
import { NcnnError } from '../../../error.ts'
import { describeLayer, type GraphLayer } from '../../../graph.ts'
import { float, int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import {
  forwardConvolution,
  leadingFilters,
  prepareConvolution,
  prepareSurroundings,
} from '../operations/convolution/convolution-layer.ts'
import { filterWeights } from '../operations/convolution/filters.ts'
import { imageOf } from '../operations/convolution/geometry.ts'
import { type QuantizableParams, quantizableWeights } from '../operations/convolution/int8.ts'
import { depthParams, heightParams, widthParams } from '../operations/convolution/params.ts'
import { activationParams } from '../operations/fused-activation.ts'

const filterParams = { num_output: int(0), bias_term: int(5), weight_data_size: int(6), group: int(7, 1) } as const

/** int8_scale_term 1 and 101 have a weight scale for each group, 2 and 102 one for all. */
function groupedWeights(params: QuantizableParams & { readonly group: number }, layer: GraphLayer) {
  const { int8_scale_term: term, group } = params
  if (![0, 1, 2, 101, 102].includes(term)) {
    throw new NcnnError(`${describeLayer(layer)}: int8_scale_term (8) must be 0, 1, 2, 101 or 102, found ${term}`)
  }
  return quantizableWeights(params, term === 1 || term === 101 ? group : 1)
}

/** y = activation(conv(pad(x), weight, group) + bias) over [c, h, w] */
export const ConvolutionDepthWise = defineLayer({
  type: 'ConvolutionDepthWise',
  inputs: '1..3',
  params: {
    ...filterParams,
    ...widthParams,
    ...heightParams,
    pad_value: float(18),
    int8_scale_term: int(8),
    ...activationParams,
    dynamic_weight: int(19),
  },
  weights: groupedWeights,
  prepare: prepareConvolution,
  forward: (inputs, layer, workspace) => forwardConvolution(2, inputs, layer, workspace),
})

/** y = activation(conv1d(pad(x), weight, group) + bias) over [c, w]; weights beyond those that x needs are not looked at. */
export const ConvolutionDepthWise1D = defineLayer({
  type: 'ConvolutionDepthWise1D',
  inputs: '1..3',
  params: { ...filterParams, ...widthParams, pad_value: float(18), ...activationParams, dynamic_weight: int(19) },
  weights: filterWeights,
  prepare: prepareSurroundings,
  forward(inputs, { params, weights: { weight_data, bias_data }, prepared }, workspace) {
    if (weight_data === undefined) return forwardConvolution(1, inputs, { params, prepared }, workspace)
    const { channels } = imageOf(inputs[0].shape, 1)
    const filters = leadingFilters(params, prepared.window.kernel, channels, weight_data, bias_data)
    return forwardConvolution(1, inputs, { params, prepared: { ...prepared, filters } }, workspace)
  },
})

/** y = activation(conv3d(pad(x), weight, group) + bias) over [c, d, h, w] */
export const ConvolutionDepthWise3D = defineLayer({
  type: 'ConvolutionDepthWise3D',
  inputs: '1',
  params: {
    ...filterParams,
    ...widthParams,
    ...heightParams,
    ...depthParams,
    pad_value: float(18),
    ...activationParams,
  },
  weights: filterWeights,
  prepare: prepareConvolution,
  forward: (inputs, layer, workspace) => forwardConvolution(3, inputs, layer, workspace),
})
