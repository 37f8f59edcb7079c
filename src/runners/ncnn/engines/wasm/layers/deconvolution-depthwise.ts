// DeconvolutionDepthWise: grouped transposed convolution of an image.
import { defineLayer } from '../layer.ts'
import { forwardDeconvolution, prepareDeconvolution } from '../operations/convolution/deconvolution-layer.ts'
import { filterWeights } from '../operations/convolution/filters.ts'
import { deconvolutionFlops } from '../operations/convolution/flops.ts'
import { deconvolutionParams2d, groupParam } from '../operations/convolution/params.ts'

/** y = activation(depad(deconv(x, weight, group, output_pad)) + bias) over [c, h, w] */
export const DeconvolutionDepthWise = defineLayer({
  type: 'DeconvolutionDepthWise',
  binaryId: 51,
  inputs: '1..3',
  elements: 'float32',
  stores16: true,
  params: { ...deconvolutionParams2d, ...groupParam },
  weights: filterWeights,
  flops: (measured) => deconvolutionFlops(2, measured),
  prepare: prepareDeconvolution,
  forward: (inputs, layer, workspace) => forwardDeconvolution(2, inputs, layer, workspace),
})
