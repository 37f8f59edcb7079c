// The precision in which a convolution takes its sums.
import { float16ToFloat32, float32ToFloat16 } from '../../../../../tensor/half.ts'
import type { Workspace } from '../layer.ts'

/** float32: by the SIMD kernels; float64: exact to double precision; float16: every addition rounded, as `useFp16Arithmetic` simulates. */
export type SumPrecision = 'float16' | 'float32' | 'float64'

export function sumPrecisionOf({ sumsInHalf }: { readonly sumsInHalf: boolean }, { float }: Workspace): SumPrecision {
  return sumsInHalf && float === 'float32' ? 'float16' : float
}

/** What is done to a sum after every addition; undefined where nothing is. */
export function roundingOf(precision: SumPrecision): ((sum: number) => number) | undefined {
  return precision === 'float16' ? (sum) => float16ToFloat32(float32ToFloat16(sum)) : undefined
}

/** Rounds all elements in place. */
export function roundAll(sums: Float64Array, round: ((sum: number) => number) | undefined): void {
  if (round === undefined) return
  for (let i = 0; i < sums.length; i++) sums[i] = round(sums[i])
}
