// After the runner has saved a .snap, removes the tensor files that it named before and no longer names.
import { decodeUtf8 } from '../host/utf8.ts'
import { filesNamedIn, inFolder, isWholeSnap, snapshotFolder } from './file-names.ts'
import type { SnapshotFiles } from './files/snapshot-files.ts'
import { type Flow, run, wait } from './flow.ts'
import type { SnapshotEntry } from './runner-state.ts'

/** The tensor files that belong to a test file: named in its .snap before the run, or written in it. */
const filesOfRun = new WeakMap<object, Set<string>>()

/**
 * To be called before the first snapshot of a test file is looked at, and harmless afterwards.
 *
 * @throws Error when the .snap is not whole: the runner takes it for an empty one, and would record everything anew
 */
export function* openSnap(entry: SnapshotEntry, files: SnapshotFiles): Flow<void> {
  if (filesOfRun.has(entry.state)) return
  const text = yield* readSnap(entry, files)
  if (text !== undefined && !isWholeSnap(text)) {
    throw new Error(
      `${entry.snapPath} is cut off or has unresolved merge conflicts. Restore it with "git checkout", or delete it to record all its snapshots anew`,
    )
  }
  // another snapshot of the same file may have come first while this one was waiting
  if (filesOfRun.has(entry.state)) return
  filesOfRun.set(entry.state, filesNamedIn(text ?? ''))
  if (entry.mode !== 'none') entry.onSaved(() => run(removeSuperseded(entry, files)))
}

/** Says that a file was written in this run: it goes as well if the .snap does not name it in the end, after a retry for one. */
export function rememberWritten(entry: SnapshotEntry, name: string): void {
  filesOfRun.get(entry.state)?.add(name)
}

function* removeSuperseded(entry: SnapshotEntry, files: SnapshotFiles): Flow<void> {
  const text = yield* readSnap(entry, files)
  if (text !== undefined && !isWholeSnap(text)) return
  const named = filesNamedIn(text ?? '')
  const owned = filesOfRun.get(entry.state) ?? new Set()
  for (const name of owned) {
    if (named.has(name)) continue
    yield* wait(files.remove(inFolder(snapshotFolder(entry.snapPath), name)))
    owned.delete(name)
  }
}

function* readSnap({ snapPath }: SnapshotEntry, files: SnapshotFiles): Flow<string | undefined> {
  const bytes = yield* wait(files.read(snapPath))
  return bytes === undefined ? undefined : decodeUtf8(bytes)
}
