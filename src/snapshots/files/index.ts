// The file access that snapshots need, and who provides it: Node itself, or in a browser the test runner.
import { hasFileSystem } from '../../host/node-modules.ts'
import { shared } from '../../host/shared.ts'
import type { Awaitable } from '../flow.ts'
import { nodeFiles } from './node-files.ts'

/** Paths are absolute. Every method answers at once in Node, and with a promise in a browser. */
export interface SnapshotFiles {
  /** The bytes of a file; undefined when there is none. */
  read(path: string): Awaitable<Uint8Array | undefined>
  /** Writes a file as a whole or not at all, and the folder around it. */
  write(path: string, bytes: Uint8Array): Awaitable<void>
  remove(path: string): Awaitable<void>
  /** In hexadecimal digits. */
  sha256(bytes: Uint8Array): Awaitable<string>
}

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
