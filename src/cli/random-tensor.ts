// Tensors to feed a model with when nobody has any: random numbers, the same for the same seed on every machine.

import { castTo } from '../runners/create-model.ts'
import type { TensorInfo } from '../runners/model.ts'
import { formatShape, sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { UsageError } from './command.ts'

/**
 * Numbers from -1 to 1; of an input that takes integers or truth values 0 and 1, which are among the classes, tokens and masks of every model.
 * Of a batch whose length varies, one sample.
 *
 * @throws UsageError where nobody says the shape
 */
export function drawTensor({ name, shape: declared, dtype = 'float32' }: TensorInfo, seed: number): Tensor {
  const shape = declared?.map((length, axis) => (axis === 0 && declared.length > 1 && length === -1 ? 1 : length))
  if (shape === undefined || shape.some((length) => length < 1)) {
    const known =
      shape === undefined ? 'the model does not say its shape' : `the model says its shape is ${formatShape(shape)}`
    throw new UsageError(
      `input ${name} is missing, and ${known}: give --input ${name}=x.npy, or --shape ${name}=3,224,224 for random numbers`,
    )
  }
  const random = mulberry32(seed)
  const draw = dtype.includes('float') ? () => 2 * random() - 1 : () => Math.floor(2 * random())
  return castTo(dtype, { data: Float32Array.from({ length: sizeOf(shape) }, draw), shape, dtype: 'float32' }, name)
}

/** Tommy Ettinger's Mulberry32: a generator of one 32-bit word of state, uniform in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
