// Explains `toBeFiniteTensor`: how many elements are not finite, and where.
import { countOf, formatPercent } from '../tensor/numbers.ts'
import { formatShape, unravelIndex } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Explanation } from './explanation.ts'

const mostIndices = 5

/** `positions` are those of the `elements` that are not finite. */
export function explainNonFinite(
  { shape, dtype }: Tensor,
  elements: Float64Array,
  positions: readonly number[],
): Explanation {
  if (positions.length === 0) {
    return {
      verdict: `Expected a tensor with NaN or infinite elements, but ${dtype} ${formatShape(shape)} has none`,
    }
  }
  const counts = new Map<string, number>()
  for (const position of positions) {
    const kind = String(elements[position])
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  const kinds = [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ')
  const share = `${positions.length} of ${countOf(elements.length, 'element')} (${formatPercent(positions.length / elements.length)})`
  const indices = positions.map((position) => unravelIndex(position, shape))
  const first = indices.slice(0, mostIndices).map(formatShape).join(', ')
  const place = commonPlace(shape, indices)
  return {
    verdict: `The tensor is not finite: ${share}, namely ${kinds}`,
    facts: [
      { label: 'actual', text: `${dtype} ${formatShape(shape)}` },
      {
        label: 'at',
        text: indices.length > mostIndices ? `${first} and ${indices.length - mostIndices} more` : first,
      },
      ...(place === undefined ? [] : [{ label: 'where', text: place }]),
    ],
  }
}

/** `all with axis 1 = 37`: the axes (longer than 1) along which every one of several elements has the same index. */
function commonPlace(shape: readonly number[], indices: readonly (readonly number[])[]): string | undefined {
  if (indices.length < 2) return undefined
  const [first = []] = indices
  const shared = first.flatMap((index, axis) =>
    (shape[axis] ?? 1) > 1 && indices.every((other) => other[axis] === index) ? [`axis ${axis} = ${index}`] : [],
  )
  return shared.length === 0 ? undefined : `all with ${shared.join(', ')}`
}
