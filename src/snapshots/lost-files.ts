// Finds the tensors of a snapshot that the .snap does not have: it may have lost them, and then they are the ones to compare with.
import { TensorFileError } from '../files/error.ts'
import { decodeSafetensors } from '../files/safetensors.ts'
import { inFolder, mayHoldSnapshot, snapshotFolder } from './file-names.ts'
import type { SnapshotFiles } from './files/snapshot-files.ts'
import { type Flow, wait } from './flow.ts'
import { storedKey } from './own-metadata.ts'
import type { SnapshotEntry } from './runner-state.ts'
import { isKnownFile } from './tensor-files.ts'

/** The names of tensor files that were stored under this snapshot's name, neither named in the .snap nor written in this run. */
export function* lostFiles(entry: SnapshotEntry, files: SnapshotFiles): Flow<string[]> {
  return yield* filesStoredFor(entry, files, (name) => !isKnownFile(entry, name))
}

/**
 * To be called when the .snap gives this snapshot the tensors of another one. Where a test was renamed in the .snap as well, that is well.
 *
 * @throws Error when this snapshot has tensors of its own: then parts of the .snap were mixed up
 */
export function* refuseExchanged(entry: SnapshotEntry, named: string, files: SnapshotFiles): Flow<void> {
  const own = yield* filesStoredFor(entry, files, () => true)
  if (own.length === 0) return
  const { key, snapPath } = entry
  const folder = snapshotFolder(snapPath)
  throw new Error(
    `${snapPath} gives the snapshot "${key}" the tensors of another one, ${named}, though it has its own: ${own.map((name) => inFolder(folder, name)).join(', ')}. Nothing is compared with them, and nothing is written. If a merge or an edit mixed the snapshots up, restore the .snap with "git checkout". If the test was given the name of one that is no more, "npx expect-tensor prune" removes what that left over`,
  )
}

function* filesStoredFor(
  entry: SnapshotEntry,
  files: SnapshotFiles,
  isWanted: (name: string) => boolean,
): Flow<string[]> {
  const folder = snapshotFolder(entry.snapPath)
  const found: string[] = []
  for (const name of yield* wait(files.list(folder))) {
    if (!mayHoldSnapshot(name, entry.key) || !isWanted(name)) continue
    const bytes = yield* wait(files.read(inFolder(folder, name)))
    if (bytes !== undefined && mayBeOf(entry.key, bytes)) found.push(name)
  }
  return found
}

export function lostError({ key, snapPath }: SnapshotEntry, lost: readonly string[]): Error {
  const folder = snapshotFolder(snapPath)
  return new Error(
    `${snapPath} has no snapshot "${key}", but its tensors were stored: ${lost.map((name) => inFolder(folder, name)).join(', ')}. Nothing is written. If the .snap was damaged, restore it with "git checkout". If the tensors are left over, from a run that was interrupted, a snapshot that was discarded or a test that was removed, "npx expect-tensor prune" removes them`,
  )
}

/** A file that does not tell, being damaged for one, is taken for one of this snapshot's: its name is. */
function mayBeOf(key: string, bytes: Uint8Array): boolean {
  try {
    return decodeSafetensors(bytes).metadata.test === storedKey(key)
  } catch (error) {
    if (error instanceof TensorFileError) return true
    throw error
  }
}
