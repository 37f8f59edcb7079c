// The FlatBuffers format, as far as reading and re-assembling a .tflite needs it: tables are read where they lie, and new ones that refer
// to them are written in front of them, for offsets only lead forward.
// Source: https://flatbuffers.dev/internals/
import { decodeText, encodeUtf8 } from '../../host/utf8.ts'

/** Thrown for bytes that are no FlatBuffer; callers say which file it is. */
export class FlatBufferError extends Error {
  override readonly name = 'FlatBufferError'
}

/** Reads tables by their position in the file. Whatever leads out of the file is an error. */
export interface FlatReader {
  /** The position of the file's table. */
  readonly root: number
  /** Where a field of a table is; undefined where it is left out. */
  field(table: number, id: number): number | undefined
  /** Where an offset leads. */
  follow(position: number): number
  uint8(position: number): number
  int32(position: number): number
  uint32(position: number): number
  /** Where the elements of a vector begin, and how many there are. */
  vector(position: number, bytesPerElement: number): { readonly start: number; readonly length: number }
  string(position: number): string
  bytes(position: number): Uint8Array
}

export function readFlatBuffer(file: Uint8Array): FlatReader {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const within = <Value>(position: number, length: number, read: () => Value): Value => {
    if (position < 0 || position + length > file.length) {
      throw new FlatBufferError(`it refers to byte ${position + length}, but has ${file.length}`)
    }
    return read()
  }
  const uint16 = (position: number): number => within(position, 2, () => view.getUint16(position, true))
  const int32 = (position: number): number => within(position, 4, () => view.getInt32(position, true))
  const uint32 = (position: number): number => within(position, 4, () => view.getUint32(position, true))
  const follow = (position: number): number => position + uint32(position)
  const vector: FlatReader['vector'] = (position, bytesPerElement) => {
    const at = follow(position)
    const length = uint32(at)
    return within(at + 4, length * bytesPerElement, () => ({ start: at + 4, length }))
  }
  const bytes = (position: number): Uint8Array => {
    const { start, length } = vector(position, 1)
    return file.subarray(start, start + length)
  }
  return {
    root: follow(0),
    field(table, id) {
      const fields = table - int32(table)
      const entry = 4 + 2 * id
      const offset = entry < uint16(fields) ? uint16(fields + entry) : 0
      return offset === 0 ? undefined : table + offset
    },
    follow,
    uint8: (position) => within(position, 1, () => view.getUint8(position)),
    int32,
    uint32,
    vector,
    string: (position) => decodeText(bytes(position)),
    bytes,
  }
}

/** Something new, whose position is known once everything is written. */
export interface Place {
  position?: number
}

/** Where an offset leads: to something new, or to a position in the file that follows. */
export type Target = Place | number

/** A field of a new table: an offset, or the bytes of a scalar, four at most. */
export type NewField =
  | { readonly id: number; readonly to: Target }
  | { readonly id: number; readonly scalar: Uint8Array }

/** Collects what is new; what is referred to is made before what refers to it. */
export interface FlatBuilder {
  table(fields: readonly NewField[]): Place
  /** A vector of offsets. */
  targets(targets: readonly Target[]): Place
  int32s(values: readonly number[]): Place
  string(text: string): Place
  /**
   * A file of what is new with `file` behind it.
   * @param root the table that readers begin with
   * @param identifier four letters that say what the file is
   */
  inFrontOf(file: Uint8Array, root: Place, identifier: string): Uint8Array
}

/** Elements that are read in place are aligned to 16 bytes at most. */
const fileAlignment = 16

export function buildFlatBuffer(): FlatBuilder {
  const bytes: number[] = []
  const offsets: { readonly at: number; readonly to: Target }[] = []
  const writes: (() => void)[] = []
  const align = (to: number): void => {
    while (bytes.length % to !== 0) bytes.push(0)
  }
  const uint16 = (value: number): void => {
    bytes.push(value & 0xff, value >> 8)
  }
  const uint32 = (value: number): void => {
    bytes.push(...littleEndian(value))
  }
  const offset = (to: Target): void => {
    offsets.push({ at: bytes.length, to })
    uint32(0)
  }
  const later = (write: (place: Place) => void): Place => {
    const place: Place = {}
    writes.push(() => {
      align(4)
      write(place)
    })
    return place
  }
  const vector = <Element>(elements: readonly Element[], write: (element: Element) => void): Place =>
    later((place) => {
      place.position = bytes.length
      uint32(elements.length)
      for (const element of elements) write(element)
    })
  return {
    table: (fields) =>
      later((place) => {
        const byId = new Map(fields.map((field) => [field.id, field]))
        const ids = Array.from({ length: Math.max(...byId.keys()) + 1 }, (_, id) => id)
        // The list of where the fields are, then the table, which begins with the way back to the list. Each field has four bytes.
        const list = bytes.length
        uint16(4 + 2 * ids.length)
        uint16(4 + 4 * fields.length)
        let next = 4
        for (const id of ids) {
          uint16(byId.has(id) ? next : 0)
          if (byId.has(id)) next += 4
        }
        align(4)
        place.position = bytes.length
        uint32(bytes.length - list)
        for (const field of ids.flatMap((id) => byId.get(id) ?? [])) {
          if ('to' in field) offset(field.to)
          else bytes.push(...field.scalar, ...new Array(4 - field.scalar.length).fill(0))
        }
      }),
    targets: (targets) => vector(targets, offset),
    int32s: (values) => vector(values, uint32),
    string(text) {
      const encoded = [...encodeUtf8(text)]
      return later((place) => {
        place.position = bytes.length
        uint32(encoded.length)
        bytes.push(...encoded, 0)
      })
    },
    inFrontOf(file, root, identifier) {
      offset(root)
      bytes.push(...encodeUtf8(identifier))
      // Offsets lead forward: what refers is written before what it refers to.
      for (const write of writes.reverse()) write()
      align(fileAlignment)
      const whole = new Uint8Array(bytes.length + file.length)
      whole.set(bytes)
      whole.set(file, bytes.length)
      const view = new DataView(whole.buffer)
      for (const { at, to } of offsets) {
        const target = typeof to === 'number' ? bytes.length + to : (to.position as number)
        view.setUint32(at, target - at, true)
      }
      return whole
    },
  }
}

/** The four bytes of a 32-bit number. */
export const littleEndian = (value: number): Uint8Array =>
  Uint8Array.of(value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24)
