// The rule that decides whether one element matches its reference. Every faster way in this package must agree with it.

export interface ElementRule {
  readonly atol: number
  readonly rtol: number
  readonly equalNaN: boolean
}

/** `atol + rtol * |reference|`: how far an element may be from its reference. */
export function allowanceOf(reference: number, rule: ElementRule): number {
  return rule.atol + rule.rtol * Math.abs(reference)
}

/** How many times its allowance the error of a finite pair is: above 1 where the rule is missed; NaN when both are 0. */
export function excessOf(actual: number, reference: number, diff: number, rule: ElementRule): number {
  if (diff < Infinity) return diff / allowanceOf(reference, rule)
  return Math.abs(actual / 2 - reference / 2) / (rule.atol / 2 + rule.rtol * Math.abs(reference / 2))
}

/**
 * `a === r || (equalNaN && both NaN) || (both finite && |a - r| <= atol + rtol * |r|)`, in float64.
 *
 * The bound is inclusive, +0 equals -0, equal infinities match. When a difference of two finite doubles overflows, both sides of
 * the inequality are halved (exact at that size), so that `Infinity <= Infinity` decides nothing.
 */
export function isCloseNumber(actual: number, reference: number, rule: ElementRule): boolean {
  if (actual === reference) return true
  const diff = Math.abs(actual - reference)
  if (diff <= Number.MAX_VALUE) return diff <= allowanceOf(reference, rule)
  if (Number.isFinite(actual) && Number.isFinite(reference)) {
    return Math.abs(actual / 2 - reference / 2) <= rule.atol / 2 + rule.rtol * Math.abs(reference / 2)
  }
  return rule.equalNaN && Number.isNaN(actual) && Number.isNaN(reference)
}

/** The rule for 64-bit integers: the difference is exact, JavaScript compares a bigint with a double exactly. */
function isCloseBigInt(actual: bigint, reference: bigint, rule: ElementRule): boolean {
  return actual === reference || absoluteDifference(actual, reference) <= allowanceOf(Number(reference), rule)
}

function absoluteDifference(actual: bigint, reference: bigint): bigint {
  return actual < reference ? reference - actual : actual - reference
}

/** The rule for any two elements. A whole number beside a bigint is compared as a bigint, so that 2^53 and 2^53 + 1 differ. */
export function isClose(actual: number | bigint, reference: number | bigint, rule: ElementRule): boolean {
  if (typeof actual === 'number' && typeof reference === 'number') return isCloseNumber(actual, reference, rule)
  if (isWhole(actual) && isWhole(reference)) return isCloseBigInt(BigInt(actual), BigInt(reference), rule)
  return isCloseNumber(Number(actual), Number(reference), rule)
}

/** `|actual - reference|` as a double; NaN when either is not finite. */
export function differenceOf(actual: number | bigint, reference: number | bigint): number {
  if (typeof actual === 'number' && typeof reference === 'number') {
    const finite = Number.isFinite(actual) && Number.isFinite(reference)
    return finite ? Math.abs(actual - reference) : Number.NaN
  }
  if (isWhole(actual) && isWhole(reference)) return Number(absoluteDifference(BigInt(actual), BigInt(reference)))
  return differenceOf(Number(actual), Number(reference))
}

function isWhole(value: number | bigint): boolean {
  return typeof value === 'bigint' || Number.isInteger(value)
}
