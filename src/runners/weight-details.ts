// What is known of a layer of which only the weights are shown.
import { sizeOf } from '../tensor/shape.ts'
import type { LayerDetails, LayerWeight } from './variant.ts'

export const weightDetails = (weights: readonly LayerWeight[]): LayerDetails => ({
  params: {},
  weights,
  computesInInt8: false,
  allowsWinograd: false,
  alternatives: [],
  scalars: [],
  sumLength: (inputs, outputs) => sumLength(weights, inputs, outputs),
})

/** Filters of convolutions come by outputs; matrices are summed along one of their axes. Without weights, a product of two inputs. */
function sumLength(
  weights: readonly LayerWeight[],
  inputs: readonly (readonly number[])[],
  [output]: readonly (readonly number[])[],
): number {
  const { shape } = weights.find(({ isCompressible }) => isCompressible) ?? {}
  if (shape !== undefined) return shape.length > 2 ? sizeOf(shape.slice(1)) : Math.max(...shape)
  const [first = 1, second] = inputs.map(sizeOf)
  const written = Math.max(1, sizeOf(output))
  return Math.max(1, second === undefined ? first / written : Math.sqrt((first * second) / written))
}
