// The file access that snapshots need.
import type { Awaitable } from '../flow.ts'

/** Paths are absolute. Every method answers at once in Node, and with a promise in a browser. */
export interface SnapshotFiles {
  /** The bytes of a file; undefined when there is none. */
  read(path: string): Awaitable<Uint8Array | undefined>
  /** Writes a file as a whole or not at all, and the folder around it. */
  write(path: string, bytes: Uint8Array): Awaitable<void>
  remove(path: string): Awaitable<void>
  /** The names of the files in a folder; none where it does not exist, and in a browser, whose test runner does not tell. */
  list(folder: string): Awaitable<readonly string[]>
  /** In hexadecimal digits. */
  sha256(bytes: Uint8Array): Awaitable<string>
}
