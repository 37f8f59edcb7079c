// Spectrogram: the short-time Fourier transform, defined as in torchaudio and librosa.
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { checkFrames, frameParams, hopOf, makeWindow, normFactor, waveOf } from '../operations/short-time-fourier.ts'
import { within } from '../param-checks.ts'
import { asRank } from '../shapes/axes.ts'

const padTypes = ['constant', 'replicate', 'reflect'] as const

/**
 * y = the Fourier transform of each frame of x: complex [freqs, frames, 2] for `power` 0, its magnitude [freqs, frames] for 1, the
 * square of that for 2. With `center` the signal is padded by half a frame at both ends.
 */
export const Spectrogram = defineLayer({
  type: 'Spectrogram',
  binaryId: 105,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: {
    ...frameParams,
    power: int(1),
    pad_type: int(6, 2),
    normalized: int(7),
    onesided: int(8, 1),
  },
  check(params) {
    checkFrames(params)
    const { power, pad_type, normalized } = params
    within(0, 2, { power, pad_type, normalized })
  },
  forward([x], { params }, workspace) {
    asRank(x.shape, 1)
    const { n_fft, power, onesided } = params
    const hoplen = hopOf(params)
    const padding = params.center === 1 ? Math.floor(n_fft / 2) : 0
    const samples = x.length + 2 * padding
    if (samples < n_fft) throw new NcnnError(`a frame of ${n_fft} samples is longer than the signal, ${samples}`)
    const frames = Math.floor((samples - n_fft) / hoplen) + 1
    const halfSpectrum = Math.floor(n_fft / 2) + 1
    const freqs = onesided ? halfSpectrum : n_fft
    const y = workspace.alloc(power === 0 ? [freqs, frames, 2] : [freqs, frames])

    const signal = params.center === 1 ? padSignal(x.data, padding, params.pad_type) : x.data
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
