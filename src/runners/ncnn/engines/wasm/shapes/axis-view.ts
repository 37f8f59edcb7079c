// A blob as three axes: the one that a layer works along, and what lies outside and inside of it.
import { sizeOf } from '../../../../../tensor/shape.ts'
import { resolveAxis } from './axes.ts'

export interface AxisView {
  /** The axis, counted from the outermost. */
  readonly axis: number
  readonly outer: number
  readonly length: number
  readonly inner: number
}

/** @param axis may be counted from the end; a vector has only one, whatever is asked for */
export function viewAlong(shape: readonly number[], axis: number): AxisView {
  const position = shape.length === 1 ? 0 : resolveAxis(axis, shape.length)
  return {
    axis: position,
    outer: sizeOf(shape.slice(0, position)),
    length: shape[position],
    inner: sizeOf(shape.slice(position + 1)),
  }
}
