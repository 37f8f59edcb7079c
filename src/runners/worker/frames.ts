// The messages between this process and a worker: a length, a JSON header, and the bytes of the tensors as they are.

import { decodeLatin1, decodeText, encodeUtf8 } from '../../host/utf8.ts'
export interface Frame {
  readonly header: Readonly<Record<string, unknown>>
  readonly parts: readonly Uint8Array[]
}

/**
 * The pieces of a message: the header's length as a little-endian 32-bit word, the header as JSON with the parts' lengths under
 * `parts`, the parts.
 */
export function encodeFrame({ header, parts }: Frame): Uint8Array[] {
  const json = encodeUtf8(JSON.stringify({ ...header, parts: parts.map((part) => part.byteLength) }))
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, json.byteLength, true)
  return [length, json, ...parts.filter((part) => part.byteLength > 0)]
}

/** Longer headers are none: something else than a worker is writing. */
const maxHeaderBytes = 2 ** 26
/** No message has parts as long as this. */
const maxPartBytes = 2 ** 36

/** @throws Error where it is no header */
function parseHeader(json: Uint8Array): { parts: readonly number[]; fields: Record<string, unknown>; bytes: number } {
  const { parts, ...fields } = JSON.parse(decodeText(json))
  if (!Array.isArray(parts) || !parts.every((length) => Number.isInteger(length) && length >= 0)) {
    throw new Error('a header that does not say how long its parts are')
  }
  const bytes = parts.reduce((sum: number, length: number) => sum + length, 0)
  if (bytes > maxPartBytes) throw new Error(`parts of ${bytes} bytes`)
  return { parts, fields, bytes }
}

/**
 * Collects chunks of bytes and hands out each message once it is complete. Parts are copies, aligned for typed arrays.
 * @throws Error when the bytes are no messages
 */
export function frameDecoder(onFrame: (frame: Frame) => void): (chunk: Uint8Array) => void {
  let chunks: Uint8Array[] = []
  let available = 0
  let needed = 4
  let lengths: { header: number; parts?: readonly number[]; fields?: Record<string, unknown> } | undefined

  const take = (length: number): Uint8Array => {
    const taken = new Uint8Array(length)
    let filled = 0
    while (filled < length) {
      const [first] = chunks
      const piece = first.subarray(0, length - filled)
      taken.set(piece, filled)
      filled += piece.length
      if (piece.length === first.length) chunks.shift()
      else chunks[0] = first.subarray(piece.length)
    }
    available -= length
    return taken
  }

  return (chunk) => {
    chunks.push(chunk)
    available += chunk.length
    while (available >= needed) {
      if (lengths === undefined) {
        lengths = { header: new DataView(take(4).buffer).getUint32(0, true) }
        needed = lengths.header
        if (needed > maxHeaderBytes) throw new Error(`a header of ${needed} bytes`)
      } else if (lengths.parts === undefined) {
        const { parts, fields, bytes } = parseHeader(take(lengths.header))
        lengths = { ...lengths, parts, fields }
        needed = bytes
      } else {
        const { parts, fields = {} } = lengths
        lengths = undefined
        needed = 4
        onFrame({ header: fields, parts: parts.map(take) })
      }
    }
    if (available === 0) chunks = []
  }
}

/** What a worker writes on its standard output before its first message. */
export const greeting = 'expect-tensor worker\n'

/**
 * Passes on the bytes that follow the greeting. What comes before was written by others: a script that sets an interpreter up, a
 * start-up file of its.
 * @param onNoise is handed what comes while there is no greeting
 */
export function afterGreeting(
  next: (chunk: Uint8Array) => void,
  onNoise: (text: string) => void,
): (chunk: Uint8Array) => void {
  let unmatched = ''
  let greeted = false
  return (chunk) => {
    if (greeted) return next(chunk)
    // one character for each byte
    const text = decodeLatin1(chunk)
    unmatched += text
    const at = unmatched.indexOf(greeting)
    if (at < 0) {
      unmatched = unmatched.slice(1 - greeting.length)
      onNoise(text)
      return
    }
    greeted = true
    const messages = unmatched.length - at - greeting.length
    if (messages > 0) next(chunk.subarray(chunk.length - messages))
  }
}
