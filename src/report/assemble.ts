// Makes a report of assertions.
import packageJson from '../../package.json' with { type: 'json' }
import { byWorst, summarize } from './counts.ts'
import { type Assertion, type Report, type Run, reportSchema } from './report.ts'

/** What a run keeps of its failures; those that miss their tolerance by most come first. */
const mostPictures = 200
const mostMessages = 1000

export function assemble(run: Run, assertions: readonly Assertion[]): Report {
  return {
    schema: reportSchema,
    tool: { name: 'expect-tensor', version: packageJson.version },
    run,
    summary: summarize(assertions),
    assertions: trimFailures(assertions),
  }
}

/** Thousands of failures have few causes: most of them go without pictures, and many without their message. */
function trimFailures(assertions: readonly Assertion[]): readonly Assertion[] {
  const failures = assertions.filter(({ failure }) => failure !== undefined)
  if (failures.length <= mostPictures) return assertions
  const ranks = new Map(failures.sort(byWorst).map((assertion, rank) => [assertion, rank]))
  return assertions.map((assertion) => {
    const { failure } = assertion
    const rank = ranks.get(assertion)
    if (failure === undefined || rank === undefined || rank < mostPictures) return assertion
    const { reason, message, hints } = failure
    return {
      ...assertion,
      failure: {
        ...(reason && { reason }),
        ...(rank < mostMessages && { ...(message && { message }), ...(hints && { hints }) }),
      },
    }
  })
}
