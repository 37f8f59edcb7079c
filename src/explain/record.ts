// The message of `toMatchTensors`: one line for every tensor that fails, then the details of the first.
import type { NamedComparison } from '../compare/records.ts'
import { formatShape } from '../tensor/shape.ts'
import { columns } from './columns.ts'
import { describeDetails, describeVerdict } from './comparison.ts'
import { countOf, joinBlocks, maxLines } from './layout.ts'

const mostRows = 5
const mostNames = 5

export function describeRecord(outputs: readonly NamedComparison[]): string {
  const failed = outputs.filter(({ comparison }) => comparison?.pass !== true)
  if (failed.length === 0) {
    return `Tensors match, but were expected not to: ${listNames(outputs)} within tolerance`
  }
  const rows = failed.slice(0, mostRows).map((output) => [output.name, describeType(output), describeProblem(output)])
  const more = failed.length > mostRows ? [`  and ${failed.length - mostRows} more`] : []
  const table = [...columns(rows, ['left', 'left', 'left']).map((line) => `  ${line}`), ...more]
  const first = failed.find(({ comparison }) => comparison !== undefined && comparison.reason !== 'shape')
  const details = first?.comparison ? describeDetails(first.comparison, maxLines - 5 - table.length) : []
  return joinBlocks(
    [`Tensors do not match: ${listNames(failed)} (${failed.length} of ${countOf(outputs.length, 'tensor')})`],
    table,
    first === undefined ? [] : [`${first.name}:`],
    ...details,
  )
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
