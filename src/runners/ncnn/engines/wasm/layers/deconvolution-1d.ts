// Deconvolution1D: transposed convolution over all input channels of a sequence.
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { forwardDeconvolution, prepareDeconvolution } from '../operations/convolution/deconvolution-layer.ts'
import { filterWeights } from '../operations/convolution/filters.ts'
import { filterParams, outputParams1d, widthParams } from '../operations/convolution/params.ts'
import { activationParams } from '../operations/fused-activation.ts'

/** y = activation(depad(deconv1d(x, weight, output_pad)) + bias) over [c, w] */
export const Deconvolution1D = defineLayer({
  type: 'Deconvolution1D',
  inputs: '1..3',
  params: { ...filterParams, ...widthParams, ...outputParams1d, ...activationParams, dynamic_weight: int(28) },
  weights: filterWeights,
  prepare: prepareDeconvolution,
  forward: (inputs, layer, workspace) => forwardDeconvolution(1, inputs, layer, workspace),
})
