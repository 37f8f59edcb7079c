// Products of matrices in int8: operands quantised on the fly or stored as int8, sums in int32, results scaled back to floats.
import { GEMM_SCRATCH_BYTES, packedInt8RightBytes } from '../../../../kernels/ncnn.ts'
import { NcnnError } from '../../error.ts'
import type { Blob, BlobArray } from './blob.ts'
import type { Workspace } from './layer.ts'
import { elementAddress, type Operand, type ProductSizes } from './matrix.ts'
import { copyStrided } from './strided-copy.ts'

/** One side of a product: signed bytes [outer][depth], and their scales: one, or one for each outer index. */
export interface Int8Operand {
  readonly values: Blob
  readonly scales: ArrayLike<number>
}

/** A right side as the product wants it: packed for the kernel, or as it is for sums in float64. */
export interface Int8Right extends Int8Operand {
  readonly packed: boolean
}

type Memory = Pick<Workspace, 'kernels' | 'scratch'>

/**
 * Gathers an operand and quantises it where it holds floats.
 * @param granularity one scale for each outer index, or one for the whole operand
 * @param stored scales of an operand that is stored as int8: one, or one for each outer index
 */
export function int8Operand(
  side: Operand,
  outer: number,
  depth: number,
  granularity: 'outer' | 'whole',
  workspace: Memory,
  stored?: BlobArray,
): Int8Operand {
  const { kernels, scratch } = workspace
  if (side.blob.dtype === 'int8') {
    if (stored === undefined) throw new NcnnError('an int8 operand has no scale')
    return { values: gather(side, outer, depth, 'int8', workspace).blob, scales: stored }
  }
  const floats = gather(side, outer, depth, 'float32', workspace)
  const values = scratch([outer, depth], 'int8')
  const [rows, length] = granularity === 'outer' ? [outer, depth] : [1, outer * depth]
  const scales = Array.from({ length: rows }, (_, i) => {
    const address = elementAddress(floats.blob, floats.offset + i * length)
    const scale = finiteScale(kernels.largestMagnitude(address, length))
    kernels.quantizeToBytes(address, scale, values.ptr + i * length, length)
    return scale
  })
  return { values, scales }
}

/** The scale that maps the largest magnitude to 127; all-zero values take scale 1. */
function finiteScale(largest: number): number {
  const scale = Math.fround(127 / largest)
  return Number.isFinite(scale) ? scale : 1
}

/** The elements as dense rows [outer][depth]: the operand's own memory if they are that already. */
function gather(
  { blob, offset, outerStride, depthStride }: Operand,
  outer: number,
  depth: number,
  dtype: 'int8' | 'float32',
  { kernels, scratch }: Memory,
): { readonly blob: Blob; readonly offset: number } {
  const dense = depthStride === 1 && (outerStride === depth || outer === 1)
  if (dense && blob.dtype === dtype && (offset === 0 || dtype === 'float32')) return { blob, offset }
  const rows = scratch([outer, depth], dtype)
  const source = { data: blob.data, offset, strides: [outerStride, depthStride] }
  const target = { data: rows.data, offset: 0, strides: [depth, 1] }
  copyStrided([outer, depth], source, target, blob.dtype === dtype ? kernels : undefined)
  return { blob: rows, offset: 0 }
}

/**
 * The right side of a product, all of which has one scale unless it is stored as int8, in memory from `alloc`; the operand's blob is no
 * longer needed.
 */
export function int8Right(
  side: Operand,
  columns: number,
  depth: number,
  workspace: Workspace,
  alloc: Workspace['alloc'],
  stored?: BlobArray,
): Int8Right {
  const temporary: Blob[] = []
  const scratch: Workspace['scratch'] = (shape, dtype) => {
    const blob = workspace.alloc(shape, dtype)
    temporary.push(blob)
    return blob
  }
  const { values, scales } = int8Operand(side, columns, depth, 'whole', { ...workspace, scratch }, stored)
  const packed = workspace.float === 'float32'
  const right = packed
    ? packRightInt8(values, 0, columns, depth, { ...workspace, alloc })
    : alloc([columns, depth], 'int8')
  if (!packed) right.data.set(values.data)
  for (const blob of temporary) blob.release()
  return { values: right, scales: Array.from(scales), packed }
}

/** Packs rows of bytes [columns][depth] from element `offset` on as the right side of a product, into memory from `alloc`. */
export function packRightInt8(
  rows: Blob,
  offset: number,
  columns: number,
  depth: number,
  { kernels, alloc }: Pick<Workspace, 'kernels' | 'alloc'>,
): Blob {
  const packed = alloc([packedInt8RightBytes(depth, columns)], 'uint8')
  kernels.packInt8Right(rows.ptr + offset, depth, columns, packed.ptr)
  return packed
}

/** Element type of {@link sumProducts}. */
export const sumType = ({ float }: Workspace): 'int32' | 'float64' => (float === 'float32' ? 'int32' : 'float64')

/** sums[rows][columns] = L R in integers. */
export function sumProducts(
  left: Blob,
  right: Int8Right,
  sums: Blob,
  { rows, columns, depth }: ProductSizes,
  { kernels, scratch }: Workspace,
): void {
  if (right.packed) {
    const work = scratch([GEMM_SCRATCH_BYTES], 'uint8').ptr
    kernels.int8Gemm(left.ptr, right.values.ptr, sums.ptr, columns, rows, columns, depth, work)
    return
  }
  const [a, b, target] = [left.data, right.values.data, sums.data]
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = 0
      for (let k = 0; k < depth; k++) sum += a[i * depth + k] * b[j * depth + k]
      target[i * columns + j] = sum
    }
  }
}

/** Hands each row of L R, which is valid until the next, to `store`. */
export function multiplyInt8(
  left: Int8Operand,
  right: Int8Right,
  sizes: ProductSizes,
  workspace: Workspace,
  store: (row: number, products: Float64Array) => void,
): void {
  const { rows, columns } = sizes
  const sums = workspace.alloc([rows, columns], sumType(workspace))
  sumProducts(left.values, right, sums, sizes, workspace)
  const integers = sums.data
  const products = new Float64Array(columns)
  for (let i = 0; i < rows; i++) {
    const scale = left.scales[left.scales.length === 1 ? 0 : i]
    for (let j = 0; j < columns; j++) {
      const other = right.scales[right.scales.length === 1 ? 0 : j]
      products[j] = integers[i * columns + j] * Math.fround(1 / Math.fround(scale * other))
    }
    store(i, products)
  }
  sums.release()
}
