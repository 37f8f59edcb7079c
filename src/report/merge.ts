// One report of several: the shards of a run.
import { assemble } from './assemble.ts'
import { nameOfAssertion, nameOfTest, placeOf } from './describe.ts'
import type { Report, Run } from './report.ts'

/**
 * @param reports at least one, with the names that errors call them by
 * @throws Error when two of them hold the same assertion, or are the same
 */
export function mergeReports(reports: readonly { readonly name: string; readonly report: Report }[]): Report {
  const names = reports.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new Error(`${twice} is given twice: each part of a run is merged once`)
  const owners = new Map<string, string>()
  for (const { name, report } of reports) {
    for (const assertion of report.assertions) {
      const owner = owners.get(assertion.id)
      if (owner !== undefined && owner !== name) {
        throw new Error(
          `${owner} and ${name} both hold "${nameOfTest(assertion)}" (${nameOfAssertion(assertion)}, ${placeOf(assertion)}): only parts of one run can be merged; two runs can be compared, with report drift`,
        )
      }
      owners.set(assertion.id, name)
    }
  }
  return assemble(
    mergeRuns(reports.map(({ report }) => report.run)),
    reports.flatMap(({ report }) => report.assertions),
  )
}

/** The first machine's, and as long as the longest of them took. */
function mergeRuns(runs: readonly Run[]): Run {
  const [first] = runs
  const shards = runs.flatMap((run) => run.shards ?? []).sort((a, b) => a.index - b.index)
  return {
    ...first,
    startedAt: runs.map(({ startedAt }) => startedAt).sort()[0],
    durationMs: Math.max(...runs.map(({ durationMs }) => durationMs)),
    ...(shards.length > 0 && { shards }),
    lostFiles: runs.flatMap(({ lostFiles }) => lostFiles),
  }
}
