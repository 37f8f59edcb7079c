// Products of matrices whose sums are taken in half precision, in the order of ncnn's ARM code: one chain for each sum, from what is there
// already; but where the rows are odd in number, eight or four chains for those of the last one.
// Source: Tencent/ncnn, gemm_transB_packed_tile_fp16sa in src/layer/arm/gemm_arm_asimdhp.cpp.
import { halfMatrixScratchBytes, packedRightBytes, WeightType } from '../../../../../kernels/ncnn.ts'
import type { Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { elementAddress, type Operand, type ProductSizes } from './operand.ts'
import { copyStrided } from './strided-copy.ts'

/** Columns come in panels of as many. */
const panel = 8

export const wholePanels = (columns: number): number => Math.ceil(columns / panel) * panel

/** Where such a product goes, as in `multiply`. */
export interface HalfDestination {
  readonly offset: number
  readonly rowStride: number
  readonly accumulate: boolean
  /** All sums have one chain: ncnn's rows are the columns here. */
  readonly transposed: boolean
}

interface Memory {
  readonly blob: Blob
  readonly offset: number
}

/** A right side that was packed once, for products with many left sides: {@link packHalves}. */
export interface PackedHalves {
  readonly packed: Blob
}

/** y[rows][columns] = L R, or y + L R, all of them numbers that float16 holds. */
export function multiplyInHalf(
  left: Operand,
  right: Operand | PackedHalves,
  y: Blob,
  sizes: ProductSizes,
  workspace: Workspace,
  { offset, rowStride, accumulate, transposed }: HalfDestination,
): void {
  const { kernels, scratch } = workspace
  const { rows, columns, depth } = sizes
  const a = denseRows(left, rows, depth, workspace)
  const { packed } = 'packed' in right ? right : packHalves(right, columns, depth, workspace, scratch)
  kernels.halfMatrix({
    a: elementAddress(a.blob, a.offset),
    rowStride: a.rowStride,
    packedB: packed.ptr,
    c: elementAddress(y, offset),
    ldc: rowStride,
    m: rows,
    n: columns,
    k: depth,
    accumulate: accumulate ? 1 : 0,
    lastApart: transposed ? 0 : rows % 2,
    scratch: scratch([halfMatrixScratchBytes(1, columns, depth)], 'uint8').ptr,
  })
}

function denseRows(
  { blob, offset, outerStride, depthStride }: Operand,
  rows: number,
  depth: number,
  { kernels, scratch }: Workspace,
): Memory & { readonly rowStride: number } {
  if (depthStride === 1) return { blob, offset, rowStride: outerStride }
  const dense = scratch([rows, depth], 'float32')
  const source = { data: blob.data, offset, strides: [outerStride, depthStride] }
  copyStrided([rows, depth], source, { data: dense.data, offset: 0, strides: [depth, 1] }, kernels)
  return { blob: dense, offset: 0, rowStride: depth }
}

/** A right side as the product wants it, its columns filled up to whole panels with zeros, in memory from `alloc`. */
export function packHalves(
  { blob, offset, outerStride, depthStride }: Operand,
  columns: number,
  depth: number,
  { kernels }: Workspace,
  alloc: Workspace['alloc'],
): PackedHalves {
  const packed = alloc([packedRightBytes(depth, wholePanels(columns))], 'uint8')
  kernels.packRight({
    source: elementAddress(blob, offset),
    weightType: WeightType.float32,
    depthStride,
    columnStride: outerStride,
    k: depth,
    n: columns,
    packed: packed.ptr,
    whole: 1,
  })
  return { packed }
}
