// The memory that the kernels work in, and what moves elements about in it.
import { kernel, measure } from './definition.ts'

/** A byte offset into the memory that the kernels were instantiated over. Float arrays are 4-byte aligned; 16 is faster. */
export type Pointer = number

/** The first byte that the engine may allocate; the kernels' tables lie below. */
export const firstFreeByte = 6 * 65536

/**
 * Kernels may read, never write, this many bytes past the end of an array: every allocation needs as much slack behind it,
 * whose contents do not matter.
 */
export const readSlackBytes = 64

/** Most 64 KiB pages of a memory that the kernels are instantiated over: it must be created with this maximum. */
export const maxPages = 65536

export const memoryKernels = {
  /** Sets n floats. */
  fill: kernel(['destination', 'n', 'value']),
  /**
   * destination[i . d] = source[i . s] for every index i of [n0][n1][n2][n3], elements of 4 bytes; a stride may be 0 or negative. Not in
   * place.
   */
  copyStrided: kernel([
    'source',
    's0',
    's1',
    's2',
    's3',
    'destination',
    'd0',
    'd1',
    'd2',
    'd3',
    'n0',
    'n1',
    'n2',
    'n3',
  ]),
  /** destination[b][j][i] = source[b][i][j] for source [batch][rows][columns]; not in place. */
  transpose: kernel(['source', 'destination', 'batch', 'rows', 'columns']),
  /** The bytes of tables at the beginning of the memory, less than {@link firstFreeByte}. */
  staticBytes: measure([]),
}
