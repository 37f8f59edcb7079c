// NumPy's .npy: one array behind a header that is a Python dict literal. Knows nothing of the file system.

import { decodeLatin1, decodeText, encodeUtf8 } from '../host/utf8.ts'
import type { DType } from '../tensor/dtype.ts'
import { quoteNames } from '../tensor/quote-names.ts'
import { formatShape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { transpose } from '../tensor/transpose.ts'
import { declaredBytes, decodeElements, encodeElements } from './elements.ts'
import { byteCount, describeBeginning, TensorFileError } from './error.ts'
import { concatenate, lookUp, refuseOptions, stemOf, type TensorFormat, writable } from './format.ts'
import { type PythonLiteral, parsePythonLiteral } from './python-literal.ts'
import { type ByteSource, memorySource } from './source.ts'

const magic = '\x93NUMPY'
export const npyMagicBytes = magic.length

export const isNpy = (beginning: Uint8Array): boolean =>
  String.fromCharCode(...beginning.subarray(0, npyMagicBytes)) === magic

// Only structured dtypes, which are refused, have headers anywhere near this length.
const maxHeaderBytes = 2 ** 20

/** NumPy's codes, without the byte order. bfloat16 has none: numpy only knows it as two raw bytes. */
const dtypeOfCode: Readonly<Record<string, DType>> = {
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
  b1: 'bool',
  '?': 'bool',
}

const codeOfDtype = new Map(Object.entries(dtypeOfCode).map(([code, dtype]) => [dtype, code]))
codeOfDtype.set('bool', 'b1')

/** Why an array of this kind (the letter of its code) cannot become a tensor. */
const refusedKinds: Readonly<Record<string, string>> = {
  O: 'Python objects, stored as a pickle, which could run any code; save it with a numeric dtype',
  c: 'complex numbers; save the real and imaginary parts as two arrays',
  M: 'dates; save them as integers, with array.astype("int64")',
  m: 'time spans; save them as integers, with array.astype("int64")',
  U: 'text',
  S: 'text',
  a: 'text',
  f: 'floating-point numbers of a width that only some machines have; save it with array.astype("float64")',
}

interface NpyHeader {
  readonly dtype: DType
  readonly littleEndian: boolean
  readonly fortranOrder: boolean
  readonly shape: readonly number[]
  /** Where the elements begin. */
  readonly dataOffset: number
}

function parseDescr(descr: PythonLiteral, source: string): { dtype: DType; littleEndian: boolean } {
  if (typeof descr === 'object' && descr !== null && 'list' in descr) {
    throw new TensorFileError(
      source,
      'holds a structured array (records with named fields); save each field as an array of its own',
      { code: 'unsupported' },
    )
  }
  if (typeof descr !== 'string') {
    throw new TensorFileError(
      source,
      `'descr' in the header must be a dtype such as '<f4', found ${JSON.stringify(descr)}`,
    )
  }
  const [, order = '', code = ''] = /^([<>|=]?)(.*)$/s.exec(descr) ?? []
  const dtype = Object.hasOwn(dtypeOfCode, code) ? dtypeOfCode[code] : undefined
  if (dtype !== undefined) {
    const singleByte = dtype === 'bool' || dtype === 'int8' || dtype === 'uint8'
    if (singleByte || order === '<' || order === '>') return { dtype, littleEndian: order !== '>' }
    throw new TensorFileError(source, `dtype '${descr}' does not say its byte order; expected '<${code}' or '>${code}'`)
  }
  if (code === 'V2') {
    throw new TensorFileError(
      source,
      `dtype '${descr}' is two raw bytes per element, which is how bfloat16 arrays of ml_dtypes are stored, without their name; ` +
        'save bfloat16 as .safetensors, or the array as float32',
      { code: 'unsupported' },
    )
  }
  const refused = code.startsWith('V') ? 'raw bytes of no known type' : refusedKinds[code.charAt(0)]
  throw new TensorFileError(
    source,
    refused ? `dtype '${descr}' is not numeric data that a tensor can hold: ${refused}` : `unknown dtype '${descr}'`,
    { code: 'unsupported' },
  )
}

/** Reads the header and checks that exactly the elements it declares follow. */
function readHeader(source: ByteSource): NpyHeader {
  const { name, size } = source
  const preamble = source.read(0, Math.min(12, size))
  if (!isNpy(preamble)) {
    throw new TensorFileError(
      name,
      `not a .npy array: expected 93 4e 55 4d 50 59 at the start, found ${describeBeginning(preamble)}`,
    )
  }
  const [major, minor] = [preamble[6], preamble[7]]
  if (major === undefined || minor === undefined)
    throw new TensorFileError(name, `ends after ${byteCount(size)}, inside the header`, { code: 'truncated' })
  if (major < 1 || major > 3 || minor !== 0) {
    throw new TensorFileError(name, `.npy version ${major}.${minor} is unknown; expected 1.0, 2.0 or 3.0`, {
      code: 'unsupported',
    })
  }
  const headerOffset = major === 1 ? 10 : 12
  if (size < headerOffset)
    throw new TensorFileError(name, `ends after ${byteCount(size)}, inside the header`, { code: 'truncated' })
  const view = new DataView(preamble.buffer, preamble.byteOffset, preamble.length)
  const headerBytes = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  const dataOffset = headerOffset + headerBytes
  if (dataOffset > size) {
    throw new TensorFileError(
      name,
      `declares a header of ${byteCount(headerBytes)}, but only ${size - headerOffset} follow`,
      { code: 'truncated' },
    )
  }
  if (headerBytes > maxHeaderBytes) {
    throw new TensorFileError(
      name,
      `declares a header of ${byteCount(headerBytes)}; expected at most ${maxHeaderBytes}`,
    )
  }
  const { dtype, littleEndian, fortranOrder, shape } = parseHeader(
    (major === 3 ? decodeText : decodeLatin1)(source.read(headerOffset, dataOffset)),
    name,
  )
  const expected = declaredBytes(shape, dtype, name)
  const found = size - dataOffset
  if (found !== expected) {
    const advice =
      found < expected
        ? 'the file is truncated'
        : 'was numpy.save called several times on one file? Store several arrays as .npz or .safetensors'
    throw new TensorFileError(
      name,
      `shape ${formatShape(shape)} of ${dtype} takes ${byteCount(expected)}, but ${found} follow the header: ${advice}`,
      { code: found < expected ? 'truncated' : 'malformed' },
    )
  }
  return { dtype, littleEndian, fortranOrder, shape, dataOffset }
}

function parseHeader(text: string, source: string): Omit<NpyHeader, 'dataOffset'> {
  let header: PythonLiteral
  try {
    header = parsePythonLiteral(text)
  } catch (cause) {
    throw new TensorFileError(source, `the header is not a Python dict: ${(cause as SyntaxError).message}`, { cause })
  }
  const expected = "a dict with 'descr', 'fortran_order' and 'shape'"
  if (!(header instanceof Map)) throw new TensorFileError(source, `the header must be ${expected}`)
  const descr = header.get('descr')
  const fortranOrder = header.get('fortran_order')
  const shape = header.get('shape')
  if (header.size !== 3 || descr === undefined || fortranOrder === undefined || shape === undefined) {
    throw new TensorFileError(
      source,
      `the header must be ${expected}, found the keys ${quoteNames([...header.keys()])}`,
    )
  }
  const { dtype, littleEndian } = parseDescr(descr, source)
  if (typeof fortranOrder !== 'boolean') {
    throw new TensorFileError(
      source,
      `'fortran_order' in the header must be True or False, found ${JSON.stringify(fortranOrder)}`,
    )
  }
  if (!Array.isArray(shape) || !shape.every((length) => typeof length === 'number')) {
    throw new TensorFileError(
      source,
      `'shape' in the header must be a tuple of integers, found ${JSON.stringify(shape)}`,
    )
  }
  return { dtype, littleEndian, fortranOrder, shape }
}

/** Row-major order for elements that were stored with the first axis varying fastest: those of the transposed tensor. */
function fromFortranOrder({ data, shape, dtype }: Tensor): Tensor {
  if (shape.filter((length) => length > 1).length < 2) return { data, shape, dtype }
  return transpose(
    { data, shape: shape.toReversed(), dtype },
    shape.map((_, axis) => shape.length - 1 - axis),
  )
}

/** Opens the bytes of one .npy array: checks everything at once, gives a function that reads the elements. */
export function openNpy(source: ByteSource): () => Tensor {
  const { dtype, littleEndian, fortranOrder, shape, dataOffset } = readHeader(source)
  return () => {
    const data = decodeElements(source.read(dataOffset, source.size), dtype, littleEndian)
    return fortranOrder ? fromFortranOrder({ data, shape, dtype }) : { data, shape, dtype }
  }
}

/** The header and the elements of a .npy array, in the layout that numpy.save chooses. Version 2 is for longer headers than tensors have. */
export function npyPieces(tensor: Tensor, target: string): Uint8Array[] {
  const { dtype, shape } = tensor
  const code = codeOfDtype.get(dtype)
  if (code === undefined) {
    throw new TensorFileError(
      target,
      `the .npy format has no ${dtype}; write a .safetensors file, or convert the tensor to float32`,
      { code: 'cannot-hold' },
    )
  }
  const byteOrder = code.endsWith('1') ? '|' : '<'
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  // numpy leaves room for the first length to grow to 21 digits, so that arrays can be extended in place.
  const room = shape[0] === undefined ? '' : ' '.repeat(21 - String(shape[0]).length)
  const dict = `{'descr': '${byteOrder}${code}', 'fortran_order': False, 'shape': (${tuple}), }${room}`
  const headerOffset = 10
  // The elements start at a multiple of 64 bytes; the header ends with a line break.
  const padding = 64 - ((headerOffset + dict.length + 1) % 64)
  const text = `${dict}${' '.repeat(padding)}\n`
  const header = new Uint8Array(headerOffset + text.length)
  header.set(Uint8Array.from(magic, (character) => character.charCodeAt(0)))
  header[6] = 1
  new DataView(header.buffer).setUint16(8, text.length, true)
  header.set(encodeUtf8(text), headerOffset)
  return [header, encodeElements(tensor)]
}

export const npy: TensorFormat = {
  open(source) {
    const read = openNpy(source)
    const tensors = new Map([[stemOf(source.name), read]])
    return { names: [...tensors.keys()], metadata: {}, read: (name) => lookUp(tensors, name, source.name)() }
  },
  encode(tensors, target, options) {
    refuseOptions(options, ['metadata', 'compress'], target)
    const [[name, tensor] = [], ...others] = tensors
    if (name !== stemOf(target) || tensor === undefined || others.length > 0) {
      throw new TensorFileError(
        target,
        `a .npy file holds one tensor, called like the file, ${JSON.stringify(stemOf(target))}; asked to write ` +
          `${quoteNames([...tensors.keys()])}. Use .npz or .safetensors to keep names`,
        { code: 'cannot-hold' },
      )
    }
    return npyPieces(tensor, target)
  },
}

/**
 * Decodes the bytes of a .npy file: versions 1 to 3, both byte orders, Fortran order turned into row-major.
 * Pickled objects, structured and complex arrays are refused.
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * @param source names the bytes in errors
 * @throws TensorFileError
 */
export function decodeNpy(bytes: Uint8Array | ArrayBuffer, source = '.npy bytes'): Tensor {
  return openNpy(memorySource(bytes, source))()
}

/**
 * The bytes of a .npy file, the same that numpy.save writes.
 * @throws TensorFileError for bfloat16, which the format does not have
 */
export function encodeNpy(tensor: Tensor, target = '.npy bytes'): Uint8Array<ArrayBuffer> {
  return concatenate(npyPieces(writable(tensor, 'the tensor', target), target))
}
