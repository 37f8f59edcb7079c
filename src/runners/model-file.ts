// Reads the files of a model, and says what each was needed for when it cannot.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** The path of a model that may be given as a `file:` URL. */
export const toPath = (path: string | URL): string => (typeof path === 'string' ? path : fileURLToPath(path.href))

/**
 * Reads a file.
 * @param what what the file is, for messages
 * @param fail makes the loader's own kind of error
 */
export async function readModelFile(path: string, what: string, fail: (message: string) => Error): Promise<Uint8Array> {
  let bytes: Uint8Array
  try {
    const { buffer, byteOffset, byteLength } = await readFile(path)
    bytes = new Uint8Array(buffer, byteOffset, byteLength)
  } catch (error) {
    throw fail(`cannot read ${path} (${what}): ${error instanceof Error ? error.message : String(error)}`)
  }
  if (new TextDecoder().decode(bytes.subarray(0, 19)) === 'version https://git') {
    throw fail(`${path} is a Git LFS pointer, not the file itself. Run: git lfs pull`)
  }
  return bytes
}
