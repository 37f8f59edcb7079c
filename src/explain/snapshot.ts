// The messages of `toMatchTensorSnapshot`: what failed and how to go on, and what an update changed.
import type { Comparison } from '../compare/comparison.ts'
import { type Judgement, passes, type SnapshotResult } from '../snapshots/index.ts'
import { formatCosine, formatMagnitude, formatPercent } from '../tensor/numbers.ts'
import { formatShape } from '../tensor/shape.ts'
import { columns } from './columns.ts'
import { describeDetails, describeVerdict } from './comparison.ts'
import { countOf, joinBlocks, labelled, maxLines } from './layout.ts'

const mostRows = 5
const mostFindings = 8

/** The first line is the verdict: summaries show no more than that. */
export function describeSnapshotFailure(key: string, result: SnapshotResult): string {
  switch (result.status) {
    case 'changed':
      return describeChange(key, result.judgements, result.path)
    case 'missing':
      return joinBlocks(
        [`No tensor snapshot is stored for "${key}", and none is written now (CI, or the update mode "none")`],
        ['  Run the test where snapshots are written, then commit the .snap and the folder of tensors beside it.'],
      )
    case 'unreadable':
      return joinBlocks(
        [`The tensor snapshot "${key}" cannot be compared: ${result.problem}`],
        labelled('file', result.path),
        describeRestoring(result.path),
      )
    default:
      return `The tensor snapshot "${key}" matches`
  }
}

function describeRestoring(path: string | undefined): string[] {
  if (path === undefined) return ['  Run the tests with -u to record the snapshot anew.']
  return [
    `  Restore it with: git checkout -- "${path}"`,
    '  or, with Git LFS: git lfs pull. Or run the tests with -u to record the snapshot anew.',
  ]
}

function describeChange(key: string, judgements: readonly Judgement[], path: string): string {
  const footer = [
    ...labelled('stored in', path),
    ...labelled('if intended', 'run the tests with -u, and commit what it changes'),
  ]
  const failed = judgements.filter((judgement) => !passes(judgement))
  const [first] = failed
  const heading = `The tensor snapshot "${key}" does not match: `
  if (judgements.length === 1 && first !== undefined) {
    const room = maxLines - 3 - footer.length
    return joinBlocks([heading + verdictOf(first)], ...detailsOf(first, room), footer)
  }
  const rows = failed.slice(0, mostRows).map((judgement) => [`  ${judgement.name}`, verdictOf(judgement)])
  const more = failed.length > mostRows ? [`  and ${failed.length - mostRows} more`] : []
  const table = [...columns(rows, ['left', 'left']), ...more]
  const shown = failed.find(({ comparison, verdict }) => (comparison && comparison.reason !== 'shape') || verdict)
  const room = maxLines - 6 - table.length - footer.length
  return joinBlocks(
    [`${heading}${failed.length} of ${countOf(judgements.length, 'tensor')}`],
    table,
    ...(shown === undefined ? [] : [[`${shown.name}:`], ...detailsOf(shown, room)]),
    footer,
  )
}

function verdictOf({ comparison, verdict, problem }: Judgement): string {
  if (comparison !== undefined) return describeVerdict(comparison)
  return problem ?? verdict?.findings[0] ?? ''
}

function detailsOf({ comparison, verdict }: Judgement, room: number): string[][] {
  if (comparison !== undefined) return describeDetails(comparison, Math.max(room, 14))
  if (verdict === undefined || Number.isNaN(verdict.cosine)) return []
  const { findings, relativeChange, allowedChange, cosine } = verdict
  return [
    findings.slice(1, mostFindings).map((finding) => `  ${finding}`),
    [
      ...labelled(
        'estimated',
        `|actual - stored| / |stored| ${formatMagnitude(relativeChange)}, cosine ${formatCosine(cosine)}`,
      ),
      ...labelled('allowed', `${formatMagnitude(allowedChange)}, from a fingerprint: single elements are not stored`),
    ],
  ]
}

/** What `-u` replaced: the new tensors against the old ones. */
export function describeUpdate(
  key: string,
  { judgements, problem }: Extract<SnapshotResult, { readonly status: 'updated' }>,
): string {
  const heading = `expect-tensor: snapshot "${key}" updated`
  if (problem !== undefined) return `${heading}; the old one could not be compared: ${problem}`
  const [only] = judgements
  if (judgements.length === 1 && only !== undefined) return `${heading}, new against old: ${describeDifference(only)}`
  return [`${heading}, new against old:`, ...judgements.map((one) => `  ${one.name}: ${describeDifference(one)}`)].join(
    '\n',
  )
}

function describeDifference({ comparison, verdict, problem }: Judgement): string {
  if (verdict !== undefined) {
    if (Number.isNaN(verdict.cosine)) return verdict.findings.join('; ')
    return `cosine about ${formatCosine(verdict.cosine)}, relative change about ${formatMagnitude(verdict.relativeChange)} (fingerprint)`
  }
  if (comparison === undefined) return problem === 'missing' ? 'removed' : 'added'
  if (comparison.reason === 'shape') {
    return `${formatShape(comparison.reference.shape)} became ${formatShape(comparison.actual.shape)}`
  }
  return describeStatistics(comparison)
}

function describeStatistics({ cosine, absDiff, mismatched, total, ratio, pass }: Comparison): string {
  const beyond = pass
    ? `all of ${countOf(total, 'element')} within tolerance`
    : `${mismatched} of ${countOf(total, 'element')} (${formatPercent(ratio)}) beyond the tolerance`
  if (Number.isNaN(absDiff.max)) return beyond
  const at = absDiff.at === undefined ? '' : ` at ${formatShape(absDiff.at)}`
  return `cosine ${formatCosine(cosine)}, max error ${formatMagnitude(absDiff.max)}${at}, ${beyond}`
}
