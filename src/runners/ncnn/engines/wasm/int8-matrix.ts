// Products of matrices in int8: operands quantised on the fly or stored as int8, sums in int32, results scaled back to floats.
import { NcnnError } from '../../error.ts'
import type { BlobArray } from './blob.ts'
import { dynamicScale, quantize } from './int8.ts'
import type { Operand, ProductSizes } from './matrix.ts'

/** One side of a product as int8, dense [outer][depth], and the scale of each of its rows. */
export interface Int8Operand {
  readonly values: Int8Array
  scaleOf(outer: number): number
}

/**
 * Gathers an operand and quantises it where it holds floats.
 * @param granularity one scale for each outer index, or one for the whole operand
 * @param stored scales of an operand that is stored as int8: one, or one for each outer index
 */
export function int8Operand(
  { blob, offset, outerStride, depthStride }: Operand,
  outer: number,
  depth: number,
  granularity: 'outer' | 'whole',
  stored?: BlobArray,
): Int8Operand {
  const source = blob.data
  const gathered = new Float32Array(outer * depth)
  for (let i = 0; i < outer; i++) {
    for (let k = 0; k < depth; k++) gathered[i * depth + k] = source[offset + i * outerStride + k * depthStride]
  }
  if (blob.dtype === 'int8') {
    if (stored === undefined) throw new NcnnError('an int8 operand has no scale')
    return { values: Int8Array.from(gathered), scaleOf: (i) => stored[stored.length === 1 ? 0 : i] }
  }
  const values = new Int8Array(outer * depth)
  const block = granularity === 'outer' ? depth : outer * depth
  const scales = Array.from({ length: granularity === 'outer' ? outer : 1 }, (_, i) => {
    const range = [i * block, (i + 1) * block] as const
    const scale = finiteScale(gathered.subarray(...range))
    quantize(gathered.subarray(...range), scale, values.subarray(...range), Math.fround)
    return scale
  })
  return { values, scaleOf: (i) => scales[granularity === 'outer' ? i : 0] }
}

/** All-zero values take scale 1. */
function finiteScale(values: Float32Array): number {
  const scale = dynamicScale(values)
  return Number.isFinite(scale) ? scale : 1
}

/** Hands element (i, j) of L R to `store`. */
export function multiplyInt8(
  left: Int8Operand,
  right: Int8Operand,
  { rows, columns, depth }: ProductSizes,
  store: (i: number, j: number, product: number) => void,
): void {
  const [a, b] = [left.values, right.values]
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = 0
      for (let k = 0; k < depth; k++) sum += a[i * depth + k] * b[j * depth + k]
      store(i, j, sum * Math.fround(1 / Math.fround(left.scaleOf(i) * right.scaleOf(j))))
    }
  }
}
