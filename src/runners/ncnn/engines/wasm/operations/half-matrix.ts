// Products of matrices whose sums are taken in half precision, in the order of ncnn's ARM code: one chain for each sum, from what is there
// already; but where the rows are odd in number, eight or four chains for those of the last one.
// Source: Tencent/ncnn, gemm_transB_packed_tile_fp16sa in src/layer/arm/gemm_arm_asimdhp.cpp.
import { packedRightBytes, WeightType } from '../../../../../kernels/ncnn.ts'
import type { Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { wholePanels } from './half-product.ts'
import { elementAddress, type Operand, type ProductSizes } from './operand.ts'
import { copyStrided } from './strided-copy.ts'

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
  const padded = wholePanels(columns)
  const a = denseRows(left, rows, depth, workspace)
  const { packed: packedB } = 'packed' in right ? right : packHalves(right, columns, depth, workspace, scratch)
  const sums = scratch([rows, padded], 'float32')
  sums.data.fill(0)
  if (accumulate) {
    const source = { data: y.data, offset, strides: [rowStride, 1] }
    copyStrided([rows, columns], source, { data: sums.data, offset: 0, strides: [padded, 1] }, kernels)
    kernels.roundToHalf({ data: sums.ptr, n: sums.length })
  }
  const last = rows - 1
  const start = scratch([padded], 'float32')
  start.data.set(sums.data.subarray(last * padded))
  kernels.halfProduct({
    ...oneChain(depth, workspace),
    a: elementAddress(a.blob, a.offset),
    rowStride: a.rowStride,
    packedB: packedB.ptr,
    n: columns,
    k: depth,
    sums: sums.ptr,
    m: rows,
    accumulate: 1,
  })
  const output = elementAddress(y, offset)
  kernels.halfJoin({ sums: sums.ptr, chains: 1, output, outputStride: rowStride, m: rows, n: columns })
  if (transposed || rows % 2 === 0) return

  kernels.halfLastRow({
    a: elementAddress(a.blob, a.offset + last * a.rowStride),
    packedB: packedB.ptr,
    start: start.ptr,
    output: output + 4 * last * rowStride,
    n: columns,
    k: depth,
  })
}

/** All terms in their order. */
function oneChain(depth: number, { scratch }: Workspace) {
  const [order, ends] = [scratch([depth], 'int32'), scratch([1], 'int32')]
  const places = order.data
  for (let k = 0; k < depth; k++) places[k] = k
  ends.data[0] = depth
  return { chains: 1, order: order.ptr, ends: ends.ptr }
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
  { kernels, scratch }: Workspace,
  alloc: Workspace['alloc'],
): PackedHalves {
  const padded = wholePanels(columns)
  const packed = alloc([packedRightBytes(depth, padded)], 'uint8')
  const whole = padded === columns
  const filled = whole ? blob : scratch([padded, depth], 'float32')
  if (!whole) {
    filled.data.fill(0)
    const source = { data: blob.data, offset, strides: [outerStride, depthStride] }
    copyStrided([columns, depth], source, { data: filled.data, offset: 0, strides: [depth, 1] }, kernels)
  }
  kernels.packRight({
    source: whole ? elementAddress(blob, offset) : filled.ptr,
    weightType: WeightType.float32,
    depthStride: whole ? depthStride : 1,
    columnStride: whole ? outerStride : depth,
    k: depth,
    n: padded,
    packed: packed.ptr,
  })
  return { packed }
}
