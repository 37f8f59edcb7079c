// The element rule written out a second time, as plainly as can be: what every fast way is held against.

export interface ReferenceRule {
  readonly atol: number
  readonly rtol: number
  readonly equalNaN?: boolean
}

/** `a === r || (equalNaN && both NaN) || (both finite && |a - r| <= atol + rtol * |r|)`; exact integers in bigint. */
export function matches(a: number | bigint, r: number | bigint, rule: ReferenceRule): boolean {
  // biome-ignore lint/suspicious/noDoubleEquals: 1n == 1 is what is meant
  if (a == r) return true
  if (Number.isNaN(a) && Number.isNaN(r)) return rule.equalNaN === true
  if (!Number.isFinite(Number(a)) || !Number.isFinite(Number(r))) return false
  const allowed = rule.atol + rule.rtol * Math.abs(Number(r))
  const wholes = [a, r].every((x) => typeof x === 'bigint' || Number.isInteger(x))
  if ((typeof a === 'bigint' || typeof r === 'bigint') && wholes) {
    const diff = BigInt(a) - BigInt(r)
    return (diff < 0n ? -diff : diff) <= allowed
  }
  const diff = Math.abs(Number(a) - Number(r))
  if (diff === Infinity) {
    return Math.abs(Number(a) / 2 - Number(r) / 2) <= rule.atol / 2 + rule.rtol * (Math.abs(Number(r)) / 2)
  }
  return diff <= allowed
}

/** Whether at every position the elements match. */
export function allMatch(a: ArrayLike<number | bigint>, r: ArrayLike<number | bigint>, rule: ReferenceRule): boolean {
  return Array.from(a).every((value, i) => matches(value, r[i] as number | bigint, rule))
}
