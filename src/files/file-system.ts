// The only module here that touches the file system: random access for reading, replacement in one step for writing.

import { nodeModule } from '../host/node-modules.ts'
import { TensorFileError } from './error.ts'
import { refuseLfsPointer } from './git-lfs.ts'
import { allocateBytes, type ByteSource } from './source.ts'

const {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} = nodeModule('node:fs')
const { basename, dirname, join, resolve } = nodeModule('node:path')
const { fileURLToPath } = nodeModule('node:url')

// Above 2 GiB a single read or write fails on some systems.
const maxTransfer = 2 ** 30

/** The path of a file that may be given as a `file:` URL, as an object or as a string (what `import.meta.resolve` returns). */
export function toPath(file: string | URL): string {
  const given: unknown = file
  if (typeof given === 'string' && given !== '') return given.startsWith('file:') ? fromFileUrl(given) : given
  if (typeof given === 'object' && given !== null && 'href' in given) return fromFileUrl(String(given.href))
  throw new TypeError(
    `expected the path or file: URL of a tensor file, found ${given === '' ? 'an empty string' : typeof given}`,
  )
}

function fromFileUrl(url: string): string {
  try {
    return fileURLToPath(url)
  } catch (cause) {
    throw new TypeError(`expected the path or file: URL of a tensor file, found ${url}`, { cause })
  }
}

function explain(error: unknown, path: string, doing: string): TensorFileError {
  if (error instanceof TensorFileError) return error
  const { code, message } = error as NodeJS.ErrnoException
  const reasons: Readonly<Record<string, string>> = {
    ENOENT:
      doing === 'read'
        ? `no such file (looked for ${resolve(path)})`
        : `the folder ${dirname(resolve(path))} does not exist`,
    ENOTDIR: `${dirname(resolve(path))} is not a folder`,
    EACCES: `no permission to ${doing} it`,
    EPERM: `no permission to ${doing} it`,
    EROFS: 'the file system is read-only',
    ENOSPC: 'no space left on the disk',
    EISDIR: 'is a folder',
  }
  return new TensorFileError(path, reasons[code ?? ''] ?? `cannot ${doing} it: ${message}`, { cause: error })
}

/** Looks before opening: opening a pipe would wait for its other end. */
function checkRegular(path: string): void {
  const stats = statSync(path)
  if (!stats.isFile()) throw new TensorFileError(path, stats.isDirectory() ? 'is a folder' : 'is not a regular file')
}

function readFully(descriptor: number, begin: number, end: number, path: string): Uint8Array<ArrayBuffer> {
  const bytes = allocateBytes(end - begin, path)
  for (let done = 0; done < bytes.length; ) {
    const count = readSync(descriptor, bytes, done, Math.min(bytes.length - done, maxTransfer), begin + done)
    if (count === 0)
      throw new TensorFileError(
        path,
        `ended at byte ${begin + done} while it was being read; another process changed it`,
      )
    done += count
  }
  return bytes
}

/** Opens a file for `use`, which reads what it needs, and closes it. Nothing is read that `use` does not ask for. */
export function withFile<T>(path: string, use: (source: ByteSource) => T): T {
  let descriptor: number | undefined
  try {
    checkRegular(path)
    const opened = openSync(path, 'r')
    descriptor = opened
    const source: ByteSource = {
      name: path,
      size: fstatSync(opened).size,
      read: (begin, end) => readFully(opened, begin, end, path),
    }
    refuseLfsPointer(source)
    return use(source)
  } catch (error) {
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : explain(error, path, 'read')
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

/** The file that a path stands for, so that writing replaces what a symbolic link points to and not the link; with its permissions. */
function findTarget(path: string): { target: string; mode?: number } {
  try {
    const target = realpathSync(path)
    checkRegular(target)
    return { target, mode: statSync(target).mode & 0o777 }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { target: path }
    throw error
  }
}

/**
 * Writes a file so that readers and crashes see the old file or the new one, never a part: into a temporary file in the same folder,
 * onto the disk, then renamed. Of several writers at once the last one wins as a whole. On failure the temporary file is removed.
 */
export function replaceFile(path: string, pieces: readonly Uint8Array[]): void {
  let temporary: string | undefined
  try {
    const { target, mode } = findTarget(path)
    const { randomUUID } = nodeModule('node:crypto')
    temporary = join(dirname(target), `.${basename(target).slice(0, 100)}.${randomUUID()}.tmp`)
    const descriptor = openSync(temporary, 'wx')
    try {
      if (mode !== undefined) fchmodSync(descriptor, mode)
      for (const piece of pieces) {
        for (let done = 0; done < piece.length; ) {
          done += writeSync(descriptor, piece, done, Math.min(piece.length - done, maxTransfer))
        }
      }
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temporary, target)
  } catch (error) {
    if (temporary !== undefined) rmSync(temporary, { force: true })
    throw explain(error, path, 'write')
  }
}
