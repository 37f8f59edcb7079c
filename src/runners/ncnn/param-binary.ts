// Reads the binary form of .param files (.param.bin, written by ncnn2mem): layer types, blobs and parameters as numbers.
// Format: Tencent/ncnn, Net::load_param_bin and ParamDict::load_param_bin.
import { decodeText } from '../../host/utf8.ts'
import type { ModelErrorCode } from '../model-error.ts'
import { layerTypesByBinaryId } from './engines/wasm/layer-types.ts'
import { NcnnError } from './error.ts'
import { type Graph, type GraphLayer, maxParamCount, type StoredParam } from './graph.ts'

const magic = 7767517
/** Set in the number of a layer type that the application registers itself. */
const customBit = 1 << 8
const endOfParams = -233
const firstArrayId = -23300
const firstStringId = -23400
const maxStringBytes = 255

/** True when the bytes start like a binary .param; the text form starts with the same number in digits. */
export function isBinaryParam(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true) === magic
}

/**
 * Parses a binary .param. It has no names: layers and blobs are called by their numbers, as ncnn's own generated ids are.
 * @param source name of the file, for messages
 * @throws {NcnnError} naming the layer and the byte, and what was expected there
 */
export function parseParamBinary(bytes: Uint8Array, source: string): Graph {
  const reader = createReader(bytes, source)
  if (reader.int('the magic number') !== magic)
    throw new NcnnError(`${source}: expected ncnn's magic number ${magic} in the first four bytes`)
  const layerCount = reader.count('the number of layers')
  const blobCount = reader.count('the number of blobs')
  const layers: GraphLayer[] = []
  for (let index = 0; index < layerCount; index++) layers.push(readLayer(reader, index, blobCount))
  const isPartial = reader.offset !== bytes.length
  const note = `${layerCount} layers are declared and end at byte ${reader.offset} of ${bytes.length}; ncnn ignores the rest`
  return { layers, source, notes: isPartial ? [note] : [], isPartial }
}

interface Reader {
  readonly offset: number
  int(what: string): number
  /** A number of things that are still to come, each at least four bytes long. */
  count(what: string): number
  bytes(length: number, what: string): Uint8Array
  fail(message: string): never
}

function createReader(bytes: Uint8Array, source: string): Reader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let offset = 0
  const fail = (message: string, code?: ModelErrorCode): never => {
    throw new NcnnError(`${source}, byte ${offset}: ${message}`, { code })
  }
  const need = (length: number, what: string): void => {
    if (offset + length > bytes.length) fail(`the file ends within ${what}. Is it truncated?`, 'truncated')
  }
  const reader: Reader = {
    get offset() {
      return offset
    },
    int(what) {
      need(4, what)
      offset += 4
      return view.getInt32(offset - 4, true)
    },
    count(what) {
      const count = reader.int(what)
      if (count < 0 || count > (bytes.length - offset) / 4) fail(`${what} is ${count}, more than the file can hold`)
      return count
    },
    bytes(length, what) {
      need(length, what)
      offset += length
      return bytes.subarray(offset - length, offset)
    },
    fail,
  }
  return reader
}

function readLayer(reader: Reader, index: number, blobCount: number): GraphLayer {
  const typeNumber = reader.int(`layer ${index}`)
  const custom = typeNumber & customBit ? `custom ${typeNumber & ~customBit}` : undefined
  const type = layerTypesByBinaryId.get(typeNumber)?.type ?? custom
  if (type === undefined) return reader.fail(`layer ${index} is of unknown type number ${typeNumber}`)
  const inputCount = reader.count(`the number of inputs of layer ${index}`)
  const outputCount = reader.count(`the number of outputs of layer ${index}`)
  const blobs = (count: number): string[] => Array.from({ length: count }, () => readBlob(reader, index, blobCount))
  return {
    type,
    name: String(index),
    inputs: blobs(inputCount),
    outputs: blobs(outputCount),
    params: readParamDict(reader, index),
    position: `layer ${index}`,
  }
}

function readBlob(reader: Reader, layer: number, blobCount: number): string {
  const blob = reader.int(`the blobs of layer ${layer}`)
  if (blob < 0 || blob >= blobCount) reader.fail(`layer ${layer} names blob ${blob}, but there are ${blobCount}`)
  return String(blob)
}

/** Numbers stay words: whether they are integers or floats is known to the layer that declares the parameter. */
function readParamDict(reader: Reader, layer: number): Map<number, StoredParam> {
  const params = new Map<number, StoredParam>()
  const what = `the parameters of layer ${layer}`
  for (let key = reader.int(what); key !== endOfParams; key = reader.int(what)) {
    const isString = key <= firstStringId
    const isArray = !isString && key <= firstArrayId
    const id = isString ? firstStringId - key : isArray ? firstArrayId - key : key
    if (id < 0 || id >= maxParamCount)
      reader.fail(`layer ${layer} has parameter id ${id}, outside 0 to ${maxParamCount - 1}`)
    if (isString) params.set(id, readString(reader, what))
    else {
      const length = isArray ? reader.count(`the length of parameter ${id} of layer ${layer}`) : 1
      params.set(id, { words: Array.from({ length }, () => reader.int(what)), type: undefined, isArray })
    }
  }
  return params
}

/** A string is stored as its length and its bytes, padded to whole words. */
function readString(reader: Reader, what: string): string {
  const length = reader.int(what)
  if (length < 0 || length > maxStringBytes)
    reader.fail(`a string of ${length} bytes; at most ${maxStringBytes} are allowed`)
  return decodeText(reader.bytes(Math.ceil(length / 4) * 4, what).subarray(0, length))
}
