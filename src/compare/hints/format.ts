// How hints write numbers.

/** Four significant digits, without trailing zeros. */
export function formatNumber(value: number): string {
  return String(Number(value.toPrecision(4)))
}

/** `93 %`; never rounded up to 100. */
export function formatShare(share: number): string {
  return share < 1 && share > 0.99 ? 'over 99 %' : `${Math.round(share * 100)} %`
}

/** How much is explained when `left` is not: `all`, `99.97 %`, `98.4 %`. */
export function formatExplained(left: number): string {
  if (left < 1e-7) return 'all'
  const digits = Math.max(1, Math.ceil(-Math.log10(left)) - 1)
  return `${Number((100 * (1 - left)).toFixed(digits))} %`
}

/** `2^-11.3`: the size of an error beside that of a rounding. */
export function formatPowerOfTwo(value: number): string {
  return `2^${Math.log2(value).toFixed(1)}`
}

/** `3 elements`, `1 element`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** The first few of a list: `0: times 2, 1: times 3, ...`. */
export function formatList(items: readonly string[], most = 4): string {
  return items.length <= most ? items.join(', ') : `${items.slice(0, most - 1).join(', ')}, ...`
}
