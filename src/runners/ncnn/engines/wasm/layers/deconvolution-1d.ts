// Deconvolution1D: transposed convolution over all input channels of a sequence.
import { defineLayer } from '../layer.ts'
import { forwardDeconvolution, prepareDeconvolution } from '../operations/convolution/deconvolution-layer.ts'
import { filterWeights } from '../operations/convolution/filters.ts'
import { deconvolutionFlops } from '../operations/convolution/flops.ts'
import { deconvolutionParams1d } from '../operations/convolution/params.ts'

/** y = activation(depad(deconv1d(x, weight, output_pad)) + bias) over [c, w] */
export const Deconvolution1D = defineLayer({
  type: 'Deconvolution1D',
  binaryId: 88,
  inputs: '1..3',
  elements: 'float32',
  stores16: false,
  params: deconvolutionParams1d,
  weights: filterWeights,
  flops: (measured) => deconvolutionFlops(1, measured),
  prepare: prepareDeconvolution,
  forward: (inputs, layer, workspace) => forwardDeconvolution(1, inputs, layer, workspace),
})
