// DeconvolutionDepthWise1D: grouped transposed convolution of a sequence.
import { defineLayer } from '../layer.ts'
import { forwardDeconvolution, prepareDeconvolution } from '../operations/convolution/deconvolution-layer.ts'
import { filterWeights } from '../operations/convolution/filters.ts'
import { deconvolutionFlops } from '../operations/convolution/flops.ts'
import { deconvolutionParams1d, groupParam } from '../operations/convolution/params.ts'

/** y = activation(depad(deconv1d(x, weight, group, output_pad)) + bias) over [c, w] */
export const DeconvolutionDepthWise1D = defineLayer({
  type: 'DeconvolutionDepthWise1D',
  binaryId: 89,
  inputs: '1..3',
  elements: 'float32',
  stores16: false,
  params: { ...deconvolutionParams1d, ...groupParam },
  weights: filterWeights,
  flops: (measured) => deconvolutionFlops(1, measured),
  prepare: prepareDeconvolution,
  forward: (inputs, layer, workspace) => forwardDeconvolution(1, inputs, layer, workspace),
})
