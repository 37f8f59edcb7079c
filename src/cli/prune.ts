// `expect-tensor prune [folder...]`: removes tensor files of snapshots that are gone.
import { statSync } from 'node:fs'
import { relative } from 'node:path'
import { parseArgs } from 'node:util'
import { type Command, UsageError } from './command.ts'
import { pruneSnapshots } from './prune-snapshots.ts'

export const prune: Command = {
  summary: 'remove tensor files that no snapshot names any more',
  usage: `expect-tensor prune [folder...]

Looks through the folders (default: the working directory) for tensors beside .snap files and removes those that their .snap
does not name. It reads the .snap files and runs no test. Anything else in those folders is left alone.`,

  async run(args, print) {
    const { positionals } = parseArgs({ args, options: {}, allowPositionals: true })
    const roots = positionals.length > 0 ? positionals : ['.']
    for (const root of roots) {
      if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) throw new UsageError(`${root} is not a folder`)
    }
    const results = roots.map(pruneSnapshots)
    const removed = results.flatMap((result) => result.removed)
    const skipped = results.flatMap((result) => result.skipped)
    for (const path of removed) print(`removed  ${relative('.', path)}`)
    for (const { path, reason } of skipped) print(`skipped  ${relative('.', path)}: ${reason}`)
    const kept = results.reduce((sum, result) => sum + result.kept, 0)
    print(`${removed.length} removed, ${kept} in use`)
    return skipped.length > 0 ? 1 : 0
  },
}
