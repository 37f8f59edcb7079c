// Hint: drift of the size that bfloat16 weights or activations cause.
import { bfloat16ToFloat32, float32ToBfloat16 } from '../../tensor/half.ts'
import { formatPowerOfTwo } from '../../tensor/numbers.ts'
import type { HintFinder } from './context.ts'
import { canDrift, isRoundedReference, typicalDrift } from './rounding-drift.ts'

/** bfloat16 keeps three bits fewer than float16: where the sizes of half-precision drift end, up to three bits further. */
const smallest = 2 ** -10
const largest = 2 ** -6.5

const code = 'bfloat16-precision'

export const bfloat16Precision: HintFinder = (context) => {
  if (!canDrift(context)) return undefined
  if (isRoundedReference(context, (value) => bfloat16ToFloat32(float32ToBfloat16(value)))) {
    return { code, message: 'actual is the reference rounded to bfloat16' }
  }
  const drift = typicalDrift(context)
  if (!(drift >= smallest && drift < largest)) return undefined
  return {
    code,
    message: `the errors (${formatPowerOfTwo(drift)} of the values) are of the size that bfloat16 weights or activations cause: does one side store or compute so?`,
  }
}
