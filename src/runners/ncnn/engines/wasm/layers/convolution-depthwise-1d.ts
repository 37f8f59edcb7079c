// ConvolutionDepthWise1D: grouped convolution of a sequence.
import { defineLayer } from '../layer.ts'
import { forwardConvolution, leadingFilters, prepareSurroundings } from '../operations/convolution/convolution-layer.ts'
import { filterShapeOf, filterWeights } from '../operations/convolution/filters.ts'
import { convolutionFlops } from '../operations/convolution/flops.ts'
import { imageOf } from '../operations/convolution/geometry.ts'
import { convolutionParams1d, groupParam } from '../operations/convolution/params.ts'

/** y = activation(conv1d(pad(x), weight, group) + bias) over [c, w]; filters beyond those that x needs are not looked at. */
export const ConvolutionDepthWise1D = defineLayer({
  type: 'ConvolutionDepthWise1D',
  binaryId: 83,
  inputs: '1..3',
  elements: 'float32',
  stores16: false,
  params: { ...convolutionParams1d, ...groupParam },
  weights: filterWeights,
  flops: (measured) => convolutionFlops(measured),
  prepare(layer, workspace) {
    const prepared = prepareSurroundings(layer, workspace)
    if (layer.weights.weight_data !== undefined) filterShapeOf(layer.params, prepared.window.kernel)
    return prepared
  },
  forward(inputs, { params, weights: { weight_data, bias_data }, prepared }, workspace) {
    if (weight_data === undefined) return forwardConvolution(1, inputs, { params, prepared }, workspace)
    const { channels } = imageOf(inputs[0].shape, 1)
    const filters = leadingFilters(params, prepared.window.kernel, channels, weight_data, bias_data)
    return forwardConvolution(1, inputs, { params, prepared: { ...prepared, filters } }, workspace)
  },
})
