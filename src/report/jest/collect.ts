// In a test file under Jest: leaves what each assertion found for the reporter, when there is one.
import { nodeModule } from '../../host/node-modules.ts'
import { shared } from '../../host/shared.ts'
import { listen } from '../../outcomes/index.ts'
import { recordOf } from '../record.ts'
import { type SpoolEntry, spoolVariable } from './spool-entry.ts'

/** Of the test file that runs. Where two entries are listed, `jest` and `jest-globals`, the first hears no more. */
const listening = shared('report.listening', (): { stop?: () => void } => ({}))

/** To be called by each test file. */
export function collect(): void {
  const { [spoolVariable]: folder, JEST_WORKER_ID: worker } = process.env
  if (!folder) return
  const { appendFileSync } = nodeModule('node:fs')
  const { join } = nodeModule('node:path')
  const spool = join(folder, `${process.pid}-${worker}.jsonl`)
  let failures = 0
  listening.stop?.()
  listening.stop = listen((outcome) => {
    const record = recordOf(outcome, failures)
    failures += record.tensors.filter(({ failure }) => failure).length
    appendFileSync(spool, `${JSON.stringify({ file: outcome.where.file ?? '', record } satisfies SpoolEntry)}\n`)
  })
}
