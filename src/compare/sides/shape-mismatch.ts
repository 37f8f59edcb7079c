// One line about shapes that differ: what differs, and what would make them agree.
import { formatShape, sameShape, sizeOf } from '../../tensor/shape.ts'
import { formatPermutation, permutationsOf } from '../options/layout.ts'

type Shape = readonly number[]

export const withoutOnes = (shape: Shape): number[] => shape.filter((length) => length !== 1)

interface Known {
  /** Goes behind the shape of actual. */
  readonly note?: string
  /** What the elements say, where the shapes alone say nothing. */
  readonly overlap?: () => string | undefined
}

/** `shapes differ: actual [1, 56, 56, 64], reference [1, 64, 56, 56]; the shapes agree with { layout: 'nhwc->nchw' }` */
export function explainShapeMismatch(actual: Shape, reference: Shape, { note, overlap }: Known = {}): string {
  const noted = note === undefined ? '' : ` (${note})`
  const remedy =
    remedyFor(actual, reference) ?? overlap?.() ?? `they hold ${sizeOf(actual)} and ${sizeOf(reference)} elements`
  return `shapes differ: actual ${formatShape(actual)}${noted}, reference ${formatShape(reference)}; ${remedy}`
}

function remedyFor(actual: Shape, reference: Shape): string | undefined {
  if (sameShape(withoutOnes(actual), withoutOnes(reference))) return 'the shapes agree with { squeeze: true }'
  return (
    transposeRemedy(actual, reference) ??
    batchRemedy('actual', actual, 'reference', reference) ??
    batchRemedy('reference', reference, 'actual', actual) ??
    sizeRemedy(actual, reference)
  )
}

function transposeRemedy(actual: Shape, reference: Shape): string | undefined {
  const permuted = permutationsOf(actual.length).map((order) => ({
    order,
    shape: order.map((axis) => actual[axis] ?? 1),
  }))
  const exact = permuted.find(({ shape }) => sameShape(shape, reference))
  if (exact) return `the shapes agree with { layout: '${formatPermutation(exact.order)}' }`
  const squeezed = permuted.find(({ shape }) => sameShape(withoutOnes(shape), withoutOnes(reference)))
  if (squeezed) return `the shapes agree with { layout: '${formatPermutation(squeezed.order)}', squeeze: true }`
  return undefined
}

function batchRemedy(largerName: string, larger: Shape, smallerName: string, smaller: Shape): string | undefined {
  const batch = larger[0]
  if (
    smaller.length === 0 ||
    larger.length !== smaller.length + 1 ||
    batch === undefined ||
    !sameShape(larger.slice(1), smaller)
  )
    return undefined
  return `${largerName} has a leading axis of ${batch} more, a batch: compare one item of it, or give ${smallerName} that axis too`
}

function sizeRemedy(actual: Shape, reference: Shape): string | undefined {
  const size = sizeOf(actual)
  if (size !== sizeOf(reference)) return undefined
  if (size === 0) return 'neither holds an element'
  return `both have ${size} elements: if their order is the same, give both one shape with tensor(data, shape)`
}
