// Deconvolution3D: transposed convolution over all input channels of a volume.

import { defineLayer } from '../layer.ts'
import { forwardDeconvolution, prepareDeconvolution } from '../operations/convolution/deconvolution-layer.ts'
import { filterWeights } from '../operations/convolution/filters.ts'
import { deconvolutionFlops } from '../operations/convolution/flops.ts'
import {
  depthParams,
  filterParams,
  heightParams,
  outputParams3d,
  widthParams,
} from '../operations/convolution/params.ts'
import { activationParams } from '../operations/fused-activation.ts'

/** y = activation(depad(deconv3d(x, weight, output_pad)) + bias) over [c, d, h, w] */
export const Deconvolution3D = defineLayer({
  type: 'Deconvolution3D',
  binaryId: 90,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: {
    ...filterParams,
    ...widthParams,
    ...heightParams,
    ...depthParams,
    ...outputParams3d,
    ...activationParams,
  },
  weights: filterWeights,
  flops: (measured) => deconvolutionFlops(3, measured),
  prepare: prepareDeconvolution,
  forward: (inputs, layer, workspace) => forwardDeconvolution(3, inputs, layer, workspace),
})
