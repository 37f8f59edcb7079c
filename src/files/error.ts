// The error of everything that reads or writes tensor files, and how it prints what was found.

/** A tensor file that cannot be read or written. The message starts with the file, then says what was expected and what was found. */
export class TensorFileError extends Error {
  override readonly name = 'TensorFileError'
  /** The file, as the caller named it; inside an archive also the tensor. */
  readonly source: string

  constructor(source: string, problem: string, options?: ErrorOptions) {
    super(`${source}: ${problem}`, options)
    this.source = source
  }
}

/** `1 byte`, `24 bytes`. */
export function byteCount(count: number | bigint): string {
  return `${count} ${count === 1 || count === 1n ? 'byte' : 'bytes'}`
}

/** Up to eight names in quotes, for "found ..." and "choose one of ...". */
export function quoteNames(names: readonly string[]): string {
  if (names.length === 0) return 'nothing'
  const shown = names.slice(0, 8).map((name) => JSON.stringify(name))
  return names.length > shown.length ? `${shown.join(', ')} and ${names.length - shown.length} more` : shown.join(', ')
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
