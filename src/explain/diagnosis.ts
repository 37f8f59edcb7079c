// Explains how two models differ: the verdict, the outputs, the culprits with what shows them, and the layers around them.
import type { ModelComparison } from '../analysis/compare-models.ts'
import type { Culprit, Diagnosis } from '../analysis/diagnose.ts'
import type { LayerRow } from '../analysis/layer-table.ts'
import type { OutputComparison } from '../analysis/outputs.ts'
import { countOf, formatMagnitude } from '../tensor/numbers.ts'
import { describeVerdict } from './comparison.ts'
import type { Explanation, Table } from './explanation.ts'
import { tabulate } from './record.ts'

const mostCulprits = 3

export function explainDiagnosis(diagnosis: Diagnosis): Explanation {
  const { culprits, causes, layers, outputs, repair } = diagnosis
  const shared = causes.slice(culprits.length)
  return {
    verdict: describeDiagnosis(diagnosis),
    tensors: tabulateOutputs(outputs),
    findings: [
      ...culprits.slice(0, mostCulprits).map(describeCulprit),
      ...shared.map(({ cause, evidence }) =>
        culprits.length > 0 ? `all layers: ${cause}; ${evidence}` : `${cause}: ${evidence}`,
      ),
    ],
    ...(layers.length > 0 && { table: tabulateLayers(layers, culprits) }),
    ...(repair && {
      advice: [
        `Repair, verified by a run: ${culprits[0].layer} agrees when ${repair.what} (${formatMagnitude(repair.before)} becomes ${formatMagnitude(repair.after)}).`,
      ],
    }),
  }
}

export function explainModelComparison({ outputs, layers, unmatched, pass }: ModelComparison): Explanation {
  const names = unmatched.slice(0, 5).join(', ')
  const without = `${countOf(unmatched.length, 'blob')} without a counterpart in the reference: ${names}${unmatched.length > 5 ? ', ...' : ''}`
  return {
    verdict: pass ? 'The outputs of both models match' : 'The outputs of both models do not match',
    tensors: tabulateOutputs(outputs),
    findings: unmatched.length > 0 ? [without] : [],
    ...(layers.length > 0 && { table: tabulateLayers(layers, []) }),
  }
}

/** The verdict in one line. */
function describeDiagnosis({ verdict, culprits, cause, outputs }: Diagnosis): string {
  switch (verdict) {
    case 'equal':
      return outputs.some(({ comparison }) => comparison.actual.nonFinite.nan > 0)
        ? 'Both models give the same outputs, to the last bit, and NaN among them: what they were fed is beyond both'
        : 'Both models give the same outputs, to the last bit'
    case 'inputs differ':
      return 'The models were not fed the same'
    case 'grows evenly':
      return `No single layer is to blame: the error grows evenly (${cause})`
    case 'layers': {
      const [{ layer, type, segment }, ...others] = culprits
      const where =
        segment.length > 1
          ? `between "${segment[0]}" and "${layer}", ${segment.length} layers`
          : `at layer "${layer}" (${type})`
      return `The models part ${where}${others.length > 0 ? `, and at ${countOf(others.length, 'more layer')}` : ''}: ${cause}`
    }
  }
}

const describeCulprit = ({ segment, cause, evidence }: Culprit): string =>
  `${nameSegment(segment)}: ${cause}, ${evidence}`

/** The first and the last of some layers. */
const nameSegment = (segment: readonly string[]): string =>
  segment.length > 1 ? `${segment[0]} .. ${segment[segment.length - 1]}` : segment[0]

export const tabulateOutputs = (outputs: readonly OutputComparison[]): Table | undefined =>
  outputs.length === 0
    ? undefined
    : tabulate(
        outputs.map(({ name, error, comparison }) => [
          name,
          `error ${formatMagnitude(error)}`,
          comparison.pass ? 'within tolerance' : describeVerdict(comparison),
        ]),
      )

const headings = ['', 'layer', 'type', 'blob', 'counterpart', 'inherited', 'introduced', 'rounding'] as const
const firstNumber = headings.indexOf('inherited')
const longestName = 28

/** Rows on either side of a culprit. */
const around = 2
const mostRows = 9

/** Errors are relative; a mark stands before the culprits. */
function tabulateLayers(rows: readonly LayerRow[], culprits: readonly Culprit[]): Table {
  const blamed = new Set(culprits.map(({ layer }) => layer))
  const isBlamed = ({ layer, segment }: LayerRow): boolean =>
    blamed.has(layer) || segment.some((name) => blamed.has(name))
  return {
    columns: headings.map((heading, i) => ({ heading, alignment: i < firstNumber ? 'left' : 'right' })),
    rows: chooseRows(rows, isBlamed).map((row) => [isBlamed(row) ? '>' : '', ...describeLayer(row)]),
  }
}

/** The culprits with what stands around them; where there are none, the layers that come nearest to being one. */
function chooseRows(rows: readonly LayerRow[], isBlamed: (row: LayerRow) => boolean): LayerRow[] {
  const byFactor = rows.map((_, i) => i).sort((a, b) => rows[b].factor - rows[a].factor)
  const blamed = byFactor.filter((i) => isBlamed(rows[i]))
  const [centres, reach] = blamed.length > 0 ? [blamed, around] : [byFactor, 0]
  const chosen = new Set<number>()
  for (const centre of centres) {
    for (let i = Math.max(0, centre - reach); i <= Math.min(rows.length - 1, centre + reach); i++) {
      if (chosen.size < mostRows || i === centre) chosen.add(i)
    }
    if (chosen.size >= mostRows) break
  }
  return [...chosen].sort((a, b) => a - b).map((i) => rows[i])
}

function describeLayer({ type, blob, counterpart, inherited, introduced, noise, segment }: LayerRow): string[] {
  const name = nameSegment(segment)
  const order = counterpart.order === undefined ? '' : ` (${counterpart.order.join(', ')})`
  const errors = [inherited, introduced, noise].map((error) => (Number.isNaN(error) ? '' : formatMagnitude(error)))
  return [shorten(name), type, shorten(blob), shorten(counterpart.name) + order, ...errors]
}

const shorten = (name: string): string => (name.length > longestName ? `...${name.slice(3 - longestName)}` : name)
