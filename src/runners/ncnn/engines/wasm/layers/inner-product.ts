// InnerProduct: y = x W^T + b, for one row of features or for each row of a matrix.
import { Activation, gemmScratchBytes, Initial } from '../../../../../kernels/ncnn.ts'
import { sizeOf } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { raw, taggedOrInt8 } from '../../../weights.ts'
import { defineLayer, type Workspace } from '../layer.ts'
import type { Blob, BlobArray } from '../memory/blob.ts'
import { activate, activationParams, type FusedActivation, fusedActivation } from '../operations/fused-activation.ts'
import { activateHalf } from '../operations/half-activation.ts'
import { inTurn, storeOrder } from '../operations/half-order.ts'
import { multiplyHalf, packHalfRight } from '../operations/half-product.ts'
import { type Int8Right, int8Right, multiplyInt8 } from '../operations/int8-matrix.ts'
import { packRight } from '../operations/matrix.ts'
import { operand } from '../operations/operand.ts'
import { asFloat32 } from '../precision/half-weights.ts'
import { quantize } from '../precision/int8.ts'
import { roundToFloat16, sumPrecisionOf } from '../precision/sums.ts'

/** y = activation(x W^T + b): a blob of as many elements as the weights have columns is one row; a matrix of such rows gives a row each */
export const InnerProduct = defineLayer({
  type: 'InnerProduct',
  binaryId: 15,
  inputs: '1',
  elements: ({ int8_scale_term }) => ({ reads: 'float32', writes: 'float32', takesInt8: int8_scale_term !== 0 }),
  stores16: true,
  params: {
    num_output: int(0),
    bias_term: int(1),
    weight_data_size: int(2),
    int8_scale_term: int(8),
    ...activationParams,
  },
  weights: ({ num_output, bias_term, weight_data_size, int8_scale_term }) => ({
    weight_data: taggedOrInt8(weight_data_size),
    bias_data: bias_term ? raw(num_output) : undefined,
    weight_data_int8_scales: int8_scale_term ? raw(num_output) : undefined,
    bottom_blob_int8_scales: int8_scale_term ? raw(1) : undefined,
  }),
  flops: ({ params, weights, outputs: [y] }) => (2 * weights.weight_data * sizeOf(y)) / params.num_output,
  packsHalf: ['weight_data'],
  keepsFloatWeights: ({ int8_scale_term }) => int8_scale_term !== 0,
  leavesFloat32: ({ int8_scale_term }) => int8_scale_term !== 0,
  /** Packs W, [num_output][num_input], for the matrix product; the plain path reads it as it is. */
  prepare(layer, workspace) {
    const { num_output, weight_data_size } = layer.params
    const { weights } = layer
    const { alloc } = workspace
    const { weight_data, weight_data_int8_scales: scales } = weights
    const num_input = weight_data_size / num_output
    if (!Number.isInteger(num_input)) {
      throw new NcnnError(`weight_data_size ${weight_data_size} is not a multiple of num_output ${num_output}`)
    }
    if (scales !== undefined) {
      const rows = quantizeRows(asFloat32(weight_data, workspace), scales, workspace)
      const right = operand(rows, num_output, num_input, false)
      const int8 = int8Right(right, num_output, num_input, workspace, alloc, scales)
      rows.release()
      const factors = int8.scales.data
      // What a scale of 0 gives is 0, as one of Infinity does.
      for (let p = 0; p < num_output; p++) if (factors[p] === 0) factors[p] = Number.POSITIVE_INFINITY
      return { num_input, packed: undefined, int8 }
    }
    if (weight_data.dtype === 'int8')
      throw new NcnnError('the weights are int8, but int8_scale_term is 0: their scales are missing')
    const sums = sumPrecisionOf(layer, workspace)
    if (sums === 'float64') return { num_input, packed: undefined }
    if (sums === 'float16') return { num_input, packed: undefined, half: halfProducts(layer, num_input, workspace) }
    const packed = packRight(operand(weight_data, num_output, num_input, false), num_output, num_input, workspace).blob
    weight_data.release()
    return { num_input, packed }
  },
  forward([x], layer, workspace) {
    const { params, weights, prepared } = layer
    const { num_input, packed, int8, half } = prepared
    const { weight_data, bias_data, bottom_blob_int8_scales } = weights
    const perRow = x.shape.length === 2 && x.shape[1] === num_input
    if (!perRow && x.length !== num_input) {
      throw new NcnnError(`the weights are for ${num_input} features, the input has ${x.length}`)
    }
    const rows = perRow ? x.shape[0] : 1
    const y = workspace.alloc(perRow ? [rows, params.num_output] : [params.num_output])
    const activation = fusedActivation(params)
    if (int8 && bottom_blob_int8_scales) {
      const quantization = {
        inputScale: bottom_blob_int8_scales,
        inHalf: layer.sumsInHalf,
        rounds: layer.simulatesArm && workspace.float === 'float32',
      }
      innerProductInt8(x, int8, quantization, bias_data, y, rows, activation, workspace)
    } else if (half !== undefined) {
      const features = workspace.scratch(x.shape)
      arrange(x.data, half.places, features.data)
      multiplyHalf(features, half.right, perRow ? half.rows : half.features, bias_data, y, rows, workspace)
      activateHalf(y, activation, workspace)
    } else if (packed === undefined) {
      innerProductPlain(x, weight_data, bias_data, y, rows, activation)
    } else innerProductSimd(x, packed, bias_data, y, rows, activation, workspace)
    return y
  },
})

/**
 * W for sums in half precision: those of one row of features run in eight chains, those of each row of a matrix in one. Its columns lie in the
 * order of the eight chains, so that memory is read from beginning to end.
 */
function halfProducts(
  {
    params: { num_output },
    weights: { weight_data, bias_data },
  }: {
    readonly params: { readonly num_output: number }
    readonly weights: { readonly weight_data: Blob; readonly bias_data: Blob | undefined }
  },
  num_input: number,
  workspace: Workspace,
) {
  const chains = inTurn(num_input, 8)
  const places = Int32Array.from(chains.flat())
  const placeOf = new Int32Array(num_input)
  for (const [i, place] of places.entries()) placeOf[place] = i
  const arranged = workspace.scratch(weight_data.shape)
  arrange(weight_data.data, places, arranged.data)
  const right = packHalfRight(arranged, num_output, num_input, workspace)
  weight_data.release()
  if (bias_data !== undefined) workspace.kernels.roundToHalf({ data: bias_data.ptr, n: bias_data.length })
  return {
    places,
    right,
    features: storeOrder(
      chains.map((chain) => chain.map((place) => placeOf[place])),
      workspace,
    ),
    rows: storeOrder([[...placeOf]], workspace),
  }
}

/** Copies rows of as many elements as there are places, whose elements are then in that order. */
function arrange(rows: ArrayLike<number>, places: Int32Array, arranged: { [index: number]: number }): void {
  const { length } = places
  for (let start = 0; start < rows.length; start += length) {
    for (let i = 0; i < length; i++) arranged[start + i] = rows[start + places[i]]
  }
}

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
  kernels.gemmRight({
    a: x.ptr,
    rowStride: features,
    depthStride: 1,
    packedB: packed.ptr,
    c: y.ptr,
    ldc: outputs,
    m: rows,
    n: outputs,
    k: features,
    initial: bias ? Initial.columnBias : Initial.zero,
    bias: bias?.ptr ?? 0,
    activation: activation.type,
    activationA: activation.a,
    activationB: activation.b,
    scratch: scratch([gemmScratchBytes], 'uint8').ptr,
  })
}

/** Weights that are stored as floats although the layer computes in int8 are quantised at load, each row with its scale. */
function quantizeRows(weight: Blob, scales: Blob, { kernels, alloc }: Workspace): Blob {
  if (weight.dtype === 'int8') return weight
  const quantized = alloc([weight.length], 'int8')
  const columns = weight.length / scales.length
  for (const [row, scale] of scales.data.entries()) {
    kernels.quantizeToBytes({
      source: weight.ptr + 4 * row * columns,
      scale,
      destination: quantized.ptr + row * columns,
      n: columns,
    })
  }
  weight.release()
  return quantized
}

interface Quantization {
  readonly inputScale: Blob
  /** Floats are quantised in half precision. */
  readonly inHalf: boolean
  /** Sums are scaled, the bias is added and the activation taken each in a step that is rounded to float32, as in ncnn's ARM code. */
  readonly rounds: boolean
}

/** Float inputs are quantised with the layer's input scale; sums are int32, then scaled back to float. */
function innerProductInt8(
  x: Blob,
  weight: Int8Right,
  { inputScale, inHalf, rounds }: Quantization,
  bias: Blob | undefined,
  y: Blob,
  rows: number,
  activation: FusedActivation,
  workspace: Workspace,
): void {
  const sizes = { rows, columns: y.length / rows, depth: x.length / rows }
  const values = x.dtype === 'int8' ? x : quantizeInput(x, inputScale.data[0], inHalf, workspace)
  const addend = bias && ({ blob: bias, rowStride: 0, columnStride: 1, beta: 1 } as const)
  const left = { values, scales: inputScale }
  const { type, a, b } = activation
  if (rounds) {
    multiplyInt8(left, weight, y, sizes, workspace)
    if (bias !== undefined) addToRows(y.data, bias.data)
    const common = { input: y.ptr, output: y.ptr, n: y.length }
    workspace.kernels.activate({ ...common, activation: type, activationA: a, activationB: b })
    return
  }
  if (y.dtype === 'float32' && limitTypes.includes(type)) {
    multiplyInt8(left, weight, y, sizes, workspace, { addend })
    // Limits commute with rounding. As a clip ReLU keeps NaN.
    if (type === Activation.relu)
      workspace.kernels.activate({
        activation: Activation.clip,
        input: y.ptr,
        output: y.ptr,
        n: y.length,
        activationA: 0,
        activationB: Infinity,
      })
    else
      workspace.kernels.activate({
        activation: type,
        input: y.ptr,
        output: y.ptr,
        n: y.length,
        activationA: a,
        activationB: b,
      })
    return
  }
  const exact = workspace.scratch(y.shape, 'float64')
  multiplyInt8(left, weight, exact, sizes, workspace, { addend })
  const [source, target] = [exact.data, y.data]
  for (let i = 0; i < target.length; i++) target[i] = activate(source[i], activation)
}

function addToRows(rows: BlobArray, bias: BlobArray): void {
  for (let i = 0; i < rows.length; i++) rows[i] += bias[i % bias.length]
}

const limitTypes: readonly number[] = [Activation.none, Activation.relu, Activation.clip]

function quantizeInput(x: Blob, scale: number, inHalf: boolean, { kernels, scratch }: Workspace): Blob {
  const bytes = scratch([x.length], 'int8')
  if (x.dtype === 'float32') {
    kernels.quantizeToBytes({
      source: x.ptr,
      scale: inHalf ? roundToFloat16(scale) : scale,
      destination: bytes.ptr,
      n: x.length,
      inHalf: Number(inHalf),
    })
  } else quantize(x.data, scale, bytes.data, Math.fround)
  return bytes
}

function innerProductPlain(
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
