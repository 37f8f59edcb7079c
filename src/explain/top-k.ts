// Explains `toAgreeOnTopK`: how many rows disagree, why, and the ranking of the first of them.
import type { ScoredClass, TopKDisagreement } from '../compare/top-k.ts'
import { formatMagnitude, formatValue } from '../tensor/numbers.ts'
import { formatShape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Explanation, Table } from './explanation.ts'

const mostRows = 5
const mostRanks = 10

export function explainTopK(
  disagreements: readonly TopKDisagreement[],
  rows: number,
  k: number,
  actual: Tensor,
  reference: Tensor,
): Explanation {
  const what = k === 1 ? 'top class' : `top ${k} classes`
  const [first] = disagreements
  if (first === undefined) {
    return { verdict: `Expected other ${what}, but the tensors agree on ${rows === 1 ? 'them' : `all ${rows} rows`}` }
  }
  const scope = rows === 1 ? '' : ` in ${disagreements.length} of ${rows} rows`
  const reasons = disagreements.slice(0, mostRows).map((row) => describeRow(row, actual, reference))
  const more = disagreements.length > mostRows ? [`and ${disagreements.length - mostRows} more rows`] : []
  const summary = { verdict: `Tensors do not agree on the ${what}${scope}`, findings: [...reasons, ...more] }
  const table = tabulateRanks(first, actual, reference)
  if (rows === 1) return { ...summary, table }
  const title = `row ${formatShape(first.row)}`
  return { ...summary, details: { title, explanation: { verdict: summary.verdict, table } } }
}

function describeRow({ row, swap, actualTop }: TopKDisagreement, actual: Tensor, reference: Tensor): string {
  const where = row.length === 0 ? '' : `row ${formatShape(row)}: `
  if (swap === undefined) return `${where}a score of ${actualTop.length === 0 ? 'actual' : 'the reference'} is NaN`
  const { entered, displaced, gap, allowed } = swap
  const scores = [entered, displaced].map((scored) => formatValue(scored.reference, reference.dtype)).join(' and ')
  const distance = `${formatMagnitude(gap)} apart, up to ${formatMagnitude(allowed)} is a tie`
  const tied =
    displaced.actual === entered.actual ? `; actual scores both ${formatValue(entered.actual, actual.dtype)}` : ''
  const swapped = `class ${entered.index} displaced class ${displaced.index}`
  return `${where}${swapped}, although the reference scores them ${scores} (${distance})${tied}`
}

/** Both rankings side by side; a star marks a class that is missing on the other side. */
function tabulateRanks({ actualTop, referenceTop }: TopKDisagreement, actual: Tensor, reference: Tensor): Table {
  const cells = (
    top: readonly ScoredClass[],
    others: readonly ScoredClass[],
    rank: number,
    side: 'actual' | 'reference',
  ) => {
    const entry = top[rank]
    if (entry === undefined) return ['', '']
    const missing = others.every(({ index }) => index !== entry.index)
    const { dtype } = side === 'actual' ? actual : reference
    return [`${missing ? '*' : ''}${entry.index}`, formatValue(entry[side], dtype)]
  }
  // where a score is NaN, a side has no ranking
  const ranks = Math.min(mostRanks, actualTop.length, referenceTop.length)
  return {
    columns: [
      { heading: 'rank', alignment: 'left' },
      { heading: 'actual', alignment: 'right' },
      { heading: 'score', alignment: 'point' },
      { heading: 'reference', alignment: 'right' },
      { heading: 'score', alignment: 'point' },
    ],
    rows: Array.from({ length: ranks }, (_, rank) => [
      String(rank + 1),
      ...cells(actualTop, referenceTop, rank, 'actual'),
      ...cells(referenceTop, actualTop, rank, 'reference'),
    ]),
  }
}
