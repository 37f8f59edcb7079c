// DeconvolutionDepthWise3D: grouped transposed convolution of a volume.
import { defineLayer } from '../layer.ts'
import { forwardDeconvolution, prepareDeconvolution } from '../operations/convolution/deconvolution-layer.ts'
import { filterWeights } from '../operations/convolution/filters.ts'
import { deconvolutionFlops } from '../operations/convolution/flops.ts'
import { deconvolutionParams3d, groupParam } from '../operations/convolution/params.ts'

/** y = activation(depad(deconv3d(x, weight, group, output_pad)) + bias) over [c, d, h, w] */
export const DeconvolutionDepthWise3D = defineLayer({
  type: 'DeconvolutionDepthWise3D',
  binaryId: 91,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: { ...deconvolutionParams3d, ...groupParam },
  weights: filterWeights,
  flops: (measured) => deconvolutionFlops(3, measured),
  prepare: prepareDeconvolution,
  forward: (inputs, layer, workspace) => forwardDeconvolution(3, inputs, layer, workspace),
})
