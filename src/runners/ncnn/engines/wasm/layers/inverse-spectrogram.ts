// InverseSpectrogram: the inverse of the short-time Fourier transform, defined as in torchaudio and librosa.
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { checkFrames, frameParams, hopOf, makeWindow, normFactor, waveOf } from '../operations/short-time-fourier.ts'
import { within } from '../param-checks.ts'
import { checkRank } from '../shapes/axes.ts'

/**
 * y = the signal whose frames have the spectra x [freqs, frames, 2]: overlapping frames are added and divided by the sum of their
 * squared windows. `returns` 0 gives complex samples [length, 2], 1 their real, 2 their imaginary part.
 */
export const InverseSpectrogram = defineLayer({
  type: 'InverseSpectrogram',
  binaryId: 106,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: { ...frameParams, returns: int(1), normalized: int(7) },
  check(params) {
    checkFrames(params)
    const { returns, normalized } = params
    within(0, 2, { returns, normalized })
  },
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
