// Hugging Face's .safetensors: a JSON header, then the elements of every tensor, back to back. Knows nothing of the file system.

import { decodeUtf8, encodeUtf8 } from '../host/utf8.ts'
import { bytesPerElement, type DType } from '../tensor/dtype.ts'
import { formatShape, sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { declaredBytes, decodeElements, encodeElements } from './elements.ts'
import { byteCount, describeBeginning, TensorFileError } from './error.ts'
import { concatenate, isWellFormed, lookUp, namedTensors, refuseOptions, type TensorFormat } from './format.ts'
import { findDuplicateKey } from './json-keys.ts'
import { type ByteSource, memorySource } from './source.ts'

// The limit of the reference implementation.
const maxHeaderBytes = 100_000_000

const metadataKey = '__metadata__'

/** Our dtypes under the format's names, in the order in which the reference implementation lays tensors out: wide ones first. */
const dtypeOfName: Readonly<Record<string, DType>> = {
  U64: 'uint64',
  I64: 'int64',
  F64: 'float64',
  F32: 'float32',
  U32: 'uint32',
  I32: 'int32',
  BF16: 'bfloat16',
  F16: 'float16',
  U16: 'uint16',
  I16: 'int16',
  I8: 'int8',
  U8: 'uint8',
  BOOL: 'bool',
}

const nameOfDtype = new Map(Object.entries(dtypeOfName).map(([name, dtype]) => [dtype, name]))
const layoutOrder = [...nameOfDtype.keys()]

/** The format's other types, which no tensor here can hold. */
const refusedTypes = /^(F8_|F6_|F4|C64)/

interface Entry {
  /** The format's name of the dtype. A type that no tensor here can hold is refused when the tensor is read: the others can be. */
  readonly typeName: string
  readonly shape: readonly number[]
  /** Within the file. */
  readonly begin: number
  readonly end: number
}

interface Header {
  readonly entries: ReadonlyMap<string, Entry>
  readonly metadata: Readonly<Record<string, string>>
}

/** How errors call a tensor of a file. */
function tensorName(source: ByteSource, name: string): string {
  return `${source.name}, tensor ${JSON.stringify(name)}`
}

type JsonObject = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseJson(bytes: Uint8Array, source: string): JsonObject {
  try {
    if (bytes[0] === 0xef) throw new SyntaxError('it begins with a byte order mark')
    const text = decodeUtf8(bytes)
    const header: unknown = JSON.parse(text)
    if (!isObject(header)) throw new SyntaxError('expected an object')
    const duplicate = findDuplicateKey(text)
    if (duplicate !== undefined) throw new SyntaxError(`${JSON.stringify(duplicate)} occurs twice`)
    const odd = findKeyOrText(header, (string) => !isWellFormed(string))
    if (odd !== undefined) throw new SyntaxError(`${JSON.stringify(odd)} is no valid Unicode`)
    return header
  } catch (cause) {
    throw new TensorFileError(
      source,
      `the header is not valid JSON (${(cause as Error).message}); it begins with ${describeBeginning(bytes)}`,
      { cause },
    )
  }
}

/** The first string anywhere in a JSON value, key or text, of which `test` is true. */
function findKeyOrText(value: unknown, test: (string: string) => boolean): string | undefined {
  if (typeof value === 'string') return test(value) ? value : undefined
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, member] of Object.entries(value)) {
    const found = Array.isArray(value) || !test(key) ? findKeyOrText(member, test) : key
    if (found !== undefined) return found
  }
  return undefined
}

function parseMetadata(metadata: unknown, source: string): Record<string, string> {
  if (metadata === undefined) return {}
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    throw new TensorFileError(
      source,
      `'${metadataKey}' must be an object of strings, found ${JSON.stringify(metadata)?.slice(0, 80)}`,
    )
  }
  return metadata as Record<string, string>
}

function findDtype(typeName: string): DType | undefined {
  return Object.hasOwn(dtypeOfName, typeName) ? dtypeOfName[typeName] : undefined
}

function refuseType(typeName: string, source: string): never {
  throw new TensorFileError(
    source,
    refusedTypes.test(typeName)
      ? `dtype ${typeName} is not supported; convert the tensor to float32 or float16 before saving it`
      : `unknown dtype ${JSON.stringify(typeName)}; expected one of ${Object.keys(dtypeOfName).join(', ')}`,
    { code: 'unsupported' },
  )
}

function parseEntry(entry: unknown, dataOffset: number, dataBytes: number, source: string): Entry {
  if (!isObject(entry)) throw new TensorFileError(source, "expected an object with 'dtype', 'shape' and 'data_offsets'")
  const { dtype: typeName, shape, data_offsets: offsets } = entry
  if (typeof typeName !== 'string') {
    throw new TensorFileError(source, `'dtype' must be a string, found ${JSON.stringify(typeName)}`)
  }
  if (!Array.isArray(shape))
    throw new TensorFileError(source, `'shape' must be an array, found ${JSON.stringify(shape)}`)
  const [begin, end]: unknown[] = Array.isArray(offsets) && offsets.length === 2 ? offsets : []
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end)) {
    throw new TensorFileError(source, `'data_offsets' must be two integers, found ${JSON.stringify(offsets)}`)
  }
  const [from, to] = [begin as number, end as number]
  if (from < 0 || to < from || to > dataBytes) {
    throw new TensorFileError(
      source,
      `'data_offsets' [${from}, ${to}] lie outside the ${byteCount(dataBytes)} of data; the file is truncated or damaged`,
      { code: 'truncated' },
    )
  }
  const dtype = findDtype(typeName)
  const expected = dtype && declaredBytes(shape, dtype, source)
  if (expected !== undefined && to - from !== expected) {
    throw new TensorFileError(
      source,
      `shape ${formatShape(shape)} of ${typeName} takes ${byteCount(expected)}, but 'data_offsets' [${from}, ${to}] span ${to - from}`,
    )
  }
  return { typeName, shape, begin: dataOffset + from, end: dataOffset + to }
}

/** The format demands that the tensors cover the data without gaps and overlaps: nothing can hide in the file. */
function checkCoverage(entries: ReadonlyMap<string, Entry>, dataOffset: number, source: ByteSource): void {
  let covered = dataOffset
  for (const [name, { begin, end }] of [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered) {
      const [what, at] = begin < covered ? ['overlaps the one before it', begin] : ['leaves a gap before it', covered]
      throw new TensorFileError(
        source.name,
        `tensor ${JSON.stringify(name)} ${what}, at byte ${at - dataOffset} of the data`,
      )
    }
    covered = end
  }
  if (covered !== source.size) {
    throw new TensorFileError(source.name, `${byteCount(source.size - covered)} at the end belong to no tensor`)
  }
}

/** Reads the header and checks every tensor it declares against the bytes that are there. */
function readHeader(source: ByteSource): Header {
  const { name, size } = source
  if (size < 8)
    throw new TensorFileError(
      name,
      `a .safetensors file begins with an 8-byte length, found ${byteCount(size)} in all`,
      { code: 'truncated' },
    )
  const start = source.read(0, 8)
  const headerBytes = new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true)
  const available = BigInt(size - 8)
  if (headerBytes > available) {
    throw new TensorFileError(
      name,
      `declares a header of ${byteCount(headerBytes)}, but only ${available} follow: ` +
        `the file is truncated or not a .safetensors file; it begins with ${describeBeginning(start)}`,
      { code: 'truncated' },
    )
  }
  if (headerBytes > maxHeaderBytes) {
    throw new TensorFileError(
      name,
      `declares a header of ${byteCount(headerBytes)}; the format allows ${maxHeaderBytes}`,
    )
  }
  const dataOffset = 8 + Number(headerBytes)
  const { [metadataKey]: metadata, ...declared } = parseJson(source.read(8, dataOffset), name)
  const entries = new Map<string, Entry>()
  for (const [key, entry] of Object.entries(declared)) {
    entries.set(key, parseEntry(entry, dataOffset, size - dataOffset, tensorName(source, key)))
  }
  checkCoverage(entries, dataOffset, source)
  return { entries, metadata: parseMetadata(metadata, name) }
}

function checkNames(names: Iterable<string>, target: string): void {
  for (const name of names) {
    if (name === metadataKey || !isWellFormed(name)) {
      throw new TensorFileError(
        target,
        `${JSON.stringify(name)} cannot be the name of a tensor in a .safetensors file`,
        { code: 'cannot-hold' },
      )
    }
  }
}

function checkMetadata(metadata: Readonly<Record<string, string>>, target: string): void {
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string' || !isWellFormed(key) || !isWellFormed(value)) {
      throw new TensorFileError(target, `metadata ${JSON.stringify(key)} must be a string of valid Unicode`, {
        code: 'cannot-hold',
      })
    }
  }
}

/**
 * Where tensors come in a file: its header, and the order of their elements behind it.
 * @param target names the file in errors
 * @throws TensorFileError for names and metadata that the format cannot hold
 */
export function layOut(
  tensors: ReadonlyMap<string, Pick<Tensor, 'shape' | 'dtype'>>,
  target: string,
  metadata: Readonly<Record<string, string>> = {},
): { header: Uint8Array; order: readonly string[] } {
  checkNames(tensors.keys(), target)
  checkMetadata(metadata, target)
  // The reference implementation's order. Wide elements first keeps every tensor aligned in the file.
  const rank = ({ dtype }: Pick<Tensor, 'dtype'>) => layoutOrder.indexOf(dtype)
  const inOrder = [...tensors].sort(([a, x], [b, y]) => rank(x) - rank(y) || (a < b ? -1 : 1))
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [[metadataKey, metadata]] : []
  let at = 0
  for (const [name, { shape, dtype }] of inOrder) {
    const begin = at
    at += sizeOf(shape) * bytesPerElement[dtype]
    header.push([name, { dtype: nameOfDtype.get(dtype), shape, data_offsets: [begin, at] }])
  }
  const members = header.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
  const json = encodeUtf8(`{${members.join(',')}}`)
  const padded = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20)
  if (padded.length - 8 > maxHeaderBytes) {
    throw new TensorFileError(
      target,
      `names, shapes and metadata take ${byteCount(json.length)}; the format allows ${maxHeaderBytes}`,
      { code: 'cannot-hold' },
    )
  }
  new DataView(padded.buffer).setBigUint64(0, BigInt(padded.length - 8), true)
  padded.set(json, 8)
  return { header: padded, order: inOrder.map(([name]) => name) }
}

export const safetensors: TensorFormat = {
  open(source) {
    const { entries, metadata } = readHeader(source)
    return {
      names: [...entries.keys()],
      metadata,
      read(name) {
        const { typeName, shape, begin, end } = lookUp(entries, name, source.name)
        const dtype = findDtype(typeName) ?? refuseType(typeName, tensorName(source, name))
        return { data: decodeElements(source.read(begin, end), dtype, true), shape, dtype }
      },
    }
  },
  encode(tensors, target, options) {
    refuseOptions(options, ['compress'], target)
    const { header, order } = layOut(tensors, target, options.metadata)
    return [header, ...order.map((name) => encodeElements(tensors.get(name) as Tensor))]
  },
}

/**
 * Decodes the bytes of a .safetensors file. Every tensor gets memory of its own. Tensors of 8 bits and less per float are refused.
 * Format: https://huggingface.co/docs/safetensors/index#format
 * @param source names the bytes in errors
 * @throws TensorFileError
 */
export function decodeSafetensors(
  bytes: Uint8Array | ArrayBuffer,
  source = '.safetensors bytes',
): { tensors: Record<string, Tensor>; metadata: Record<string, string> } {
  const { names, metadata, read } = safetensors.open(memorySource(bytes, source))
  return { tensors: Object.fromEntries(names.map((name) => [name, read(name)])), metadata: { ...metadata } }
}

/**
 * The bytes of a .safetensors file, laid out as the reference implementation lays them out.
 * @param metadata free text, stored as `__metadata__`
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const named = namedTensors(tensors, 'encodeSafetensors', '.safetensors bytes')
  return concatenate(safetensors.encode(named, '.safetensors bytes', { metadata }))
}
