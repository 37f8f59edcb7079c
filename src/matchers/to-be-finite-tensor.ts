// `expect(actual).toBeFiniteTensor()`: no element is NaN or infinite.

import { countOf, joinBlocks, labelled } from '../explain/layout.ts'
import { toFloat64 } from '../tensor/decode.ts'
import { formatPercent } from '../tensor/numbers.ts'
import { formatShape, unravelIndex } from '../tensor/shape.ts'
import type { Tensor, TensorLike } from '../tensor/tensor.ts'
import { toTensor } from '../tensor/to-tensor.ts'
import type { MatcherContext, MatcherResult } from './context.ts'

export function toBeFiniteTensor(this: MatcherContext, actual: unknown): MatcherResult {
  const tensor = toTensor(actual as TensorLike, { name: 'actual' })
  const elements = toFloat64(tensor)
  const positions: number[] = []
  elements.forEach((value, position) => {
    if (!Number.isFinite(value)) positions.push(position)
  })
  return {
    pass: positions.length === 0,
    message: () =>
      positions.length === 0
        ? `Expected a tensor with NaN or infinite elements, but ${tensor.dtype} ${formatShape(tensor.shape)} has none`
        : describeNonFinite(tensor, elements, positions),
  }
}

function describeNonFinite({ shape, dtype }: Tensor, elements: Float64Array, positions: readonly number[]): string {
  const counts = new Map<string, number>()
  for (const position of positions) {
    const kind = String(elements[position])
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  const kinds = [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ')
  const indices = positions.map((position) => unravelIndex(position, shape))
  const first = indices.slice(0, 5).map(formatShape).join(', ')
  return joinBlocks(
    [
      `The tensor is not finite: ${positions.length} of ${countOf(elements.length, 'element')} (${formatPercent(positions.length / elements.length)}), namely ${kinds}`,
    ],
    [
      ...labelled('actual', `${dtype} ${formatShape(shape)}`),
      ...labelled('at', indices.length > 5 ? `${first} and ${indices.length - 5} more` : first),
      ...labelled('where', commonPlace(shape, indices)),
    ],
  )
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
