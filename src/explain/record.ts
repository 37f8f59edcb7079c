// Explains `toMatchTensors`: every tensor that fails, and the details of the first.
import type { NamedComparison } from '../compare/records.ts'
import { countOf } from '../tensor/numbers.ts'
import { formatShape } from '../tensor/shape.ts'
import { describeVerdict, explainDetails } from './comparison.ts'
import type { Explanation, Table } from './explanation.ts'

const mostRows = 5
const mostNames = 5

export function explainRecord(outputs: readonly NamedComparison[]): Explanation {
  const failed = outputs.filter(({ comparison }) => comparison?.pass !== true)
  if (failed.length === 0) {
    return { verdict: `Tensors match, but were expected not to: ${listNames(outputs)} within tolerance` }
  }
  const first = failed.find(({ comparison }) => comparison !== undefined && comparison.reason !== 'shape')
  return {
    verdict: `Tensors do not match: ${listNames(failed)} (${failed.length} of ${countOf(outputs.length, 'tensor')})`,
    tensors: tabulate(failed.map((output) => [output.name, describeType(output), describeProblem(output)])),
    ...(first?.comparison && { details: { title: first.name, explanation: explainDetails(first.comparison) } }),
  }
}

/** One row for every tensor that fails, without headings. */
export function tabulate(rows: readonly (readonly string[])[]): Table {
  const [first = []] = rows
  return {
    columns: first.map(() => ({ heading: '', alignment: 'left' })),
    rows: rows.slice(0, mostRows),
    ...(rows.length > mostRows && { more: `and ${rows.length - mostRows} more` }),
  }
}

function listNames(outputs: readonly NamedComparison[]): string {
  const names = outputs.slice(0, mostNames).map(({ name }) => name)
  return outputs.length > mostNames ? `${names.join(', ')}, ...` : names.join(', ')
}

function describeType({ comparison }: NamedComparison): string {
  return comparison === undefined ? '' : `${comparison.reference.dtype} ${formatShape(comparison.reference.shape)}`
}

function describeProblem({ comparison, problem }: NamedComparison): string {
  return comparison === undefined ? problem : describeVerdict(comparison)
}
