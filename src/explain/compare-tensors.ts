// The public compareTensors: a comparison that can say in words what it found.
import { compareTensors as compare } from '../compare/compare-tensors.ts'
import type { Comparison } from '../compare/comparison.ts'
import { describeWith } from '../compare/lazy-comparison.ts'
import type { CompareOptions } from '../compare/options/options.ts'
import { formatMagnitude } from '../tensor/numbers.ts'
import type { TensorLike } from '../tensor/tensor.ts'
import { describeMatch, describeTolerance, explainMismatch } from './comparison.ts'
import { renderText } from './text.ts'

/** A {@link Comparison} for people who have no `expect`. */
export interface ReadableComparison extends Comparison {
  /** The message of `toMatchTensor` when it fails, one line when it passes: `assert(comparison.pass, String(comparison))`. */
  toString(): string
}

/**
 * Compares `actual` with `reference`, element by element and as a whole.
 *
 * An element matches when `a === r`, when both are NaN and `equalNaN` is set, or when both are finite and
 * `|a - r| <= atol + rtol * |r|`, in float64 (bigint for 64-bit integers). There is no broadcasting: shapes must be equal, apart
 * from what `squeeze` and `layout` say. `pass` is decided at once; the statistics are computed when first read, so leave the
 * tensors as they are until then. `String(comparison)` is the message of `toMatchTensor`.
 *
 * @throws TypeError or RangeError, naming the argument or option, for anything that is not a tensor, a wrong option, or a slice
 *   that `normalize` cannot scale.
 */
export function compareTensors(
  actual: TensorLike,
  reference: TensorLike,
  options?: CompareOptions,
): ReadableComparison {
  return describeWith(compare(actual, reference, options), describe)
}

function describe(comparison: Comparison): string {
  if (!comparison.pass) return renderText(explainMismatch(comparison))
  const { max } = comparison.absDiff
  const error = Number.isNaN(max) ? '' : `, max |a - r| ${formatMagnitude(max)}`
  return `Tensors match: ${describeMatch(comparison)}${error}; tolerance ${describeTolerance(comparison)}`
}
