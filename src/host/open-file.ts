// Opens what is to be read: regular files only, and none that Git LFS has yet to fetch. Every reader of files goes through here.
import { hasFileSystem, nodeModule } from './node-modules.ts'

const fs = nodeModule('node:fs')
const { dirname, resolve } = nodeModule('node:path')

/**
 * - `not-found`: there is no such file
 * - `unreadable`: it is a folder, a pipe or a device, there is no permission, or it changed while it was being read
 * - `git-lfs`: it is a Git LFS pointer
 */
export type FileProblem = 'not-found' | 'unreadable' | 'git-lfs'

/** Why a file cannot be read. The message goes behind the file's name: `is a folder`. */
export class FileError extends Error {
  override readonly name = 'FileError'
  readonly code: FileProblem

  constructor(code: FileProblem, problem: string, options?: ErrorOptions) {
    super(problem, options)
    this.code = code
  }
}

/** A file that is open for reading. */
export interface OpenFile {
  readonly size: number
  /** When it was last written, in milliseconds. */
  readonly modified: number
  /** Fills `target` with the bytes from `offset` on; all of them lie within `size`. */
  read(offset: number, target: Uint8Array): void
  close(): void
}

/** Above 2 GiB a single read fails on some systems. */
const mostBytesAtOnce = 2 ** 30

/** @throws FileError */
export function openFile(path: string): OpenFile {
  if (!hasFileSystem()) {
    throw new FileError('unreadable', 'there are no files here. In a browser, fetch it and give its bytes')
  }
  return explaining(path, () => {
    checkRegular(path)
    const descriptor = fs.openSync(path, 'r')
    try {
      const { size, mtimeMs: modified } = fs.fstatSync(descriptor)
      const read = (offset: number, target: Uint8Array): void =>
        explaining(path, () => readFully(descriptor, offset, target))
      if (size < longestPointer) {
        const bytes = new Uint8Array(size)
        read(0, bytes)
        refuseLfsPointer(bytes)
      }
      return { size, modified, read, close: () => fs.closeSync(descriptor) }
    } catch (error) {
      fs.closeSync(descriptor)
      throw error
    }
  })
}

/**
 * The bytes of a whole file.
 *
 * @throws FileError
 */
export function readWholeFile(path: string): Uint8Array<ArrayBuffer> {
  const file = openFile(path)
  try {
    return readAll(file)
  } finally {
    file.close()
  }
}

/** @throws FileError when this JavaScript runtime cannot hold so many bytes in one piece, and as reading does */
export function readAll({ size, read }: OpenFile): Uint8Array<ArrayBuffer> {
  const bytes = allocate(size)
  read(0, bytes)
  return bytes
}

function allocate(size: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(size)
  } catch (cause) {
    throw new FileError('unreadable', `has ${size} bytes, more than this JavaScript runtime can hold in one piece`, {
      cause,
    })
  }
}

/**
 * Looks before opening: opening a pipe would wait for its other end, and a device may have no end.
 *
 * @throws FileError
 */
export function checkRegular(path: string): void {
  const stats = fs.statSync(path)
  if (stats.isFile()) return
  throw new FileError('unreadable', stats.isDirectory() ? 'is a folder' : 'is not a regular file')
}

function readFully(descriptor: number, offset: number, target: Uint8Array): void {
  for (let done = 0; done < target.length; ) {
    const length = Math.min(target.length - done, mostBytesAtOnce)
    const count = fs.readSync(descriptor, target, done, length, offset + done)
    if (count === 0) {
      throw new FileError(
        'unreadable',
        `ended at byte ${offset + done} while it was being read; another process changed it`,
      )
    }
    done += count
  }
}

const pointerStart = 'version https://git-lfs.github.com/spec/'
const longestPointer = 1024

/**
 * Git LFS leaves a small text file where a large one should be, until it is told to fetch it.
 *
 * @throws FileError that says what to do, when these are the bytes of one
 */
export function refuseLfsPointer(bytes: Uint8Array): void {
  if (bytes.length >= longestPointer) return
  if (String.fromCharCode(...bytes.subarray(0, pointerStart.length)) !== pointerStart) return
  throw new FileError(
    'git-lfs',
    `is a Git LFS pointer of ${bytes.length} bytes; the file itself is not here yet: run "git lfs pull"`,
  )
}

function explaining<Result>(path: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException
    if (syscall === undefined && code !== 'ERR_ACCESS_DENIED') throw error
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: `no such file (looked for ${resolve(path)})`,
      ENOTDIR: `${dirname(resolve(path))} is not a folder`,
      EACCES: 'no permission to read it',
      EPERM: 'no permission to read it',
      ERR_ACCESS_DENIED: 'no permission to read it: Node runs with --permission and without --allow-fs-read of it',
    }
    const problem = reasons[code ?? ''] ?? `cannot read it: ${message}`
    throw new FileError(code === 'ENOENT' || code === 'ENOTDIR' ? 'not-found' : 'unreadable', problem, { cause: error })
  }
}
