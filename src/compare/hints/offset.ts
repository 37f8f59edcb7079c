// Hint: actual is the reference plus one number.
import { formatNumber } from '../../tensor/numbers.ts'
import type { HintFinder } from './context.ts'
import { fitLine, mostLeftOver } from './linear-fit.ts'

export const offset: HintFinder = (context) => {
  const fit = fitLine(context)
  if (fit === undefined || fit.afterOffset > mostLeftOver * fit.error) return undefined
  // a large offset hides everything: the shape of the reference must still be there
  if (fit.afterOffset > 0.5 * fit.deviation) return undefined
  return {
    code: 'offset',
    message: `actual is the reference plus ${formatNumber(fit.offset)}; beyond that they differ by ${formatNumber(fit.afterOffset)} rms: look for a bias, a mean or a padding value that one side lacks`,
  }
}
