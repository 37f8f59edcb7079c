// GRU: gated recurrent units, in one direction or both, with float or int8 weights.
import { recurrentScratchBytes } from '../../../../../kernels/ncnn.ts'
import { defineLayer } from '../layer.ts'
import { gruStep } from '../operations/recurrence.ts'
import {
  floatAt,
  gatesFromInput,
  initialState,
  isReverse,
  packDirections,
  plainProducts,
  recurrentFlops,
  recurrentParams,
  recurrentWeights,
  sizesOf,
  stepsOf,
  takeOutputs,
  unrollInto,
} from '../operations/recurrent-layer.ts'
import { roundingOf, sumPrecisionOf } from '../precision/sums.ts'

/** Gated recurrent unit: x [T][features], optional hidden state -> y [T][directions * num_output], hidden. */
export const GRU = defineLayer({
  type: 'GRU',
  binaryId: 78,
  inputs: '1..2',
  elements: 'float32',
  stores16: true,
  params: recurrentParams,
  weights: (params) =>
    recurrentWeights(sizesOf(params, 3 * params.num_output), 4 * params.num_output, params.int8_scale_term, {}),
  flops: (measured) => recurrentFlops(measured),
  packsHalf: ['weight_xc_data', 'weight_hc_data'],
  prepare(layer, workspace) {
    const { params } = layer
    const sizes = sizesOf(params, 3 * params.num_output)
    return { sizes, ...packDirections(layer, sizes, workspace) }
  },
  forward([x, fedHidden], layer, workspace) {
    const { params, weights, outputCount } = layer
    const { sizes, packed, packedInt8 } = layer.prepared
    const rounding = roundingOf(sumPrecisionOf(layer, workspace))
    const { directions, outputs } = sizes
    const steps = stepsOf(x, sizes)
    const y = workspace.alloc([steps, directions * outputs])
    const hidden = initialState(fedHidden, directions, outputs, workspace)
    for (let d = 0; d < directions; d++) {
      const reverse = isReverse(params.direction, d)
      const biasOffset = d * 4 * outputs
      if (packed === undefined) {
        const state = {
          ...plainProducts(weights, d, sizes, packedInt8?.[d], workspace, rounding),
          bias: weights.bias_c_data.data,
          biasOffset,
          hiddenState: hidden.data,
          hiddenOffset: d * outputs,
          outputs,
        }
        const features = x.data
        unrollInto(y, steps, reverse, d, hidden, sizes, rounding, (start) => gruStep(state, features, start))
      } else {
        const gates = gatesFromInput(
          x,
          packed[d].input,
          floatAt(weights.bias_c_data, biasOffset),
          steps,
          sizes,
          workspace,
        )
        workspace.kernels.gru({
          gates: gates.ptr,
          packedHidden: packed[d].hidden.ptr,
          hiddenBias: floatAt(weights.bias_c_data, biasOffset + 3 * outputs),
          hidden: floatAt(hidden, d * outputs),
          output: floatAt(y, d * outputs),
          outputStride: directions * outputs,
          steps,
          numOutput: outputs,
          reverse: Number(reverse),
          scratch: workspace.scratch([recurrentScratchBytes(3, outputs)], 'uint8').ptr,
        })
      }
    }
    return takeOutputs([y, hidden], outputCount)
  },
})
