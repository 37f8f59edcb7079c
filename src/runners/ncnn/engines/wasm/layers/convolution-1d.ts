// Convolution1D: convolution over all input channels of a sequence.

import { float, int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { forwardConvolution, prepareConvolution } from '../operations/convolution/convolution-layer.ts'
import { filterWeights } from '../operations/convolution/filters.ts'
import { convolutionFlops } from '../operations/convolution/flops.ts'
import { filterParams, widthParams } from '../operations/convolution/params.ts'
import { activationParams } from '../operations/fused-activation.ts'

/** y = activation(conv1d(pad(x), weight) + bias) over [c, w] */
export const Convolution1D = defineLayer({
  type: 'Convolution1D',
  binaryId: 81,
  inputs: '1..3',
  elements: 'float32',
  stores16: true,
  params: { ...filterParams, ...widthParams, pad_value: float(18), ...activationParams, dynamic_weight: int(19) },
  weights: filterWeights,
  flops: (measured) => convolutionFlops(measured),
  packsHalf: ['weight_data'],
  prepare: prepareConvolution,
  forward: (inputs, layer, workspace) => forwardConvolution(1, inputs, layer, workspace),
})
