// Explains `toBeFiniteTensor`: how many elements are not finite, and where.
import { countOf, formatPercent } from '../tensor/numbers.ts'
import { formatShape, unravelIndex } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Explanation } from './explanation.ts'
import { mostPositions, type NonFiniteElements } from './non-finite-elements.ts'

export function explainNonFinite({ shape, dtype, data }: Tensor, found: NonFiniteElements): Explanation {
  const { count, kinds, positions, sharedAxes } = found
  if (count === 0) {
    return {
      verdict: `Expected a tensor with NaN or infinite elements, but ${dtype} ${formatShape(shape)} has none`,
    }
  }
  const present = Object.entries(kinds).filter(([, count]) => count > 0)
  const namely = present.map(([kind, count]) => `${count} ${kind}`).join(', ')
  const share = `${count} of ${countOf(data.length, 'element')} (${formatPercent(count / data.length)})`
  const first = positions.map((position) => formatShape(unravelIndex(position, shape))).join(', ')
  const shared = sharedAxes.map(({ axis, index }) => `axis ${axis} = ${index}`)
  return {
    verdict: `The tensor is not finite: ${share}, namely ${namely}`,
    facts: [
      { label: 'actual', text: `${dtype} ${formatShape(shape)}` },
      { label: 'at', text: count > mostPositions ? `${first} and ${count - mostPositions} more` : first },
      ...(count < 2 || shared.length === 0 ? [] : [{ label: 'where', text: `all with ${shared.join(', ')}` }]),
    ],
  }
}
