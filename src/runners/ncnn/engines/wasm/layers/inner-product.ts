// InnerProduct: y = x W^T + b, for one row of features or for each row of a matrix.
import { GEMM_SCRATCH_BYTES, Initial, packedRightBytes, WeightType } from '../../../../../kernels/ncnn.ts'
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { raw, tagged } from '../../../weights.ts'
import type { Blob } from '../blob.ts'
import { defineLayer, type Workspace } from '../layer.ts'
import { activate, activationParams, type FusedActivation, fusedActivation } from './activation.ts'

export const InnerProduct = defineLayer({
  type: 'InnerProduct',
  inputs: '1',
  params: {
    num_output: int(0),
    bias_term: int(1),
    weight_data_size: int(2),
    int8_scale_term: int(8),
    ...activationParams,
  },
  weights: ({ num_output, bias_term, weight_data_size }) => ({
    weight_data: tagged(weight_data_size),
    bias_data: bias_term ? raw(num_output) : undefined,
  }),
  /** Packs W, [num_output][num_input], for the matrix product; the float64 path reads it as it is. */
  prepare({ params: { num_output, weight_data_size }, weights: { weight_data } }, { kernels, float, alloc }) {
    const num_input = weight_data_size / num_output
    if (!Number.isInteger(num_input)) {
      throw new NcnnError(`weight_data_size ${weight_data_size} is not a multiple of num_output ${num_output}`)
    }
    if (float === 'float64') return { num_input, packed: undefined }
    const packed = alloc([packedRightBytes(num_input, num_output)], 'uint8')
    kernels.packRight(weight_data.ptr, WeightType.float32, 1, num_input, num_input, num_output, packed.ptr)
    weight_data.release()
    return { num_input, packed }
  },
  forward([x], { params, weights: { weight_data, bias_data }, prepared: { num_input, packed } }, workspace) {
    const perRow = x.shape.length === 2 && x.shape[1] === num_input
    if (!perRow && x.length !== num_input) {
      throw new NcnnError(`the weights are for ${num_input} features, the input has ${x.length}`)
    }
    const rows = perRow ? x.shape[0] : 1
    const y = workspace.alloc(perRow ? [rows, params.num_output] : [params.num_output])
    const activation = fusedActivation(params)
    if (packed === undefined) innerProductFloat64(x, weight_data, bias_data, y, rows, activation)
    else innerProductSimd(x, packed, bias_data, y, rows, activation, workspace)
    return y
  },
})

function innerProductSimd(
  x: Blob,
  packed: Blob,
  bias: Blob | undefined,
  y: Blob,
  rows: number,
  activation: FusedActivation,
  { kernels, scratch }: Workspace,
): void {
  const features = x.length / rows
  const outputs = y.length / rows
  kernels.gemmRight(
    x.ptr,
    features,
    1,
    packed.ptr,
    y.ptr,
    outputs,
    rows,
    outputs,
    features,
    bias ? Initial.columnBias : Initial.zero,
    bias?.ptr ?? 0,
    activation.type,
    activation.a,
    activation.b,
    scratch([GEMM_SCRATCH_BYTES], 'uint8').ptr,
  )
}

function innerProductFloat64(
  x: Blob,
  weight: Blob,
  bias: Blob | undefined,
  y: Blob,
  rows: number,
  activation: FusedActivation,
): void {
  const features = x.length / rows
  const outputs = y.length / rows
  const [source, factors, offsets, target] = [x.data, weight.data, bias?.data, y.data]
  for (let row = 0; row < rows; row++) {
    for (let p = 0; p < outputs; p++) {
      let sum = offsets ? offsets[p] : 0
      for (let q = 0; q < features; q++) sum += source[row * features + q] * factors[p * features + q]
      target[row * outputs + p] = activate(sum, activation)
    }
  }
}
