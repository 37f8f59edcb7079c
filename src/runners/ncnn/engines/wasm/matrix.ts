// Products of matrices that lie in blobs, with any orientation: y += L R.
import { GEMM_SCRATCH_BYTES, Initial } from '../../../../kernels/ncnn.ts'
import type { Blob } from './blob.ts'
import type { Workspace } from './layer.ts'

/**
 * One side of a product: element (i, k) of the left side, or (k, i) of the right side, lies at
 * `offset + i * outerStride + k * depthStride`, counted in elements.
 */
export interface Operand {
  readonly blob: Blob
  readonly offset: number
  readonly outerStride: number
  readonly depthStride: number
}

/** Row-major [outer][depth], or [depth][outer] when `depthFirst`. */
export function operand(blob: Blob, outer: number, depth: number, depthFirst: boolean, offset = 0): Operand {
  return depthFirst
    ? { blob, offset, outerStride: 1, depthStride: outer }
    : { blob, offset, outerStride: depth, depthStride: 1 }
}

export interface ProductSizes {
  readonly rows: number
  readonly columns: number
  readonly depth: number
}

/** Where a product goes: element (i, j) to `offset + i * rowStride + j`. `rowStride` is the number of columns if not given. */
export interface Destination {
  readonly offset?: number
  readonly rowStride?: number
  /** Add to what is there. */
  readonly accumulate?: boolean
}

/** y[rows][columns] = L R. */
export function multiply(
  left: Operand,
  right: Operand,
  y: Blob,
  { rows, columns, depth }: ProductSizes,
  workspace: Workspace,
  { offset = 0, rowStride = columns, accumulate = false }: Destination = {},
): void {
  if (workspace.float === 'float64') {
    multiplyPlain(left, right, y, { rows, columns, depth }, { offset, rowStride, accumulate })
    return
  }
  workspace.kernels.gemm(
    elementAddress(left.blob, left.offset),
    left.outerStride,
    left.depthStride,
    elementAddress(right.blob, right.offset),
    right.depthStride,
    right.outerStride,
    elementAddress(y, offset),
    rowStride,
    rows,
    columns,
    depth,
    accumulate ? Initial.accumulate : Initial.zero,
    0,
    workspace.scratch([GEMM_SCRATCH_BYTES], 'uint8').ptr,
  )
}

/** Address of a float32 element. */
export function elementAddress(blob: Blob, index: number): number {
  return blob.ptr + index * Float32Array.BYTES_PER_ELEMENT
}

function multiplyPlain(
  left: Operand,
  right: Operand,
  y: Blob,
  { rows, columns, depth }: ProductSizes,
  { offset, rowStride, accumulate }: Required<Destination>,
): void {
  const [a, b, target] = [left.blob.data, right.blob.data, y.data]
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = offset + i * rowStride + j
      let sum = accumulate ? target[at] : 0
      const [row, column] = [left.offset + i * left.outerStride, right.offset + j * right.outerStride]
      for (let k = 0; k < depth; k++) sum += a[row + k * left.depthStride] * b[column + k * right.depthStride]
      target[at] = sum
    }
  }
}
