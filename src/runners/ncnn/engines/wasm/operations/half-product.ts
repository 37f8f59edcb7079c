// Products of rows and a packed matrix whose sums are taken in half precision.
import { halfMatrixScratchBytes } from '../../../../../kernels/ncnn.ts'
import type { Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { packHalves } from './half-matrix.ts'
import type { HalfOrder } from './half-order.ts'
import { operand } from './operand.ts'

/** A right side [depth][columns], packed, columns rounded up to whole panels. */
export interface HalfRight {
  readonly packed: Blob
  readonly columns: number
  readonly depth: number
}

/** Packs float32 weights [columns][depth], which hold halves. */
export function packHalfRight(weights: Blob, columns: number, depth: number, workspace: Workspace): HalfRight {
  return {
    ...packHalves(operand(weights, columns, depth, false), columns, depth, workspace, workspace.alloc),
    columns,
    depth,
  }
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
  kernels.halfMatrix({
    a: x.ptr,
    rowStride: depth,
    packedB: packed.ptr,
    order: order.ptr,
    ends: ends.ptr,
    chains,
    bias: bias?.ptr ?? 0,
    c: y.ptr,
    ldc: columns,
    m: rows,
    n: columns,
    k: depth,
    scratch: scratch([halfMatrixScratchBytes(chains, columns, depth)], 'uint8').ptr,
  })
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
