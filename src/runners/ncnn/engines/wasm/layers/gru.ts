// GRU: gated recurrent units, in one direction or both, with float or int8 weights.
import { defineLayer } from '../layer.ts'
import { elementAddress } from '../operations/operand.ts'
import { gruStep } from '../operations/recurrence.ts'
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

/** Gated recurrent unit: x [T][features], optional hidden state -> y [T][directions * num_output], hidden. */
export const GRU = defineLayer({
  type: 'GRU',
  binaryId: 78,
  inputs: '1..2',
  elements: 'float32',
  stores16: true,
  params: recurrentParams,
  weights: (params) => recurrentWeights(sizesOf(params, 3, 4), params.int8_scale_term, {}),
  keepsFloatWeights: ({ int8_scale_term }) => int8_scale_term !== 0,
  flops: (measured) => recurrentFlops(measured),
  packsHalf: ['weight_xc_data', 'weight_hc_data'],
  prepare: (layer, workspace) => prepareRecurrent(layer, sizesOf(layer.params, 3, 4), workspace),
  forward([x, fedHidden], layer, workspace) {
    const { biasRows, gateRows } = layer.prepared.sizes
    const biases = layer.weights.bias_c_data
    const results = forwardRecurrent(x, fedHidden, layer, workspace, {
      kernel: (call, d) =>
        workspace.kernels.gru({ ...call, hiddenBias: elementAddress(biases, d * biasRows + gateRows) }),
      half(call, d) {
        const { half } = layer.prepared
        if (half === undefined) return
        const { directions, inputOrder, columns } = half
        const { features, units } = layer.prepared.sizes
        const newGate = directions[d].input
        workspace.kernels.halfGru({
          ...halfArguments(call, d, 2, workspace),
          input: call.x.ptr,
          features,
          packedInput: newGate.packed.ptr + 2 * columns * features * 4,
          inputOrder: inputOrder.order.ptr,
          inputEnds: inputOrder.ends.ptr,
          newBias: elementAddress(biases, d * biasRows + 2 * units),
        })
      },
      step: (direction) => (features, start) => gruStep(direction, features, start),
    })
    return takeOutputs(results, layer.outputCount)
  },
})
