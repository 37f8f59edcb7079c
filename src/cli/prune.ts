// `expect-tensor prune [folder...]`: removes tensor files of snapshots that are gone.
import { statSync } from 'node:fs'
import { relative } from 'node:path'
import { defineCommand, UsageError } from './command.ts'
import { pruneSnapshots } from './prune-snapshots.ts'

export const prune = defineCommand({
  summary: 'remove tensor files that no snapshot names any more',
  positionals: '[folder...]',
  description: `Looks through the folders (default: the working directory) for tensors beside .snap files and removes those that their .snap
does not name. It reads the .snap files and runs no test. Anything else in those folders is left alone.
The exit code is 1 when a folder had to be skipped.`,
  options: { 'dry-run': { type: 'boolean', help: 'say what would be removed, and remove nothing' } },

  async run({ values, positionals, out }) {
    const roots = positionals.length > 0 ? positionals : ['.']
    for (const root of roots) {
      if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) throw new UsageError(`${root} is not a folder`)
    }
    const dryRun = values['dry-run'] === true
    const results = roots.map((root) => pruneSnapshots(root, { dryRun }))
    const removed = results.flatMap((result) => result.removed)
    const skipped = results.flatMap((result) => result.skipped)
    const kept = results.reduce((sum, result) => sum + result.kept, 0)
    if (values.json) {
      out(JSON.stringify({ removed, kept, skipped }, null, 2))
    } else {
      for (const path of removed) out(`${dryRun ? 'would remove' : 'removed'}  ${relative('.', path)}`)
      for (const { path, reason } of skipped) out(`skipped  ${relative('.', path)}: ${reason}`)
      out(`${removed.length} ${dryRun ? 'to be removed' : 'removed'}, ${kept} in use`)
    }
    return skipped.length > 0 ? 1 : 0
  },
})
