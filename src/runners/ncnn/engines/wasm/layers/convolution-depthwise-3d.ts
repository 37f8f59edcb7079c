// ConvolutionDepthWise3D: grouped convolution of a volume.
import { defineLayer } from '../layer.ts'
import { forwardConvolution, prepareConvolution } from '../operations/convolution/convolution-layer.ts'
import { filterWeights } from '../operations/convolution/filters.ts'
import { convolutionFlops } from '../operations/convolution/flops.ts'
import { convolutionParams3d, groupParam } from '../operations/convolution/params.ts'

/** y = activation(conv3d(pad(x), weight, group) + bias) over [c, d, h, w] */
export const ConvolutionDepthWise3D = defineLayer({
  type: 'ConvolutionDepthWise3D',
  binaryId: 85,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: { ...convolutionParams3d, ...groupParam },
  weights: filterWeights,
  flops: (measured) => convolutionFlops(measured),
  prepare: prepareConvolution,
  forward: (inputs, layer, workspace) => forwardConvolution(3, inputs, layer, workspace),
})
