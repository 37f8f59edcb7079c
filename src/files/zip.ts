// Reads zip archives: the directory, checked against the bytes that are there, then single members, checked by their CRC.
// Node's zlib inflates whole members, and fflate where there is none; its own unzip checks neither the CRC nor what the directory declares.
import { Inflate } from 'fflate'
import { nodeModule } from '../host/node-modules.ts'
import { decodeUtf8 } from '../host/utf8.ts'
import { crc32 } from './crc32.ts'
import { byteCount, describeBeginning, TensorFileError } from './error.ts'
import { allocateBytes, type ByteSource } from './source.ts'

const directoryEndSignature = 0x06054b50
const zip64LocatorSignature = 0x07064b50
const zip64DirectoryEndSignature = 0x06064b50
const directoryEntrySignature = 0x02014b50
const localHeaderSignature = 0x04034b50

const directoryEndBytes = 22
const directoryEntryBytes = 46
const localHeaderBytes = 30

const stored = 0
const deflated = 8
const otherMethods: Readonly<Record<number, string>> = {
  9: 'Deflate64',
  12: 'bzip2',
  14: 'LZMA',
  93: 'Zstandard',
  95: 'xz',
}

// Deflate's best: two bits for 258 bytes.
const maxDeflateRatio = 1032

// What is inflated to look at the head of a member before all of it is.
const headInput = 1024
// Input per step, so that a member which inflates to more than it declares is stopped early.
const stepInput = 65536
// What zlib hands over at once.
const nativeChunk = 2 ** 20

/** One file in the archive: what the directory says of it, and where its data lies. */
export interface ZipMember {
  readonly name: string
  readonly method: number
  readonly crc: number
  readonly compressedSize: number
  readonly size: number
  readonly dataOffset: number
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function readView(source: ByteSource, begin: number, length: number, what: string): DataView {
  if (begin < 0 || !Number.isSafeInteger(begin + length) || begin + length > source.size) {
    throw new TensorFileError(
      source.name,
      `${what} is declared at bytes ${begin} to ${begin + length}, but the file has ${byteCount(source.size)}; it is truncated or damaged`,
      { code: 'truncated' },
    )
  }
  return viewOf(source.read(begin, begin + length))
}

interface DirectoryPlace {
  readonly offset: number
  readonly bytes: number
  readonly entries: number
  /** Where the records after the directory begin. */
  readonly limit: number
}

/** Finds the end record, which a comment of up to 65535 bytes may follow, and the 64-bit record before it, if there is one. */
function findDirectory(source: ByteSource): DirectoryPlace {
  const { name, size } = source
  const tailOffset = Math.max(0, size - directoryEndBytes - 0xffff)
  const tail = viewOf(source.read(tailOffset, size))
  let at = tail.byteLength - directoryEndBytes
  while (
    at >= 0 &&
    !(
      tail.getUint32(at, true) === directoryEndSignature &&
      at + directoryEndBytes + tail.getUint16(at + 20, true) === tail.byteLength
    )
  ) {
    at--
  }
  if (at < 0) {
    const beginning = source.read(0, Math.min(8, size))
    const isZip = beginning[0] === 0x50 && beginning[1] === 0x4b
    throw new TensorFileError(
      name,
      isZip
        ? 'the zip directory at the end of the file is missing: the file is truncated'
        : `not a zip archive: expected a zip directory at the end, found ${beginning.length === 0 ? '' : 'a file that begins with '}${describeBeginning(beginning)}`,
      { code: isZip ? 'truncated' : 'malformed' },
    )
  }
  const limit = tailOffset + at
  const place = {
    disk: tail.getUint16(at + 4, true) | tail.getUint16(at + 6, true),
    entries: tail.getUint16(at + 10, true),
    bytes: tail.getUint32(at + 12, true),
    offset: tail.getUint32(at + 16, true),
    limit,
  }
  if (limit >= 20) {
    const locator = readView(source, limit - 20, 20, 'the zip64 locator')
    if (locator.getUint32(0, true) === zip64LocatorSignature) {
      place.disk |= locator.getUint32(4, true) | (locator.getUint32(16, true) > 1 ? 1 : 0)
      const recordOffset = Number(locator.getBigUint64(8, true))
      const record = readView(source, recordOffset, 56, 'the zip64 end of directory')
      if (record.getUint32(0, true) !== zip64DirectoryEndSignature) {
        throw new TensorFileError(
          name,
          `expected the zip64 end of directory at byte ${recordOffset}; the file is damaged`,
        )
      }
      place.disk |= record.getUint32(16, true) | record.getUint32(20, true)
      place.entries = Number(record.getBigUint64(32, true))
      place.bytes = Number(record.getBigUint64(40, true))
      place.offset = Number(record.getBigUint64(48, true))
      place.limit = recordOffset
    }
  }
  if (place.disk !== 0)
    throw new TensorFileError(name, 'is one part of a split zip archive; join the parts first', { code: 'unsupported' })
  return place
}

interface DirectoryEntry extends Omit<ZipMember, 'dataOffset'> {
  readonly headerOffset: number
}

/** The sizes and the offset of an entry: the 32-bit fields, or the zip64 extra field for those that are full. */
function readSizes(
  entry: DataView,
  extraOffset: number,
  extraEnd: number,
): [size: number, compressed: number, offset: number] | undefined {
  const fields: [number, number, number] = [
    entry.getUint32(24, true),
    entry.getUint32(20, true),
    entry.getUint32(42, true),
  ]
  if (!fields.includes(0xffffffff)) return fields
  for (let at = extraOffset; at + 4 <= extraEnd; at += 4 + entry.getUint16(at + 2, true)) {
    if (entry.getUint16(at, true) !== 1) continue
    const end = at + 4 + entry.getUint16(at + 2, true)
    let value = at + 4
    for (const [index, field] of fields.entries()) {
      if (field !== 0xffffffff) continue
      if (value + 8 > Math.min(end, extraEnd)) return undefined
      fields[index] = Number(entry.getBigUint64(value, true))
      value += 8
    }
    return fields
  }
  return undefined
}

function decodeName(bytes: Uint8Array, source: ByteSource): string {
  try {
    return decodeUtf8(bytes)
  } catch (cause) {
    throw new TensorFileError(source.name, `the name of a member is not UTF-8: ${describeBeginning(bytes)}`, { cause })
  }
}

/** Refuses what no honest archive declares: members that overlap, or that inflate to more than deflate can. */
function checkMembers(members: readonly DirectoryEntry[], directoryOffset: number, source: ByteSource): void {
  const seen = new Set<string>()
  for (const { name, method, size, compressedSize } of members) {
    if (seen.has(name)) throw new TensorFileError(source.name, `has two members called ${JSON.stringify(name)}`)
    seen.add(name)
    if (![size, compressedSize].every(Number.isSafeInteger)) {
      throw new TensorFileError(
        source.name,
        `${JSON.stringify(name)} declares a size beyond 2^53 bytes; the file is damaged`,
      )
    }
    if (method === stored ? size !== compressedSize : method === deflated && size > compressedSize * maxDeflateRatio) {
      throw new TensorFileError(
        source.name,
        `${JSON.stringify(name)} declares ${byteCount(size)} in ${byteCount(compressedSize)} of ${method === stored ? 'stored' : 'deflated'} data, ` +
          'which is not possible; the file is damaged',
      )
    }
  }
  const inOrder = members.toSorted((a, b) => a.headerOffset - b.headerOffset)
  for (const [index, { name, headerOffset, compressedSize }] of inOrder.entries()) {
    const next = inOrder[index + 1]?.headerOffset ?? directoryOffset
    if (headerOffset + localHeaderBytes + compressedSize > next) {
      throw new TensorFileError(
        source.name,
        `${JSON.stringify(name)} is declared at byte ${headerOffset} with ${byteCount(compressedSize)} of data, ` +
          `which runs into what follows at byte ${next}; the file is damaged`,
      )
    }
  }
}

/** The members of an archive, folders left out, after checking that what they declare fits the file. */
export function listMembers(source: ByteSource): ZipMember[] {
  const place = findDirectory(source)
  if (place.offset + place.bytes !== place.limit || place.entries * directoryEntryBytes > place.bytes) {
    throw new TensorFileError(
      source.name,
      `declares a zip directory of ${place.entries} members in ${byteCount(place.bytes)} at byte ${place.offset}, ` +
        `which does not fit: it should end at byte ${place.limit}; the file is damaged`,
    )
  }
  const directory = readView(source, place.offset, place.bytes, 'the zip directory')
  const members: DirectoryEntry[] = []
  let at = 0
  for (let index = 0; index < place.entries; index++) {
    const fits = at + directoryEntryBytes <= directory.byteLength
    const entry = fits
      ? new DataView(directory.buffer, directory.byteOffset + at, directory.byteLength - at)
      : undefined
    const nameEnd = directoryEntryBytes + (entry?.getUint16(28, true) ?? 0)
    const extraEnd = nameEnd + (entry?.getUint16(30, true) ?? 0)
    const end = extraEnd + (entry?.getUint16(32, true) ?? 0)
    const sizes = entry && end <= entry.byteLength ? readSizes(entry, nameEnd, extraEnd) : undefined
    if (entry === undefined || sizes === undefined || entry.getUint32(0, true) !== directoryEntrySignature) {
      throw new TensorFileError(source.name, `entry ${index + 1} of ${place.entries} in the zip directory is damaged`)
    }
    const name = decodeName(
      new Uint8Array(entry.buffer, entry.byteOffset + directoryEntryBytes, nameEnd - directoryEntryBytes),
      source,
    )
    if (entry.getUint16(8, true) & 1)
      throw new TensorFileError(source.name, `${JSON.stringify(name)} is encrypted`, { code: 'unsupported' })
    const [size, compressedSize, headerOffset] = sizes
    if (name.includes('\0')) {
      throw new TensorFileError(
        source.name,
        `the name of a member, ${JSON.stringify(name)}, has a zero byte; the file is damaged`,
      )
    }
    if (!name.endsWith('/') || size > 0) {
      members.push({
        name,
        method: entry.getUint16(10, true),
        crc: entry.getUint32(16, true),
        compressedSize,
        size,
        headerOffset,
      })
    }
    at += end
  }
  if (at !== place.bytes) {
    throw new TensorFileError(
      source.name,
      `the zip directory has ${byteCount(place.bytes)}, but its ${place.entries} members take ${at}; the file is damaged`,
    )
  }
  checkMembers(members, place.offset, source)
  return members.map(({ headerOffset, ...member }) => ({
    ...member,
    dataOffset: findData(source, member, headerOffset),
  }))
}

/** Where the data of a member begins: behind its local header, whose name must be the directory's. */
function findData(source: ByteSource, member: Omit<ZipMember, 'dataOffset'>, headerOffset: number): number {
  const header = readView(source, headerOffset, localHeaderBytes, `the header of ${JSON.stringify(member.name)}`)
  const nameOffset = headerOffset + localHeaderBytes
  const nameBytes = header.getUint16(26, true)
  const dataOffset = nameOffset + nameBytes + header.getUint16(28, true)
  if (header.getUint32(0, true) !== localHeaderSignature || dataOffset + member.compressedSize > source.size) {
    throw new TensorFileError(source.name, `the header of ${JSON.stringify(member.name)} is damaged`)
  }
  const localName = decodeName(source.read(nameOffset, nameOffset + nameBytes), source)
  if (localName !== member.name) {
    throw new TensorFileError(
      source.name,
      `the directory calls a member ${JSON.stringify(member.name)}, its own header ${JSON.stringify(localName)}; the file is damaged`,
    )
  }
  return dataOffset
}

/** Inflates step by step and hands over what each step gives, until the input ends or `take` wants no more. */
function inflate(input: Uint8Array, complete: boolean, source: string, take: (output: Uint8Array) => boolean): void {
  let wanted = true
  const stream = new Inflate((output) => {
    wanted &&= take(output)
  })
  try {
    for (let at = 0; at < input.length && wanted; at += stepInput) {
      stream.push(input.subarray(at, at + stepInput), complete && at + stepInput >= input.length)
    }
  } catch (cause) {
    throw new TensorFileError(source, `the deflated data is damaged (${(cause as Error).message})`, { cause })
  }
}

function inflateAll(input: Uint8Array, size: number, source: string): Uint8Array<ArrayBuffer> {
  return inflateNatively(input, size) ?? inflateInSteps(input, size, source)
}

/** Several times as fast. Undefined without zlib, and for what does not inflate to `size` bytes: the steps find out why. */
function inflateNatively(input: Uint8Array, size: number): Uint8Array<ArrayBuffer> | undefined {
  const { inflateRawSync } = nodeModule('node:zlib')
  if (inflateRawSync === undefined || size === 0) return undefined
  try {
    const whole = inflateRawSync(input, { maxOutputLength: size, chunkSize: nativeChunk })
    if (whole.length !== size) return undefined
    // small ones lie in memory that is shared
    return whole.buffer.byteLength === size ? new Uint8Array(whole.buffer) : new Uint8Array(whole)
  } catch {
    return undefined
  }
}

function inflateInSteps(input: Uint8Array, size: number, source: string): Uint8Array<ArrayBuffer> {
  const whole = allocateBytes(size, source)
  let length = 0
  inflate(input, true, source, (output) => {
    if (length + output.length <= size) whole.set(output, length)
    length += output.length
    return length <= size
  })
  if (length !== size) {
    const found = length > size ? 'more' : `only ${length}`
    throw new TensorFileError(
      source,
      `declares ${byteCount(size)}, but its data inflates to ${found}; the file is damaged`,
    )
  }
  return whole
}

/** The beginning of a deflated member, as far as a little of its input reaches. */
function inflateHead(input: Uint8Array, source: string): Uint8Array<ArrayBuffer> {
  let head = new Uint8Array(0)
  inflate(input, false, source, (output) => {
    head = new Uint8Array(output)
    return false
  })
  return head
}

/**
 * The bytes of one member. Reading its last byte reads and inflates all of it and checks its CRC; whoever reads only the head,
 * to see what the member declares, inflates only that.
 */
export function openMember(source: ByteSource, member: ZipMember, name: string): ByteSource {
  const { method, size, compressedSize, dataOffset } = member
  if (method !== stored && method !== deflated) {
    const compression = otherMethods[method] ?? `method ${method}`
    throw new TensorFileError(
      name,
      `is compressed with ${compression}; expected stored or deflated data, as numpy writes it`,
      { code: 'unsupported' },
    )
  }
  const head =
    method === stored
      ? undefined
      : inflateHead(source.read(dataOffset, dataOffset + Math.min(headInput, compressedSize)), name)

  function readAll(): Uint8Array<ArrayBuffer> {
    const raw = source.read(dataOffset, dataOffset + compressedSize)
    const whole = method === stored ? raw : inflateAll(raw, size, name)
    const crc = crc32(whole)
    if (crc !== member.crc) {
      const hex = (value: number) => value.toString(16).padStart(8, '0')
      throw new TensorFileError(
        name,
        `expected the checksum ${hex(member.crc)}, found ${hex(crc)}; the file is damaged`,
      )
    }
    return whole
  }

  return {
    name,
    size,
    read(begin, end) {
      if (end < size && head === undefined) return source.read(dataOffset + begin, dataOffset + end)
      if (end < size && head !== undefined && end <= head.length) return head.slice(begin, end)
      return readAll().subarray(begin, end)
    },
  }
}
