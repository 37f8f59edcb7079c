// A snapshot assertion from beginning to end: look up, read, compare, write, and tell the runner.
import { TensorFileError } from '../files/error.ts'
import { FileError, refuseLfsPointer } from '../host/open-file.ts'
import { type Contents, contentsOf } from './contents.ts'
import { describeContents, parseDescriptor } from './descriptor.ts'
import { baseName, inFolder, snapshotFileName, snapshotFolder } from './file-names.ts'
import type { SnapshotFiles } from './files/snapshot-files.ts'
import { canonicalBytes, makeFingerprint, mostElementsInFull } from './fingerprint/fingerprint.ts'
import { type Flow, wait } from './flow.ts'
import { type Judgement, judge, passes } from './judge.ts'
import { lostError, lostFiles, refuseExchanged } from './lost-files.ts'
import type { CheckedSnapshotOptions } from './options.ts'
import { originMetadata } from './origin-metadata.ts'
import { storedKey } from './own-metadata.ts'
import type { SnapshotEntry } from './runner-state.ts'
import { decodeSnapshot, encodeSnapshot, type Stored, type StoredSnapshot } from './stored-snapshot.ts'
import { openSnap, rememberWritten } from './tensor-files.ts'

/** What came of an assertion. `path` is the file of the stored tensors. */
export type SnapshotResult =
  | { readonly status: 'stored'; readonly pass: true }
  | { readonly status: 'matched'; readonly pass: true; readonly judgements: readonly Judgement[] }
  /** Under `-u`: `judgements` compare the new tensors with the old ones, unless `problem` says why these could not be read. */
  | {
      readonly status: 'updated'
      readonly pass: true
      readonly judgements: readonly Judgement[]
      readonly problem?: string
    }
  | {
      readonly status: 'changed'
      readonly pass: false
      readonly judgements: readonly Judgement[]
      readonly path: string
    }
  /** Nothing is stored, and nothing may be (CI). */
  | { readonly status: 'missing'; readonly pass: false }
  /** Something is stored that cannot be compared. */
  | { readonly status: 'unreadable'; readonly pass: false; readonly problem: string; readonly path: string | undefined }

/** @throws Error when nothing can be stored or compared. What is stored stays as it is then. */
export function* matchSnapshot(
  entry: SnapshotEntry,
  received: unknown,
  options: CheckedSnapshotOptions,
  files: SnapshotFiles,
): Flow<SnapshotResult> {
  yield* openSnap(entry, files)
  const current = contentsOf(received)
  if (entry.stored === undefined) {
    yield* checkAgainstItself(current, options, files)
    const lost = yield* lostFiles(entry, files)
    if (entry.mode === 'none' && lost.length > 0) throw lostError(entry, lost)
    // the text does not matter where nothing is written
    if (entry.mode === 'none') return { status: 'missing', pass: entry.settle('TensorSnapshot, not written') as false }
    entry.settle(yield* store(entry, current, options, files, lost))
    return { status: 'stored', pass: true }
  }
  const { problem, path, snapshot } = yield* readStored(entry, entry.stored, files)
  if (snapshot !== undefined && path !== undefined && snapshot.test !== storedKey(entry.key)) {
    yield* refuseExchanged(entry, path, files)
  }
  const comparable = snapshot !== undefined && snapshot.kind === current.kind
  const judgements = comparable ? yield* judge(current, snapshot, options.compare, files) : []
  const within = comparable && judgements.every(passes)
  if (entry.mode === 'all' && !(within && snapshot.storage === options.storage)) {
    yield* checkAgainstItself(current, options, files)
    entry.settle(yield* store(entry, current, options, files))
    return { status: 'updated', pass: true, judgements, problem: problem ?? explainKind(snapshot, current) }
  }
  if (within) {
    entry.settle(entry.stored.trim())
    return { status: 'matched', pass: true, judgements }
  }
  entry.settle('TensorSnapshot, changed')
  if (comparable) return { status: 'changed', pass: false, judgements, path: path ?? '' }
  return { status: 'unreadable', pass: false, problem: problem ?? explainKind(snapshot, current) ?? '', path }
}

function explainKind(snapshot: StoredSnapshot | undefined, { kind }: Contents): string | undefined {
  if (snapshot === undefined || snapshot.kind === kind) return undefined
  const name = { tensor: 'a single tensor', record: 'a record of tensors' }
  return `${name[snapshot.kind]} is stored, but ${name[kind]} was given`
}

/**
 * Writes the tensors and returns the text that is to stand for them. Of files that the .snap has `lost` there may be none, or the very
 * one to be written: a run that was killed had got so far.
 */
function* store(
  entry: SnapshotEntry,
  current: Contents,
  options: CheckedSnapshotOptions,
  files: SnapshotFiles,
  lost: readonly string[] = [],
): Flow<string> {
  const contents = options.storage === 'full' ? current : yield* fingerprintsOf(current, files)
  const bytes = encodeSnapshot(entry.key, contents, options, originMetadata(current))
  const sha256 = yield* wait(files.sha256(bytes))
  const name = snapshotFileName(entry.key, sha256)
  if (lost.length > 0 && !lost.includes(name)) throw lostError(entry, lost)
  const folder = snapshotFolder(entry.snapPath)
  // the file first: a .snap never names what is not there
  yield* wait(files.write(inFolder(folder, name), bytes))
  rememberWritten(entry, name)
  return describeContents(current, options.storage, { file: inFolder(baseName(folder), name), sha256 })
}

function* fingerprintsOf({ kind, tensors }: Contents, files: SnapshotFiles): Flow<Contents<Stored>> {
  const made: [string, Stored][] = []
  for (const [name, tensor] of Object.entries(tensors)) {
    const small = tensor.data.length <= mostElementsInFull
    made.push([name, small ? tensor : makeFingerprint(tensor, yield* wait(files.sha256(canonicalBytes(tensor))))])
  }
  return { kind, tensors: Object.fromEntries(made) }
}

/**
 * What does not match itself would fail in every later run: NaN without `equalNaN`, a `layout` that turns the axes.
 *
 * @throws TypeError that says why
 */
function* checkAgainstItself(current: Contents, options: CheckedSnapshotOptions, files: SnapshotFiles): Flow<void> {
  const judgements = yield* judge(current, current, options.compare, files)
  const failed = judgements.find((judgement) => !passes(judgement))
  if (failed === undefined) return
  const { comparison } = failed
  const nonFinite = comparison?.reason === 'nonfinite'
  const why = nonFinite ? 'it has NaN, which equal nothing without equalNaN' : comparison?.mismatch
  throw new TypeError(
    `${current.kind === 'record' ? failed.name : 'the tensor'} cannot become a snapshot, because it does not even match itself${why ? `: ${why}` : ''}`,
  )
}

interface ReadResult {
  readonly path?: string
  readonly snapshot?: StoredSnapshot
  /** Why there is no `snapshot`. */
  readonly problem?: string
}

/** Reads the file that a .snap names, and makes sure that it is the very one. */
function* readStored(entry: SnapshotEntry, text: string, files: SnapshotFiles): Flow<ReadResult> {
  const descriptor = parseDescriptor(text)
  if (descriptor === undefined) return { problem: 'what the .snap has under this name does not describe tensors' }
  const path = inFolder(snapshotFolder(entry.snapPath), baseName(descriptor.file))
  try {
    const bytes = yield* wait(files.read(path))
    if (bytes === undefined) return { path, problem: 'the file is missing' }
    refuseLfsPointer(bytes)
    const sha256 = yield* wait(files.sha256(bytes))
    if (sha256 !== descriptor.sha256) {
      return {
        path,
        problem: 'the file is damaged or not the one that was stored: its SHA-256 is not that in the .snap',
      }
    }
    return { path, snapshot: decodeSnapshot(bytes, path) }
  } catch (error) {
    if (error instanceof FileError) return { path, problem: `${path}: ${error.message}` }
    if (error instanceof TensorFileError) return { path, problem: error.message }
    throw error
  }
}
