// What can happen to a model: changes by the grammar of .param files, which mostly leave a file that parses, and damage to the bytes.
import fc from 'fast-check'
import { layerTypes } from '../../../../src/runners/ncnn/engines/wasm/layer-types.ts'
import type { NumberParam, StoredParam } from '../../../../src/runners/ncnn/graph.ts'
import type { ParamSpec } from '../../../../src/runners/ncnn/params.ts'
import type { WeightStorage } from '../../../../src/runners/ncnn/weights.ts'
import { bitsOfFloat } from '../../../../src/runners/ncnn/words.ts'
import { allocate, type DType, dtypes } from '../../../../src/tensor/dtype.ts'
import { float32ToFloat16 } from '../../../../src/tensor/half.ts'
import type { Tensor } from '../../../../src/tensor/tensor.ts'
import { allBlobs, type Draft, type DraftLayer, fitWeights, newBlob, specsOf, storeAs } from './draft.ts'

/** A change and the numbers that say where and how: plain data, so that what fails can be made smaller. */
export interface Edit {
  readonly kind: EditKind
  readonly picks: readonly [number, number, number, number]
}

type Apply = (draft: Draft, picks: Edit['picks'], donors: readonly Draft[]) => void

const pick = <T>(list: readonly T[], number: number): T => list[number % Math.max(list.length, 1)]

// Numbers on which parsers, loops and sizes break.
const integers = [
  0, 1, 2, 3, 4, 5, 7, 8, 16, 17, 33, 64, 100, 255, 256, 1024, 65536, 16777217, 2147483647, -1, -2, -3, -7, -233, -234,
  -2147483648,
]
const smallIntegers = integers.filter((value) => Math.abs(value) <= 8)
const floats = [0, -0, 1, -1, 0.5, 2, 3, 1e-5, 1e-45, -1e-3, 100, 1e10, 1e38, -1e38, 65504, 16777216, 0.1, 7]
const strings = [
  '',
  'ij,jk->ik',
  'ij,jk',
  'ii->i',
  'abc,abd->acd',
  '->',
  'ij->',
  '0w',
  '+(0w,1)',
  '*(0h,2),-1',
  '//(0w,0)',
  '%(0c,2),0h,0w',
  '0n,0w',
  '9w',
  '1e9',
  'max(0w,1h)',
  'sqrt(0w)',
  '-233,1,0',
]

const intParam = (value: number): NumberParam => ({ words: [value | 0], type: 'int', isArray: false })
const floatParam = (value: number): NumberParam => ({ words: [bitsOfFloat(value)], type: 'float', isArray: false })

/** A value of the kind that a layer declares, mostly near the one that is there. */
function valueFor(kind: ParamSpec['kind'], old: StoredParam | undefined, way: number, number: number): StoredParam {
  const current = typeof old === 'object' ? old.words : []
  const list = Array.from({ length: way % 6 }, (_, i) => number + i * (1 + (way % 5)))
  switch (kind) {
    case 'int':
      return intParam(nearby(current[0], way) ?? pick(way % 2 === 0 ? smallIntegers : integers, number))
    case 'float':
      return floatParam(pick(floats, number))
    case 'ints': {
      if (way % 3 > 0 && current.length > 0) {
        const changed = nearby(current[number % current.length], way) ?? pick(integers, number)
        return { words: current.with(number % current.length, changed | 0), type: 'int', isArray: true }
      }
      return { words: list.map((n) => pick(smallIntegers, n)), type: 'int', isArray: true }
    }
    case 'floats':
    case 'floatBits':
      return { words: list.map((n) => bitsOfFloat(pick(floats, n))), type: 'float', isArray: true }
    case 'string':
      return pick(strings, number)
  }
}

function nearby(value: number | undefined, way: number): number | undefined {
  if (value === undefined) return undefined
  return [value + 1, value - 1, value * 2, Math.floor(value / 2), -value][way % 9]
}

/** Changes a parameter that the layer's type declares, there or not. */
const changeParam: Apply = ({ layers }, [where, which, way, number]) => {
  const layer = pick(
    layers.filter(({ type }) => Object.keys(specsOf(type)).length > 0),
    where,
  )
  if (layer === undefined) return
  const spec = pick(Object.values(specsOf(layer.type)), which)
  layer.params.set(spec.id, valueFor(spec.kind, layer.params.get(spec.id), way, number))
  if (way % 4 > 0) fitWeights(layer)
}

/** Gives a parameter that is there a value of another kind. */
const confuseParam: Apply = ({ layers }, [where, which, way, number]) => {
  const layer = pick(
    layers.filter(({ params }) => params.size > 0),
    where,
  )
  if (layer === undefined) return
  const kind = pick(['int', 'float', 'ints', 'floats', 'string'] as const, way)
  layer.params.set(pick([...layer.params.keys()], which), valueFor(kind, undefined, way, number))
  fitWeights(layer)
}

const dropParam: Apply = ({ layers }, [where, which, way]) => {
  const layer = pick(
    layers.filter(({ params }) => params.size > 0),
    where,
  )
  if (layer === undefined) return
  layer.params.delete(pick([...layer.params.keys()], which))
  if (way % 4 > 0) fitWeights(layer)
}

const addParam: Apply = ({ layers }, [where, id, way, number]) => {
  pick(layers, where).params.set(id % 32, valueFor(way % 3 === 0 ? 'ints' : 'int', undefined, way, number))
}

const types = [...layerTypes.keys()].sort()

/** Another type with the same parameters. */
const changeType: Apply = ({ layers }, [where, type]) => {
  const layer = pick(layers, where)
  layer.type = pick(types, type)
  fitWeights(layer)
}

const isInput = ({ type }: DraftLayer): boolean => type === 'Input'

/** Copies another model's layers behind this one's: its inputs are blobs that are there, or its own. */
const graft: Apply = (draft, [which, first, second], donors) => {
  const donor = pick(donors, which)
  const names = new Map<string, string>()
  for (const [index, layer] of donor.layers.entries()) {
    const picked = [first, second][index % 2] >> index
    if (isInput(layer) && picked % 4 > 0 && draft.layers.length > 0) {
      const blobs = allBlobs(draft).reverse()
      for (const blob of layer.outputs) names.set(blob, pick(blobs, picked >> 2) ?? blob)
      continue
    }
    for (const blob of layer.outputs) names.set(blob, newBlob(draft))
    const rename = (blob: string) => names.get(blob) ?? blob
    draft.layers.push(copied(layer, rename))
    for (const blob of layer.outputs) {
      const tensor = donor.inputs.get(blob)
      if (isInput(layer) && tensor !== undefined) draft.inputs.set(rename(blob), tensor)
    }
  }
}

const copied = (layer: DraftLayer, rename: (blob: string) => string): DraftLayer => ({
  ...layer,
  inputs: layer.inputs.map(rename),
  outputs: layer.outputs.map(rename),
  params: new Map(layer.params),
})

/** Puts a layer of another model between a blob and one of its readers. */
const insert: Apply = (draft, [where, which], donors) => {
  const readers = draft.layers.filter(({ inputs }) => inputs.length > 0)
  const reader = pick(readers, where)
  const donor = pick(
    donors.flatMap(({ layers }) => layers.filter(({ inputs, outputs }) => inputs.length === 1 && outputs.length === 1)),
    which,
  )
  if (reader === undefined) return
  const input = where % reader.inputs.length
  const blob = newBlob(draft)
  const inserted = { ...copied(donor, (name) => name), inputs: [reader.inputs[input]], outputs: [blob] }
  draft.layers.splice(draft.layers.indexOf(reader), 0, inserted)
  reader.inputs = reader.inputs.with(input, blob)
}

const rewire: Apply = (draft, [where, which, blob]) => {
  const layer = pick(
    draft.layers.filter(({ inputs }) => inputs.length > 0),
    where,
  )
  if (layer === undefined) return
  layer.inputs = layer.inputs.with(which % layer.inputs.length, pick(allBlobs(draft), blob) ?? 'x')
}

const addInput: Apply = (draft, [where, blob]) => {
  pick(draft.layers, where).inputs.push(pick(allBlobs(draft), blob) ?? 'x')
}

const dropInput: Apply = ({ layers }, [where]) => {
  pick(layers, where).inputs.pop()
}

const addOutput: Apply = (draft, [where, same]) => {
  pick(draft.layers, where).outputs.push(same % 8 === 7 ? (allBlobs(draft)[0] ?? 'x') : newBlob(draft))
}

const dropOutput: Apply = ({ layers }, [where]) => {
  pick(layers, where).outputs.pop()
}

/** Another place in the file, with its weights. */
const moveLayer: Apply = ({ layers }, [from, to]) => {
  layers.splice(to % layers.length, 0, ...layers.splice(from % layers.length, 1))
}

/** What read its output reads its input. */
const dropLayer: Apply = (draft, [where]) => {
  const [gone] = draft.layers.splice(where % draft.layers.length, 1)
  for (const layer of draft.layers) {
    layer.inputs = layer.inputs.map((blob) => (gone.outputs.includes(blob) ? (gone.inputs[0] ?? blob) : blob))
  }
}

/** Stores a weight as another type, with or without all its bytes. */
const retag: Apply = ({ layers }, [where, which, storage, way]) => {
  const layer = pick(
    layers.filter(({ weights }) => weights.length > 0),
    where,
  )
  if (layer === undefined) return
  const index = which % layer.weights.length
  if (way % 4 > 0) {
    storeAs(layer, index, pick(['fp16', 'int8', 'bf16', 'lut8', 'fp32'] as const satisfies WeightStorage[], storage))
    return
  }
  const changed = layer.weights[index].slice()
  const tags = [0, 1, 0x01306b47, 0x01348b83, 0x000d4b38, 0x0002c056, 0xffffffff]
  if (changed.length >= 4) new DataView(changed.buffer).setUint32(0, pick(tags, storage), true)
  layer.weights = layer.weights.with(index, changed)
}

/** Floats of every kind among the weights. */
const changeWeight: Apply = ({ layers }, [where, which, at, value]) => {
  const layer = pick(
    layers.filter(({ weights }) => weights.length > 0),
    where,
  )
  if (layer === undefined) return
  const index = which % layer.weights.length
  const changed = layer.weights[index].slice()
  const words = Math.floor(changed.length / 4)
  if (words === 0) return
  new DataView(changed.buffer).setFloat32(4 * (at % words), pick(oddFloats, value), true)
  layer.weights = layer.weights.with(index, changed)
}

const oddFloats = [Number.NaN, Infinity, -Infinity, 1e38, -1e38, 1e-45, 0, -1, 1e9, 2147483648]

const tensorWith = (shape: readonly number[], dtype: DType, valueAt: (i: number) => number): Tensor => {
  const data = allocate(
    dtype,
    shape.reduce((a, b) => a * b, 1),
  )
  for (let i = 0; i < data.length; i++) {
    const value = valueAt(i)
    if (data instanceof BigInt64Array || data instanceof BigUint64Array)
      data[i] = Number.isFinite(value) ? BigInt(Math.trunc(value)) : 2n ** 62n
    else data[i] = dtype === 'float16' ? float32ToFloat16(value) : dtype === 'bfloat16' ? 0x3f80 + (i % 64) : value
  }
  return { data, shape, dtype }
}

/** The elements of a float tensor; of others, small whole numbers. */
const valuesOf = ({ data, dtype }: Tensor): ((i: number) => number) =>
  dtype === 'float32' && data.length > 0 ? (i) => Number(data[i % data.length]) : (i) => (i * 7) % 5

const changeInput =
  (change: (old: Tensor, picks: Edit['picks']) => Tensor): Apply =>
  ({ inputs }, picks) => {
    const name = pick([...inputs.keys()], picks[0])
    const old = inputs.get(name)
    if (old !== undefined) inputs.set(name, change(old, picks))
  }

const lengths = [1, 2, 3, 4, 5, 7, 8, 1, 2, 3, 4, 0, 17, 33]

const reshapeInput = changeInput((old, [, way, a, b]) => {
  const shape = old.shape.slice()
  if (way % 4 === 0) return tensorWith(shape.with(a % shape.length, pick(lengths, b)), old.dtype, valuesOf(old))
  if (way % 4 === 1) return tensorWith([...shape, pick(lengths, a)].slice(-4), old.dtype, valuesOf(old))
  if (way % 4 === 2 && shape.length > 1) return tensorWith(shape.slice(1), old.dtype, valuesOf(old))
  const any = Array.from({ length: 1 + (a % 4) }, (_, i) => pick(lengths, b >> (3 * i)))
  return tensorWith(any, old.dtype, valuesOf(old))
})

const retypeInput = changeInput((old, [, dtype]) => tensorWith(old.shape, pick(dtypes, dtype), valuesOf(old)))

/** Values that are no ordinary numbers, or that are indices of nothing. */
const upsetInput = changeInput((old, [, way, at, value]) =>
  tensorWith(old.shape, old.dtype, (i) => {
    if (way % 3 === 0) return pick(oddFloats, value)
    return i % Math.max(at % 7, 1) === 0 ? pick(oddFloats, value) : valuesOf(old)(i)
  }),
)

/** Feeds a blob that a layer computes. */
const feedBlob: Apply = (draft, [blob, from]) => {
  const name = pick(allBlobs(draft), blob)
  const tensor = pick([...draft.inputs.values()], from)
  if (name !== undefined && tensor !== undefined) draft.inputs.set(name, tensor)
}

const dropFed: Apply = ({ inputs }, [which]) => {
  inputs.delete(pick([...inputs.keys()], which))
}

const kinds = {
  changeParam: [24, changeParam],
  confuseParam: [2, confuseParam],
  dropParam: [3, dropParam],
  addParam: [2, addParam],
  changeType: [3, changeType],
  graft: [12, graft],
  insert: [6, insert],
  rewire: [3, rewire],
  addInput: [2, addInput],
  dropInput: [1, dropInput],
  addOutput: [2, addOutput],
  dropOutput: [1, dropOutput],
  moveLayer: [2, moveLayer],
  dropLayer: [1, dropLayer],
  retag: [4, retag],
  changeWeight: [2, changeWeight],
  reshapeInput: [6, reshapeInput],
  retypeInput: [3, retypeInput],
  upsetInput: [3, upsetInput],
  feedBlob: [2, feedBlob],
  dropFed: [1, dropFed],
} as const satisfies Record<string, readonly [weight: number, apply: Apply]>

export type EditKind = keyof typeof kinds

const anyNumber = fc.nat({ max: 2 ** 20 })

export const anyEdit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.oneof(
    ...Object.entries(kinds).map(([kind, [weight]]) => ({ weight, arbitrary: fc.constant(kind as EditKind) })),
  ),
  picks: fc.tuple(anyNumber, anyNumber, anyNumber, anyNumber),
})

export function applyEdit(draft: Draft, { kind, picks }: Edit, donors: readonly Draft[]): void {
  if (draft.layers.length > 0) kinds[kind][1](draft, picks, donors)
}
