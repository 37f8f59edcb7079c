// Deconvolution (transposed convolution) over all input channels of an image.
import { defineLayer } from '../layer.ts'
import { forwardDeconvolution, prepareDeconvolution } from '../operations/convolution/deconvolution-layer.ts'
import { filterWeights } from '../operations/convolution/filters.ts'
import { deconvolutionFlops } from '../operations/convolution/flops.ts'
import { deconvolutionParams2d } from '../operations/convolution/params.ts'

/** y = activation(depad(deconv(x, weight, output_pad)) + bias) over [c, h, w] */
export const Deconvolution = defineLayer({
  type: 'Deconvolution',
  binaryId: 8,
  inputs: '1..3',
  elements: 'float32',
  stores16: true,
  params: deconvolutionParams2d,
  weights: filterWeights,
  flops: (measured) => deconvolutionFlops(2, measured),
  prepare: prepareDeconvolution,
  forward: (inputs, layer, workspace) => forwardDeconvolution(2, inputs, layer, workspace),
})
