// int8 blobs as the numbers that they stand for, and back: value = step / scale, as ncnn counts.
import type { Tensor } from '../tensor/tensor.ts'

/** How many steps of int8 are 1: one for the whole blob, or one for each slice of its first axis. */
export type Scales = readonly number[]

export function unquantize({ data, shape }: Tensor, scales: Scales): Float32Array {
  const steps = data as Int8Array
  const slice = sliceLength(steps.length, shape, scales)
  return Float32Array.from(steps, (step, i) => step / scales[Math.floor(i / slice)])
}

/** To nearest, ties away from zero, limited to ±127. */
export function quantize({ data, shape }: Tensor, scales: Scales): Tensor {
  const values = data as Float32Array
  const slice = sliceLength(values.length, shape, scales)
  const steps = Int8Array.from(values, (value, i) => {
    const scaled = value * scales[Math.floor(i / slice)]
    return Math.max(-127, Math.min(127, Math.sign(scaled) * Math.round(Math.abs(scaled))))
  })
  return { data: steps, shape, dtype: 'int8' }
}

const sliceLength = (length: number, shape: readonly number[], scales: Scales): number =>
  scales.length === 1 ? length : length / shape[0]
