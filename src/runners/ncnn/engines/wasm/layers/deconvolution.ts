// Deconvolution (transposed convolution) over all input channels, in one, two and three dimensions.
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { forwardDeconvolution, prepareDeconvolution } from '../operations/convolution/deconvolution-layer.ts'
import { filterWeights } from '../operations/convolution/filters.ts'
import {
  depthParams,
  heightParams,
  outputParams1d,
  outputParams2d,
  outputParams3d,
  widthParams,
} from '../operations/convolution/params.ts'
import { activationParams } from '../operations/fused-activation.ts'

const filterParams = { num_output: int(0), bias_term: int(5), weight_data_size: int(6) } as const

/** y = activation(depad(deconv(x, weight, output_pad)) + bias) over [c, h, w] */
export const Deconvolution = defineLayer({
  type: 'Deconvolution',
  inputs: '1..3',
  params: {
    ...filterParams,
    ...widthParams,
    ...heightParams,
    ...outputParams2d,
    ...activationParams,
    dynamic_weight: int(28),
  },
  weights: filterWeights,
  prepare: prepareDeconvolution,
  forward: (inputs, layer, workspace) => forwardDeconvolution(2, inputs, layer, workspace),
})

/** y = activation(depad(deconv1d(x, weight, output_pad)) + bias) over [c, w] */
export const Deconvolution1D = defineLayer({
  type: 'Deconvolution1D',
  inputs: '1..3',
  params: { ...filterParams, ...widthParams, ...outputParams1d, ...activationParams, dynamic_weight: int(28) },
  weights: filterWeights,
  prepare: prepareDeconvolution,
  forward: (inputs, layer, workspace) => forwardDeconvolution(1, inputs, layer, workspace),
})

/** y = activation(depad(deconv3d(x, weight, output_pad)) + bias) over [c, d, h, w] */
export const Deconvolution3D = defineLayer({
  type: 'Deconvolution3D',
  inputs: '1',
  params: {
    ...filterParams,
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
