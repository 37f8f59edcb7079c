// How hints write counts, lists and what they explain.

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
