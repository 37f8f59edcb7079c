// ConvolutionDepthWise: grouped convolution of an image; with as many groups as channels it is depthwise.
import { NcnnError } from '../../../error.ts'
import { describeLayer, type GraphLayer } from '../../../graph.ts'
import { defineLayer } from '../layer.ts'
import { forwardConvolution, prepareConvolution } from '../operations/convolution/convolution-layer.ts'
import { filterShapeOf } from '../operations/convolution/filters.ts'
import { convolutionFlops } from '../operations/convolution/flops.ts'
import { type QuantizableParams, quantizableElements, quantizableWeights } from '../operations/convolution/int8.ts'
import { usesQuantizeLayers } from '../operations/convolution/int8-on-arm.ts'
import { convolutionParams2d, groupParam, windowOf } from '../operations/convolution/params.ts'

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
  binaryId: 42,
  inputs: '1..3',
  elements: quantizableElements,
  stores16: true,
  params: { ...convolutionParams2d, ...groupParam },
  weights: groupedWeights,
  flops: (measured) => convolutionFlops(measured),
  keepsFloatWeights: ({ int8_scale_term }) => int8_scale_term !== 0,
  leavesFloat32(params, { layout }) {
    if (params.int8_scale_term === 0 || params.dynamic_weight) return false
    const window = windowOf(params)
    const activation = { type: params.activation_type }
    return !usesQuantizeLayers(filterShapeOf(params, window.kernel), window, activation, layout, false)
  },
  prepare: prepareConvolution,
  forward: (inputs, layer, workspace) => forwardConvolution(2, inputs, layer, workspace),
})
