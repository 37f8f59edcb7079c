// Outputs of models as they come out of conversions: drifted, scaled, broken. The same numbers in every run.
import { float16ToFloat32Array, float32ToFloat16Array } from '../../src/tensor/half.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'

/** Uniform in [-1, 1), from a linear congruential generator: no host function takes part. */
export function randomNumbers(count: number, seed: number): Float64Array {
  let state = seed >>> 0
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  })
}

/** The product of a `rows` x `columns` matrix with a vector, summed in float64 and rounded to float32. */
function matrixTimesVector(matrix: ArrayLike<number>, vector: ArrayLike<number>): Float32Array {
  return Float32Array.from({ length: matrix.length / vector.length }, (_, row) => {
    let sum = 0
    for (let column = 0; column < vector.length; column++) {
      sum += (matrix[row * vector.length + column] ?? 0) * (vector[column] ?? 0)
    }
    return sum
  })
}

/** A 192-dimensional voiceprint, and the same from weights that were stored as fp16. */
export function embeddingWithFp16Weights(): { reference: Float32Array; actual: Float32Array } {
  const weights = Float32Array.from(randomNumbers(192 * 512, 1), (value) => value / 16)
  const features = randomNumbers(512, 2)
  const fp16Weights = float16ToFloat32Array(float32ToFloat16Array(weights))
  return { reference: matrixTimesVector(weights, features), actual: matrixTimesVector(fp16Weights, features) }
}

/** 1000 logits of 2 images, and the same with noise. */
export function noisyLogits(noise: number): { reference: Tensor; actual: Tensor } {
  const reference = Float32Array.from(randomNumbers(2000, 3), (value) => value * 8)
  const errors = randomNumbers(2000, 4)
  const actual = reference.map((value, index) => value + noise * (errors[index] ?? 0))
  const shape = [2, 1000]
  return {
    reference: { data: reference, shape, dtype: 'float32' },
    actual: { data: actual, shape, dtype: 'float32' },
  }
}

/** A 3 x 224 x 224 image in [0, 1], and the same with one channel a bit too bright. */
export function imageWithBadChannel(): { reference: Tensor; actual: Tensor } {
  const reference = Float32Array.from(randomNumbers(3 * 224 * 224, 5), (value) => (value + 1) / 2)
  const actual = reference.map((value, index) => (index >= 2 * 224 * 224 ? value * 1.02 : value))
  const shape = [3, 224, 224]
  return {
    reference: { data: reference, shape, dtype: 'float32' },
    actual: { data: actual, shape, dtype: 'float32' },
  }
}
