// What grew since the baseline, as workflow commands of GitHub Actions. Failures are annotated by the test runners themselves.
import { describeMargin, nameOfAssertion, nameOfTest } from './describe.ts'
import { hasGrown } from './drift.ts'
import type { Assertion, Report } from './report.ts'

/** GitHub shows no more of one step. */
const mostAnnotations = 10

export function annotations({ assertions, drift }: Report): string[] {
  if (drift === undefined) return []
  const { factor, failFactor = Infinity } = drift
  return assertions
    .filter((assertion) => hasGrown(assertion, factor))
    .sort((a, b) => growthOf(b) - growthOf(a))
    .slice(0, mostAnnotations)
    .map((assertion) => {
      const { file, line, margin, baseline } = assertion
      const level = growthOf(assertion) >= failFactor ? 'error' : 'warning'
      const place = [`file=${escapeProperty(file)}`, ...(line === undefined ? [] : [`line=${line}`])].join(',')
      const words = `${nameOfTest(assertion)}: ${nameOfAssertion(assertion)} uses ${describeMargin(Number(margin))} of its tolerance, ${describeMargin(Number(baseline?.margin))} in the baseline`
      return `::${level} ${place},title=Accuracy::${escapeData(words)}`
    })
}

const growthOf = ({ baseline }: Assertion): number => Math.min(Number(baseline?.growth ?? 0), Number.MAX_VALUE)

const escapeData = (words: string): string =>
  words.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')

const escapeProperty = (words: string): string => escapeData(words).replaceAll(':', '%3A').replaceAll(',', '%2C')
