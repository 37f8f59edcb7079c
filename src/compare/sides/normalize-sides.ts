// Applies the `normalize` option to both sides.

import { toFloat64 } from '../../tensor/decode.ts'
import { findLoneZeroSlice, normalize } from '../../tensor/normalize.ts'
import { sameShape } from '../../tensor/shape.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { toTensor } from '../../tensor/to-tensor.ts'
import type { Normalization } from '../options/options.ts'
import { type Pairs, pairUp } from './pairs.ts'
import { explainShapeMismatch } from './shape-mismatch.ts'

export interface NormalizedSides {
  readonly pairs: Pairs
  /** What no tolerance excuses: a slice that is all zero on one side only. */
  readonly problem: string | undefined
}

/**
 * @throws RangeError when a slice cannot be normalized, naming side and slice; TypeError when a function returns something that is
 *   not a tensor, or tensors of two shapes.
 */
export function normalizeSides(
  pairs: Pairs,
  method: Normalization,
  axes: readonly number[] | undefined,
): NormalizedSides {
  const apply = (side: Tensor, name: string): Tensor =>
    typeof method === 'function'
      ? toTensor(method({ data: toFloat64(side), shape: side.shape, dtype: 'float64' }), { name: `normalize(${name})` })
      : normalize(side, method, axes, name)
  const actual = apply(pairs.actual, 'actual')
  const reference = apply(pairs.reference, 'reference')
  if (!sameShape(actual.shape, reference.shape)) {
    throw new TypeError(`normalize returned two shapes: ${explainShapeMismatch(actual.shape, reference.shape)}`)
  }
  return { pairs: pairUp(actual, reference), problem: explainZeroSlice(actual, reference, method, axes) }
}

/** Scaled to one length, a vector and no vector at all may lie within a tolerance of each other. */
function explainZeroSlice(
  actual: Tensor,
  reference: Tensor,
  method: Normalization,
  axes: readonly number[] | undefined,
): string | undefined {
  if (method !== 'l2' && method !== 'l1' && method !== 'max') return undefined
  const found = findLoneZeroSlice(actual, reference, axes)
  if (found === undefined) return undefined
  const other = found.side === 'actual' ? 'the reference' : 'actual'
  const side = found.side === 'actual' ? 'actual' : 'the reference'
  return `${side} is all zero${found.where}, ${other} is not: normalize '${method}' cannot give it a length`
}

/** How reports call it. */
export function nameOfNormalization(method: Normalization): string {
  return typeof method === 'function' ? method.name || 'function' : method
}
