// Gathers a strided view (an ndarray, a transposed tensor) into a dense row-major array.
import { allocate, type DType, type TypedArray } from './dtype.ts'
import { sizeOf } from './shape.ts'

/** Copies `count` elements that lie `stride` apart. One small function per row, so that the engine optimises it early. */
function copyRow(
  from: ArrayLike<unknown>,
  fromOffset: number,
  stride: number,
  to: { [index: number]: unknown },
  toOffset: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) to[toOffset + i] = from[fromOffset + i * stride]
}

/** The elements of a view in row-major order. `strides` and `offset` count elements; the caller has checked that they stay within `data`. */
export function gatherStrided(
  data: ArrayLike<unknown>,
  shape: readonly number[],
  strides: readonly number[],
  offset: number,
  dtype: DType,
): TypedArray {
  const out = allocate(dtype, sizeOf(shape))
  const to = out as unknown as { [index: number]: unknown }
  if (out.length === 0) return out
  const innermost = shape.length - 1
  if (innermost < 0) {
    to[0] = data[offset]
    return out
  }
  const rowLength = shape[innermost]
  const rowStride = strides[innermost]
  const index = new Array<number>(innermost).fill(0)
  let position = offset
  for (let row = 0; row < out.length; row += rowLength) {
    copyRow(data, position, rowStride, to, row, rowLength)
    for (let axis = innermost - 1; axis >= 0; axis--) {
      const length = shape[axis]
      const stride = strides[axis]
      const next = index[axis] + 1
      if (next < length) {
        index[axis] = next
        position += stride
        break
      }
      index[axis] = 0
      position -= (length - 1) * stride
    }
  }
  return out
}
