// Deconvolution (transposed convolution) over all input channels of an image.

import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { forwardDeconvolution, prepareDeconvolution } from '../operations/convolution/deconvolution-layer.ts'
import { filterWeights } from '../operations/convolution/filters.ts'
import { deconvolutionFlops } from '../operations/convolution/flops.ts'
import { filterParams, heightParams, outputParams2d, widthParams } from '../operations/convolution/params.ts'
import { activationParams } from '../operations/fused-activation.ts'

/** y = activation(depad(deconv(x, weight, output_pad)) + bias) over [c, h, w] */
export const Deconvolution = defineLayer({
  type: 'Deconvolution',
  binaryId: 8,
  inputs: '1..3',
  elements: 'float32',
  stores16: true,
  params: {
    ...filterParams,
    ...widthParams,
    ...heightParams,
    ...outputParams2d,
    ...activationParams,
    dynamic_weight: int(28),
  },
  weights: filterWeights,
  flops: (measured) => deconvolutionFlops(2, measured),
  prepare: prepareDeconvolution,
  forward: (inputs, layer, workspace) => forwardDeconvolution(2, inputs, layer, workspace),
})
