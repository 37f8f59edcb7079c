// The message of `toAgreeOnTopK`: how many rows disagree, why, and the ranking of the first of them.
import type { ScoredClass, TopKDisagreement } from '../compare/top-k.ts'
import { formatMagnitude, formatValue } from '../tensor/numbers.ts'
import { formatShape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { columns } from './columns.ts'
import { joinBlocks } from './layout.ts'

const mostRows = 5
const mostRanks = 10

export function describeTopK(
  disagreements: readonly TopKDisagreement[],
  rows: number,
  k: number,
  actual: Tensor,
  reference: Tensor,
): string {
  const what = k === 1 ? 'top class' : `top ${k} classes`
  const [first] = disagreements
  if (first === undefined)
    return `Expected other ${what}, but the tensors agree on ${rows === 1 ? 'them' : `all ${rows} rows`}`
  const scope = rows === 1 ? '' : ` in ${disagreements.length} of ${rows} rows`
  const reasons = disagreements.slice(0, mostRows).map((row) => `  ${describeRow(row, actual, reference)}`)
  const more = disagreements.length > mostRows ? [`  and ${disagreements.length - mostRows} more rows`] : []
  return joinBlocks(
    [`Tensors do not agree on the ${what}${scope}`],
    [...reasons, ...more],
    rows > 1 ? [`row ${formatShape(first.row)}:`] : [],
    describeRanking(first, actual, reference),
  )
}

function describeRow({ row, swap, actualTop }: TopKDisagreement, actual: Tensor, reference: Tensor): string {
  const where = row.length === 0 ? '' : `row ${formatShape(row)}: `
  if (swap === undefined) return `${where}a score of ${actualTop.length === 0 ? 'actual' : 'the reference'} is NaN`
  const { entered, displaced, gap, allowed } = swap
  const [higher, lower] = [displaced, entered].map((scored) => formatValue(scored.reference, reference.dtype))
  const tied =
    displaced.actual === entered.actual ? `; actual scores both ${formatValue(entered.actual, actual.dtype)}` : ''
  return `${where}class ${entered.index} displaced class ${displaced.index}, although the reference scores them ${lower} and ${higher} (${formatMagnitude(gap)} apart, up to ${formatMagnitude(allowed)} is a tie)${tied}`
}

/** Both rankings side by side; a star marks a class that is missing on the other side. */
function describeRanking({ actualTop, referenceTop }: TopKDisagreement, actual: Tensor, reference: Tensor): string[] {
  if (actualTop.length === 0 || referenceTop.length === 0) return []
  const cell = (
    top: readonly ScoredClass[],
    others: readonly ScoredClass[],
    rank: number,
    side: 'actual' | 'reference',
  ) => {
    const entry = top[rank]
    if (entry === undefined) return ['', '', '']
    const missing = others.every(({ index }) => index !== entry.index)
    const dtype = side === 'actual' ? actual.dtype : reference.dtype
    return [`${missing ? '*' : ''}${entry.index}`, formatValue(entry[side], dtype)]
  }
  const ranks = Math.min(mostRanks, referenceTop.length)
  const rows = Array.from({ length: ranks }, (_, rank) => [
    String(rank + 1),
    ...cell(actualTop, referenceTop, rank, 'actual'),
    ...cell(referenceTop, actualTop, rank, 'reference'),
  ])
  const heading = ['rank', 'actual', 'score', 'reference', 'score']
  return columns([heading, ...rows], ['left', 'right', 'point', 'right', 'point']).map((line) => `  ${line}`)
}
