// The part of ncnn's C API that knows of batches, which versions before 2026 and builds without NCNN_BATCH lack. Source: src/c_api.h.
import type { NcnnLibrary, Pointer } from './functions.ts'

/** Mats of several samples. */
export interface BatchFunctions {
  /** A new Mat of `batch` samples of a shape. */
  create(shape: readonly number[], elementBytes: number, batch: number): Pointer
  /** How many samples a Mat has. */
  count(mat: Pointer): number
  /** The address of one sample's elements. */
  data(mat: Pointer, sample: number): Pointer
}

const noAllocator = 0

/** undefined where the library has no batches */
export function batchFunctions({ optional }: NcnnLibrary): BatchFunctions | undefined {
  const count = optional('ncnn_mat_get_n', ['int', 'pointer'])
  const data = optional('ncnn_mat_get_batch_data', ['pointer', 'pointer', 'int'])
  const creates = [1, 2, 3, 4].map((rank) =>
    optional(`ncnn_mat_create_${rank}d_elem_batch`, [
      'pointer',
      ...Array.from({ length: rank }, () => 'int' as const),
      'size',
      'int',
      'int',
      'pointer',
    ]),
  )
  if (count === undefined || data === undefined || creates.includes(undefined)) return undefined
  return {
    create(shape, elementBytes, batch) {
      // Innermost first, but the depth of four axes stands before the channels.
      const lengths = [...shape].reverse()
      return creates[shape.length - 1]?.(...lengths, elementBytes, 1, batch, noAllocator) as Pointer
    },
    count: (mat) => count(mat) as number,
    data: (mat, sample) => data(mat, sample) as Pointer,
  }
}
