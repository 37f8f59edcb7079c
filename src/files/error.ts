// The error of everything that reads or writes tensor files, and how it prints what was found.
import { printable } from '../host/printable.ts'

/**
 * - `not-found`: there is no such file
 * - `unreadable`: it is a folder, a pipe or a device, there is no permission, or it changed while it was being read
 * - `git-lfs`: it is a Git LFS pointer; `git lfs pull` fetches the file
 * - `unknown-format`: its name ends in none of the extensions that can be read and written
 * - `malformed`: its bytes are not what its name says, or contradict each other
 * - `truncated`: it ends before what it declares
 * - `unsupported`: it is whole, but holds what no tensor here can be (pickles, complex numbers)
 * - `no-such-tensor`: it holds no tensor of that name, or several where one has to be chosen
 * - `too-large`: more than this JavaScript runtime can hold in one piece
 * - `cannot-hold`: the format has no place for what is to be written: an element type, a name, an option
 * - `unwritable`: the file cannot be written; what was there before stays
 */
export type TensorFileErrorCode = (typeof tensorFileErrorCodes)[number]

export const tensorFileErrorCodes = [
  'not-found',
  'unreadable',
  'git-lfs',
  'unknown-format',
  'malformed',
  'truncated',
  'unsupported',
  'no-such-tensor',
  'too-large',
  'cannot-hold',
  'unwritable',
] as const

/** A tensor file that cannot be read or written. The message starts with the file, then says what was expected and what was found. */
export class TensorFileError extends Error {
  override readonly name = 'TensorFileError'
  /** What went wrong, for programs. */
  readonly code: TensorFileErrorCode
  /** The file, as the caller named it; inside an archive also the tensor. */
  readonly source: string

  constructor(
    source: string,
    problem: string,
    { code = 'malformed', ...options }: ErrorOptions & { code?: TensorFileErrorCode } = {},
  ) {
    super(printable(`${source}: ${problem}`), options)
    this.source = source
    this.code = code
  }
}

/** `1 byte`, `24 bytes`. */
export function byteCount(count: number | bigint): string {
  return `${count} ${count === 1 || count === 1n ? 'byte' : 'bytes'}`
}

const knownBeginnings: readonly (readonly [string, string])[] = [
  ['PK\x03\x04', 'a zip archive, such as .npz or .pt'],
  ['PK\x05\x06', 'an empty zip archive'],
  ['\x93NUMPY', 'a .npy array'],
  ['\x89HDF', 'an HDF5 file'],
  ['\x1f\x8b', 'gzip: decompress it first'],
  ['\x80', 'a Python pickle, perhaps: save the arrays with numpy.save or safetensors instead'],
  ['version ', 'text; perhaps a Git LFS pointer: run "git lfs pull"'],
  ['<', 'HTML or XML, perhaps a failed download'],
]

/** The first bytes of a file that is not what its name says, and what they usually stand for. */
export function describeBeginning(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'an empty file'
  const start = bytes.subarray(0, 8)
  const text = String.fromCharCode(...start)
  const known = knownBeginnings.find(([magic]) => text.startsWith(magic))?.[1]
  const printed = [...start].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
  return known ? `${printed} (${known})` : printed
}
