// The files of a model with some layers changed, or with some of its layers only.
import { describeValue } from '../../arguments/describe.ts'
import { toTensor } from '../../tensor/to-tensor.ts'
import type { LayerChange, VariantSettings } from '../variant.ts'
import { type DeclaredLayer, declareLayers } from './engines/wasm/declare.ts'
import { layerTypes } from './engines/wasm/layer-types.ts'
import { NcnnError } from './error.ts'
import { describeLayer, type GraphLayer, type StoredParam } from './graph.ts'
import type { EngineOptions, NcnnFiles } from './options.ts'
import { joinParam, writeLayer } from './param-writer.ts'
import type { ParamSpec, ParamSpecs } from './params.ts'
import { parseParam } from './parse-param.ts'
import type { WeightSource } from './weight-source.ts'
import { locateWeights, storedBytes, type WeightLocation } from './weights.ts'
import { bitsOfFloat } from './words.ts'

const wrong = (message: string): NcnnError => new NcnnError(message, { code: 'wrong-option' })

/**
 * @throws {NcnnError} for a layer, parameter or weight that the model does not have
 */
export function changeLayers(
  files: NcnnFiles,
  { layers: changes = {}, only }: Pick<VariantSettings, 'layers' | 'only'>,
  { customLayers, release }: Pick<EngineOptions, 'customLayers' | 'release'>,
): NcnnFiles {
  if (only === undefined && Object.keys(changes).length === 0) return files
  const graph = parseParam(files)
  const declared = declareLayers(graph, customLayers)
  const located = locateWeights(declared, files.bin, { release, isPartial: graph.isPartial })
  for (const name of [...Object.keys(changes), ...(only ?? [])]) {
    if (!graph.layers.some((layer) => layer.name === name)) throw wrong(`${graph.source} has no layer "${name}"`)
  }
  const written = linesOf(files)
  const lines: string[] = []
  const layers: GraphLayer[] = []
  const pieces: Piece[] = []
  for (const [i, one] of declared.entries()) {
    const { layer } = one
    if (only !== undefined && !only.includes(layer.name)) continue
    const change = changes[layer.name]
    const { layer: changed, specs } =
      change === undefined ? { layer, specs: one.type.params } : changeLayer(one, change)
    layers.push(changed)
    lines.push((change === undefined ? written?.get(layer.position) : undefined) ?? writeLayer(changed, specs))
    checkWeightNames(layer, located[i], change)
    if (changed.type === layer.type)
      pieces.push(...located[i].map((weight) => pieceOf(weight, files.bin, layer, change?.weights)))
  }
  const inputs = only === undefined ? [] : missingInputs(layers)
  return {
    param: joinParam(
      [...inputs.map((name) => `Input ${name} 0 1 ${name}`), ...lines],
      [...inputs.map((name) => ({ outputs: [name] })), ...layers],
    ),
    bin: joinPieces(pieces, files.bin.name),
    paramName: files.paramName,
  }
}

/** The lines of a text by the positions that its layers have: what is not changed is not written anew. */
function linesOf({ param }: NcnnFiles): ReadonlyMap<string, string> | undefined {
  if (typeof param !== 'string') return undefined
  return new Map(param.split('\n').map((line, i) => [`line ${i + 1}`, line.trim()]))
}

/** Blobs that the layers read and none of them computes. */
function missingInputs(layers: readonly GraphLayer[]): string[] {
  const computed = new Set(layers.flatMap(({ outputs }) => outputs))
  return [...new Set(layers.flatMap(({ inputs }) => inputs))].filter((name) => !computed.has(name))
}

function changeLayer(
  { layer, type, weights }: DeclaredLayer,
  change: LayerChange,
): { layer: GraphLayer; specs: ParamSpecs } {
  const newType = change.type ?? layer.type
  const specs = newType === layer.type ? type.params : layerTypes.get(newType)?.params
  if (specs === undefined)
    throw wrong(`${describeLayer(layer)} cannot become a ${newType}: ncnn has no such layer type`)
  const weighs = Object.values(weights).some((weight) => weight !== undefined && weight.count > 0)
  if (newType !== layer.type && weighs)
    throw wrong(`${describeLayer(layer)} cannot become a ${newType}: it has weights`)
  const params = new Map<number, StoredParam>(newType === layer.type ? layer.params : [])
  for (const [name, value] of Object.entries(change.params ?? {})) {
    const spec = specs[name]
    if (spec === undefined) {
      throw wrong(
        `${describeLayer(layer)} has no parameter "${name}"; ${newType} has ${Object.keys(specs).join(', ') || 'none'}`,
      )
    }
    if (value === undefined) params.delete(spec.id)
    else params.set(spec.id, storedParam(spec, value, `${name} of ${describeLayer(layer)}`))
  }
  return { layer: { ...layer, type: newType, inputs: change.inputs ?? layer.inputs, params }, specs }
}

function storedParam({ kind }: ParamSpec, value: number | string | readonly number[], which: string): StoredParam {
  if (kind === 'string') {
    if (typeof value === 'string') return value
    throw wrong(`${which} must be a string, got ${describeValue(value)}`)
  }
  const isWhole = kind === 'int' || kind === 'ints'
  const isScalar = kind === 'int' || kind === 'float'
  const numbers = typeof value === 'number' ? [value] : value
  const fits = (one: unknown): boolean => (isWhole ? Number.isInteger(one) : typeof one === 'number')
  if (!Array.isArray(numbers) || !numbers.every(fits) || (isScalar && numbers.length !== 1)) {
    const number = isWhole ? 'a whole number' : 'a number'
    throw wrong(`${which} must be ${number}${isScalar ? '' : ', or a list of them'}, got ${describeValue(value)}`)
  }
  return {
    words: isWhole ? numbers : numbers.map(bitsOfFloat),
    type: isWhole || kind === 'floatBits' ? 'int' : 'float',
    isArray: !isScalar,
  }
}

function checkWeightNames(
  layer: GraphLayer,
  located: readonly WeightLocation[],
  change: LayerChange | undefined,
): void {
  const names = located.map(({ name }) => name)
  const unknown = Object.keys(change?.weights ?? {}).find((name) => !names.includes(name))
  if (unknown !== undefined) {
    throw wrong(`${describeLayer(layer)} has no weight "${unknown}"; it has ${names.join(', ') || 'none'}`)
  }
}

/** Some bytes of a .bin. */
interface Piece {
  readonly size: number
  read(offset: number, target: Uint8Array): void
}

const tagBytes = 4

function pieceOf(
  weight: WeightLocation,
  bin: WeightSource,
  layer: GraphLayer,
  replaced: LayerChange['weights'] = {},
): Piece {
  const { name, count, tagged, storage, offset } = weight
  const tag = tagged ? tagBytes : 0
  if (!Object.hasOwn(replaced, name)) {
    return { size: tag + storedBytes(storage, count), read: (at, target) => bin.read(offset - tag + at, target) }
  }
  const tensor = toTensor(replaced[name], { name: `weight ${name} of ${describeLayer(layer)}` })
  if (tensor.data.length !== count || tensor.dtype !== 'float32') {
    throw wrong(
      `weight ${name} of ${describeLayer(layer)} must be ${count} elements of float32, got ${tensor.data.length} of ${tensor.dtype}`,
    )
  }
  // The tag of float32 is 0.
  const bytes = new Uint8Array(tag + 4 * count)
  bytes.set(new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength), tag)
  return { size: bytes.length, read: (at, target) => target.set(bytes.subarray(at, at + target.length)) }
}

function joinPieces(pieces: readonly Piece[], name: string): WeightSource {
  const starts: number[] = []
  let size = 0
  for (const piece of pieces) {
    starts.push(size)
    size += piece.size
  }
  const read = (offset: number, target: Uint8Array): void => {
    let done = 0
    let at = starts.findLastIndex((start) => start <= offset)
    while (done < target.length) {
      const within = offset + done - starts[at]
      const length = Math.min(pieces[at].size - within, target.length - done)
      if (length > 0) pieces[at].read(within, target.subarray(done, done + length))
      done += length
      at++
    }
  }
  return {
    name,
    size,
    read,
    readAll() {
      const bytes = new Uint8Array(size)
      if (size > 0) read(0, bytes)
      return bytes
    },
  }
}
