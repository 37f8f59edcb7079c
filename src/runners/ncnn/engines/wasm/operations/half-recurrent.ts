// The weights of recurrent layers whose products are summed in half precision, and the input's part of those sums.
import type { Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { wholePanels } from './half-matrix.ts'
import { type HalfOrder, inTurn, storeOrder } from './half-order.ts'
import { type HalfRight, packHalfRight, startAtBias } from './half-product.ts'

/** In how many chains a row is summed. */
const chains = 4

interface HalfSizes {
  readonly directions: number
  readonly features: number
  readonly gates: number
  readonly units: number
  readonly outputs: number
}

/** W_x and W_h of one direction, each gate's rows filled up to whole panels. */
export interface HalfDirection {
  readonly input: HalfRight
  readonly hidden: HalfRight
}

export interface HalfRecurrent {
  readonly directions: readonly HalfDirection[]
  readonly inputOrder: HalfOrder
  readonly hiddenOrder: HalfOrder
  /** Columns of each gate. */
  readonly columns: number
}

/** Packs the float32 weights of all directions, which hold halves, and rounds the biases to halves. */
export function halfRecurrent(
  {
    weight_xc_data,
    weight_hc_data,
    bias_c_data,
  }: Readonly<Record<'weight_xc_data' | 'weight_hc_data' | 'bias_c_data', Blob>>,
  sizes: HalfSizes,
  workspace: Workspace,
): HalfRecurrent {
  const { directions, features, outputs } = sizes
  workspace.kernels.roundToHalf({ data: bias_c_data.ptr, n: bias_c_data.length })
  return {
    directions: Array.from({ length: directions }, (_, d) => ({
      input: packGates(weight_xc_data, d, features, sizes, workspace),
      hidden: packGates(weight_hc_data, d, outputs, sizes, workspace),
    })),
    inputOrder: storeOrder(inTurn(features, chains), workspace),
    hiddenOrder: storeOrder(inTurn(outputs, chains), workspace),
    columns: wholePanels(sizes.units),
  }
}

function packGates(
  weights: Blob,
  d: number,
  depth: number,
  { gates, units }: HalfSizes,
  workspace: Workspace,
): HalfRight {
  const columns = wholePanels(units)
  const filled = workspace.scratch([gates, columns, depth], 'float32')
  const [source, target] = [weights.data, filled.data]
  target.fill(0)
  for (let gate = 0; gate < gates; gate++) {
    const start = (d * gates + gate) * units * depth
    target.set(source.subarray(start, start + units * depth), gate * columns * depth)
  }
  return packHalfRight(filled, gates * columns, depth, workspace)
}

/** Sums [T][chains][gates * columns]: bias and W_x x_t of the first `products` gates; of GRU's last, the bias that goes with W_h. */
export function halfSumsFromInput(
  x: Blob,
  { directions, inputOrder, columns }: HalfRecurrent,
  d: number,
  bias: Blob,
  biasOffset: number,
  products: number,
  steps: number,
  { gates, units, features }: HalfSizes,
  { kernels, scratch }: Workspace,
): Blob {
  const width = gates * columns
  const sums = scratch([steps, chains, width], 'float32')
  const start = new Float32Array(width)
  const biases = bias.data
  for (let gate = 0; gate < gates; gate++) {
    const from = biasOffset + (gate < products ? gate : gate + 1) * units
    start.set(biases.subarray(from, from + units), gate * columns)
  }
  startAtBias(sums, steps, chains, width, start)
  const part = scratch([steps, chains, products * columns], 'float32')
  const whole = products === gates
  if (!whole) copyColumns(sums, part, steps * chains, width, products * columns)
  const target = whole ? sums : part
  kernels.halfProduct({
    a: x.ptr,
    rowStride: features,
    packedB: directions[d].input.packed.ptr,
    order: inputOrder.order.ptr,
    ends: inputOrder.ends.ptr,
    chains,
    sums: target.ptr,
    m: steps,
    n: products * columns,
    k: features,
    accumulate: 1,
  })
  if (!whole) copyBack(part, sums, steps * chains, width, products * columns)
  return sums
}

function copyColumns(from: Blob, to: Blob, rows: number, width: number, count: number): void {
  for (let row = 0; row < rows; row++) to.data.set(from.data.subarray(row * width, row * width + count), row * count)
}

function copyBack(from: Blob, to: Blob, rows: number, width: number, count: number): void {
  for (let row = 0; row < rows; row++) to.data.set(from.data.subarray(row * count, (row + 1) * count), row * width)
}
