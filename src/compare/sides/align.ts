// Brings both sides into one shape, as far as the options allow: reorders the axes of actual, drops axes of length 1.
import { formatShape, sameShape } from '../../tensor/shape.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { transpose } from '../../tensor/transpose.ts'
import type { CheckedOptions } from '../options/check-options.ts'
import type { Layout } from '../options/layout.ts'
import { overlapRemedy } from './overlap.ts'
import { explainShapeMismatch, withoutOnes } from './shape-mismatch.ts'

export interface Alignment {
  readonly actual: Tensor
  readonly reference: Tensor
  /** Why the shapes do not agree, and what would make them; undefined when they do. */
  readonly mismatch: string | undefined
}

/** @throws RangeError when `layout` does not have as many axes as actual. */
export function align(actual: Tensor, reference: Tensor, { layout, squeeze }: CheckedOptions): Alignment {
  const ordered = layout === undefined ? actual : reorder(actual, layout)
  const a = squeeze ? squeezed(ordered) : ordered
  const r = squeeze ? squeezed(reference) : reference
  const mismatch = sameShape(a.shape, r.shape)
    ? undefined
    : explainShapeMismatch(a.shape, r.shape, {
        ...(layout && { note: `after layout '${layout.text}'` }),
        overlap: () => overlapRemedy(a, r),
      })
  return { actual: a, reference: r, mismatch }
}

function reorder(actual: Tensor, { text, order }: Layout): Tensor {
  if (order.length !== actual.shape.length) {
    throw new RangeError(
      `layout '${text}' names ${order.length} axes, but actual has ${actual.shape.length}: ${formatShape(actual.shape)}`,
    )
  }
  return transpose(actual, order)
}

function squeezed({ data, shape, dtype }: Tensor): Tensor {
  return { data, shape: withoutOnes(shape), dtype }
}
