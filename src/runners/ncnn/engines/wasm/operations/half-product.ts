// Products of rows and a packed matrix whose sums are taken in half precision.
import { packedRightBytes, WeightType } from '../../../../../kernels/ncnn.ts'
import type { Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import type { HalfOrder } from './half-order.ts'

/** Columns come in panels of as many. */
const panel = 8

export const wholePanels = (columns: number): number => Math.ceil(columns / panel) * panel

/** A right side [depth][columns], packed, columns rounded up to whole panels. */
export interface HalfRight {
  readonly packed: Blob
  readonly columns: number
  readonly depth: number
}

/** Packs float32 weights [columns][depth], those of `weights` from `offset` on, which hold halves; columns beyond them are zeros. */
export function packHalfRight(
  weights: Blob,
  offset: number,
  columns: number,
  depth: number,
  { kernels, alloc, scratch }: Workspace,
): HalfRight {
  const padded = wholePanels(columns)
  const packed = alloc([packedRightBytes(depth, padded)], 'uint8')
  const filled = scratch([padded * depth], 'float32')
  filled.data.fill(0)
  filled.data.set(weights.data.subarray(offset, offset + columns * depth))
  kernels.packRight({
    source: filled.ptr,
    weightType: WeightType.float32,
    depthStride: 1,
    columnStride: depth,
    k: depth,
    n: padded,
    packed: packed.ptr,
  })
  return { packed, columns, depth }
}

/** y[rows][columns] = bias + x R, rows of x `depth` long; sums as `order` says. */
export function multiplyHalf(
  x: Blob,
  { packed, columns, depth }: HalfRight,
  { chains, order, ends }: HalfOrder,
  bias: Blob | undefined,
  y: Blob,
  rows: number,
  { kernels, scratch }: Workspace,
): void {
  const padded = wholePanels(columns)
  const sums = scratch([rows, chains, padded], 'float32')
  startAtBias(sums, rows, chains, padded, bias?.data.subarray(0, columns))
  kernels.halfProduct({
    a: x.ptr,
    rowStride: depth,
    packedB: packed.ptr,
    order: order.ptr,
    ends: ends.ptr,
    chains,
    sums: sums.ptr,
    m: rows,
    n: columns,
    k: depth,
    accumulate: 1,
  })
  kernels.halfJoin({ sums: sums.ptr, chains, output: y.ptr, outputStride: columns, m: rows, n: columns })
}

/** Sets sums [rows][chains][columns] to zero, and the first chain of each row to the bias. */
export function startAtBias(
  sums: Blob,
  rows: number,
  chains: number,
  columns: number,
  bias: ArrayLike<number> | undefined,
): void {
  const { data } = sums
  data.fill(0)
  if (bias !== undefined) for (let row = 0; row < rows; row++) data.set(bias, row * chains * columns)
}
