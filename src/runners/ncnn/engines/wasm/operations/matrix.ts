// Products of matrices that lie in blobs, with any orientation: y += L R.
import { gemmScratchBytes, Initial, packedRightBytes, WeightType } from '../../../../../kernels/ncnn.ts'
import { NcnnError } from '../../../error.ts'
import type { Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import type { SumPrecision } from '../precision/sums.ts'
import { multiplyInHalf, type PackedHalves } from './half-matrix.ts'
import { elementAddress, type Operand, type ProductSizes } from './operand.ts'

/** Where a product goes: element (i, j) to `offset + i * rowStride + j`. `rowStride` is the number of columns if not given. */
export interface Destination {
  readonly offset?: number
  readonly rowStride?: number
  /** Add to what is there. */
  readonly accumulate?: boolean
  /** Default: that of the blobs. */
  readonly sums?: SumPrecision
  /** The rows of y are columns of ncnn's product: which matters to sums in half precision. */
  readonly transposed?: boolean
}

/** y[rows][columns] = L R, all of them numbers that float16 holds, every sum rounded to it. */
export function multiplyHalves(
  left: Operand,
  right: Operand | PackedHalves,
  y: Blob,
  sizes: ProductSizes,
  workspace: Workspace,
  { offset = 0, rowStride = sizes.columns, accumulate = false, transposed = false }: Destination = {},
): void {
  multiplyInHalf(left, right, y, sizes, workspace, { offset, rowStride, accumulate, transposed })
}

/** y[rows][columns] = L R. */
export function multiply(
  left: Operand,
  right: Operand,
  y: Blob,
  sizes: ProductSizes,
  workspace: Workspace,
  destination: Destination = {},
): void {
  const { rows, columns, depth } = sizes
  const { offset = 0, rowStride = columns, accumulate = false, sums = workspace.float } = destination
  if (sums === 'float16') {
    multiplyHalves(left, right, y, sizes, workspace, destination)
    return
  }
  if (sums === 'float64') {
    multiplyPlain(left, right, y, sizes, { offset, rowStride, accumulate })
    return
  }
  workspace.kernels.gemm({
    a: elementAddress(left.blob, left.offset),
    aRowStride: left.outerStride,
    aDepthStride: left.depthStride,
    b: elementAddress(right.blob, right.offset),
    bDepthStride: right.depthStride,
    bColumnStride: right.outerStride,
    c: elementAddress(y, offset),
    ldc: rowStride,
    m: rows,
    n: columns,
    k: depth,
    initial: accumulate ? Initial.accumulate : Initial.zero,
    scratch: workspace.scratch([gemmScratchBytes], 'uint8').ptr,
  })
}

/** A right side that was packed once, for products with many left sides: {@link packRight}. */
export interface PackedRight {
  readonly blob: Blob
  readonly columns: number
  readonly depth: number
}

/** Packs `columns` columns of `depth` float32 or float16 elements into memory from `alloc`; the operand's blob is no longer needed. */
export function packRight(
  { blob, offset, outerStride, depthStride }: Operand,
  columns: number,
  depth: number,
  { kernels, alloc }: Pick<Workspace, 'kernels' | 'alloc'>,
): PackedRight {
  const half = blob.dtype === 'float16'
  if (!half && blob.dtype !== 'float32') throw new NcnnError(`the weights must be floats, found ${blob.dtype}`)
  const packed = alloc([packedRightBytes(depth, columns)], 'uint8')
  const source = blob.ptr + offset * (half ? 2 : 4)
  kernels.packRight({
    source,
    weightType: half ? WeightType.float16 : WeightType.float32,
    depthStride,
    columnStride: outerStride,
    k: depth,
    n: columns,
    packed: packed.ptr,
  })
  return { blob: packed, columns, depth }
}

/** What the sums of a product begin with: nothing, what its memory holds, or a value for each row or each column. */
export type Start = 'zero' | 'accumulate' | { readonly perRow: Blob } | { readonly perColumn: Blob }

/** y[rows][columns] = start + L R for a packed R. */
export function multiplyPacked(
  left: Operand,
  { blob, columns, depth }: PackedRight,
  y: Blob,
  rows: number,
  workspace: Workspace,
  start: Start = 'zero',
): void {
  const [initial, bias] = initialOf(start)
  workspace.kernels.gemmRight({
    a: elementAddress(left.blob, left.offset),
    rowStride: left.outerStride,
    depthStride: left.depthStride,
    packedB: blob.ptr,
    c: y.ptr,
    ldc: columns,
    m: rows,
    n: columns,
    k: depth,
    initial,
    bias,
    scratch: workspace.scratch([gemmScratchBytes], 'uint8').ptr,
  })
}

function initialOf(start: Start): readonly [initial: number, bias: number] {
  if (start === 'zero') return [Initial.zero, 0]
  if (start === 'accumulate') return [Initial.accumulate, 0]
  return 'perRow' in start ? [Initial.rowBias, start.perRow.ptr] : [Initial.columnBias, start.perColumn.ptr]
}

function multiplyPlain(
  left: Operand,
  right: Operand,
  y: Blob,
  { rows, columns, depth }: ProductSizes,
  { offset, rowStride, accumulate }: Required<Pick<Destination, 'offset' | 'rowStride' | 'accumulate'>>,
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
