// Convolution3D: convolution over all input channels of a volume.
import { defineLayer } from '../layer.ts'
import { forwardConvolution, prepareConvolution } from '../operations/convolution/convolution-layer.ts'
import { filterWeights } from '../operations/convolution/filters.ts'
import { convolutionFlops } from '../operations/convolution/flops.ts'
import { convolutionParams3d } from '../operations/convolution/params.ts'

/** y = activation(conv3d(pad(x), weight) + bias) over [c, d, h, w] */
export const Convolution3D = defineLayer({
  type: 'Convolution3D',
  binaryId: 84,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: convolutionParams3d,
  weights: filterWeights,
  flops: (measured) => convolutionFlops(measured),
  packsHalf: ['weight_data'],
  prepare: prepareConvolution,
  forward: (inputs, layer, workspace) => forwardConvolution(3, inputs, layer, workspace),
})
