// The sides of a product of matrices that lie in blobs, with any orientation.
import type { Blob } from '../memory/blob.ts'

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

/** Address of a float32 element. */
export function elementAddress(blob: Blob, index: number): number {
  return blob.ptr + index * Float32Array.BYTES_PER_ELEMENT
}
