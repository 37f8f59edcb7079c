// LSTM: long short-term memory, in one direction or both, with float or int8 weights.
import { int } from '../../../params.ts'
import { tagged } from '../../../weights.ts'
import { defineLayer } from '../layer.ts'
import { elementAddress } from '../operations/operand.ts'
import { lstmStep, matrixProduct } from '../operations/recurrence.ts'
import {
  forwardRecurrent,
  halfArguments,
  initialState,
  packMatrix,
  prepareRecurrent,
  recurrentFlops,
  recurrentParams,
  recurrentWeights,
  sizesOf,
  takeOutputs,
} from '../operations/recurrent-layer.ts'

/** Long short-term memory: x [T][features], optional hidden and cell state -> y [T][directions * num_output], hidden, cell. */
export const LSTM = defineLayer({
  type: 'LSTM',
  binaryId: 39,
  inputs: '1..3',
  elements: 'float32',
  stores16: true,
  params: { ...recurrentParams, hidden_size: int(3, 'num_output') },
  weights(params) {
    const sizes = sizesOf(params, 4)
    const { directions, outputs, units } = sizes
    return recurrentWeights(sizes, params.int8_scale_term, {
      weight_hr_data: outputs === units ? undefined : tagged(directions * outputs * units),
    })
  },
  keepsFloatWeights: ({ int8_scale_term }) => int8_scale_term !== 0,
  flops: (measured) => recurrentFlops(measured),
  packsHalf: ['weight_xc_data', 'weight_hc_data'],
  prepare(layer, workspace) {
    const sizes = sizesOf(layer.params, 4)
    const prepared = prepareRecurrent(layer, sizes, workspace)
    const { weight_hr_data } = layer.weights
    const directions = prepared.packed ?? prepared.half?.directions
    if (directions === undefined || weight_hr_data === undefined) return { ...prepared, projections: [] }
    const projections = directions.map((_, d) => packMatrix(weight_hr_data, d, sizes.outputs, sizes.units, workspace))
    weight_hr_data.release()
    return { ...prepared, projections }
  },
  forward([x, fedHidden, fedCell], layer, workspace) {
    const { sizes, projections } = layer.prepared
    const { directions, outputs, units: hiddenSize } = sizes
    const cell = initialState(fedCell, directions, hiddenSize, workspace)
    const [y, hidden] = forwardRecurrent(x, fedHidden, layer, workspace, {
      kernel(call, d) {
        const packedProjection = projections[d]?.ptr
        workspace.kernels.lstm({ ...call, packedProjection, cell: elementAddress(cell, d * hiddenSize), hiddenSize })
      },
      half(call, d) {
        const packedProjection = projections[d]?.ptr
        const cells = elementAddress(cell, d * hiddenSize)
        const common = halfArguments(call, d, 4, workspace)
        workspace.kernels.halfLstm({ ...common, packedProjection, cell: cells, hiddenSize })
      },
      step(direction, d) {
        const weights = layer.weights.weight_hr_data
        const projection = weights && matrixProduct(weights.data, d * outputs * hiddenSize, outputs, hiddenSize)
        const lstm = { ...direction, projection, cellState: cell.data, cellOffset: d * hiddenSize, hiddenSize }
        return (features, start) => lstmStep(lstm, features, start)
      },
    })
    return takeOutputs([y, hidden, cell], layer.outputCount)
  },
})
