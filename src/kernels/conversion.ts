// Numbers of 16 bits.
import { kernel } from './definition.ts'

export const conversionKernels = {
  /** float16 bits to float32, exactly. */
  halfToFloat: kernel(['source', 'destination', 'n']),
  /** float32 to float16 bits, to nearest, ties to even. */
  floatToHalf: kernel(['source', 'destination', 'n']),
  /**
   * float32 to float16 bits as ncnn's plain Cast makes them: the mantissa is cut, what is below the least normal number becomes zero, what
   * is above the greatest infinity.
   */
  castToHalf: kernel(['source', 'destination', 'n']),
  /** The upper 16 bits of each float32. */
  castToBfloat16: kernel(['source', 'destination', 'n']),
  /** Rounds float32 to the nearest float16 value (ties to even, overflow to infinity) in place. */
  roundToHalf: kernel(['data', 'n']),
  /** Rounds float32 to the nearest bfloat16 value (ties to even) in place. */
  roundToBfloat16: kernel(['data', 'n']),
  /** As {@link roundToBfloat16}, but ties go away from zero. */
  roundUpToBfloat16: kernel(['data', 'n']),
  /** Cuts float32 to its upper 16 bits in place: what ncnn's plain bf16 storage does. */
  truncateToBfloat16: kernel(['data', 'n']),
  /** bfloat16 bits to float32, exactly. */
  bfloat16ToFloat: kernel(['source', 'destination', 'n']),
}
