// Explains suggested tolerances: what to write into a test, what it rests on, and how sure that is.
import type { OutputTolerance, SuggestedBound, ToleranceSuggestion } from '../analysis/suggest-tolerance.ts'
import { countOf, formatCosine, formatExact, formatFactor, formatMagnitude, formatPercent } from '../tensor/numbers.ts'
import type { Explanation } from './explanation.ts'

export function explainSuggestion(suggestion: ToleranceSuggestion): Explanation {
  const { outputs, inputs } = suggestion
  return {
    verdict: `Tolerances that hold over ${countOf(inputs, 'input')}`,
    findings: [...describeCertainty(suggestion), ...outputs.flatMap((output) => describeTask(output, inputs))],
    table: {
      columns: [
        { heading: 'output', alignment: 'left' },
        { heading: 'options', alignment: 'left' },
        { heading: 'largest seen', alignment: 'left' },
        { heading: 'margin', alignment: 'right' },
      ],
      rows: outputs.flatMap((output) => listBounds(output)),
    },
  }
}

function describeCertainty({ inputs, exceedsSeen, exceedsSuggested }: ToleranceSuggestion): string[] {
  const next = `Another input like these exceeds the largest error seen with a probability of 1/${inputs + 1} (${formatPercent(exceedsSeen)}).`
  return exceedsSuggested === undefined
    ? [
        `${countOf(inputs, 'input')} cannot tell how much inputs differ: there is no margin in these tolerances. Give 3 at least, better 20.`,
        next,
      ]
    : [
        next,
        `With the margin, which follows from how much the inputs differ, about one input in ${Math.round(1 / exceedsSuggested)} exceeds the tolerance.`,
      ]
}

/** What the error means for those who use the output. */
function describeTask({ name, cosine, topK }: OutputTolerance, inputs: number): string[] {
  const facts = [
    ...(Number.isNaN(cosine) ? [] : [`cosine at least ${formatCosine(cosine)}`]),
    ...topK.map(
      ({ k, share }) =>
        `the same ${k === 1 ? 'highest element' : `${k} highest`} on ${formatPercent(share)} of the inputs`,
    ),
  ]
  return facts.length === 0 || inputs === 0 ? [] : [`${name}: ${facts.join('; ')}.`]
}

const listBounds = ({ name, atol, rtol, normalized }: OutputTolerance): string[][] => [
  row(name, 'atol', atol),
  ...(normalized ? [row(name, 'atol', normalized, "normalize: 'l2'")] : []),
  ...(rtol ? [row(name, 'rtol', rtol)] : []),
]

const row = (name: string, option: string, { seen, margin, tolerance }: SuggestedBound, also?: string): string[] => [
  name,
  `{ ${[`${option}: ${formatExact(tolerance)}`, also].filter(Boolean).join(', ')} }`,
  formatMagnitude(seen),
  formatFactor(margin),
]
