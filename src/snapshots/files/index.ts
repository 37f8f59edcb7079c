// Who provides the file access that snapshots need: Node itself, or in a browser the test runner.
import { hasFileSystem } from '../../host/node-modules.ts'
import { shared } from '../../host/shared.ts'
import { nodeFiles } from './node-files.ts'
import type { SnapshotFiles } from './snapshot-files.ts'

const provided = shared<{ files?: SnapshotFiles }>('snapshot-files', () => ({}))

/** Tells snapshots how to reach files where Node's modules are missing. */
export function provideSnapshotFiles(files: SnapshotFiles): void {
  provided.files = files
}

export function snapshotFiles(): SnapshotFiles {
  if (hasFileSystem()) return nodeFiles
  if (provided.files === undefined) {
    throw new Error("toMatchTensorSnapshot finds no file system here: in a browser it needs 'expect-tensor/vitest'")
  }
  return provided.files
}
