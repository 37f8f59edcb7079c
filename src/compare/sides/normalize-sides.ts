// Applies the `normalize` option to both sides.

import { normalize } from '../../tensor/normalize.ts'
import { sameShape } from '../../tensor/shape.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { toTensor } from '../../tensor/to-tensor.ts'
import type { Normalization } from '../options/options.ts'
import { type Pairs, pairUp } from './pairs.ts'
import { explainShapeMismatch } from './shape-mismatch.ts'

/**
 * @throws RangeError when a slice cannot be normalised, naming side and slice; TypeError when a function returns something that is
 *   not a tensor, or tensors of two shapes.
 */
export function normalizeSides(pairs: Pairs, method: Normalization, axes: readonly number[] | undefined): Pairs {
  const apply = (side: Tensor, name: string): Tensor =>
    typeof method === 'function'
      ? toTensor(method(side), { name: `normalize(${name})` })
      : normalize(side, method, axes, name)
  const actual = apply(pairs.actual, 'actual')
  const reference = apply(pairs.reference, 'reference')
  if (!sameShape(actual.shape, reference.shape)) {
    throw new TypeError(`normalize returned two shapes: ${explainShapeMismatch(actual.shape, reference.shape)}`)
  }
  return pairUp(actual, reference)
}

/** How reports call it. */
export function nameOfNormalization(method: Normalization): string {
  return typeof method === 'function' ? method.name || 'function' : method
}
