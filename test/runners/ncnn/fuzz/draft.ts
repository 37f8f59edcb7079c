// A model that is being changed: its layers as data, each with its own part of the .bin, so that layers can be moved, copied and dropped.
import { declareLayers } from '../../../../src/runners/ncnn/engines/wasm/declare.ts'
import { layerTypes } from '../../../../src/runners/ncnn/engines/wasm/layer-types.ts'
import type { StoredParam } from '../../../../src/runners/ncnn/graph.ts'
import { parseParamText } from '../../../../src/runners/ncnn/param-text.ts'
import { joinParam, writeLayer } from '../../../../src/runners/ncnn/param-writer.ts'
import { readParams } from '../../../../src/runners/ncnn/params.ts'
import { bytesSource } from '../../../../src/runners/ncnn/weight-source.ts'
import {
  locateWeights,
  storedBytes,
  type WeightLocation,
  type WeightSpec,
  type WeightStorage,
} from '../../../../src/runners/ncnn/weights.ts'
import type { Tensor } from '../../../../src/tensor/tensor.ts'
import type { TextModel } from './models.ts'

export interface DraftLayer {
  type: string
  name: string
  inputs: string[]
  outputs: string[]
  params: Map<number, StoredParam>
  /** What the layer reads of the .bin. */
  weights: readonly Uint8Array[]
}

export interface Draft {
  layers: DraftLayer[]
  inputs: Map<string, Tensor>
}

export function draftOf({ param, bin, inputs }: TextModel): Draft {
  const graph = parseParamText(param, 'param')
  const located = locateWeights(declareLayers(graph, {}), bytesSource(bin, 'bin'))
  const layers = graph.layers.map(({ type, name, inputs, outputs, params }, index) => ({
    type,
    name,
    inputs: [...inputs],
    outputs: [...outputs],
    params: new Map(params),
    weights: located[index].map((location) => storedPart(bin, location)),
  }))
  return { layers, inputs: new Map(Object.entries(inputs)) }
}

/** A weight with its tag. */
function storedPart(bin: Uint8Array, { offset, count, storage, tagged }: WeightLocation): Uint8Array {
  return bin.slice(offset - (tagged ? 4 : 0), offset + storedBytes(storage, count))
}

export const allBlobs = ({ layers }: Draft): string[] => layers.flatMap(({ outputs }) => outputs)

/** A name that no blob has. */
export function newBlob(draft: Draft): string {
  const taken = new Set(allBlobs(draft))
  for (let i = taken.size; ; i++) if (!taken.has(`n${i}`)) return `n${i}`
}

export function writeText({ layers }: Draft): string {
  const lines = layers.map((layer) =>
    writeLayer({ ...layer, position: '' }, Object.hasOwn(layer, 'type') ? specsOf(layer.type) : {}),
  )
  return joinParam(lines, layers)
}

export const specsOf = (type: string) => layerTypes.get(type)?.params ?? {}

export const writeBin = ({ layers }: Draft): Uint8Array =>
  new Uint8Array(Buffer.concat(layers.flatMap(({ weights }) => weights)))

/** Larger ones are not worth the time. */
const mostElements = 2 ** 18

const tags: Readonly<Record<WeightStorage, number>> = {
  fp32: 0,
  fp16: 0x01306b47,
  bf16: 0x01348b83,
  int8: 0x000d4b38,
  lut8: 1,
}
const storages = Object.keys(tags) as WeightStorage[]

/** Gives a layer weights of the size that its parameters ask for; nothing happens where they ask for none that could be. */
export function fitWeights(layer: DraftLayer): void {
  const wanted = wantedWeights(layer)
  if (wanted.some(({ count }) => !(count > 0 && count <= mostElements))) return
  layer.weights = wanted.map((spec, index) => {
    const own = layer.weights[index]
    const tag = own === undefined || own.length < 4 ? 0 : new DataView(own.buffer, own.byteOffset).getUint32(0, true)
    return fits(own, spec, tag) ? own : storedWeight(spec, storages.find((name) => tags[name] === tag) ?? 'fp32')
  })
}

/** Stores one of a layer's weights anew. */
export function storeAs(layer: DraftLayer, index: number, storage: WeightStorage): void {
  const spec = wantedWeights(layer)[index]
  if (spec === undefined || !(spec.count > 0 && spec.count <= mostElements)) return
  layer.weights = layer.weights.with(index, storedWeight(spec, storage))
}

function wantedWeights(layer: DraftLayer): readonly WeightSpec[] {
  const type = layerTypes.get(layer.type)
  const graphLayer = { ...layer, position: '' }
  try {
    const specs = type?.weights?.(readParams(type.params, graphLayer), graphLayer) ?? {}
    return Object.values(specs).filter((spec) => spec !== undefined)
  } catch {
    return []
  }
}

function fits(own: Uint8Array | undefined, spec: WeightSpec, tag: number): boolean {
  if (own === undefined) return false
  const storage = spec.stored !== 'tagged' ? bareStorage(spec) : (storages.find((name) => tags[name] === tag) ?? 'lut8')
  return own.length === storedBytes(storage, spec.count) + (spec.stored === 'tagged' ? 4 : 0)
}

const bareStorage = ({ stored }: WeightSpec): WeightStorage => (stored === 'float32' ? 'fp32' : 'int8')

/** A weight of small numbers. */
function storedWeight(spec: WeightSpec, wanted: WeightStorage): Uint8Array {
  const { count, stored } = spec
  const storage = stored === 'tagged' ? wanted : bareStorage(spec)
  const bytes = new Uint8Array(storedBytes(storage, count) + (stored === 'tagged' ? 4 : 0))
  const view = new DataView(bytes.buffer)
  const start = stored === 'tagged' ? 4 : 0
  if (stored === 'tagged') view.setUint32(0, tags[storage], true)
  const floats = storage === 'fp32' ? count : storage === 'lut8' ? 256 : 0
  for (let i = 0; i < floats; i++) view.setFloat32(start + 4 * i, ((i % 5) - 2) / 4, true)
  for (let i = start + 4 * floats; i + 1 < bytes.length; i += 2) {
    view.setUint16(i, storage === 'fp16' ? 0x3400 : storage === 'bf16' ? 0x3e80 : (i * 7) & 0x3f3f, true)
  }
  return bytes
}
