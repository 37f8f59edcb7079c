// Convolution1D: convolution over all input channels of a sequence.
import { defineLayer } from '../layer.ts'
import { forwardConvolution, prepareConvolution } from '../operations/convolution/convolution-layer.ts'
import { filterWeights } from '../operations/convolution/filters.ts'
import { convolutionFlops } from '../operations/convolution/flops.ts'
import { convolutionParams1d } from '../operations/convolution/params.ts'

/** y = activation(conv1d(pad(x), weight) + bias) over [c, w] */
export const Convolution1D = defineLayer({
  type: 'Convolution1D',
  binaryId: 81,
  inputs: '1..3',
  elements: 'float32',
  stores16: true,
  params: convolutionParams1d,
  weights: filterWeights,
  flops: (measured) => convolutionFlops(measured),
  packsHalf: ['weight_data'],
  prepare: prepareConvolution,
  forward: (inputs, layer, workspace) => forwardConvolution(1, inputs, layer, workspace),
})
