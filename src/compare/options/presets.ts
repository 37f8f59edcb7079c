// Named pairs of tolerances. Starting points with a reason each, not truths: measure your own model and tighten them.
import type { PresetName } from './options.ts'

export const presets: Readonly<Record<PresetName, { readonly rtol: number; readonly atol: number }>> = {
  /** Bit for bit in value (+0 equals -0): integer outputs, the same runtime on the same machine. */
  exact: { rtol: 0, atol: 0 },
  /** Two float32 runtimes that sum in different orders. What four out of five of pnnx's own converter checks use. */
  fp32: { rtol: 1e-4, atol: 1e-4 },
  /** Weights rounded to float16 (pnnx's default): 2^-11 a weight, which some tens of layers grow to about 1e-3 of an output of size 1. */
  'fp16-weights': { rtol: 1e-2, atol: 1e-3 },
  /** bfloat16 keeps three bits fewer than float16: eight times `fp16-weights`. */
  bf16: { rtol: 8e-2, atol: 8e-3 },
  /**
   * 8-bit quantisation: a step is 1/127 (0.8 %) of a tensor's peak, and steps add up over layers. Coarse for a single
   * element, so put a bound on the whole beside it, such as `metrics: { snr: 20 }`.
   */
  int8: { rtol: 1e-1, atol: 5e-2 },
}
