// Spectrogram and InverseSpectrogram, against the definition of the discrete Fourier transform, and one against the other.
import { describe, expect, test } from 'vitest'
import { expectAtMost } from '../../../../../in-loops.ts'
import { expectLayer } from '../../../expect-layer.ts'
import { runSingle } from '../../../run-layer.ts'

const [complex, magnitude, power] = [0, 1, 2]
const [rectangular, hann, hamming] = [0, 1, 2]
const signal = Array.from({ length: 24 }, (_, i) => ((i * 7) % 11) - 4)

interface Settings {
  n_fft: number
  hop: number
  window: readonly number[]
  scale?: number
}

/** [freqs][frames] of complex numbers. */
function transform(
  x: readonly number[],
  { n_fft, hop, window, scale = 1 }: Settings,
  freqs: number,
): [re: number, im: number][][] {
  const frames = Math.floor((x.length - n_fft) / hop) + 1
  return Array.from({ length: freqs }, (_, freq) =>
    Array.from({ length: frames }, (_, frame) => {
      let [re, im] = [0, 0]
      for (let k = 0; k < n_fft; k++) {
        const angle = (2 * Math.PI * freq * k) / n_fft
        re += x[frame * hop + k] * window[k] * Math.cos(angle)
        im -= x[frame * hop + k] * window[k] * Math.sin(angle)
      }
      return [re * scale, im * scale]
    }),
  )
}

const ones = (length: number): number[] => new Array<number>(length).fill(1)
const cosineWindow = (length: number, a: number): number[] =>
  Array.from({ length }, (_, i) => a - (1 - a) * Math.cos((2 * Math.PI * i) / length))
const noCenter = { 5: 0 }

/** In float32 ncnn rounds angles, which costs digits. */
async function expectSpectrum(
  params: Parameters<typeof runSingle>[1],
  [x]: readonly [readonly number[]],
  expected: readonly (readonly (number | readonly number[])[])[],
): Promise<void> {
  const wanted = expected.flat(2) as number[]
  for (const [precision, tolerance] of [
    ['float32', 1e-5],
    ['float64', 1e-12],
  ] as const) {
    const y = await runSingle('Spectrogram', params, [x], { precision })
    expect(y.shape.slice(0, 2)).toEqual([expected.length, expected[0].length])
    expect(y.data).toHaveLength(wanted.length)
    for (const [i, value] of wanted.entries()) {
      const allowed = tolerance * Math.max(1, Math.abs(value))
      expectAtMost(Math.abs(Number(y.data[i]) - value), allowed, `${precision}: element ${i}`)
    }
  }
}

describe('Spectrogram', () => {
  const plain = { n_fft: 8, hop: 2, window: ones(8) }

  test('complex, one-sided; the hop is a quarter of the frame', () =>
    expectSpectrum({ 0: 8, 1: complex, ...noCenter }, [signal], transform(signal, plain, 5)))
  test('complex, both sides', () =>
    expectSpectrum({ 0: 8, 1: complex, 8: 0, ...noCenter }, [signal], transform(signal, plain, 8)))
  test('magnitude', () =>
    expectSpectrum(
      { 0: 8, 1: magnitude, ...noCenter },
      [signal],
      transform(signal, plain, 5).map((row) => row.map(([re, im]) => Math.hypot(re, im))),
    ))
  test('power, of odd frames and another hop', () =>
    expectSpectrum(
      { 0: 7, 1: power, 2: 3, ...noCenter },
      [signal],
      transform(signal, { n_fft: 7, hop: 3, window: ones(7) }, 4).map((row) =>
        row.map(([re, im]) => re * re + im * im),
      ),
    ))

  test.each([
    ['Hann', hann, cosineWindow(6, 0.5)],
    ['Hamming', hamming, cosineWindow(6, 0.54)],
    ['rectangular', rectangular, ones(6)],
  ])('a %s window that is shorter than the frame lies in its middle', (_, type, window) => {
    const expected = transform(signal, { ...plain, window: [0, ...window, 0] }, 5)
    return expectSpectrum({ 0: 8, 1: complex, 3: 6, 4: type, ...noCenter }, [signal], expected)
  })

  test('normalized by the length of the frame, or by the energy of the window', async () => {
    const window = cosineWindow(8, 0.5)
    const energy = window.reduce((sum, value) => sum + value * value, 0)
    const params = { 0: 8, 1: complex, 4: hann, ...noCenter }
    await expectSpectrum({ ...params, 7: 1 }, [signal], transform(signal, { ...plain, window, scale: 8 ** -0.5 }, 5))
    await expectSpectrum(
      { ...params, 7: 2 },
      [signal],
      transform(signal, { ...plain, window, scale: energy ** -0.5 }, 5),
    )
  })

  test.each([
    ['zeros', 0, [0, 0, 1, 2, 3, 4, 0, 0]],
    ['the ends', 1, [1, 1, 1, 2, 3, 4, 4, 4]],
    ['mirror images', 2, [3, 2, 1, 2, 3, 4, 3, 2]],
  ])('centred frames: padded with %s', (_, pad_type, padded) =>
    expectSpectrum(
      { 0: 4, 1: complex, 6: pad_type },
      [[1, 2, 3, 4]],
      transform(padded, { n_fft: 4, hop: 1, window: ones(4) }, 3),
    ),
  )

  test.each([
    [{ 0: 0 }, 'n_fft must be at least 1, found 0'],
    [{ 0: 3 }, 'hoplen must be at least 1, found 0'],
    [{ 0: 8, 2: -1 }, 'hoplen must be at least 1, found -1'],
    [{ 0: 32, 5: 0 }, 'a frame of 32 samples is longer than the signal, 24'],
    [{ 0: 64 }, '24 samples cannot be mirrored over a padding of 32'],
    [{ 0: 8, 3: 9 }, 'winlen must be 1 to 8, found 9'],
    [{ 0: 8, 4: 3 }, 'window_type must be 0 to 2, found 3'],
    [{ 0: 8, 6: 3 }, 'pad_type must be 0 to 2, found 3'],
    [{ 0: 8, 1: 3 }, 'power must be 0 to 2, found 3'],
  ])('refuses %o', async (params, message) => {
    await expect(runSingle('Spectrogram', params, [signal])).rejects.toThrow(message)
  })
})

describe('InverseSpectrogram', () => {
  const wide = { precision: 'float64' } as const

  test.each([
    ['one-sided', { 0: 8, 2: 2, 4: hann }],
    ['both sides', { 0: 8, 2: 2, 4: hann, 8: 0 }],
    ['normalized by the frame', { 0: 8, 2: 2, 4: hamming, 7: 1 }],
    ['normalized by the window', { 0: 8, 2: 2, 3: 6, 4: hann, 7: 2 }],
    ['not centred', { 0: 8, 2: 2, 5: 0 }],
    ['frames of odd length', { 0: 7, 2: 3, 5: 0 }],
  ])('undoes Spectrogram: %s', async (_, params) => {
    const spectrum = await runSingle('Spectrogram', params, [signal], wide)
    const { 8: _onesided, ...inverse } = { 8: 0, ...params }
    const y = await runSingle('InverseSpectrogram', { ...inverse, 1: 1 }, [spectrum], wide)
    expect(y.shape[0]).toBeGreaterThan(20)
    for (const [i, value] of [...y.data].entries()) expect(value).toBeCloseTo(signal[i], 12)
  })

  test('gives complex samples, or their real or imaginary part', async () => {
    const spectrum = [[[1, 2]], [[3, 5]]]
    // Frames of 2 samples: (a + b) / 2 and (a - b) / 2 for the bins a = 1 + 2i and b = 3 + 5i.
    await expectLayer(
      'InverseSpectrogram',
      { 0: 2, 2: 1, 5: 0 },
      [spectrum],
      [
        [2, 3.5],
        [-1, -1.5],
      ],
    )
    await expectLayer('InverseSpectrogram', { 0: 2, 1: 1, 2: 1, 5: 0 }, [spectrum], [2, -1])
    await expectLayer('InverseSpectrogram', { 0: 2, 1: 2, 2: 1, 5: 0 }, [spectrum], [3.5, -1.5])
  })

  test.each([
    [{ 0: 6 }, 'spectra of 6 or 4 complex numbers are needed'],
    [{ 0: 2, 1: 3, 2: 1 }, 'returns must be 0 to 2, found 3'],
    [{ 0: 2, 2: 1 }, '1 frames are too few'],
  ])('refuses %o', async (params, message) => {
    await expect(runSingle('InverseSpectrogram', params, [[[[1, 0]], [[1, 0]]]])).rejects.toThrow(message)
  })
})
