// Reads the files of a model, and says what each was needed for when it cannot.
import { FileError, readWholeFile } from '../host/open-file.ts'
import { toPath } from '../host/to-path.ts'
import type { ModelErrorClass } from './model-error.ts'

/**
 * The path of a model that may be given as a `file:` URL.
 * @param loader who asks for it, for messages
 * @param what what it should be, for messages
 */
export function modelPath(file: string | URL, loader: string, what: string): string {
  return toPath(file, what, loader)
}

/**
 * Reads a file.
 * @param what what the file is, for messages
 * @param Failure the loader's own kind of error
 */
export function readModelFile(path: string, what: string, Failure: ModelErrorClass): Uint8Array<ArrayBuffer> {
  try {
    return readWholeFile(path)
  } catch (error) {
    throw unreadable(error, path, what, Failure)
  }
}

/** A file's error as the loader's own kind; others are as they were. */
export function unreadable(error: unknown, path: string, what: string, Failure: ModelErrorClass): unknown {
  if (!(error instanceof FileError)) return error
  return new Failure(`cannot read ${path} (${what}): ${error.message}`, { code: error.code, cause: error })
}
