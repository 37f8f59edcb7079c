// The .bin file: where each layer's weights lie and how they are stored. Everything is checked before anything is allocated.
// Format: Tencent/ncnn, docs/developer-guide/param-and-model-file-structure.md, "net.bin".
import { float16ToFloat32Array } from '../../tensor/half.ts'
import { NcnnError } from './error.ts'
import { describeLayer, type GraphLayer } from './graph.ts'
import type { WeightSource } from './weight-source.ts'

/** One weight that a layer reads. */
export interface WeightSpec {
  /** Number of elements. */
  readonly count: number
  /** A tagged weight starts with a word that says how it is stored; an untagged one is bare fp32. */
  readonly tagged: boolean
}

/** What a layer reads from the .bin, in order; an absent weight is `undefined`. */
export type WeightSpecs = Readonly<Record<string, WeightSpec | undefined>>

/** A weight that starts with a storage tag (ncnn: `mb.load(count, 0)`). */
export const tagged = (count: number): WeightSpec => ({ count, tagged: true })
/** A weight that is bare fp32 (ncnn: `mb.load(count, 1)`). */
export const raw = (count: number): WeightSpec => ({ count, tagged: false })

export type WeightStorage = 'fp32' | 'fp16' | 'int8' | 'lut8'

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
const int8Tag = 0x000d4b38
const rawFp32Tag = 0x0002c056
const tagBytes = 4
const tableBytes = 256 * 4

/**
 * Finds the weights of all layers in a .bin file.
 * @param layers each layer with the weights it reads, in file order
 * @throws {NcnnError} when the file is too short or too long, naming the layer and the offset
 */
export function locateWeights(
  layers: readonly { readonly layer: GraphLayer; readonly weights: WeightSpecs }[],
  bin: WeightSource,
): WeightLocation[][] {
  let offset = 0

  const locate = (layer: GraphLayer, name: string, { count, tagged }: WeightSpec): WeightLocation => {
    const what = `${bin.name}: weight ${name} of ${describeLayer(layer)}`
    if (!Number.isInteger(count) || count < 0) {
      throw new NcnnError(`${what} would have ${count} elements; the layer's parameters do not fit together`)
    }
    const storage = tagged ? readTag(bin, offset, what) : 'fp32'
    const start = offset + (tagged ? tagBytes : 0)
    const end = start + storedBytes(storage, count)
    if (end > bin.size) {
      throw new NcnnError(
        `${what} needs bytes ${start} to ${end} (${count} elements as ${storage}), but the file ends at ${bin.size}. ` +
          'Is it truncated, or does it belong to another .param?',
      )
    }
    offset = end
    return { name, count, storage, tagged, offset: start }
  }

  const located = layers.map(({ layer, weights }) =>
    Object.entries(weights).flatMap(([name, spec]) => (spec === undefined ? [] : [locate(layer, name, spec)])),
  )
  if (offset !== bin.size) {
    throw new NcnnError(
      `${bin.name} has ${bin.size} bytes, but the layers read only ${offset} of them. Does it belong to another .param?`,
    )
  }
  return located
}

function readTag(bin: WeightSource, offset: number, what: string): WeightStorage {
  if (offset + tagBytes > bin.size) {
    throw new NcnnError(
      `${what} should start at byte ${offset}, but the file ends at ${bin.size}. Is it truncated, or does it belong to another .param?`,
    )
  }
  const bytes = new Uint8Array(tagBytes)
  bin.read(offset, bytes)
  const tag = new DataView(bytes.buffer).getUint32(0, true)
  if (tag === fp16Tag) return 'fp16'
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
    case 'lut8': {
      const [table, indices] = [new Float32Array(256), new Uint8Array(count)]
      bin.read(offset, bytesOf(table))
      bin.read(offset + tableBytes, indices)
      for (let i = 0; i < count; i++) target[i] = table[indices[i] ?? 0] ?? 0
    }
  }
}

/** Reads a weight that is stored as fp16 as it is. */
export function readHalves(bin: WeightSource, { offset }: WeightLocation, target: Uint16Array): void {
  bin.read(offset, bytesOf(target))
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Int8Array | Uint16Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)
