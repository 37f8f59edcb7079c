// Convolution over all input channels of an image.
import { defineLayer } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { forwardConvolution, prepareConvolution } from '../operations/convolution/convolution-layer.ts'
import { convolve } from '../operations/convolution/convolve.ts'
import { type FilterShape, filterShapeOf } from '../operations/convolution/filters.ts'
import { convolutionFlops } from '../operations/convolution/flops.ts'
import { pointwiseGeometry, volumeOf } from '../operations/convolution/geometry.ts'
import { convolveHalf, transformsFloatWeights } from '../operations/convolution/half-convolution.ts'
import { type QuantizableParams, quantizableElements, quantizableWeights } from '../operations/convolution/int8.ts'
import { convolutionParams2d, windowOf } from '../operations/convolution/params.ts'
import { checkFloat } from '../operations/elementwise.ts'

/**
 * y = activation(conv(pad(x), weight) + bias) over [c, h, w]; [h, w] has one channel. A 1-d x with a 1x1 kernel is a row of features,
 * as for InnerProduct, when its length is the number of input channels.
 */
export const Convolution = defineLayer({
  type: 'Convolution',
  binaryId: 6,
  inputs: '1..3',
  elements: quantizableElements,
  stores16: true,
  params: convolutionParams2d,
  weights: convolutionWeights,
  flops: (measured) => convolutionFlops(measured),
  packsHalf: ['weight_data'],
  keepsFloatWeights(params, options) {
    if (params.dynamic_weight) return false
    if (params.int8_scale_term) return true
    const window = windowOf(params)
    return transformsFloatWeights(filterShapeOf(params, window.kernel), window, options)
  },
  prepare: prepareConvolution,
  forward(inputs, layer, workspace) {
    const [x] = inputs
    const { prepared } = layer
    const { halfFilters } = prepared
    const filters = prepared.filters ?? halfFilters
    if (filters === undefined || !areFeatures(x, filters)) return forwardConvolution(2, inputs, layer, workspace)
    checkFloat(x, workspace)
    const y = workspace.alloc([filters.outputs])
    const geometry = pointwiseGeometry([1, 1, 1])
    if (halfFilters !== undefined) convolveHalf(x, halfFilters, geometry, prepared, y, workspace)
    else convolve(x, filters, geometry, prepared, y, workspace)
    return y
  },
})

/** Int8 weights have a scale for each output channel. */
function convolutionWeights(params: QuantizableParams) {
  return quantizableWeights(params, params.num_output)
}

/** Whether ncnn takes a blob for the channels of one pixel rather than for a row of pixels. */
function areFeatures(x: Blob, { inputs, kernel }: FilterShape): boolean {
  return x.shape.length === 1 && x.length === inputs && volumeOf(kernel) === 1
}
