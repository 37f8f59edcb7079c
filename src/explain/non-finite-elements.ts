// Finds the elements of a tensor that are NaN or infinite, in one pass that takes no memory.
import { decodeInto } from '../tensor/decode.ts'
import { rowMajorStrides } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'

export interface NonFiniteElements {
  readonly count: number
  readonly kinds: Readonly<Record<'NaN' | 'Infinity' | '-Infinity', number>>
  /** The first ones. */
  readonly positions: readonly number[]
  /** The axes (longer than 1) along which all of them have the same index. */
  readonly sharedAxes: readonly { readonly axis: number; readonly index: number }[]
}

export const mostPositions = 5

const blockLength = 16_384

export function findNonFinite(tensor: Tensor): NonFiniteElements {
  const { data, shape, dtype } = tensor
  const kinds = { NaN: 0, Infinity: 0, '-Infinity': 0 }
  const positions: number[] = []
  const strides = rowMajorStrides(shape)
  let shared = shape.flatMap((length, axis) => (length > 1 ? [{ axis, index: -1 }] : []))
  /** Before this position no index along a shared axis changes. */
  let nextIndex = 0
  let count = 0
  const add = (value: number, position: number): void => {
    if (Number.isNaN(value)) kinds.NaN++
    else if (value > 0) kinds.Infinity++
    else kinds['-Infinity']++
    if (count < mostPositions) positions.push(position)
    if (position >= nextIndex) {
      const along = shared.map(({ axis, index }) => ({ axis, index, row: Math.floor(position / strides[axis]) }))
      const still = along.filter(({ axis, index, row }) => count === 0 || row % shape[axis] === index)
      shared = still.map(({ axis, row }) => ({ axis, index: row % shape[axis] }))
      nextIndex = Math.min(...still.map(({ axis, row }) => (row + 1) * strides[axis]))
    }
    count++
  }
  // integers and booleans have neither
  const total = dtype.includes('float') ? data.length : 0
  const block = new Float64Array(Math.min(blockLength, total))
  for (let start = 0; start < total; start += blockLength) {
    const length = Math.min(blockLength, total - start)
    if (areFinite(data, start, start + length)) continue
    decodeInto(block, tensor, start, length)
    for (let i = 0; i < length; i++) {
      // 0 for what is finite, NaN for what is not
      if (block[i] - block[i] !== 0) add(block[i], start + i)
    }
  }
  return { count, kinds, positions, sharedAxes: shared }
}

/**
 * Whether the floats of a part of an array all are finite; false where elements are not numbers themselves. Times 0 makes NaN of what is
 * not finite, and NaN remains in a sum; four sums, since each waits for its last addition. V8 takes twice as long when they come from one
 * destructuring.
 */
function areFinite(data: Tensor['data'], start: number, end: number): boolean {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return false
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  let i = start
  for (; i + 3 < end; i += 4) {
    a += data[i] * 0
    b += data[i + 1] * 0
    c += data[i + 2] * 0
    d += data[i + 3] * 0
  }
  for (; i < end; i++) a += data[i] * 0
  return a + b + c + d === 0
}
