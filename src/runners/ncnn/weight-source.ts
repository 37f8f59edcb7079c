// Where the bytes of a .bin come from. They are read piece by piece: a file need never be in memory as a whole.

export interface WeightSource {
  /** Names the .bin in messages: its path, or `bin` for a model that is given as bytes. */
  readonly name: string
  /** In bytes. */
  readonly size: number
  /** When the file was last written, in milliseconds; undefined for what is in memory. */
  readonly modified?: number
  /** Fills `target` with the bytes from `offset` on; all of them lie within `size`. */
  read(offset: number, target: Uint8Array): void
  /** All bytes at once, for those who cannot do with less. They may be the caller's own: nobody changes them. */
  readAll(): Uint8Array
}

/** Weights that are in memory already. */
export function bytesSource(bytes: Uint8Array, name: string): WeightSource {
  return {
    name,
    size: bytes.length,
    read: (offset, target) => target.set(bytes.subarray(offset, offset + target.length)),
    readAll: () => bytes,
  }
}
