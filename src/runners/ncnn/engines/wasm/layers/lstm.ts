// LSTM: long short-term memory, in one direction or both, with float or int8 weights.
import { recurrentScratchBytes } from '../../../../../kernels/ncnn.ts'
import { int } from '../../../params.ts'
import { tagged } from '../../../weights.ts'
import { defineLayer } from '../layer.ts'
import { lstmStep, matrixProduct } from '../operations/recurrence.ts'
import {
  floatAt,
  gatesFromInput,
  initialState,
  isReverse,
  packDirections,
  packMatrix,
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

/** Long short-term memory: x [T][features], optional hidden and cell state -> y [T][directions * num_output], hidden, cell. */
export const LSTM = defineLayer({
  type: 'LSTM',
  binaryId: 39,
  inputs: '1..3',
  elements: 'float32',
  stores16: true,
  params: { ...recurrentParams, hidden_size: int(3, 'num_output') },
  weights: ({ hidden_size, int8_scale_term, ...params }) => {
    const sizes = sizesOf(params, 4 * hidden_size)
    const projected = params.num_output !== hidden_size
    return recurrentWeights(sizes, 4 * hidden_size, int8_scale_term, {
      weight_hr_data: projected ? tagged(sizes.directions * params.num_output * hidden_size) : undefined,
    })
  },
  flops: (measured) => recurrentFlops(measured),
  packsHalf: ['weight_xc_data', 'weight_hc_data'],
  prepare(layer, workspace) {
    const { params } = layer
    const sizes = sizesOf(params, 4 * params.hidden_size)
    const { packed, packedInt8 } = packDirections(layer, sizes, workspace)
    const { weight_hr_data } = layer.weights
    if (packed === undefined || weight_hr_data === undefined) return { sizes, packed, packedInt8, projections: [] }
    const projections = packed.map((_, d) =>
      packMatrix(weight_hr_data, d, params.num_output, params.hidden_size, workspace),
    )
    weight_hr_data.release()
    return { sizes, packed, packedInt8, projections }
  },
  forward([x, fedHidden, fedCell], layer, workspace) {
    const { params, weights, prepared, outputCount } = layer
    const rounding = roundingOf(sumPrecisionOf(layer, workspace))
    const { direction, hidden_size } = params
    const { sizes, packed, packedInt8, projections } = prepared
    const { directions, outputs } = sizes
    const steps = stepsOf(x, sizes)
    const y = workspace.alloc([steps, directions * outputs])
    const hidden = initialState(fedHidden, directions, outputs, workspace)
    const cell = initialState(fedCell, directions, hidden_size, workspace)
    for (let d = 0; d < directions; d++) {
      const reverse = isReverse(direction, d)
      if (packed === undefined) {
        const projection = weights.weight_hr_data
        const state = {
          ...plainProducts(weights, d, sizes, packedInt8?.[d], workspace, rounding),
          projection:
            projection && matrixProduct(projection.data, d * outputs * hidden_size, outputs, hidden_size, rounding),
          bias: weights.bias_c_data.data,
          biasOffset: d * 4 * hidden_size,
          hiddenState: hidden.data,
          hiddenOffset: d * outputs,
          cellState: cell.data,
          cellOffset: d * hidden_size,
          hiddenSize: hidden_size,
          outputs,
        }
        const features = x.data
        unrollInto(y, steps, reverse, d, hidden, sizes, rounding, (start) => lstmStep(state, features, start))
      } else {
        const gates = gatesFromInput(
          x,
          packed[d].input,
          floatAt(weights.bias_c_data, d * 4 * hidden_size),
          steps,
          sizes,
          workspace,
        )
        const workArea = workspace.scratch([recurrentScratchBytes(4, hidden_size)], 'uint8').ptr
        workspace.kernels.lstm({
          gates: gates.ptr,
          packedHidden: packed[d].hidden.ptr,
          packedProjection: projections[d]?.ptr ?? 0,
          hidden: floatAt(hidden, d * outputs),
          cell: floatAt(cell, d * hidden_size),
          output: floatAt(y, d * outputs),
          outputStride: directions * outputs,
          steps,
          numOutput: outputs,
          hiddenSize: hidden_size,
          reverse: Number(reverse),
          scratch: workArea,
        })
      }
    }
    return takeOutputs([y, hidden, cell], outputCount)
  },
})
