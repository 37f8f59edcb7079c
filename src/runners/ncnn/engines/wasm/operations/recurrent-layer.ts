// What LSTM, GRU and RNN share: parameters, weights, states, and the walk over time in each direction.
import {
  gemmScratchBytes,
  halfRecurrentScratchBytes,
  Initial,
  type NcnnKernels,
  recurrentScratchBytes,
} from '../../../../../kernels/ncnn.ts'
import { formatShape } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { raw, tagged, taggedOrInt8 } from '../../../weights.ts'
import type { Workspace } from '../layer.ts'
import type { Blob, BlobArray } from '../memory/blob.ts'
import { asRank, namedLengths } from '../shapes/axes.ts'
import { type HalfRecurrent, halfRecurrent, halfSumsFromInput } from './half-recurrent.ts'
import { packRightInt8 } from './int8-matrix.ts'
import { packRight } from './matrix.ts'
import { elementAddress, operand } from './operand.ts'
import {
  type Direction,
  type Int8Rows,
  int8Product,
  matrixProduct,
  type Product,
  plainRows,
  unroll,
} from './recurrence.ts'

/** What the three types have in common. `direction`: 0 forward, 1 reverse, 2 both. */
export const recurrentParams = {
  num_output: int(0),
  weight_data_size: int(1),
  direction: int(2),
  int8_scale_term: int(8),
} as const

interface RecurrentParams {
  readonly num_output: number
  readonly weight_data_size: number
  readonly direction: number
  readonly int8_scale_term: number
  /** That of LSTM; the other types have as many units as outputs. */
  readonly hidden_size?: number
}

interface Sizes {
  readonly directions: number
  /** Features of one time step. */
  readonly features: number
  readonly gates: number
  /** Of each gate. */
  readonly units: number
  /** Rows of W_x and W_h in one direction: gates x units. */
  readonly gateRows: number
  /** Biases of one direction. */
  readonly biasRows: number
  readonly outputs: number
}

/** @param biases of each unit: one for each gate, unless the type says otherwise */
export function sizesOf(params: RecurrentParams, gates: number, biases = gates): Sizes {
  const { num_output, weight_data_size, direction, hidden_size: units = num_output } = params
  const gateRows = gates * units
  if (direction < 0 || direction > 2) throw new NcnnError(`direction must be 0, 1 or 2, found ${direction}`)
  if (num_output < 1 || gateRows < 1) throw new NcnnError(`num_output must be at least 1, found ${num_output}`)
  const directions = direction === 2 ? 2 : 1
  const features = weight_data_size / directions / gateRows
  if (!Number.isInteger(features)) {
    throw new NcnnError(
      `weight_data_size ${weight_data_size} is not a multiple of ${directions} x ${gateRows} gate rows`,
    )
  }
  return { directions, features, gates, units, gateRows, biasRows: biases * units, outputs: num_output }
}

/** The weights that all types have, in file order. `extra` stands before the int8 scales. */
export function recurrentWeights<Extra>(
  { directions, features, gateRows, biasRows, outputs }: Sizes,
  int8: number,
  extra: Extra,
) {
  return {
    weight_xc_data: taggedOrInt8(directions * gateRows * features),
    bias_c_data: tagged(directions * biasRows),
    weight_hc_data: taggedOrInt8(directions * gateRows * outputs),
    ...extra,
    weight_xc_data_int8_scales: int8 ? raw(directions * gateRows) : undefined,
    weight_hc_data_int8_scales: int8 ? raw(directions * gateRows) : undefined,
  }
}

/** At every time step each weight but the biases is used once. */
export function recurrentFlops({
  weights,
  inputs: [x],
}: {
  readonly weights: {
    readonly weight_xc_data: number
    readonly weight_hc_data: number
    readonly weight_hr_data?: number
  }
  readonly inputs: readonly (readonly number[])[]
}): number {
  const { weight_xc_data, weight_hc_data, weight_hr_data = 0 } = weights
  const steps = x.length === 1 ? 1 : x[0]
  return 2 * steps * (weight_xc_data + weight_hc_data + weight_hr_data)
}

type LoadedWeights = {
  readonly weight_xc_data: Blob
  readonly bias_c_data: Blob
  readonly weight_hc_data: Blob
  readonly weight_xc_data_int8_scales: Blob | undefined
  readonly weight_hc_data_int8_scales: Blob | undefined
}

/** W_x and W_h of each direction, packed for the matrix product. */
interface PackedDirection {
  readonly input: Blob
  readonly hidden: Blob
}

/** A layer after loading: its weights are packed, floats for the kernels of whole layers, int8 for products, unless the plain path runs. */
interface PreparedRecurrent {
  readonly sizes: Sizes
  readonly packed?: readonly PackedDirection[]
  readonly packedInt8?: readonly PackedDirection[]
  readonly half?: HalfRecurrent
}

interface UnpreparedRecurrent {
  readonly weights: LoadedWeights
  readonly sumsInHalf: boolean
}

export function prepareRecurrent(
  { weights, sumsInHalf }: UnpreparedRecurrent,
  sizes: Sizes,
  workspace: Workspace,
): PreparedRecurrent {
  const { directions, features, gateRows, outputs } = sizes
  const { weight_xc_data, weight_hc_data, weight_xc_data_int8_scales } = weights
  const int8 = weight_xc_data.dtype === 'int8'
  if (int8 !== (weight_xc_data_int8_scales !== undefined)) {
    throw new NcnnError(`int8_scale_term does not fit the weights, which are stored as ${weight_xc_data.dtype}`)
  }
  if (int8 !== (weight_hc_data.dtype === 'int8')) {
    throw new NcnnError(`weights stored as ${weight_xc_data.dtype} and as ${weight_hc_data.dtype} do not go together`)
  }
  if (workspace.float === 'float64') return { sizes }
  if (!int8 && sumsInHalf) {
    const half = halfRecurrent(weights, sizes, workspace)
    weight_xc_data.release()
    weight_hc_data.release()
    return { sizes, half }
  }
  const pack = (blob: Blob, d: number, columns: number): Blob =>
    int8
      ? packRightInt8(blob, d * gateRows * columns, gateRows, columns, workspace)
      : packMatrix(blob, d, gateRows, columns, workspace)
  const packed = Array.from({ length: directions }, (_, d) => ({
    input: pack(weight_xc_data, d, features),
    hidden: pack(weight_hc_data, d, outputs),
  }))
  weight_xc_data.release()
  weight_hc_data.release()
  return int8 ? { sizes, packedInt8: packed } : { sizes, packed }
}

/** Packs matrix number `index`, [rows][columns], of `weights` as the right side of a product x W^T. */
export function packMatrix(weights: Blob, index: number, rows: number, columns: number, workspace: Workspace): Blob {
  return packRight(operand(weights, rows, columns, false, index * rows * columns), rows, columns, workspace).blob
}

/** Number of time steps of x, [T][features]. */
function stepsOf(x: Blob, { features }: Sizes, { int8_scale_term }: RecurrentParams): number {
  if (int8_scale_term && x.shape.length > 2) {
    throw new NcnnError(
      'in int8 the input must be [steps, features]; ncnn quantises the steps of more axes with one scale',
    )
  }
  const { h: steps, w } = namedLengths(asRank(x.shape, 2))
  if (w !== features) throw new NcnnError(`the input must be [steps, ${features}], as the weights say`)
  return steps
}

/** A state, [directions][length]: a copy of the one that was fed, or zeros. */
export function initialState(
  fed: Blob | undefined,
  directions: number,
  length: number,
  { alloc, float }: Workspace,
): Blob {
  if (fed !== undefined && fed.length !== directions * length) {
    throw new NcnnError(
      `an initial state must have ${directions} x ${length} elements, found ${formatShape(fed.shape)}`,
    )
  }
  const state = alloc(fed?.shape ?? [directions, length], float)
  state.data.set(fed?.data ?? new Float32Array(state.length))
  return state
}

/** bias + W_x x for all time steps at once: [T][gateRows]. */
function gatesFromInput(
  x: Blob,
  packed: Blob,
  bias: number,
  steps: number,
  { features, gateRows }: Sizes,
  { kernels, scratch }: Workspace,
): Blob {
  const gates = scratch([steps, gateRows])
  const workArea = scratch([gemmScratchBytes], 'uint8').ptr
  kernels.gemmRight({
    a: x.ptr,
    rowStride: features,
    depthStride: 1,
    packedB: packed.ptr,
    c: gates.ptr,
    ldc: gateRows,
    m: steps,
    n: gateRows,
    k: features,
    initial: Initial.columnBias,
    bias,
    scratch: workArea,
  })
  return gates
}

/** The products W_x v and W_h v of direction `d`, in plain TypeScript but for int8 sums. */
function plainProducts(
  weights: LoadedWeights,
  d: number,
  { sizes: { features, gateRows, outputs }, packedInt8 }: PreparedRecurrent,
  inputInHalf: boolean,
  workspace: Workspace,
) {
  const packed = packedInt8?.[d]
  const product = (
    blob: Blob,
    packedBlob: Blob | undefined,
    columns: number,
    scales: Blob | undefined,
    inHalf: boolean,
  ): Product => {
    const offset = d * gateRows * columns
    if (scales === undefined) return matrixProduct(blob.data, offset, gateRows, columns)
    const rows = packedBlob
      ? kernelRows(packedBlob, gateRows, columns, workspace)
      : plainRows(blob.data, offset, gateRows, columns)
    return int8Product(rows, gateRows, columns, scales.data, d * gateRows, inHalf)
  }
  return {
    input: product(weights.weight_xc_data, packed?.input, features, weights.weight_xc_data_int8_scales, inputInHalf),
    // States are float32 under all options.
    hidden: product(weights.weight_hc_data, packed?.hidden, outputs, weights.weight_hc_data_int8_scales, false),
  }
}

/** Rows of int8 weights that were packed. */
function kernelRows(packed: Blob, rows: number, columns: number, { kernels, scratch }: Workspace): Int8Rows {
  const vector = scratch([columns], 'int8')
  const sums = scratch([rows], 'int32')
  const work = scratch([gemmScratchBytes], 'uint8').ptr
  return (fill) => {
    fill(vector.data)
    kernels.int8Gemm({
      a: vector.ptr,
      packedB: packed.ptr,
      c: sums.ptr,
      ldc: rows,
      m: 1,
      n: rows,
      k: columns,
      scratch: work,
    })
    return sums.data
  }
}

/** What the kernels for sums in half precision are called with. */
export interface HalfCall {
  readonly x: Blob
  readonly prepared: HalfRecurrent
  readonly sizes: Sizes
  readonly bias: Blob
  readonly walk: Readonly<Record<'hidden' | 'output' | 'outputStride' | 'steps' | 'numOutput' | 'reverse', number>>
}

/** The arguments that all of them take; W_x x of the first `products` gates is in the sums. */
export function halfArguments(
  { x, prepared, sizes, bias, walk }: HalfCall,
  d: number,
  products: number,
  workspace: Workspace,
) {
  const { biasRows, outputs, units } = sizes
  const sums = halfSumsFromInput(x, prepared, d, bias, d * biasRows, products, walk.steps, sizes, workspace)
  const { order, ends } = prepared.hiddenOrder
  return {
    ...walk,
    sums: sums.ptr,
    packedHidden: prepared.directions[d].hidden.packed.ptr,
    order: order.ptr,
    ends: ends.ptr,
    columns: prepared.columns,
    scratch: workspace.scratch([halfRecurrentScratchBytes(outputs, units)], 'uint8').ptr,
  }
}

/** What a type does in direction `d` beyond what all types do. */
interface RecurrentType {
  /** Runs its kernel; `call` is what all of them take. */
  kernel(call: Parameters<NcnnKernels['rnn']>[0], d: number): void
  /** Runs its kernel for sums in half precision. */
  half(call: HalfCall, d: number): void
  /** Its step in plain TypeScript, which finds its features in `x` from `start` on. */
  step(direction: Direction, d: number): (x: BlobArray, start: number) => void
}

interface RunningRecurrent extends UnpreparedRecurrent {
  readonly params: RecurrentParams
  readonly prepared: PreparedRecurrent
}

/** Runs all directions: x [T][features], optional hidden state -> y [T][directions * outputs], hidden [directions][outputs]. */
export function forwardRecurrent(
  x: Blob,
  fedHidden: Blob | undefined,
  layer: RunningRecurrent,
  workspace: Workspace,
  type: RecurrentType,
): [y: Blob, hidden: Blob] {
  const { params, weights, prepared, sumsInHalf } = layer
  const { packed, half, sizes } = prepared
  const { directions, gates, units, biasRows, outputs } = sizes
  const steps = stepsOf(x, sizes, params)
  const y = workspace.alloc([steps, directions * outputs])
  const hidden = initialState(fedHidden, directions, outputs, workspace)
  for (let d = 0; d < directions; d++) {
    // the only one of `direction` 1, the second of `direction` 2
    const reverse = params.direction === 1 || d === 1
    const state = { hidden: elementAddress(hidden, d * outputs), output: elementAddress(y, d * outputs) }
    const walk = { ...state, outputStride: directions * outputs, steps, numOutput: outputs, reverse: Number(reverse) }
    if (half !== undefined) {
      type.half({ x, prepared: half, sizes, bias: weights.bias_c_data, walk }, d)
    } else if (packed === undefined) {
      const products = plainProducts(weights, d, prepared, sumsInHalf, workspace)
      const bias = { bias: weights.bias_c_data.data, biasOffset: d * biasRows }
      const start = { hiddenState: hidden.data, hiddenOffset: d * outputs, outputs }
      const step = type.step({ ...products, ...bias, ...start }, d)
      const features = x.data
      unrollInto(y, steps, reverse, d, hidden, sizes, (start) => step(features, start))
    } else {
      const bias = elementAddress(weights.bias_c_data, d * biasRows)
      const call = {
        gates: gatesFromInput(x, packed[d].input, bias, steps, sizes, workspace).ptr,
        packedHidden: packed[d].hidden.ptr,
        ...walk,
        scratch: workspace.scratch([recurrentScratchBytes(gates, units)], 'uint8').ptr,
      }
      type.kernel(call, d)
    }
  }
  return [y, hidden]
}

/** Runs a plain step over time and writes each hidden state to its place in y, [T][directions * outputs]. */
function unrollInto(
  y: Blob,
  steps: number,
  reverse: boolean,
  d: number,
  hidden: Blob,
  sizes: Sizes,
  step: (start: number) => void,
): void {
  const { directions, features, outputs } = sizes
  const [target, state] = [y.data, hidden.data]
  unroll(steps, reverse, (t) => {
    step(t * features)
    target.set(state.subarray(d * outputs, (d + 1) * outputs), (t * directions + d) * outputs)
  })
}

/** The states are outputs only where the network names them. */
export function takeOutputs(results: readonly Blob[], count: number): readonly Blob[] {
  if (count > 1 && count < results.length)
    throw new NcnnError(`it has 1 output or ${results.length}, but the .param names ${count}`)
  for (const unused of results.slice(count)) unused.release()
  return results.slice(0, count)
}
