// Tensors as the analysis reads and feeds them: floats that can be measured, and float32 for the models.

import { bfloat16ToFloat32Array, float16ToFloat32Array } from '../tensor/half.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Elements } from './distance.ts'

/** The elements of a tensor of floats, half floats widened; undefined for integers. */
export function floatsOf({ data, dtype }: Tensor): Elements | undefined {
  switch (dtype) {
    case 'float32':
      return data as Float32Array
    case 'float64':
      return data as Float64Array
    case 'float16':
      return float16ToFloat32Array(data as Uint16Array)
    case 'bfloat16':
      return bfloat16ToFloat32Array(data as Uint16Array)
    default:
      return undefined
  }
}

/** Elements as a tensor of float32, in which models are fed. */
export const float32Tensor = (elements: Elements, shape: readonly number[]): Tensor => ({
  data: elements.BYTES_PER_ELEMENT === 4 ? elements : Float32Array.from(elements),
  shape: [...shape],
  dtype: 'float32',
})

/** A tensor of floats in float32; integers stay what they are. */
export function asFloat32(tensor: Tensor): Tensor {
  const floats = tensor.dtype === 'float32' ? undefined : floatsOf(tensor)
  return floats === undefined ? tensor : float32Tensor(floats, tensor.shape)
}
