// The protobuf wire format, as far as reading and re-assembling an ONNX file needs it.
// Source: https://protobuf.dev/programming-guides/encoding/
import { concatenate } from '../../files/format.ts'
import { decodeText, encodeUtf8 } from '../../host/utf8.ts'

/** The bytes of a message. */
export type Message = Uint8Array

/** One field of a message. Bytes are views, not copies. */
export interface WireField {
  readonly id: number
  /** Of a varint; undefined for other types. Exact up to 2^53. */
  readonly value: number | undefined
  /** What the field holds; for a length-delimited field without its length. */
  readonly content: Uint8Array
  /** The field with its key. */
  readonly whole: Uint8Array
}

/** Thrown for bytes that are no message; callers say which message they expected. */
export class WireError extends Error {
  override readonly name = 'WireError'
}

const varintType = 0
const fixed64Type = 1
const lengthDelimitedType = 2
const fixed32Type = 5

/** Reads the number at a position. */
function varintAt(bytes: Uint8Array, start: number): { readonly value: number; readonly end: number } {
  let value = 0
  for (let length = 0; length < 10; length++) {
    if (start + length >= bytes.length) throw new WireError('it ends within a number')
    const byte = bytes[start + length]
    value += (byte & 0x7f) * 2 ** (7 * length)
    if (byte < 0x80) return { value, end: start + length + 1 }
  }
  throw new WireError('it has a number of more than ten bytes')
}

/** Numbers that stand one after the other. */
export function readVarints(bytes: Uint8Array): number[] {
  const values: number[] = []
  for (let position = 0; position < bytes.length; ) {
    const { value, end } = varintAt(bytes, position)
    values.push(value)
    position = end
  }
  return values
}

/** The fields of a message, in order. */
export function* readFields(bytes: Message): Generator<WireField> {
  let position = 0
  const readVarint = (): number => {
    const { value, end } = varintAt(bytes, position)
    position = end
    return value
  }
  while (position < bytes.length) {
    const start = position
    const key = readVarint()
    const id = Math.floor(key / 8)
    const type = key % 8
    if (id === 0) throw new WireError('it has a field without a number')
    let value: number | undefined
    let begin = position
    if (type === varintType) value = readVarint()
    else if (type === fixed64Type) position += 8
    else if (type === fixed32Type) position += 4
    else if (type === lengthDelimitedType) {
      const length = readVarint()
      begin = position
      position += length
    } else throw new WireError(`it has a field of the unknown type ${type}`)
    if (position > bytes.length)
      throw new WireError(`a part of ${position - begin} bytes has only ${bytes.length - begin}`)
    yield { id, value, content: bytes.subarray(begin, position), whole: bytes.subarray(start, position) }
  }
}

export function textOf(content: Uint8Array): string {
  return decodeText(content)
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  return [...bytes, rest]
}

/** A field that holds a number. */
export function numberField(id: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(id * 8 + varintType), ...varint(value)])
}

/** A field that holds bytes, text or a message. */
export function bytesField(id: number, content: Uint8Array | string): Uint8Array {
  const bytes = typeof content === 'string' ? encodeUtf8(content) : content
  return concatenate([fieldHeader(id, bytes.length), bytes])
}

/** The key and length in front of `length` bytes. */
export function fieldHeader(id: number, length: number): Uint8Array {
  return Uint8Array.from([...varint(id * 8 + lengthDelimitedType), ...varint(length)])
}

export function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0)
}
