// Writes the binary form of a .param, as ncnn2mem does: names become numbers.
import { layerTypes } from '../../../../src/runners/ncnn/engines/wasm/layer-types.ts'
import type { Graph, GraphLayer, StoredParam } from '../../../../src/runners/ncnn/graph.ts'
import { parseParamText } from '../../../../src/runners/ncnn/param-text.ts'
import type { ParamSpec } from '../../../../src/runners/ncnn/params.ts'
import { bitsOfFloat } from '../../../../src/runners/ncnn/words.ts'
import type { FuzzModel, TextModel } from './models.ts'

const endOfParams = -233

/** The same model with a binary .param; its inputs are called by their numbers. A text that does not parse stays what it is. */
export function binaryForm(model: TextModel): FuzzModel {
  const { bin, inputs } = model
  const graph = parsed(model)
  if (graph === undefined) return model
  const { layers } = graph
  const blobs = layers.flatMap(({ outputs }) => outputs)
  const words = layers.flatMap((layer) => [
    layerTypes.get(layer.type)?.binaryId ?? -1,
    layer.inputs.length,
    layer.outputs.length,
    ...[...layer.inputs, ...layer.outputs].map((name) => blobs.indexOf(name)),
    ...paramWords(layer),
    endOfParams,
  ])
  return {
    param: new Uint8Array(Int32Array.from([7767517, layers.length, blobs.length, ...words]).buffer),
    bin,
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [String(blobs.indexOf(name)), tensor])),
  }
}

function parsed({ param }: TextModel): Graph | undefined {
  try {
    return parseParamText(param, 'param')
  } catch {
    return undefined
  }
}

function paramWords({ type, params }: GraphLayer): number[] {
  const specs = Object.values(layerTypes.get(type)?.params ?? {})
  return [...params].flatMap(([id, value]) => encode(id, value, specs.find((spec) => spec.id === id)?.kind ?? 'int'))
}

function encode(id: number, value: StoredParam, kind: ParamSpec['kind']): number[] {
  if (typeof value === 'string') {
    const padded = new Uint8Array(Math.ceil(value.length / 4) * 4)
    padded.set(new TextEncoder().encode(value))
    return [-23400 - id, value.length, ...new Int32Array(padded.buffer)]
  }
  const convert = value.type === 'int' && (kind === 'float' || kind === 'floats')
  const words = convert ? value.words.map(bitsOfFloat) : value.words
  return value.isArray ? [-23300 - id, words.length, ...words] : [id, words[0]]
}
