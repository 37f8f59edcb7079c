// Explains a comparison: what was compared, how far it is off, where, and what tolerance would have passed.

import type { Comparison, ElementError, FailedMetric, SideSummary } from '../compare/comparison.ts'
import { meaningOf } from '../compare/statistics/metrics.ts'
import { isFloatDType } from '../tensor/dtype.ts'
import {
  countOf,
  formatAtLeast,
  formatCosine,
  formatDecibels,
  formatExact,
  formatFactor,
  formatMagnitude,
  formatNormalized,
  formatPercent,
  formatValue,
} from '../tensor/numbers.ts'
import { formatShape } from '../tensor/shape.ts'
import type { Explanation, Fact, Table } from './explanation.ts'

/** Explains a comparison by itself, pass or fail. */
export function explainComparison(comparison: Comparison): Explanation {
  return comparison.pass ? explainMatch(comparison) : explainMismatch(comparison)
}

/** Explains a failed comparison. */
export function explainMismatch(comparison: Comparison): Explanation {
  return { ...explainDetails(comparison), verdict: `Tensors do not match: ${describeVerdict(comparison)}` }
}

/** Explains why `.not` failed: the tensors do match, and how well. */
function explainMatch(comparison: Comparison): Explanation {
  return {
    verdict: `Tensors match, but were expected not to: ${describeMatch(comparison)}`,
    facts: listCompared(comparison),
    ...explainErrors(comparison),
  }
}

/** Why the comparison failed, in one line. */
export function describeVerdict(comparison: Comparison): string {
  switch (comparison.reason) {
    case undefined:
      return 'they match'
    case 'shape':
    case 'dtype':
      return comparison.mismatch ?? `different ${comparison.reason}s`
    case 'metric':
      return comparison.failedMetrics.map(describeBound).join('; ')
    case 'nonfinite':
      return [
        describeCensus(comparison),
        `${countMisses(comparison)} ${comparison.mismatched === 1 ? 'fails' : 'fail'}`,
        ...comparison.failedMetrics.map(describeBound),
      ].join('; ')
    case 'values':
      return [comparison.mismatch ?? describeExcess(comparison), ...comparison.failedMetrics.map(describeBound)].join(
        '; ',
      )
  }
}

/** Explains a failed comparison where a heading says which tensors these are. */
export function explainDetails(comparison: Comparison): Explanation {
  const verdict = describeVerdict(comparison)
  const { reason, hints, failedMetrics } = comparison
  if (reason === 'shape' || reason === 'dtype') return { verdict, facts: listSides(comparison) }
  return {
    verdict,
    facts: listCompared(comparison),
    ...(reason !== 'metric' && { table: tabulateWorst(comparison) }),
    ...explainErrors(comparison),
    slices: listSlices(comparison),
    // no tolerance of elements makes up for a metric
    ...(reason === 'values' && failedMetrics.length === 0 && { wouldPass: listRequired(comparison) }),
    hints,
  }
}

/** `all of 3 elements within tolerance`. */
export function describeMatch({ total, mismatched }: Comparison): string {
  const elements = countOf(total, 'element')
  return mismatched === 0
    ? `all of ${elements} within tolerance`
    : `${total - mismatched} of ${elements} within tolerance and ${mismatched} allowed to miss it`
}

function countMisses({ mismatched, total, ratio }: Comparison): string {
  return `${mismatched} of ${countOf(total, 'element')} (${formatPercent(ratio)})`
}

function describeExcess(comparison: Comparison): string {
  const one = comparison.mismatched === 1
  if (isExact(comparison)) return `${countMisses(comparison)} ${one ? 'differs' : 'differ'}`
  const misses = `${countMisses(comparison)} ${one ? 'exceeds' : 'exceed'} the tolerance`
  const [worst] = comparison.worst
  if (worst === undefined || !Number.isFinite(worst.excess)) return misses
  return `${misses}, ${one ? '' : 'the worst '}by a factor of ${formatFactor(worst.excess)}`
}

/** `12 NaN and 3 +Infinity in actual, none in the reference`. */
function describeCensus({ actual, reference }: Comparison): string {
  const here = listNonFinite(actual)
  const there = listNonFinite(reference)
  return here === there ? `${here} on either side` : `${here} in actual, ${there} in the reference`
}

function listNonFinite({ nonFinite: { nan, posInf, negInf } }: SideSummary): string {
  const kinds = [
    [nan, 'NaN'],
    [posInf, '+Infinity'],
    [negInf, '-Infinity'],
  ] as const
  const present = kinds.filter(([count]) => count > 0).map(([count, kind]) => `${count} ${kind}`)
  return present.length === 0 ? 'none' : present.join(', ')
}

function describeBound({ name, value, bound }: FailedMetric): string {
  const { least, unit } = meaningOf(name)
  const found = Number(value.toPrecision(6))
  return `${name} ${formatExact(found)}${unit} is ${least ? 'below the required' : 'above the allowed'} ${formatExact(bound)}${unit}`
}

/** What was compared, and by which rule. */
function listCompared(comparison: Comparison): Fact[] {
  const { normalize } = comparison
  return [
    ...listSides(comparison),
    ...(normalize === undefined ? [] : [{ label: 'normalized', text: `${normalize}, both sides` }]),
    { label: 'tolerance', text: describeTolerance(comparison) },
  ]
}

function listSides({ actual, reference }: Comparison): Fact[] {
  const describe = ({ dtype, shape }: SideSummary) => `${dtype} ${formatShape(shape)}`
  if (describe(actual) === describe(reference)) return [{ label: 'compared', text: describe(actual) }]
  return [
    { label: 'actual', text: describe(actual) },
    { label: 'reference', text: describe(reference) },
  ]
}

function isExact({ tolerance: { atol, rtol } }: Comparison): boolean {
  return atol === 0 && rtol === 0
}

export function describeTolerance(comparison: Comparison): string {
  const { atol, rtol, source } = comparison.tolerance
  if (source === 'metrics only') return 'none: the metrics decide'
  const dtypes = new Set([comparison.actual.dtype, comparison.reference.dtype])
  const pair = isExact(comparison)
    ? 'none, values must be equal'
    : `atol ${formatExact(atol)}, rtol ${formatExact(rtol)}`
  const sources = {
    options: 'as given',
    preset: 'from the preset',
    dtype: `default for ${[...dtypes].join(' and ')}`,
  }
  return `${pair} (${sources[source]})`
}

/** The worst elements, side by side. `a` is the actual value, `r` the reference. */
function tabulateWorst({ worst, normalize, actual, reference }: Comparison): Table {
  const print = (value: number | bigint, { dtype }: SideSummary) =>
    normalize === undefined ? formatValue(value, dtype) : formatNormalized(value)
  return {
    columns: [
      { heading: 'worst', alignment: 'left' },
      { heading: 'actual', alignment: 'point' },
      { heading: 'reference', alignment: 'point' },
      { heading: '|a - r|', alignment: 'left' },
      { heading: 'allowed', alignment: 'left' },
      { heading: '', alignment: 'right' },
    ],
    rows: worst.map((element: ElementError) => [
      formatShape(element.index),
      print(element.actual, actual),
      print(element.reference, reference),
      Number.isNaN(element.diff) ? '-' : formatMagnitude(element.diff),
      Number.isNaN(element.allowed) ? '-' : formatMagnitude(element.allowed),
      Number.isFinite(element.excess) ? `${formatFactor(element.excess)}x` : '',
    ]),
  }
}

/** How large the errors are and how they are spread. Pairs with NaN or an infinity have no error. */
function explainErrors(comparison: Comparison): Pick<Explanation, 'errors' | 'histogram' | 'overall'> {
  const { p50, p99, max, rmse } = comparison.absDiff
  if (Number.isNaN(max)) return {}
  const { histogram, tolerance, reason } = comparison
  const scope = reason === 'nonfinite' ? 'where both are finite: ' : ''
  const figures = `p50 ${formatMagnitude(p50)}, p99 ${formatMagnitude(p99)}, max ${formatMagnitude(max)}, rmse ${formatMagnitude(rmse)}`
  return {
    errors: [{ label: '|a - r|', text: `${scope}${figures}` }],
    histogram: { ...histogram, atol: tolerance.atol },
    overall: listOverall(comparison, scope),
  }
}

function listOverall({ cosine, snrDb, normRatio, raw }: Comparison, scope: string): Fact[] {
  const similarity = `${scope}cosine ${formatCosine(cosine)}, SNR ${formatDecibels(snrDb)}`
  const norms = `|actual| / |reference| ${Number(normRatio.toPrecision(6))}`
  if (raw === undefined) return [{ label: 'overall', text: `${similarity}, ${norms}` }]
  const rawErrors = `max |a - r| ${formatMagnitude(raw.maxAbs)}, SNR ${formatDecibels(raw.snrDb)}`
  return [
    { label: 'overall', text: similarity },
    { label: 'raw values', text: `${rawErrors}, ${norms}` },
  ]
}

function listSlices({ worstSlices }: Comparison): Fact[] {
  return worstSlices.slice(0, 2).map(({ axis, index, share, mismatched }) => ({
    label: 'where',
    text: `axis ${axis}, index ${index}: ${formatPercent(share)} of the squared error, ${mismatched} ${mismatched === 1 ? 'miss' : 'misses'}`,
  }))
}

/** A relative tolerance from here on hides what is wrong, as does an absolute one of such a share of the reference. */
const leastHiding = 0.2

/** Ready to be pasted into the assertion. */
function listRequired(comparison: Comparison): string[] {
  const { required, tolerance, actual, reference } = comparison
  // labels, indices and counts are right or wrong
  if (!isFloatDType(actual.dtype) && !isFloatDType(reference.dtype)) return []
  const { atolGivenRtol, rtolGivenAtol } = required
  const snippet = (atol: string, rtol: string) =>
    `{ ${[atol !== '0' && `atol: ${atol}`, rtol !== '0' && `rtol: ${rtol}`].filter(Boolean).join(', ')} }`
  return [
    ...(atolGivenRtol < leastHiding * sizeOfReference(comparison)
      ? [snippet(formatAtLeast(atolGivenRtol), formatExact(tolerance.rtol))]
      : []),
    ...(rtolGivenAtol < leastHiding ? [snippet(formatExact(tolerance.atol), formatAtLeast(rtolGivenAtol))] : []),
  ]
}

/** The root mean square of the reference as it was compared; Infinity for zeros, beside which every error is as good as another. */
function sizeOfReference({ absDiff, snrDb }: Comparison): number {
  return snrDb === -Infinity ? Infinity : absDiff.rmse * 10 ** (snrDb / 20)
}
