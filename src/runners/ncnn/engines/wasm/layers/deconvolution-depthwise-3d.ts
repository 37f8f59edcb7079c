// DeconvolutionDepthWise3D: grouped transposed convolution of a volume.
import { defineLayer } from '../layer.ts'
import { forwardDeconvolution, prepareDeconvolution } from '../operations/convolution/deconvolution-layer.ts'
import { filterWeights } from '../operations/convolution/filters.ts'
import {
  depthParams,
  groupedFilterParams,
  heightParams,
  outputParams3d,
  widthParams,
} from '../operations/convolution/params.ts'
import { activationParams } from '../operations/fused-activation.ts'

/** y = activation(depad(deconv3d(x, weight, group, output_pad)) + bias) over [c, d, h, w] */
export const DeconvolutionDepthWise3D = defineLayer({
  type: 'DeconvolutionDepthWise3D',
  inputs: '1',
  params: {
    ...groupedFilterParams,
    ...widthParams,
    ...heightParams,
    ...depthParams,
    ...outputParams3d,
    ...activationParams,
  },
  weights: filterWeights,
  prepare: prepareDeconvolution,
  forward: (inputs, layer, workspace) => forwardDeconvolution(3, inputs, layer, workspace),
})
