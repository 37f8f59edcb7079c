// Hint: actual is the reference times one number.
import { formatNumber } from '../../tensor/numbers.ts'
import type { HintFinder } from './context.ts'
import { fitLine, mostLeftOver } from './linear-fit.ts'

/** A constant reference cannot tell a gain from an offset. */
export const gain: HintFinder = (context) => {
  const fit = fitLine(context)
  if (fit === undefined || fit.gain <= 0) return undefined
  // a small gain leaves little of an error that is all reference: what is left over must be little of actual, too
  if (fit.afterGain > mostLeftOver * Math.min(fit.error, fit.actual)) return undefined
  const { min, max } = context.statistics().reference
  if (min === max) return undefined
  return {
    code: 'gain',
    message: `actual is the reference times ${formatNumber(fit.gain)}; beyond that they differ by ${formatNumber(fit.afterGain)} rms: if only the direction matters, as of an embedding, compare with { normalize: 'l2' }`,
  }
}
