// How hints write counts, lists, fitted numbers and what they explain.
import { formatNumber } from '../../tensor/numbers.ts'

/** How much is explained when `left` is not: `all`, `99.97 %`, `98.4 %`. */
export function formatExplained(left: number): string {
  if (left < 1e-7) return 'all'
  const digits = Math.max(1, Math.ceil(-Math.log10(left)) - 1)
  return `${Number((100 * (1 - left)).toFixed(digits))} %`
}

/** `3 elements`, `1 element`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** The first few of a list: `0: times 2, 1: times 3, ...`. */
export function formatList(items: readonly string[], most = 4): string {
  return items.length <= most ? items.join(', ') : `${items.slice(0, most - 1).join(', ')}, ...`
}

/** Digits of a fitted number, at most. */
const mostDigits = 7

/** A fitted number: whole where it may be, else with as many digits as it is sure of, four at least. */
export function formatFitted(value: number, deviation: number): string {
  const whole = Math.round(value)
  const doubt = Math.max(3 * deviation, 1e-6 * Math.abs(value))
  if (whole !== 0 && Math.abs(value - whole) <= doubt && doubt < 0.1) return String(whole)
  const digits = Math.floor(Math.log10(Math.abs(value) / (2 * deviation)))
  return digits > 4 ? String(Number(value.toPrecision(Math.min(mostDigits, digits)))) : formatNumber(value)
}
