// Which atol and rtol are in force, and where they came from.
import type { DType } from '../../tensor/dtype.ts'
import type { PresetName } from './options.ts'
import { presets } from './presets.ts'

export interface Tolerance {
  readonly atol: number
  readonly rtol: number
  readonly source: 'options' | 'preset' | 'dtype' | 'metrics only'
}

interface TolerancePair {
  readonly rtol: number
  readonly atol: number
}

const exactTolerance: TolerancePair = { rtol: 0, atol: 0 }

/** Those of `torch.testing.assert_close`; integers and bool are exact. */
const defaults: Readonly<Record<DType, TolerancePair>> = {
  float16: { rtol: 1e-3, atol: 1e-5 },
  bfloat16: { rtol: 1.6e-2, atol: 1e-5 },
  float32: { rtol: 1.3e-6, atol: 1e-5 },
  float64: { rtol: 1e-7, atol: 1e-7 },
  int8: exactTolerance,
  uint8: exactTolerance,
  int16: exactTolerance,
  uint16: exactTolerance,
  int32: exactTolerance,
  uint32: exactTolerance,
  int64: exactTolerance,
  uint64: exactTolerance,
  bool: exactTolerance,
}

export interface ToleranceOptions {
  readonly atol?: number | undefined
  readonly rtol?: number | undefined
  readonly preset?: PresetName | undefined
}

/**
 * The tolerance of a comparison: explicit numbers first (one alone makes the other 0, or the preset's), then the preset, then
 * metrics alone (an infinite atol: only non-finite elements can miss it), then the looser of the two dtypes' defaults.
 */
export function resolveTolerance(
  { atol, rtol, preset }: ToleranceOptions,
  hasMetrics: boolean,
  actual: DType,
  reference: DType,
): Tolerance {
  const base = preset === undefined ? undefined : presets[preset]
  if (atol !== undefined || rtol !== undefined) {
    return { atol: atol ?? base?.atol ?? 0, rtol: rtol ?? base?.rtol ?? 0, source: 'options' }
  }
  if (base !== undefined) return { ...base, source: 'preset' }
  if (hasMetrics) return { atol: Infinity, rtol: 0, source: 'metrics only' }
  return {
    atol: Math.max(defaults[actual].atol, defaults[reference].atol),
    rtol: Math.max(defaults[actual].rtol, defaults[reference].rtol),
    source: 'dtype',
  }
}
