// Finds and removes tensor files that no .snap names any more: after a run that was killed, or a test file that was deleted.
import { type Dirent, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { reasonOf } from '../host/reason.ts'
import { snapshotFilePattern } from '../snapshots/file-names.ts'
import { damageOf, filesNamedIn } from '../snapshots/snap-text.ts'

export interface PruneResult {
  /** Paths of the files that were removed, or would be. */
  readonly removed: readonly string[]
  /** Tensor files that are named by a .snap. */
  readonly kept: number
  /** Folders that were left alone, and why. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[]
}

/** A write that is under way is not older than this. */
const temporaryAge = 60_000

const tensorFile = new RegExp(`^${snapshotFilePattern.source}$`)
const temporaryFile = new RegExp(`^\\.${snapshotFilePattern.source}\\.[0-9a-f-]+\\.tmp$`)

/**
 * Removes orphaned tensor files below `root`, going by the .snap files alone: no test is run. Only files whose names a snapshot
 * could have are touched, only in folders called `<name>.tensors`. A folder whose .snap is damaged is left alone.
 *
 * @param dryRun nothing is removed
 */
export function pruneSnapshots(root: string, { dryRun = false } = {}): PruneResult {
  const removed: string[] = []
  const skipped: { path: string; reason: string }[] = []
  let kept = 0
  const skip = (path: string, reason: string): void => void skipped.push({ path, reason })
  for (const folder of tensorFolders(root, skip)) {
    try {
      const snap = readSnap(folder)
      const damage = snap === undefined ? undefined : damageOf(snap)
      if (damage !== undefined) {
        skip(folder, `its .snap ${damage}`)
        continue
      }
      const named = filesNamedIn(snap ?? '')
      const names = readdirSync(folder)
      for (const name of names) {
        const path = join(folder, name)
        if (named.has(name)) kept++
        else if (tensorFile.test(name) || isAbandoned(name, path)) {
          if (!dryRun) rmSync(path)
          removed.push(path)
        }
      }
      if (!dryRun && readdirSync(folder).length === 0 && names.length > 0) rmdirSync(folder)
    } catch (error) {
      skip(folder, reasonOf(error))
    }
  }
  return { removed, kept, skipped }
}

/** Folders that cannot be read are skipped. */
function* tensorFolders(root: string, skip: (path: string, reason: string) => void): Generator<string> {
  let entries: Dirent[]
  try {
    entries = readdirSync(root, { withFileTypes: true })
  } catch (error) {
    return skip(root, reasonOf(error))
  }
  for (const entry of entries) {
    if (!isOwnFolder(entry)) continue
    const path = join(root, entry.name)
    if (entry.name.endsWith('.tensors')) yield path
    else yield* tensorFolders(path, skip)
  }
}

function isOwnFolder(entry: Dirent): boolean {
  return entry.isDirectory() && entry.name !== 'node_modules' && entry.name !== '.git'
}

/** The .snap beside a folder; a project may have given it another ending, or none. */
function readSnap(folder: string): string | undefined {
  const stem = folder.replace(/\.tensors$/, '')
  for (const path of [`${stem}.snap`, stem]) {
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats?.isFile()) return readFileSync(path, 'utf8')
  }
  return undefined
}

function isAbandoned(name: string, path: string): boolean {
  return temporaryFile.test(name) && Date.now() - statSync(path).mtimeMs > temporaryAge
}
