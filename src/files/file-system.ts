// The only module here that touches the file system: random access for reading, replacement in one step for writing.
import { hasFileSystem, nodeModule } from '../host/node-modules.ts'
import { checkRegular, FileError, type OpenFile, openFile } from '../host/open-file.ts'
import { reasonOf } from '../host/reason.ts'
import { toPath } from '../host/to-path.ts'
import { TensorFileError } from './error.ts'
import { allocateBytes, type ByteSource } from './source.ts'

const {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} = nodeModule('node:fs')
const { basename, dirname, join, resolve } = nodeModule('node:path')

// Above 2 GiB a single write fails on some systems.
const maxTransfer = 2 ** 30

/** The path of a tensor file that may be given as a `file:` URL. */
export function tensorPath(file: string | URL): string {
  return toPath(file, 'a tensor file')
}

/** Opens a file for `use`, which reads what it needs, and closes it. Nothing is read that `use` does not ask for. */
export function withFile<T>(path: string, use: (source: ByteSource) => T): T {
  if (!hasFileSystem()) {
    const remedy = 'In a browser, fetch it and decode its bytes: decodeNpy, decodeNpz or decodeSafetensors'
    throw new TensorFileError(path, `there are no files here. ${remedy}`, { code: 'unreadable' })
  }
  let file: OpenFile | undefined
  try {
    file = openFile(path)
    const { size, read } = file
    return use({
      name: path,
      size,
      read(begin, end) {
        const bytes = allocateBytes(end - begin, path)
        read(begin, bytes)
        return bytes
      },
    })
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    throw new TensorFileError(path, error.message, { code: error.code, cause: error })
  } finally {
    file?.close()
  }
}

function explainWriting(error: unknown, path: string): TensorFileError {
  if (error instanceof TensorFileError) return error
  const { code } = error as NodeJS.ErrnoException
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: `the folder ${dirname(resolve(path))} does not exist`,
    ENOTDIR: `${dirname(resolve(path))} is not a folder`,
    EACCES: 'no permission to write it',
    EPERM: 'no permission to write it',
    EROFS: 'the file system is read-only',
    ENOSPC: 'no space left on the disk',
  }
  const problem = error instanceof FileError ? error.message : reasons[code ?? '']
  return new TensorFileError(path, problem ?? `cannot write it: ${reasonOf(error)}`, {
    code: 'unwritable',
    cause: error,
  })
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

/** A name beside `target` that nobody else has. */
function temporaryBeside(target: string): string {
  const { randomUUID } = nodeModule('node:crypto')
  return join(dirname(target), `.${basename(target).slice(0, 100)}.${randomUUID()}.tmp`)
}

function writeFully(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, Math.min(bytes.length - done, maxTransfer))
  }
}

/**
 * Writes a file so that readers and crashes see the old file or the new one, never a part: into a temporary file in the same folder,
 * onto the disk, then renamed. Of several writers at once the last one wins as a whole. On failure the temporary file is removed.
 */
export function replaceFile(path: string, pieces: Iterable<Uint8Array>): void {
  let temporary: string | undefined
  try {
    const { target, mode } = findTarget(path)
    temporary = temporaryBeside(target)
    const descriptor = openSync(temporary, 'wx')
    try {
      if (mode !== undefined) fchmodSync(descriptor, mode)
      for (const piece of pieces) writeFully(descriptor, piece)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temporary, target)
  } catch (error) {
    if (temporary !== undefined) rmSync(temporary, { force: true })
    throw explainWriting(error, path)
  }
}

/** {@link replaceFile} in a folder that is made where it is missing. */
export function replaceFileIn(folder: string, name: string, pieces: Iterable<Uint8Array>): string {
  const path = join(folder, name)
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw explainWriting(error, path)
  }
  replaceFile(path, pieces)
  return path
}

/** Bytes that wait on the disk until the file that they belong to can be written. */
export interface Spool {
  /** Returns where the bytes begin. */
  append(bytes: Uint8Array): number
  read(begin: number, end: number): Uint8Array
}

/** A temporary file beside `path`, for as long as `use` takes. */
export async function withSpool<Result>(path: string, use: (spool: Spool) => Promise<Result>): Promise<Result> {
  const explaining = <Value>(work: () => Value): Value => {
    try {
      return work()
    } catch (error) {
      throw explainWriting(error, path)
    }
  }
  const temporary = explaining(() => temporaryBeside(findTarget(path).target))
  const descriptor = explaining(() => openSync(temporary, 'wx+', 0o600))
  let size = 0
  try {
    return await use({
      append(bytes) {
        explaining(() => writeFully(descriptor, bytes))
        size += bytes.length
        return size - bytes.length
      },
      read(begin, end) {
        const bytes = allocateBytes(end - begin, path)
        for (let done = 0; done < bytes.length; ) {
          const length = Math.min(bytes.length - done, maxTransfer)
          done += explaining(() => readSync(descriptor, bytes, done, length, begin + done))
        }
        return bytes
      },
    })
  } finally {
    closeSync(descriptor)
    rmSync(temporary, { force: true })
  }
}
