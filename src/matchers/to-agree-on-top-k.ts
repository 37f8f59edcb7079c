// `expect(logits).toAgreeOnTopK(reference, 5)`: the same classes score highest, whatever became of the scores themselves.
import { describeValue } from '../arguments/describe.ts'
import { checkOptions } from '../compare/options/check-options.ts'
import type { CompareOptions } from '../compare/options/options.ts'
import { resolveTolerance } from '../compare/options/tolerance.ts'
import { findTopKDisagreements } from '../compare/top-k.ts'
import { renderText } from '../explain/text.ts'
import { explainTopK } from '../explain/top-k.ts'
import { formatShape, sameShape, sizeOf } from '../tensor/shape.ts'
import type { TensorLike } from '../tensor/tensor.ts'
import { toTensor } from '../tensor/to-tensor.ts'
import type { MatcherContext, MatcherResult } from './context.ts'
import { withDefaults } from './defaults.ts'

/** How near to each other the reference must score two classes for them to count as tied. Defaults as in `toMatchTensor`. */
export type TopKOptions = Pick<CompareOptions, 'atol' | 'rtol' | 'preset'>

export function toAgreeOnTopK(
  this: MatcherContext,
  actual: unknown,
  reference: TensorLike,
  k: number,
  options?: TopKOptions,
): MatcherResult {
  const ours = toTensor(actual as TensorLike, { name: 'actual' })
  const theirs = toTensor(reference, { name: 'reference' })
  if (!sameShape(ours.shape, theirs.shape)) {
    const shapes = `actual ${formatShape(ours.shape)}, reference ${formatShape(theirs.shape)}`
    throw new TypeError(`toAgreeOnTopK needs tensors of one shape: ${shapes}`)
  }
  const classes = theirs.shape.at(-1) ?? 0
  checkTieOptions(options)
  if (theirs.data.length === 0 || theirs.shape.length === 0)
    throw new TypeError(`toAgreeOnTopK: there are no classes in ${formatShape(theirs.shape)}`)
  if (!Number.isInteger(k) || k < 1 || k > classes) {
    throw new TypeError(
      `toAgreeOnTopK: k must be a whole number from 1 to ${classes}, the length of the last axis; got ${typeof k === 'number' ? k : describeValue(k)}`,
    )
  }
  const disagreements = findTopKDisagreements(
    ours,
    theirs,
    k,
    resolveTolerance(withDefaults(options) ?? {}, false, ours.dtype, theirs.dtype),
  )
  return {
    pass: disagreements.length === 0,
    message: () => renderText(explainTopK(disagreements, sizeOf(theirs.shape.slice(0, -1)), k, ours, theirs)),
  }
}

/** Options that would change nothing about the ranking are mistakes here. */
function checkTieOptions(options: TopKOptions | undefined): void {
  checkOptions(options)
  const foreign = Object.keys(options ?? {}).find((name) => !['atol', 'rtol', 'preset'].includes(name))
  if (foreign !== undefined) throw new TypeError(`toAgreeOnTopK takes atol, rtol and preset, not ${foreign}`)
}
