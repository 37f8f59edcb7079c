// Frames, windows and waves of the short-time Fourier transform.
import { int, type ParamValues } from '../../../params.ts'
import { cos, sin } from '../math/index.ts'
import { atLeast, within } from '../param-checks.ts'

const { PI } = Math

type Precision = 'float32' | 'float64'

/** Frames of n_fft samples every hoplen samples, seen through a window. */
export const frameParams = {
  n_fft: int(0),
  /** 0, the default, is a quarter of n_fft. */
  hoplen: int(2),
  winlen: int(3, 'n_fft'),
  window_type: int(4),
  center: int(5, 1),
} as const

/** Refuses frames with which ncnn does not load the layer. */
export function checkFrames(params: ParamValues<typeof frameParams>): void {
  const { n_fft, winlen, window_type } = params
  atLeast(1, { n_fft, hoplen: hopOf(params) })
  within(1, n_fft, { winlen })
  within(0, 2, { window_type })
}

export const hopOf = ({ n_fft, hoplen }: { readonly n_fft: number; readonly hoplen: number }): number =>
  hoplen === 0 ? Math.floor(n_fft / 4) : hoplen

/** A window of winlen samples in the middle of n_fft: rectangular, Hann or Hamming. */
export function makeWindow(
  { n_fft, winlen, window_type }: { readonly n_fft: number; readonly winlen: number; readonly window_type: number },
  precision: Precision,
): Float64Array {
  const round = roundingOf(precision)
  const cosine = (i: number): number => cos(round((2 * PI * i) / winlen))
  const shapes: readonly ((i: number) => number)[] = [
    () => 1,
    (i) => 0.5 * (1 - cosine(i)),
    (i) => 0.54 - 0.46 * cosine(i),
  ]
  const shape = shapes[window_type]
  const window = new Float64Array(n_fft)
  const start = Math.floor((n_fft - winlen) / 2)
  for (let i = 0; i < winlen; i++) window[start + i] = round(shape(i))
  return window
}

/** What spectra are divided by: 1, the root of the frame's length, or the root of the window's energy. */
export function normFactor(normalized: number, n_fft: number, window: Float64Array): number {
  if (normalized === 1) return Math.sqrt(n_fft)
  return normalized === 2 ? Math.sqrt(window.reduce((sum, value) => sum + value * value, 0)) : 1
}

/**
 * cos and sin of 2 pi freq k / n_fft for every k. In float32 the angle is rounded before, as in ncnn, which costs digits at high
 * frequencies; in float64 it is first brought into one turn.
 */
export function waveOf(freq: number, n_fft: number, precision: Precision): { cos: Float64Array; sin: Float64Array } {
  const wave = { cos: new Float64Array(n_fft), sin: new Float64Array(n_fft) }
  for (let k = 0; k < n_fft; k++) {
    const angle =
      precision === 'float32' ? Math.fround((2 * PI * freq * k) / n_fft) : (2 * PI * ((freq * k) % n_fft)) / n_fft
    wave.cos[k] = cos(angle)
    wave.sin[k] = sin(angle)
  }
  return wave
}

function roundingOf(precision: Precision): (value: number) => number {
  return precision === 'float32' ? Math.fround : (value) => value
}
