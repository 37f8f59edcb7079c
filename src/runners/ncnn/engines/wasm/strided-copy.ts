// Copies elements between two n-dimensional layouts. Slicing, permuting, tiling and shuffling are all this, with other strides.
import { rowMajorStrides } from '../../../../tensor/shape.ts'
import type { Blob, BlobArray } from './blob.ts'

/** Elements of an array in an order of their own: element i lies at `offset + sum(i[axis] * strides[axis])`. */
export interface StridedView {
  readonly data: BlobArray
  readonly offset: number
  /** In elements; 0 repeats an axis, a negative one walks backwards. */
  readonly strides: readonly number[]
}

/** Below this length a loop is faster than the call of a built-in copy. */
const shortRow = 48

/** A blob as it is, or the part of it that begins at `starts`. */
export function viewOf(blob: Blob, starts?: readonly number[]): StridedView {
  const strides = rowMajorStrides(blob.shape)
  const offset = starts === undefined ? 0 : starts.reduce((sum, start, axis) => sum + start * strides[axis], 0)
  return { data: blob.data, offset, strides }
}

/** target[i] = source[i] for every index i of `shape`. The views must not overlap. */
export function copyStrided(shape: readonly number[], source: StridedView, target: StridedView): void {
  if (shape.includes(0)) return
  const axes = mergeAxes(shape, source.strides, target.strides)
  const row = axes.pop() ?? { length: 1, source: 1, target: 1 }
  const contiguous = row.source === 1 && row.target === 1 && row.length >= shortRow
  const memory = contiguous ? commonMemory(source.data, target.data) : undefined

  const index = axes.map(() => 0)
  let from = source.offset
  let to = target.offset
  for (;;) {
    if (memory) {
      const start = memory.source + from
      memory.data.copyWithin(memory.target + to, start, start + row.length)
    } else if (contiguous) target.data.set(source.data.subarray(from, from + row.length), to)
    else copyRow(source.data, from, row.source, target.data, to, row.target, row.length)

    let axis = axes.length - 1
    for (; axis >= 0; axis--) {
      const { length, source: sourceStride, target: targetStride } = axes[axis]
      from += sourceStride
      to += targetStride
      index[axis]++
      if (index[axis] < length) break
      from -= sourceStride * length
      to -= targetStride * length
      index[axis] = 0
    }
    if (axis < 0) return
  }
}

/** One array over the memory that both lie in, and where they begin: copying within it makes no views, row by row. */
function commonMemory(source: BlobArray, target: BlobArray) {
  const size = target.BYTES_PER_ELEMENT
  if (source.buffer !== target.buffer || source.constructor !== target.constructor) return undefined
  const data = new (target.constructor as new (buffer: ArrayBufferLike) => BlobArray)(target.buffer)
  return { data, source: source.byteOffset / size, target: target.byteOffset / size }
}

function copyRow(
  source: BlobArray,
  from: number,
  sourceStride: number,
  target: BlobArray,
  to: number,
  targetStride: number,
  length: number,
): void {
  for (let i = 0; i < length; i++) target[to + i * targetStride] = source[from + i * sourceStride]
}

interface Axis {
  length: number
  readonly source: number
  readonly target: number
}

/** Drops axes of length 1 and joins neighbours that follow each other without a gap in both views: longer rows, fewer of them. */
function mergeAxes(shape: readonly number[], source: readonly number[], target: readonly number[]): Axis[] {
  const axes: Axis[] = []
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const inner = axes.at(-1)
    const length = shape[axis]
    if (length === 1) continue
    if (inner && source[axis] === inner.source * inner.length && target[axis] === inner.target * inner.length) {
      inner.length *= length
    } else axes.push({ length, source: source[axis], target: target[axis] })
  }
  return axes.reverse()
}
