// RNN: an Elman network, in one direction or both, with float or int8 weights.
import { defineLayer } from '../layer.ts'
import { rnnStep } from '../operations/recurrence.ts'
import {
  forwardRecurrent,
  halfArguments,
  prepareRecurrent,
  recurrentFlops,
  recurrentParams,
  recurrentWeights,
  sizesOf,
  takeOutputs,
} from '../operations/recurrent-layer.ts'

/** Elman network: h = tanh(W_x x + W_h h + b), otherwise as {@link GRU}. */
export const RNN = defineLayer({
  type: 'RNN',
  binaryId: 38,
  inputs: '1..2',
  elements: 'float32',
  stores16: true,
  params: recurrentParams,
  weights: (params) => recurrentWeights(sizesOf(params, 1), params.int8_scale_term, {}),
  keepsFloatWeights: ({ int8_scale_term }) => int8_scale_term !== 0,
  flops: (measured) => recurrentFlops(measured),
  packsHalf: ['weight_xc_data', 'weight_hc_data'],
  prepare: (layer, workspace) => prepareRecurrent(layer, sizesOf(layer.params, 1), workspace),
  forward([x, fedHidden], layer, workspace) {
    const results = forwardRecurrent(x, fedHidden, layer, workspace, {
      kernel: (call) => workspace.kernels.rnn(call),
      half: (call, d) => workspace.kernels.halfRnn(halfArguments(call, d, 1, workspace)),
      step: (direction) => (features, start) => rnnStep(direction, features, start),
    })
    return takeOutputs(results, layer.outputCount)
  },
})
