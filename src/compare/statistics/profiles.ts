// How the error runs along each axis: the channels, the frames.
import { rowMajorStrides } from '../../tensor/shape.ts'
import { forEachBlock, type Pairs } from '../sides/pairs.ts'
import type { ElementRule } from '../verdict/element-rule.ts'

/** Over pairs of finite elements. */
export interface ErrorProfile {
  readonly axis: number
  readonly length: number
  /** The root mean square of the error in each part of the axis, at most 64 of nearly the same number of indices. */
  readonly rmse: readonly number[]
}

const mostParts = 64

/** One profile for each axis that is longer than 1, in one pass. */
export function profileErrors(pairs: Pairs, rule: ElementRule): ErrorProfile[] {
  const strides = rowMajorStrides(pairs.shape)
  const axes = pairs.shape.flatMap((length, axis) => {
    const parts = Math.min(length, mostParts)
    return length < 2
      ? []
      : [{ axis, length, stride: strides[axis], squares: new Float64Array(parts), counts: new Float64Array(parts) }]
  })
  forEachBlock(pairs, rule, ({ start, count, diff }) => {
    for (const { length, stride, squares, counts } of axes) {
      for (let i = 0; i < count; i++) {
        if (Number.isNaN(diff[i])) continue
        const part = Math.floor(((Math.floor((start + i) / stride) % length) * squares.length) / length)
        squares[part] += diff[i] * diff[i]
        counts[part]++
      }
    }
  })
  return axes.map(({ axis, length, squares, counts }) => ({
    axis,
    length,
    rmse: Array.from(squares, (sum, part) => (counts[part] === 0 ? 0 : Math.sqrt(sum / counts[part]))),
  }))
}
