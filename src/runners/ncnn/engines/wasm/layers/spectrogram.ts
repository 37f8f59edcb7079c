// Spectrogram and InverseSpectrogram: the short-time Fourier transform and back, defined as in torchaudio and librosa.
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { cos, sin } from '../math/index.ts'
import { checkRank } from '../shapes/axes.ts'

const { PI } = Math

type Precision = 'float32' | 'float64'

/** Frames of n_fft samples every hoplen samples, seen through a window. */
const frameParams = {
  n_fft: int(0),
  /** 0, the default, is a quarter of n_fft. */
  hoplen: int(2),
  winlen: int(3, 'n_fft'),
  window_type: int(4),
  center: int(5, 1),
} as const

const padTypes = ['constant', 'replicate', 'reflect'] as const

/**
 * y = the Fourier transform of each frame of x: complex [freqs, frames, 2] for `power` 0, its magnitude [freqs, frames] for 1, the
 * square of that for 2. With `center` the signal is padded by half a frame at both ends.
 */
export const Spectrogram = defineLayer({
  type: 'Spectrogram',
  inputs: '1',
  params: {
    ...frameParams,
    power: int(1),
    pad_type: int(6, 2),
    normalized: int(7),
    onesided: int(8, 1),
  },
  forward([x], { params }, workspace) {
    checkRank(x.shape, 1)
    const { n_fft, power, onesided } = params
    const hoplen = hopOf(params)
    if (power < 0 || power > 2) throw new NcnnError(`power must be 0, 1 or 2, found ${power}`)
    const signal = params.center === 1 ? padSignal(x.data, Math.floor(n_fft / 2), params.pad_type) : x.data
    if (signal.length < n_fft)
      throw new NcnnError(`a frame of ${n_fft} samples is longer than the signal, ${signal.length}`)
    const frames = Math.floor((signal.length - n_fft) / hoplen) + 1
    const halfSpectrum = Math.floor(n_fft / 2) + 1
    const freqs = onesided ? halfSpectrum : n_fft
    const y = workspace.alloc(power === 0 ? [freqs, frames, 2] : [freqs, frames])

    const window = makeWindow(params, workspace.float)
    const norm = 1 / normFactor(params.normalized, n_fft, window)
    const target = y.data
    for (let freq = 0; freq < halfSpectrum; freq++) {
      const wave = waveOf(freq, n_fft, workspace.float)
      for (let frame = 0; frame < frames; frame++) {
        let re = 0
        let im = 0
        for (let k = 0; k < n_fft; k++) {
          const value = signal[frame * hoplen + k] * window[k]
          re += value * wave.cos[k]
          im -= value * wave.sin[k]
        }
        re *= norm
        im *= norm
        const at = freq * frames + frame
        if (power === 0) {
          target[2 * at] = re
          target[2 * at + 1] = im
        } else target[at] = power === 1 ? Math.sqrt(re * re + im * im) : re * re + im * im
      }
    }
    // The upper half of a real signal's spectrum is the lower half's conjugate.
    for (let freq = halfSpectrum; freq < freqs; freq++) {
      const row = y.length / freqs
      target.copyWithin(freq * row, (n_fft - freq) * row, (n_fft - freq + 1) * row)
      if (power === 0) for (let i = freq * row + 1; i < (freq + 1) * row; i += 2) target[i] = -target[i]
    }
    return y
  },
})

/**
 * y = the signal whose frames have the spectra x [freqs, frames, 2]: overlapping frames are added and divided by the sum of their
 * squared windows. `returns` 0 gives complex samples [length, 2], 1 their real, 2 their imaginary part.
 */
export const InverseSpectrogram = defineLayer({
  type: 'InverseSpectrogram',
  inputs: '1',
  params: { ...frameParams, returns: int(1), normalized: int(7) },
  forward([x], { params }, workspace) {
    checkRank(x.shape, 3)
    const { n_fft, returns, center } = params
    const hoplen = hopOf(params)
    const [freqs, frames, parts] = x.shape
    const halfSpectrum = Math.floor(n_fft / 2) + 1
    if (parts !== 2 || (freqs !== halfSpectrum && freqs !== n_fft)) {
      throw new NcnnError(
        `spectra of ${n_fft} or ${halfSpectrum} complex numbers are needed, in a blob [freqs, frames, 2]`,
      )
    }
    if (returns < 0 || returns > 2) throw new NcnnError(`returns must be 0, 1 or 2, found ${returns}`)
    const length = (frames - 1) * hoplen + (center ? n_fft % 2 : n_fft)
    if (length < 1) throw new NcnnError(`${frames} frames are too few`)
    const y = workspace.alloc(returns === 0 ? [length, 2] : [length])

    const window = makeWindow(params, workspace.float)
    const norm = normFactor(params.normalized, n_fft, window) / n_fft
    const shift = center === 1 ? Math.floor(n_fft / 2) : 0
    const samples = new Float64Array(2 * length)
    const weights = new Float64Array(length)
    const source = x.data
    for (let i = 0; i < n_fft; i++) {
      const wave = waveOf(i, n_fft, workspace.float)
      for (let frame = 0; frame < frames; frame++) {
        const at = frame * hoplen + i - shift
        if (at < 0 || at >= length) continue
        let re = 0
        let im = 0
        for (let k = 0; k < n_fft; k++) {
          // What a one-sided spectrum leaves out is the conjugate of what it has.
          const mirrored = freqs === halfSpectrum && k >= halfSpectrum
          const bin = 2 * ((mirrored ? n_fft - k : k) * frames + frame)
          const [binRe, binIm] = [source[bin], mirrored ? -source[bin + 1] : source[bin + 1]]
          re += binRe * wave.cos[k] - binIm * wave.sin[k]
          im += binRe * wave.sin[k] + binIm * wave.cos[k]
        }
        samples[2 * at] += re * norm * window[i]
        samples[2 * at + 1] += im * norm * window[i]
        weights[at] += window[i] * window[i]
      }
    }
    for (let i = 0; i < samples.length; i++) {
      const weight = weights[i >> 1]
      if (weight !== 0) samples[i] /= weight
    }
    const part = returns === 2 ? 1 : 0
    for (let i = 0; i < y.length; i++) y.data[i] = samples[returns === 0 ? i : 2 * i + part]
    return y
  },
})

function hopOf({ n_fft, hoplen }: { readonly n_fft: number; readonly hoplen: number }): number {
  const hop = hoplen === 0 ? Math.floor(n_fft / 4) : hoplen
  if (n_fft < 1 || hop < 1) throw new NcnnError(`n_fft and hoplen must be positive, found ${n_fft} and ${hop}`)
  return hop
}

/** A window of winlen samples in the middle of n_fft: rectangular, Hann or Hamming. */
function makeWindow(
  { n_fft, winlen, window_type }: { readonly n_fft: number; readonly winlen: number; readonly window_type: number },
  precision: Precision,
): Float64Array {
  if (winlen < 1 || winlen > n_fft) throw new NcnnError(`winlen must be 1 to n_fft, found ${winlen}`)
  const round = roundingOf(precision)
  const cosine = (i: number): number => cos(round((2 * PI * i) / winlen))
  const shapes: readonly ((i: number) => number)[] = [
    () => 1,
    (i) => 0.5 * (1 - cosine(i)),
    (i) => 0.54 - 0.46 * cosine(i),
  ]
  const shape = shapes[window_type]
  if (shape === undefined) throw new NcnnError(`window_type must be 0, 1 or 2, found ${window_type}`)
  const window = new Float64Array(n_fft)
  const start = Math.floor((n_fft - winlen) / 2)
  for (let i = 0; i < winlen; i++) window[start + i] = round(shape(i))
  return window
}

/** What spectra are divided by: 1, the root of the frame's length, or the root of the window's energy. */
function normFactor(normalized: number, n_fft: number, window: Float64Array): number {
  if (normalized === 1) return Math.sqrt(n_fft)
  return normalized === 2 ? Math.sqrt(window.reduce((sum, value) => sum + value * value, 0)) : 1
}

/**
 * cos and sin of 2 pi freq k / n_fft for every k. In float32 the angle is rounded before, as in ncnn, which costs digits at high
 * frequencies; in float64 it is first brought into one turn.
 */
function waveOf(freq: number, n_fft: number, precision: Precision): { cos: Float64Array; sin: Float64Array } {
  const wave = { cos: new Float64Array(n_fft), sin: new Float64Array(n_fft) }
  for (let k = 0; k < n_fft; k++) {
    const angle =
      precision === 'float32' ? Math.fround((2 * PI * freq * k) / n_fft) : (2 * PI * ((freq * k) % n_fft)) / n_fft
    wave.cos[k] = cos(angle)
    wave.sin[k] = sin(angle)
  }
  return wave
}

function padSignal(signal: ArrayLike<number>, pad: number, pad_type: number): Float64Array {
  const type = padTypes[pad_type]
  if (type === undefined) throw new NcnnError(`pad_type must be 0, 1 or 2, found ${pad_type}`)
  const last = signal.length - 1
  if (type === 'reflect' && pad > last) {
    throw new NcnnError(`${signal.length} samples cannot be mirrored over a padding of ${pad}`)
  }
  return Float64Array.from({ length: signal.length + 2 * pad }, (_, i) => {
    const position = i - pad
    if (type === 'reflect') return signal[last - Math.abs(last - Math.abs(position))]
    if (type === 'replicate') return signal[Math.min(Math.max(position, 0), last)]
    return position < 0 || position > last ? 0 : signal[position]
  })
}

function roundingOf(precision: Precision): (value: number) => number {
  return precision === 'float32' ? Math.fround : (value) => value
}
