// Gains that have a reason: what they are called in messages.

const known: readonly (readonly [gain: number, reason: string])[] = [
  [255, 'pixels are not divided by 255'],
  [1 / 255, 'pixels are divided by 255 once more'],
  [127.5, 'pixels are not divided by 127.5'],
  [1 / 127.5, 'pixels are divided by 127.5 once more'],
  [256, 'pixels are not divided by 256'],
  [1 / 256, 'pixels are divided by 256 once more'],
  [255 / 256, 'pixels divided by 256 instead of 255'],
  [256 / 255, 'pixels divided by 255 instead of 256'],
  [127.5 / 128, 'pixels divided by 128 instead of 127.5'],
  [128 / 127.5, 'pixels divided by 127.5 instead of 128'],
  [127.5 / 127, 'pixels divided by 127 instead of 127.5'],
  [32768, 'samples are not divided by 32768'],
  [1 / 32768, 'samples are divided by 32768 once more'],
  [32767 / 32768, 'samples divided by 32768 instead of 32767'],
  [32768 / 32767, 'samples divided by 32767 instead of 32768'],
  [Math.LN10, 'a natural logarithm instead of one to base 10'],
  [1 / Math.LN10, 'a logarithm to base 10 instead of a natural one'],
  [Math.LN2, 'a natural logarithm instead of one to base 2'],
  [1 / Math.LN2, 'a logarithm to base 2 instead of a natural one'],
  [1000, 'thousandths, such as millimetres instead of metres'],
  [0.001, 'thousands, such as metres instead of millimetres'],
  [180 / Math.PI, 'degrees instead of radians'],
  [Math.PI / 180, 'radians instead of degrees'],
  [100, 'percent instead of shares'],
  [0.01, 'shares instead of percent'],
]

/** How exactly a gain has to be met, as a share of it: within what is known of it, but for rounding, and no farther off than this. */
const rounding = 1e-5
const tolerance = 2e-4

/** The same, as a share of its distance from 1, which is no gain. */
const toleranceFromOne = 0.02

/**
 * ` (pixels are not divided by 255)`, or nothing.
 * @param deviation the standard deviation of the gain
 */
export function explainGain(gain: number, deviation: number): string {
  const near = Math.min(tolerance, Math.max(rounding, 4 * Math.abs(deviation / gain)))
  const found = known.find(
    ([value]) => Math.abs(gain / value - 1) < Math.min(near, toleranceFromOne * Math.abs(value - 1)),
  )
  return found === undefined ? '' : ` (${found[1]})`
}
