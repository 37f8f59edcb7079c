// Assertions and their numbers in words, the same in every rendering.
import { formatExact, formatFactor, formatMagnitude } from '../tensor/numbers.ts'
import type { Assertion, Criterion } from './report.ts'

/** `a suite › a test` */
export const nameOfTest = ({ test }: Pick<Assertion, 'test'>): string =>
  test === null ? '(outside of a test, or in one of several that ran at once)' : test.join(' › ')

/** `test/a.test.ts:12` */
export const placeOf = ({ project, file, line }: Pick<Assertion, 'project' | 'file' | 'line'>): string =>
  `${project === undefined ? '' : `[${project}] `}${file}${line === undefined ? '' : `:${line}`}`

/** `not.toMatchTensors "hint" logits` */
export const nameOfAssertion = ({
  matcher,
  label,
  key,
  not,
}: Pick<Assertion, 'matcher' | 'label' | 'key' | 'not'>): string =>
  [
    `${not ? 'not.' : ''}${matcher}`,
    ...(label === undefined ? [] : [`"${label}"`]),
    ...(key === undefined ? [] : [key]),
  ].join(' ')

export function describeCriterion({ atol, rtol, source, normalize, maxMismatch, metrics }: Criterion): string {
  const bounds =
    typeof metrics === 'object' && metrics !== null && !Array.isArray(metrics) ? Object.entries(metrics) : []
  return [
    ...(source === 'metrics only' ? [] : [`atol ${formatExact(Number(atol))}`, `rtol ${formatExact(rtol)}`]),
    ...bounds.map(([name, bound]) => `${name} ${bound}`),
    ...(normalize === undefined ? [] : [`${normalize}-normalized`]),
    ...(maxMismatch === undefined ? [] : [`${maxMismatch} may miss`]),
  ].join(', ')
}

/** `43%` of what is allowed, or `12 ×`. */
export function describeMargin(margin: number): string {
  if (Number.isNaN(margin)) return ''
  if (margin === Infinity) return '∞'
  return margin > 1 ? `${formatFactor(margin)} ×` : `${Number((100 * margin).toPrecision(2))}%`
}

/** `2.5 ×` as much of the tolerance as in the baseline. */
export const describeGrowth = (growth: number): string =>
  growth === Infinity ? '∞ ×' : `${formatFactor(Number(growth.toPrecision(2)))} ×`

export const describeError = (maxAbs: number): string => (Number.isNaN(maxAbs) ? '' : formatMagnitude(maxAbs))
