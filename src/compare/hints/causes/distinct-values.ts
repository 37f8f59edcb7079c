// The different values of an array, counted as long as they are few: a hash table in typed arrays, which costs a fraction of a Set.
import { blockLength } from '../block-length.ts'

interface Table {
  readonly most: number
  /** Each value at the place that its bits say, or at the next free one. */
  readonly slots: Float64Array
  readonly isTaken: Uint8Array
  count: number
}

/**
 * The different values in ascending order; undefined when there are more than `most`. `samples` are positions to begin with, where
 * many values show soon. No value is NaN.
 */
export function distinctValues(
  values: Float64Array,
  samples: readonly Int32Array[],
  most: number,
): Float64Array | undefined {
  const size = 2 ** Math.ceil(Math.log2(4 * most + 4))
  const table: Table = { most, slots: new Float64Array(size), isTaken: new Uint8Array(size), count: 0 }
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length)
  for (const positions of samples) {
    if (!positions.every((i) => add(table, values, words, i))) return undefined
  }
  for (let start = 0; start < values.length; start += blockLength) {
    if (!addBlock(table, values, words, start)) return undefined
  }
  return table.slots.filter((_, i) => table.isTaken[i] === 1).sort()
}

function addBlock(table: Table, values: Float64Array, words: Uint32Array, start: number): boolean {
  const end = Math.min(start + blockLength, values.length)
  for (let i = start; i < end; i++) if (!add(table, values, words, i)) return false
  return true
}

/** Adds the value at a position; false when that makes too many. */
function add(table: Table, values: Float64Array, words: Uint32Array, position: number): boolean {
  const { slots, isTaken } = table
  const last = slots.length - 1
  const value = values[position]
  const mixed = Math.imul(words[2 * position] ^ Math.imul(words[2 * position + 1], 0x9e3779b1), 0x85ebca6b)
  // 0 and -0, which are equal, have the same place: their one different bit stays above it
  for (let slot = (mixed ^ (mixed >>> 15)) & last; ; slot = (slot + 1) & last) {
    if (isTaken[slot] === 0) {
      slots[slot] = value
      isTaken[slot] = 1
      return ++table.count <= table.most
    }
    if (slots[slot] === value) return true
  }
}
