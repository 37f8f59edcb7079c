// What the numbers themselves show, where no change of the model could be tried: a row's result beside its counterpart, hint by hint.
import { compareTensors } from '../../compare/compare-tensors.ts'
import { float32Tensor } from '../elements.ts'
import { numbersOf, type Row, targetOf } from '../rows.ts'
import type { Walk } from '../walk-state.ts'
import type { Explanation } from './found.ts'

/**
 * Hints of an operation that one side has and the other lacks: no weights or parameters of this one would make them. Values in an order
 * that has no name are none: weights in a wrong order give such.
 */
const ofOperations: ReadonlySet<string> = new Set([
  'activation',
  'logarithm',
  'power',
  'inverted',
  'limit',
  'rounded',
  'softmax',
  'softmax-mask',
  'softmax-temperature',
  'axis-order',
])

/** Hints of how large the errors are, which rows say better. */
const ofSize: ReadonlySet<string> = new Set(['rounding-size', 'leaning'])

/** The first hint on what a row's layers give when they are fed with the reference's tensors; undefined where there is none. */
export async function patternOf(
  walk: Walk,
  row: Row,
): Promise<(Pick<Explanation, 'evidence'> & { readonly isOperation: boolean }) | undefined> {
  const computed = (await walk.subject.compute(walk.feeds(row.feeds), [row.blob]))[row.blob]
  const own = numbersOf(walk, row.blob, computed)
  if (own === undefined) return undefined
  const { shape } = computed
  const { hints } = compareTensors(float32Tensor(own, shape), float32Tensor(targetOf(row), shape))
  const hint = hints.find(({ code }) => !ofSize.has(code))
  return hint && { evidence: hint.message, isOperation: ofOperations.has(hint.code) }
}
