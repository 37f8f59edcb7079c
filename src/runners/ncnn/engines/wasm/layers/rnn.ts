// RNN: an Elman network, in one direction or both, with float or int8 weights.
import { recurrentScratchBytes } from '../../../../../kernels/ncnn.ts'
import { defineLayer } from '../layer.ts'
import { rnnStep } from '../operations/recurrence.ts'
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

/** Elman network: h = tanh(W_x x + W_h h + b), otherwise as {@link GRU}. */
export const RNN = defineLayer({
  type: 'RNN',
  binaryId: 38,
  inputs: '1..2',
  elements: 'float32',
  stores16: true,
  params: recurrentParams,
  weights: (params) =>
    recurrentWeights(sizesOf(params, params.num_output), params.num_output, params.int8_scale_term, {}),
  flops: (measured) => recurrentFlops(measured),
  packsHalf: ['weight_xc_data', 'weight_hc_data'],
  prepare(layer, workspace) {
    const { params } = layer
    const sizes = sizesOf(params, params.num_output)
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
      if (packed === undefined) {
        const state = {
          ...plainProducts(weights, d, sizes, packedInt8?.[d], workspace, rounding),
          bias: weights.bias_c_data.data,
          biasOffset: d * outputs,
          hiddenState: hidden.data,
          hiddenOffset: d * outputs,
          outputs,
        }
        const features = x.data
        unrollInto(y, steps, reverse, d, hidden, sizes, rounding, (start) => rnnStep(state, features, start))
      } else {
        const gates = gatesFromInput(
          x,
          packed[d].input,
          floatAt(weights.bias_c_data, d * outputs),
          steps,
          sizes,
          workspace,
        )
        workspace.kernels.rnn({
          gates: gates.ptr,
          packedHidden: packed[d].hidden.ptr,
          hidden: floatAt(hidden, d * outputs),
          output: floatAt(y, d * outputs),
          outputStride: directions * outputs,
          steps,
          numOutput: outputs,
          reverse: Number(reverse),
          scratch: workspace.scratch([recurrentScratchBytes(1, outputs)], 'uint8').ptr,
        })
      }
    }
    return takeOutputs([y, hidden], outputCount)
  },
})
