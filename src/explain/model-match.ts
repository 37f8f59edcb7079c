// Explains `toMatchModel`: the outputs, then the diagnosis of the input on which both models differ most.
import type { ModelMatch } from '../analysis/match-models.ts'
import { countOf } from '../tensor/numbers.ts'
import { describeTolerance } from './comparison.ts'
import { explainDiagnosis, tabulateOutputs } from './diagnosis.ts'
import type { Explanation } from './explanation.ts'

export function explainModelMatch({ trials, worst, diagnosis }: ModelMatch): Explanation {
  if (worst === undefined) {
    const outputs = countOf(trials[0].length, 'output')
    const inputs = trials.length === 1 ? '' : ` for all ${trials.length} inputs`
    return { verdict: `Models match, but were expected not to: ${outputs} within tolerance${inputs}` }
  }
  const outputs = trials[worst]
  const failed = trials.filter((one) => one.some(({ comparison }) => !comparison.pass)).length
  const which =
    trials.length === 1
      ? []
      : [`${failed} of ${trials.length} inputs fail; most of all input ${worst + 1}, shown here.`]
  const shared = {
    tensors: tabulateOutputs(outputs),
    facts: [{ label: 'tolerance', text: describeTolerance(outputs[0].comparison) }],
  }
  if (diagnosis === undefined || 'obstacle' in diagnosis) {
    const why = diagnosis === undefined ? [] : [`Where they part cannot be told: ${diagnosis.obstacle}`]
    return { verdict: 'Models do not match', ...shared, findings: [...which, ...why] }
  }
  const explained = explainDiagnosis(diagnosis)
  return {
    ...explained,
    ...shared,
    verdict: `Models do not match. ${explained.verdict}`,
    findings: [...which, ...(explained.findings ?? [])],
  }
}
