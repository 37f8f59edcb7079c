// Explains `toMatchTensorSnapshot`: what failed and how to go on, and what an update changed.
import type { Comparison } from '../compare/comparison.ts'
import { type Judgement, passes } from '../snapshots/judge.ts'
import type { SnapshotResult } from '../snapshots/match-snapshot.ts'
import { countOf, formatCosine, formatMagnitude, formatPercent } from '../tensor/numbers.ts'
import { formatShape } from '../tensor/shape.ts'
import { describeVerdict, explainDetails } from './comparison.ts'
import type { Explanation } from './explanation.ts'
import { tabulate } from './record.ts'

const mostFindings = 8

export function explainSnapshotFailure(key: string, result: SnapshotResult): Explanation {
  switch (result.status) {
    case 'changed':
      return explainChange(key, result.judgements, result.path)
    case 'missing':
      return {
        verdict: `No tensor snapshot is stored for "${key}", and none is written now (CI, or the update mode "none")`,
        advice: [
          'Run the test where snapshots are written, then commit the .snap and the folder of tensors beside it.',
        ],
      }
    case 'unreadable':
      return {
        verdict: `The tensor snapshot "${key}" cannot be compared: ${result.problem}`,
        ...(result.path !== undefined && { origin: [{ label: 'file', text: result.path }] }),
        advice: describeRestoring(result.path),
      }
    default:
      return { verdict: `The tensor snapshot "${key}" matches` }
  }
}

function describeRestoring(path: string | undefined): string[] {
  if (path === undefined) return ['Run the tests with -u to record the snapshot anew.']
  return [
    `Restore it with: git checkout -- "${path}"`,
    'or, with Git LFS: git lfs pull. Or run the tests with -u to record the snapshot anew.',
  ]
}

function explainChange(key: string, judgements: readonly Judgement[], path: string): Explanation {
  const origin = [
    { label: 'stored in', text: path },
    { label: 'if intended', text: 'run the tests with -u, and commit what it changes' },
  ]
  const failed = judgements.filter((judgement) => !passes(judgement))
  const [first] = failed
  const heading = `The tensor snapshot "${key}" does not match: `
  if (judgements.length === 1 && first !== undefined) {
    return { ...explainJudgement(first), verdict: heading + verdictOf(first), origin }
  }
  const shown = failed.find(({ comparison, verdict }) => (comparison && comparison.reason !== 'shape') || verdict)
  return {
    verdict: `${heading}${failed.length} of ${countOf(judgements.length, 'tensor')}`,
    tensors: tabulate(failed.map((judgement) => [judgement.name, verdictOf(judgement)])),
    ...(shown !== undefined && { details: { title: shown.name, explanation: explainJudgement(shown) } }),
    origin,
  }
}

function verdictOf({ comparison, verdict, problem }: Judgement): string {
  if (comparison !== undefined) return describeVerdict(comparison)
  return problem ?? verdict?.findings[0] ?? ''
}

function explainJudgement(judgement: Judgement): Explanation {
  const { comparison, verdict } = judgement
  if (comparison !== undefined) return explainDetails(comparison)
  if (verdict === undefined || Number.isNaN(verdict.cosine)) return { verdict: verdictOf(judgement) }
  const { findings, relativeChange, allowedChange, cosine } = verdict
  return {
    verdict: verdictOf(judgement),
    findings: findings.slice(1, mostFindings),
    facts: [
      {
        label: 'estimated',
        text: `|actual - stored| / |stored| ${formatMagnitude(relativeChange)}, cosine ${formatCosine(cosine)}`,
      },
      {
        label: 'allowed',
        text: `${formatMagnitude(allowedChange)}, from a fingerprint: single elements are not stored`,
      },
    ],
  }
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
