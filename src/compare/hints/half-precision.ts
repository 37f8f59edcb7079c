// Hint: drift of the size that float16 weights or activations cause.
import { float16ToFloat32, float32ToFloat16 } from '../../tensor/half.ts'
import { formatPowerOfTwo } from '../../tensor/numbers.ts'
import type { HintFinder } from './context.ts'
import { canDrift, isRoundedReference, typicalDrift } from './rounding-drift.ts'

/**
 * Rounding to float16 is off by up to 2^-11 of a value, by 2^-12.4 in the median. Behind the layers of a network it is a few times
 * smaller (errors cancel in sums) or larger (they add up).
 */
const smallest = 2 ** -14
const largest = 2 ** -10

const code = 'half-precision'

export const halfPrecision: HintFinder = (context) => {
  if (!canDrift(context)) return undefined
  if (isRoundedReference(context, (value) => float16ToFloat32(float32ToFloat16(value)))) {
    return { code, message: 'actual is the reference rounded to float16' }
  }
  const drift = typicalDrift(context)
  if (!(drift >= smallest && drift < largest)) return undefined
  return {
    code,
    message: `the errors (${formatPowerOfTwo(drift)} of the values) are of the size that float16 weights cause: was the model converted with fp16=1, pnnx's default, or does the runtime store weights so, as ncnn does by default?`,
  }
}
