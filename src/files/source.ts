// Random access to the bytes of a file, wherever they lie: what every format reads from.
import { describeValue } from '../arguments/describe.ts'
import { bytesIn } from '../host/bytes.ts'
import { byteCount, TensorFileError } from './error.ts'

/** Bytes to decode. The formats read only what they need, after checking it against `size`. */
export interface ByteSource {
  /** Names the file in errors. */
  readonly name: string
  readonly size: number
  /** The bytes `[begin, end)`, in memory that the caller owns and may change. */
  read(begin: number, end: number): Uint8Array<ArrayBuffer>
}

/** Zeroed bytes; an error that names the file when the runtime cannot make that many. */
export function allocateBytes(size: number, name: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(size)
  } catch (cause) {
    throw new TensorFileError(name, `${byteCount(size)} in one piece are more than this JavaScript runtime can hold`, {
      code: 'too-large',
      cause,
    })
  }
}

/**
 * Bytes that are in memory already. What is read from them is copied.
 *
 * @throws TypeError for what are no bytes
 */
export function memorySource(given: Uint8Array | ArrayBuffer, name: string): ByteSource {
  const bytes = bytesIn(given)
  if (bytes === undefined) {
    throw new TypeError(
      `${name}: expected the bytes of a file (a Uint8Array or an ArrayBuffer), got ${describeValue(given)}`,
    )
  }
  return { name, size: bytes.length, read: (begin, end) => new Uint8Array(bytes.subarray(begin, end)) }
}
