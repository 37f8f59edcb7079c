// Hint: actual is the reference with the opposite sign.
import { formatNumber } from '../../tensor/numbers.ts'
import type { HintFinder } from './context.ts'
import { fitLine, mostLeftOver } from './linear-fit.ts'

export const signFlip: HintFinder = (context) => {
  const fit = fitLine(context)
  if (fit === undefined || fit.afterSignFlip > mostLeftOver * fit.error) return undefined
  return {
    code: 'sign-flip',
    message: `actual is the reference with the opposite sign (their sum is ${formatNumber(fit.afterSignFlip)} rms): look for a subtraction the wrong way round`,
  }
}
