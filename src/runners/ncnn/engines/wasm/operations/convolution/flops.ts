// How many operations convolutions and deconvolutions take, a multiplication and an addition being two.
import { sizeOf } from '../../../../../../tensor/shape.ts'
import type { Dimensions } from './geometry.ts'

interface MeasuredFilters {
  readonly params: { readonly num_output: number }
  readonly weights: { readonly weight_data: number | undefined }
  readonly inputs: readonly (readonly number[])[]
  readonly outputs: readonly (readonly number[])[]
}

/** Each output element is a sum over the weights of its filter. Dynamic weights are the second input, [outputs, ...]. */
export function convolutionFlops({ params, weights, inputs, outputs }: MeasuredFilters): number {
  const perOutput = weights.weight_data ? weights.weight_data / params.num_output : sizeOf(inputs[1].slice(1))
  return 2 * perOutput * sizeOf(outputs[0])
}

/** Each input element goes to the outputs of its group, at every tap. Dynamic weights are the second input, [inputs, ...]. */
export function deconvolutionFlops(dimensions: Dimensions, { weights, inputs: [x, weight] }: MeasuredFilters): number {
  const channels = x.length > dimensions ? x[0] : 1
  const perInput = weights.weight_data ? weights.weight_data / channels : sizeOf(weight.slice(1))
  return 2 * perInput * sizeOf(x)
}
