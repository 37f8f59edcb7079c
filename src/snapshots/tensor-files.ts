// The tensor files of one test file: refuses to start from a damaged .snap, and removes those that a saved .snap no longer names.
import { reasonOf } from '../host/reason.ts'
import { decodeUtf8 } from '../host/utf8.ts'
import { inFolder, snapshotFolder } from './file-names.ts'
import type { SnapshotFiles } from './files/snapshot-files.ts'
import { type Flow, wait } from './flow.ts'
import type { SnapshotEntry } from './runner-state.ts'
import { damageOf, filesNamedIn } from './snap-text.ts'

/** The tensor files that belong to a test file: named in its .snap before the run, or written in it. */
const filesOfRun = new WeakMap<object, Set<string>>()

/** Test files whose .snap is damaged: the runner does not save it, so that it can be restored. */
const unsaved = new WeakSet<object>()

/**
 * To be called before the first snapshot of a test file is looked at, and harmless afterwards.
 *
 * @throws Error when the .snap is damaged: the runner takes what it cannot read for missing, and would record it anew
 */
export function* openSnap(entry: SnapshotEntry, files: SnapshotFiles): Flow<void> {
  if (filesOfRun.has(entry.state)) return
  const bytes = yield* wait(files.read(entry.snapPath))
  const damage = bytes && damageOfBytes(bytes, entry.isRead)
  if (damage !== undefined) {
    if (!unsaved.has(entry.state)) entry.wrapSaving(saveNothing)
    unsaved.add(entry.state)
    throw new Error(
      `${entry.snapPath} ${damage}: nothing is compared with it, and nothing is written. Resolve the conflict, or restore the file with "git checkout". To record all its snapshots anew, delete it and ${snapshotFolder(entry.snapPath)}`,
    )
  }
  // another snapshot of the same file may have come first while this one was waiting
  if (filesOfRun.has(entry.state)) return
  filesOfRun.set(entry.state, filesNamedIn(bytes ? decodeUtf8(bytes) : ''))
  if (entry.mode !== 'none') entry.wrapSaving((save) => saveAndCleanUp(save, bytes, entry, files))
}

/** Says that a file was written in this run: it goes as well if the .snap does not name it in the end, after a retry for one. */
export function rememberWritten(entry: SnapshotEntry, name: string): void {
  filesOfRun.get(entry.state)?.add(name)
}

/** Whether a file was named in the .snap before the run, or written in it. */
export function isKnownFile(entry: SnapshotEntry, name: string): boolean {
  return filesOfRun.get(entry.state)?.has(name) === true
}

function damageOfBytes(bytes: Uint8Array, isRead?: (key: string) => boolean): string | undefined {
  try {
    return damageOf(decodeUtf8(bytes), isRead)
  } catch {
    return 'is not UTF-8'
  }
}

// biome-ignore lint/correctness/useYield: a flow that has nothing to wait for
function* saveNothing(): Flow<unknown> {
  return { saved: false, deleted: false }
}

function* saveAndCleanUp(
  save: () => unknown,
  before: Uint8Array | undefined,
  entry: SnapshotEntry,
  files: SnapshotFiles,
): Flow<unknown> {
  let status: unknown
  try {
    status = yield* wait(save())
  } catch (error) {
    yield* restore(entry.snapPath, before, files)
    throw error
  }
  yield* removeSuperseded(entry, files)
  return status
}

/** Runners overwrite a .snap in place: what a full disk has left of it is not even the old one. */
function* restore(snapPath: string, before: Uint8Array | undefined, files: SnapshotFiles): Flow<void> {
  try {
    if (before === undefined) yield* wait(files.remove(snapPath))
    else yield* wait(files.write(snapPath, before))
  } catch {
    // the runner reports why it could not save, which is the same reason
  }
}

/** What cannot be removed does no harm: that is a warning. */
function* removeSuperseded(entry: SnapshotEntry, files: SnapshotFiles): Flow<void> {
  const bytes = yield* wait(files.read(entry.snapPath))
  if (bytes && damageOfBytes(bytes) !== undefined) return
  const named = filesNamedIn(bytes ? decodeUtf8(bytes) : '')
  const owned = filesOfRun.get(entry.state) ?? new Set()
  for (const name of owned) {
    if (named.has(name)) continue
    const path = inFolder(snapshotFolder(entry.snapPath), name)
    try {
      yield* wait(files.remove(path))
      owned.delete(name)
    } catch (error) {
      console.warn(
        `expect-tensor: no snapshot needs ${path} any more, but it cannot be removed: ${reasonOf(error)}. "npx expect-tensor prune" removes it later`,
      )
    }
  }
}
