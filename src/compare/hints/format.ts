// How hints write numbers.

/** Four significant digits, without trailing zeros. */
export function formatNumber(value: number): string {
  return String(Number(value.toPrecision(4)))
}

/** `93 %`; never rounded up to 100. */
export function formatShare(share: number): string {
  return share < 1 && share > 0.99 ? 'over 99 %' : `${Math.round(share * 100)} %`
}

/** `2^-11.3`: the size of an error beside that of a rounding. */
export function formatPowerOfTwo(value: number): string {
  return `2^${Math.log2(value).toFixed(1)}`
}
