// Hint: the values agree, but in another order; names the transpose that puts them right.
import { formatShape, sameShape } from '../../tensor/shape.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { transpose } from '../../tensor/transpose.ts'
import { formatPermutation, permutationsOf } from '../options/layout.ts'
import { isCloseNumber } from '../verdict/element-rule.ts'
import type { HintContext, HintFinder } from './context.ts'

/** Sorting must remove all but this share of the error (as root mean squares) before a transpose is looked for at all ... */
const mostLeftOver = 1e-2

/** ... and all but this before an order without a name is blamed: two samples of one distribution, sorted, come close as well. */
const mostLeftOverUnnamed = 1e-4

/** Fewer different values are in some order by chance: a one-hot vector, a mask. */
const leastDistinct = 4
const leastDistinctUnnamed = 8

interface Values {
  readonly actual: Float64Array
  readonly reference: Float64Array
}

/** Fires when the sorted values agree although the tensors are far from each other. */
export const axisOrder: HintFinder = (context) => {
  const { pairs, moments, normalized } = context
  // normalized after another order of axes, the values would be others
  if (normalized || pairs.hasBigInts || moments().count < pairs.length) return undefined
  const values = context.values()
  if (values === undefined) return undefined
  const sorted: Values = { actual: values.actual.slice().sort(), reference: values.reference.slice().sort() }
  const distinct = sorted.reference.reduce((count, value, i, all) => (value === all[i - 1] ? count : count + 1), 0)
  const leftOver = rootMeanSquare(sorted) / rootMeanSquare(values)
  if (!(leftOver <= mostLeftOver) || distinct < leastDistinct) return undefined
  const remedy = findOrder(context, values)
  if (remedy === undefined && (leftOver > mostLeftOverUnnamed || distinct < leastDistinctUnnamed)) return undefined
  return {
    code: 'axis-order',
    message: `both sides hold the same values in another order: ${remedy ?? 'look for a shuffled axis, a transpose or a reshape'}`,
  }
}

function rootMeanSquare({ actual, reference }: Values): number {
  let sum = 0
  for (let i = 0; i < actual.length; i++) sum += (actual[i] - reference[i]) ** 2
  return Math.sqrt(sum / actual.length)
}

/** The transpose after which actual meets the tolerance everywhere. */
function findOrder({ pairs, rule }: HintContext, values: Values): string | undefined {
  const { shape } = pairs
  const asTensor = (newShape: readonly number[]): Tensor => ({ data: values.actual, shape: newShape, dtype: 'float64' })
  const meets = ({ data }: Tensor) =>
    values.reference.every((r, i) => isCloseNumber((data as Float64Array)[i], r, rule))
  const orders = permutationsOf(shape.length)
  const direct = orders.find((order) => {
    const permuted = transpose(asTensor(shape), order)
    return sameShape(permuted.shape, shape) && meets(permuted)
  })
  if (direct) return `they agree with { layout: '${formatPermutation(direct)}' }`
  // actual lies in memory in another order of axes than its shape says
  const writtenShape = (order: readonly number[]) => order.map((_, axis) => shape[order.indexOf(axis)] ?? 1)
  const mislabelled = orders.find((order) => meets(transpose(asTensor(writtenShape(order)), order)))
  if (mislabelled === undefined) return undefined
  return `they agree when actual is given the shape its memory has, ${formatShape(writtenShape(mislabelled))}, and { layout: '${formatPermutation(mislabelled)}' }`
}
