// The message of a comparison: what was compared, how far it is off, where, and what tolerance would have passed.
import type { Comparison, ElementError, FailedMetric, SideSummary } from '../compare/comparison.ts'
import {
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
import { columns } from './columns.ts'
import { drawHistogram } from './histogram.ts'
import { countOf, joinBlocks, labelled, maxLines } from './layout.ts'

/** The table of the worst elements shrinks to this when a message gets too long. */
const fewestRows = 2

/** Explains a failed comparison. The first line is the verdict: summaries show no more than that. */
export function describeMismatch(comparison: Comparison): string {
  return joinBlocks(
    [`Tensors do not match: ${describeVerdict(comparison)}`],
    ...describeDetails(comparison, maxLines - 2),
  )
}

/** Explains why `.not` failed: the tensors do match, and how well. */
export function describeMatch(comparison: Comparison): string {
  const { total, mismatched } = comparison
  const verdict =
    mismatched === 0
      ? `all of ${countOf(total, 'element')} within tolerance`
      : `${total - mismatched} of ${countOf(total, 'element')} within tolerance and ${mismatched} allowed to miss it`
  return joinBlocks([`Tensors match, but were expected not to: ${verdict}`], describeCompared(comparison), [
    ...describeErrors(comparison),
    ...describeOverall(comparison),
  ])
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
      return `${describeCensus(comparison)}; ${countMisses(comparison)} ${comparison.mismatched === 1 ? 'fails' : 'fail'}`
    case 'values':
      return describeExcess(comparison)
  }
}

/**
 * Everything below the verdict. To fit into `limit` lines (at least 14), the rows of the table give way first, then the hints, then
 * the slices.
 */
export function describeDetails(comparison: Comparison, limit: number): string[][] {
  if (comparison.reason === 'shape' || comparison.reason === 'dtype') return [describeSides(comparison)]
  const hints = comparison.hints.map(({ message }) => labelled('hint', message))
  const compared = describeCompared(comparison)
  const errors = [...describeErrors(comparison), ...describeOverall(comparison)]
  const required = describeRequired(comparison)
  // three blocks follow the first, an empty line before each, and the table has a heading
  const room = limit - compared.length - errors.length - required.length - 3
  const slices = takeWhole(describeSlices(comparison), room - 1 - fewestRows)
  const rows = comparison.reason === 'metric' ? 0 : Math.max(fewestRows, room - slices.length - 1 - hints.flat().length)
  const table = describeWorst(comparison, rows)
  return [compared, table, [...errors, ...slices, ...required], takeWhole(hints, room - slices.length - table.length)]
}

/** As many of the leading blocks as fit into `room` lines. */
function takeWhole(blocks: readonly (readonly string[])[], room: number): string[] {
  const lines: string[] = []
  for (const block of blocks) {
    if (lines.length + block.length > room) break
    lines.push(...block)
  }
  return lines
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
  const unit = name === 'snr' || name === 'psnr' ? ' dB' : ''
  const least = unit !== '' || name === 'cosine'
  const found = Number(value.toPrecision(6))
  return `${name} ${formatExact(found)}${unit} is ${least ? 'below the required' : 'above the allowed'} ${formatExact(bound)}${unit}`
}

function describeCompared(comparison: Comparison): string[] {
  return [
    ...describeSides(comparison),
    ...labelled('normalized', comparison.normalize && `${comparison.normalize}, both sides`),
    ...labelled('tolerance', describeTolerance(comparison)),
  ]
}

function isExact({ tolerance: { atol, rtol } }: Comparison): boolean {
  return atol === 0 && rtol === 0
}

function describeTolerance(comparison: Comparison): string {
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

function describeSides({ actual, reference }: Comparison): string[] {
  const describe = ({ dtype, shape }: SideSummary) => `${dtype} ${formatShape(shape)}`
  if (describe(actual) === describe(reference)) return labelled('compared', describe(actual))
  return [...labelled('actual', describe(actual)), ...labelled('reference', describe(reference))]
}

/** The worst elements, side by side. `a` is the actual value, `r` the reference. */
function describeWorst(comparison: Comparison, rows: number): string[] {
  const worst = comparison.worst.slice(0, rows)
  if (worst.length === 0) return []
  const print = (value: number | bigint, side: SideSummary) =>
    comparison.normalize === undefined ? formatValue(value, side.dtype) : formatNormalized(value)
  const cells = worst.map((element: ElementError) => [
    formatShape(element.index),
    print(element.actual, comparison.actual),
    print(element.reference, comparison.reference),
    Number.isNaN(element.diff) ? '-' : formatMagnitude(element.diff),
    Number.isNaN(element.allowed) ? '-' : formatMagnitude(element.allowed),
    Number.isFinite(element.excess) ? `${formatFactor(element.excess)}x` : '',
  ])
  const heading = ['worst', 'actual', 'reference', '|a - r|', 'allowed', '']
  const alignments = ['left', 'point', 'point', 'left', 'left', 'right'] as const
  return columns([heading, ...cells], alignments).map((line) => `  ${line}`)
}

const finitePairs = 'where both are finite: '

/** How the errors are spread. Pairs with NaN or an infinity have no error. */
function describeErrors({ absDiff, histogram, tolerance, reason }: Comparison): string[] {
  const { p50, p99, max, rmse } = absDiff
  if (Number.isNaN(max)) return []
  const scope = reason === 'nonfinite' ? finitePairs : ''
  const figures = `p50 ${formatMagnitude(p50)}, p99 ${formatMagnitude(p99)}, max ${formatMagnitude(max)}, rmse ${formatMagnitude(rmse)}`
  return [
    ...labelled('|a - r|', `${scope}${figures}`),
    ...labelled('by decade', drawHistogram(histogram, tolerance.atol)),
  ]
}

function describeOverall({ reason, absDiff, cosine, snrDb, normRatio, raw }: Comparison): string[] {
  if (Number.isNaN(absDiff.max)) return []
  const scope = reason === 'nonfinite' ? finitePairs : ''
  const similarity = `${scope}cosine ${formatCosine(cosine)}, SNR ${formatDecibels(snrDb)}`
  const norms = `|actual| / |reference| ${Number(normRatio.toPrecision(6))}`
  if (raw === undefined) return labelled('overall', `${similarity}, ${norms}`)
  const rawErrors = `max |a - r| ${formatMagnitude(raw.maxAbs)}, SNR ${formatDecibels(raw.snrDb)}`
  return [...labelled('overall', similarity), ...labelled('raw values', `${rawErrors}, ${norms}`)]
}

function describeSlices({ worstSlices }: Comparison): string[][] {
  return worstSlices
    .slice(0, 2)
    .map(({ axis, index, share, mismatched }) =>
      labelled(
        'where',
        `axis ${axis}, index ${index}: ${formatPercent(share)} of the squared error, ${mismatched} ${mismatched === 1 ? 'miss' : 'misses'}`,
      ),
    )
}

/** Ready to be pasted into the assertion. A relative tolerance of 1 and more would pass anything. */
function describeRequired({ reason, required, tolerance }: Comparison): string[] {
  if (reason !== 'values') return []
  const { atolGivenRtol, rtolGivenAtol } = required
  const snippet = (atol: string, rtol: string) =>
    `{ ${[atol !== '0' && `atol: ${atol}`, rtol !== '0' && `rtol: ${rtol}`].filter(Boolean).join(', ')} }`
  const choices = [
    Number.isFinite(atolGivenRtol) && snippet(formatAtLeast(atolGivenRtol), formatExact(tolerance.rtol)),
    rtolGivenAtol < 1 && snippet(formatExact(tolerance.atol), formatAtLeast(rtolGivenAtol)),
  ]
  return labelled('would pass', choices.filter(Boolean).join(' or '))
}
