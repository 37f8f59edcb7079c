// Deconvolution1D: transposed convolution over all input channels of a sequence.

import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { forwardDeconvolution, prepareDeconvolution } from '../operations/convolution/deconvolution-layer.ts'
import { filterWeights } from '../operations/convolution/filters.ts'
import { deconvolutionFlops } from '../operations/convolution/flops.ts'
import { filterParams, outputParams1d, widthParams } from '../operations/convolution/params.ts'
import { activationParams } from '../operations/fused-activation.ts'

/** y = activation(depad(deconv1d(x, weight, output_pad)) + bias) over [c, w] */
export const Deconvolution1D = defineLayer({
  type: 'Deconvolution1D',
  binaryId: 88,
  inputs: '1..3',
  elements: 'float32',
  stores16: false,
  params: { ...filterParams, ...widthParams, ...outputParams1d, ...activationParams, dynamic_weight: int(28) },
  weights: filterWeights,
  flops: (measured) => deconvolutionFlops(1, measured),
  prepare: prepareDeconvolution,
  forward: (inputs, layer, workspace) => forwardDeconvolution(1, inputs, layer, workspace),
})
