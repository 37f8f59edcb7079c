// Products of matrices in int8: operands quantised on the fly or stored as int8, sums in int32, results scaled back to floats.
import { gemmScratchBytes } from '../../../../../kernels/ncnn.ts'
import { NcnnError } from '../../../error.ts'
import type { Workspace } from '../layer.ts'
import type { Blob, BlobArray } from '../memory/blob.ts'
import { elementAddress, type Operand, type ProductSizes } from './operand.ts'
import { copyStrided } from './strided-copy.ts'

/** One side of a product: signed bytes [outer][depth], and their float32 scales: one, or one for each outer index. */
export interface Int8Operand {
  readonly values: Blob
  readonly scales: Blob
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
  stored?: Blob,
): Int8Operand {
  const { kernels, scratch } = workspace
  if (side.blob.dtype === 'int8') {
    if (stored === undefined) throw new NcnnError('an int8 operand has no scale')
    return { values: gather(side, outer, depth, 'int8', workspace).blob, scales: stored }
  }
  const floats = gather(side, outer, depth, 'float32', workspace)
  const values = scratch([outer, depth], 'int8')
  const [rows, length] = granularity === 'outer' ? [outer, depth] : [1, outer * depth]
  const scales = scratch([rows], 'float32')
  const written = scales.data
  for (let i = 0; i < rows; i++) {
    const address = elementAddress(floats.blob, floats.offset + i * length)
    written[i] = finiteScale(kernels.largestMagnitude({ source: address, n: length }))
    kernels.quantizeToBytes({ source: address, scale: written[i], destination: values.ptr + i * length, n: length })
  }
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
  stored?: Blob,
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
  const ownScales = alloc(scales.shape, 'float32')
  ownScales.data.set(scales.data)
  for (const blob of temporary) blob.release()
  return { values: right, scales: ownScales, packed }
}

/** Packs rows of bytes [columns][depth] from element `offset` on as the right side of a product, into memory from `alloc`. */
export function packRightInt8(
  rows: Blob,
  offset: number,
  columns: number,
  depth: number,
  { kernels, alloc }: Pick<Workspace, 'kernels' | 'alloc'>,
): Blob {
  const packed = alloc([kernels.packedInt8RightBytes({ k: depth, n: columns })], 'uint8')
  kernels.packInt8Right({ source: rows.ptr + offset, k: depth, n: columns, packed: packed.ptr })
  return packed
}

/** What is added to a product, element (i, j) at `i * rowStride + j * columnStride`, times `beta`. */
export interface Addend {
  readonly blob: Blob
  readonly rowStride: number
  readonly columnStride: 0 | 1
  readonly beta: number
}

/** Where a product goes, as in {@link multiply}, and what becomes of it. */
export interface Int8Destination {
  readonly offset?: number
  readonly rowStride?: number
  readonly addend?: Addend
  readonly alpha?: number
}

/** y = alpha (L R + addend), in float64 and rounded to y's type at the end. */
export function multiplyInt8(
  left: Int8Operand,
  right: Int8Right,
  y: Blob,
  sizes: ProductSizes,
  workspace: Workspace,
  { offset = 0, rowStride = sizes.columns, addend, alpha = 1 }: Int8Destination = {},
): void {
  const { kernels, alloc, scratch, float } = workspace
  const { rows, columns, depth } = sizes
  const sums = alloc([rows, columns], float === 'float32' ? 'int32' : 'float64')
  if (right.packed) {
    const work = scratch([gemmScratchBytes], 'uint8').ptr
    kernels.int8Gemm({
      a: left.values.ptr,
      packedB: right.values.ptr,
      c: sums.ptr,
      ldc: columns,
      m: rows,
      n: columns,
      k: depth,
      scratch: work,
    })
  } else sumPlain(left.values.data, right.values.data, sums.data, sizes)

  if (y.dtype === 'float32' && (addend === undefined || addend.blob.dtype === 'float32')) {
    kernels.int8Scale({
      sums: sums.ptr,
      rows,
      n: columns,
      rowScales: left.scales.ptr,
      rowScaleStride: strideOf(left.scales),
      columnScales: right.scales.ptr,
      columnScaleStride: strideOf(right.scales),
      addends: addend?.blob.ptr ?? 0,
      addendRowStride: addend?.rowStride ?? 0,
      addendColumnStride: addend?.columnStride ?? 0,
      beta: addend?.beta ?? 0,
      alpha,
      output: elementAddress(y, offset),
      outputStride: rowStride,
    })
  } else scalePlain(sums, left.scales, right.scales, y, sizes, { offset, rowStride, addend, alpha })
  sums.release()
}

/** 0 where one scale is for all. */
const strideOf = (scales: Blob): number => (scales.length === 1 ? 0 : 1)

function sumPlain(a: BlobArray, b: BlobArray, sums: BlobArray, { rows, columns, depth }: ProductSizes): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = 0
      for (let k = 0; k < depth; k++) sum += a[i * depth + k] * b[j * depth + k]
      sums[i * columns + j] = sum
    }
  }
}

function scalePlain(
  { data: sums }: Blob,
  left: Blob,
  right: Blob,
  { data: target }: Blob,
  { rows, columns }: ProductSizes,
  {
    offset,
    rowStride,
    addend,
    alpha,
  }: Required<Omit<Int8Destination, 'addend'>> & { readonly addend: Addend | undefined },
): void {
  const [rowScales, columnScales, added] = [left.data, right.data, addend?.blob.data]
  const { rowStride: addedRow = 0, columnStride: addedColumn = 0, beta = 0 } = addend ?? {}
  for (let i = 0; i < rows; i++) {
    const scale = rowScales[i * strideOf(left)]
    for (let j = 0; j < columns; j++) {
      const product = sums[i * columns + j] * Math.fround(1 / Math.fround(scale * columnScales[j * strideOf(right)]))
      const more = added === undefined ? 0 : added[i * addedRow + j * addedColumn] * beta
      target[offset + i * rowStride + j] = (product + more) * alpha
    }
  }
}
