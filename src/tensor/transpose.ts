// Reorders the axes of a tensor: what `numpy.transpose` does, with a dense result.
import { rowMajorStrides, sizeOf } from './shape.ts'
import { gatherStrided } from './strided.ts'
import type { Tensor } from './tensor.ts'

/**
 * The tensor whose axis `i` is axis `order[i]` of `tensor`, as in `numpy.transpose`: with `order` `[0, 3, 1, 2]`, shape
 * `[n, h, w, c]` becomes `[n, c, h, w]`.
 *
 * @throws RangeError when `order` is not a permutation of the tensor's axes.
 */
export function transpose(tensor: Tensor, order: readonly number[]): Tensor {
  const { data, shape, dtype } = tensor
  const seen = new Set(order)
  if (order.length !== shape.length || seen.size !== shape.length || shape.some((_, axis) => !seen.has(axis))) {
    throw new RangeError(
      `transpose: [${order.join(', ')}] is not a permutation of the ${shape.length} axes of the tensor`,
    )
  }
  const strides = rowMajorStrides(shape)
  const newShape = order.map((axis) => shape[axis])
  const newStrides = order.map((axis) => strides[axis])
  if (sizeOf(shape) === 0 || order.every((axis, i) => axis === i)) return { data, shape: newShape, dtype }
  return { data: gatherStrided(data, newShape, newStrides, 0, dtype), shape: newShape, dtype }
}
