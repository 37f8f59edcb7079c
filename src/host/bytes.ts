// Bytes, in whatever they come: what fetch, node:fs and typed arrays call them.

/**
 * The bytes of a view of any kind or of an `ArrayBuffer`, which they share; undefined for anything else. Always a plain `Uint8Array`: the
 * `slice` of a `Buffer` shares memory where that of others copies.
 */
export function bytesIn(value: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  // of any realm: Jest has an ArrayBuffer of its own
  return Object.prototype.toString.call(value) === '[object ArrayBuffer]'
    ? new Uint8Array(value as ArrayBuffer)
    : undefined
}
