// The .bin file: where each layer's weights lie and how they are stored. Everything is checked before anything is allocated.
// Format: Tencent/ncnn, docs/developer-guide/param-and-model-file-structure.md, "net.bin".
import { bfloat16ToFloat32Array, float16ToFloat32Array } from '../../tensor/half.ts'
import { NcnnError } from './error.ts'
import { describeLayer, type GraphLayer } from './graph.ts'
import type { WeightSource } from './weight-source.ts'

/** One weight that a layer reads. */
export interface WeightSpec {
  /** Number of elements. */
  readonly count: number
  /**
   * `tagged`: behind a word that says how it is stored. `float32` and `bytes`: bare. `blocks`: the bytes of block-quantised weights, bare
   * since release 20261020, and tagged before.
   */
  readonly stored: 'tagged' | 'float32' | 'bytes' | 'blocks'
  /** Whether the layer can read a tagged weight that is stored as int8. ncnn reads past the end of one where floats belong. */
  readonly takesInt8?: boolean
}

/** What a layer reads from the .bin, in order; an absent weight is `undefined`. */
export type WeightSpecs = Readonly<Record<string, WeightSpec | undefined>>

/** A weight of floats that starts with a storage tag (ncnn: `mb.load(count, 0)`). */
export const tagged = (count: number): WeightSpec => ({ count, stored: 'tagged' })
/** One that may also be int8. */
export const taggedOrInt8 = (count: number): WeightSpec => ({ count, stored: 'tagged', takesInt8: true })
/** A weight that is bare fp32 (ncnn: `mb.load(count, 1)`). */
export const raw = (count: number): WeightSpec => ({ count, stored: 'float32' })
/** A weight that is bare bytes (ncnn: `mb.load(count, 3)`). */
export const bytes = (count: number): WeightSpec => ({ count, stored: 'bytes' })
/** Block-quantised weights, in bytes (ncnn: `mb.load(count, 4)`, `6` or `8`). */
export const blocks = (count: number): WeightSpec => ({ count, stored: 'blocks' })

export type WeightStorage = 'fp32' | 'fp16' | 'bf16' | 'int8' | 'lut8'

/** A weight's place in the .bin file. */
export interface WeightLocation {
  readonly name: string
  readonly count: number
  readonly storage: WeightStorage
  readonly tagged: boolean
  /** Of the data, behind the tag. */
  readonly offset: number
}

const fp16Tag = 0x01306b47
const bf16Tag = 0x01348b83
const int8Tag = 0x000d4b38
const rawFp32Tag = 0x0002c056
const tagBytes = 4
const tableBytes = 256 * 4

/** What has to be known of a .bin besides its layers. */
export interface WeightFormat {
  /** ncnn's release, a date as `20261020`, that the file was made for. */
  readonly release: string
  /** Whether the file may go on: the .param did not describe all of it. */
  readonly isPartial: boolean
}

/** Since this release block-quantised weights have no tag. */
const untaggedBlocksSince = '20261020'

/** The format of files that are made today, for the release that the built-in engine follows. */
export const currentFormat: WeightFormat = { release: '20261020', isPartial: false }

type WeightedLayers = readonly { readonly layer: GraphLayer; readonly weights: WeightSpecs }[]

/**
 * Finds the weights of all layers in a .bin file.
 * @param layers each layer with the weights it reads, in file order
 * @throws {NcnnError} when the file is too short or too long, naming the layer and the offset
 */
export function locateWeights(
  layers: WeightedLayers,
  bin: WeightSource,
  format: WeightFormat = currentFormat,
): WeightLocation[][] {
  try {
    return locate(layers, bin, format)
  } catch (error) {
    const bytewise = fitsInBytes(layers, bin, format)
    if (error instanceof NcnnError && bytewise !== undefined) {
      throw new NcnnError(`${error.message} ${bytewise}`, { code: error.code, cause: error })
    }
    const hasBlocks = layers.some(({ weights }) => Object.values(weights).some((spec) => spec?.stored === 'blocks'))
    if (!(error instanceof NcnnError) || !hasBlocks) throw error
    const advice = `Block-quantised weights are read as ncnn ${format.release} has them; for files of another release say which: loadNcnn(..., { release: '20260722' })`
    throw new NcnnError(`${error.message} ${advice}`, { code: error.code, cause: error })
  }
}

/** Says which constants it is, where the file fits once those of MemoryData have one byte an element. Older pnnx wrote truth values so. */
function fitsInBytes(layers: WeightedLayers, bin: WeightSource, format: WeightFormat): string | undefined {
  const constants = layers.filter(
    ({ layer, weights }) => layer.type === 'MemoryData' && weights.data?.stored === 'float32',
  )
  const [first] = constants
  if (first === undefined) return undefined
  const changed = layers.map((entry) => {
    const count = entry.weights.data?.count
    return constants.includes(entry) && count !== undefined ? { ...entry, weights: { data: bytes(count) } } : entry
  })
  try {
    locate(changed, bin, format)
  } catch {
    return undefined
  }
  const missing = 3 * (first.weights.data?.count ?? 0)
  return (
    `It fits with one byte for each element of ${describeLayer(first.layer)}, as pnnx wrote truth values before September 2026; ncnn reads four, ` +
    `${missing} more, and everything behind them from the wrong place. Convert the model anew`
  )
}

function locate(layers: WeightedLayers, bin: WeightSource, { release, isPartial }: WeightFormat): WeightLocation[][] {
  let offset = 0

  const locateWeight = (layer: GraphLayer, name: string, { count, stored, takesInt8 }: WeightSpec): WeightLocation => {
    const what = `${bin.name}: weight ${name} of ${describeLayer(layer)}`
    if (!Number.isInteger(count) || count < 1) {
      throw new NcnnError(`${what} would have ${count} elements; the layer's parameters do not fit together`)
    }
    const isTagged = stored === 'tagged' || (stored === 'blocks' && release < untaggedBlocksSince)
    const storage = isTagged ? readTag(bin, offset, what) : stored === 'float32' ? 'fp32' : 'int8'
    if (storage === 'int8' && stored === 'tagged' && !takesInt8) {
      throw new NcnnError(
        `${what} is stored as int8, but with these parameters the layer reads floats there. Is its int8_scale_term or quantize_term missing?`,
      )
    }
    if (storage !== 'int8' && stored === 'blocks') {
      throw new NcnnError(`${what} is stored as ${storage}, but block-quantised weights are stored as int8`)
    }
    const start = offset + (isTagged ? tagBytes : 0)
    const end = start + storedBytes(storage, count)
    if (end > bin.size) {
      throw new NcnnError(
        `${what} needs bytes ${start} to ${end} (${count} elements as ${storage}), but the file ends at ${bin.size}. ` +
          (isText(bin)
            ? 'It begins like text: is it a Git LFS pointer, or an error page?'
            : 'Is it truncated, or does it belong to another .param?'),
        { code: isText(bin) ? 'malformed' : 'truncated' },
      )
    }
    offset = end
    return { name, count, storage, tagged: isTagged, offset: start }
  }

  const located = layers.map(({ layer, weights }) =>
    Object.entries(weights).flatMap(([name, spec]) => (spec === undefined ? [] : [locateWeight(layer, name, spec)])),
  )
  if (offset !== bin.size && !isPartial) {
    throw new NcnnError(
      `${bin.name} has ${bin.size} bytes, but the layers read only ${offset} of them. Does it belong to another .param?`,
    )
  }
  return located
}

/** Whether the file begins with words that a reader could read, as a pointer or an error page in its place does. */
function isText(bin: WeightSource): boolean {
  const start = new Uint8Array(Math.min(bin.size, 16))
  bin.read(0, start)
  return start.length > 0 && start.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d)
}

function readTag(bin: WeightSource, offset: number, what: string): WeightStorage {
  if (offset + tagBytes > bin.size) {
    throw new NcnnError(
      `${what} should start at byte ${offset}, but the file ends at ${bin.size}. Is it truncated, or does it belong to another .param?`,
      { code: 'truncated' },
    )
  }
  const bytes = new Uint8Array(tagBytes)
  bin.read(offset, bytes)
  const tag = new DataView(bytes.buffer).getUint32(0, true)
  if (tag === fp16Tag) return 'fp16'
  if (tag === bf16Tag) return 'bf16'
  if (tag === int8Tag) return 'int8'
  if (tag === rawFp32Tag || tag === 0) return 'fp32'
  return 'lut8'
}

/** Bytes behind the tag; 16-bit and 8-bit data are padded to whole words. */
export function storedBytes(storage: WeightStorage, count: number): number {
  const padded = (bytes: number): number => Math.ceil(bytes / 4) * 4
  switch (storage) {
    case 'fp32':
      return 4 * count
    case 'fp16':
    case 'bf16':
      return padded(2 * count)
    case 'int8':
      return padded(count)
    case 'lut8':
      return tableBytes + padded(count)
  }
}

/** Decodes a weight into `target`: int8 for int8 storage, otherwise float32. */
export function readWeight(bin: WeightSource, weight: WeightLocation, target: Float32Array | Int8Array): void {
  const { offset, count, storage } = weight
  switch (storage) {
    case 'fp32':
    case 'int8':
      bin.read(offset, bytesOf(target))
      return
    case 'fp16': {
      const halves = new Uint16Array(count)
      bin.read(offset, bytesOf(halves))
      float16ToFloat32Array(halves, target as Float32Array)
      return
    }
    case 'bf16': {
      const halves = new Uint16Array(count)
      bin.read(offset, bytesOf(halves))
      bfloat16ToFloat32Array(halves, target as Float32Array)
      return
    }
    case 'lut8': {
      const [table, indices] = [new Float32Array(256), new Uint8Array(count)]
      bin.read(offset, bytesOf(table))
      bin.read(offset + tableBytes, indices)
      for (let i = 0; i < count; i++) target[i] = table[indices[i]]
    }
  }
}

/** Reads a weight that is stored as fp16 as it is. */
export function readHalves(bin: WeightSource, { offset }: WeightLocation, target: Uint16Array): void {
  bin.read(offset, bytesOf(target))
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Int8Array | Uint16Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)
