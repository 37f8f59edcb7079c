// Runs one layer of the built-in ncnn engine: builds the .param and .bin of a model that holds nothing else.
import { loadNcnn } from '../../../src/runners/ncnn/index.ts'
import type { LoadNcnnOptions } from '../../../src/runners/ncnn/options.ts'
import type { Tensor, TensorLike } from '../../../src/tensor/tensor.ts'

/** A weight as it stands in the .bin: its storage tag, if it has one, and its bytes. */
export interface TestWeight {
  readonly tag?: number
  readonly data: Float32Array | Uint16Array | Int8Array
}

/** A weight behind a storage tag: numbers are stored as fp32, a Uint16Array as fp16 bits, an Int8Array as int8. */
export function taggedWeight(data: readonly number[] | Float32Array | Uint16Array | Int8Array): TestWeight {
  if (data instanceof Uint16Array) return { tag: 0x01306b47, data }
  if (data instanceof Int8Array) return { tag: 0x000d4b38, data }
  return { tag: 0, data: Float32Array.from(data) }
}

/** A weight of bare fp32. */
export function rawWeight(data: readonly number[] | Float32Array): TestWeight {
  return { data: Float32Array.from(data) }
}

export interface RunLayerOptions extends Pick<LoadNcnnOptions, 'precision' | 'ncnn' | 'release' | 'engine'> {
  /** In file order. */
  readonly weights?: readonly TestWeight[]
  /** Number of outputs the layer has. Default 1. */
  readonly outputs?: number
}

/**
 * Runs a layer and returns all its outputs.
 * @param params by ncnn's parameter id
 * @param inputs nested arrays of numbers are float tensors; for other element types pass a Tensor
 */
export async function runLayer(
  type: string,
  params: Readonly<Record<number, number | string | readonly number[]>>,
  inputs: readonly TensorLike[],
  { weights = [], outputs = 1, ...options }: RunLayerOptions = {},
): Promise<Tensor[]> {
  const inputNames = inputs.map((_, index) => `in${index}`)
  const outputNames = Array.from({ length: outputs }, (_, index) => `out${index}`)
  const fields = [type, 'layer', inputs.length, outputs, ...inputNames, ...outputNames, ...paramFields(params)]
  const layers = [...inputNames.map((name) => `Input ${name} 0 1 ${name}`), fields.join(' ')]
  const param = ['7767517', `${layers.length} ${inputs.length + outputs}`, ...layers].join('\n')

  using model = await loadNcnn({ param, bin: binOf(weights) }, options)
  const results = await model.run(Object.fromEntries(inputs.map((input, index) => [`in${index}`, input])))
  return outputNames.map((name) => results[name])
}

/** Runs a layer that has one output. */
export async function runSingle(...args: Parameters<typeof runLayer>): Promise<Tensor> {
  const [output] = await runLayer(...args)
  return output
}

function paramFields(params: Readonly<Record<number, number | string | readonly number[]>>): string[] {
  return Object.entries(params).map(([id, value]) => {
    if (typeof value === 'number') return `${id}=${value}`
    if (typeof value === 'string') return `${id}="${value}"`
    const elements = value.every(Number.isInteger) ? value : value.map(withPoint)
    return `${-23300 - Number(id)}=${[value.length, ...elements].join(',')}`
  })
}

/** The same number as text that no reader takes for an integer. */
const withPoint = (value: number): string => (Number.isInteger(value) ? `${value}.0` : String(value))

/** The bytes of a .bin: 16-bit and 8-bit data are padded to whole words. */
function binOf(weights: readonly TestWeight[]): Uint8Array {
  return Uint8Array.from(
    weights.flatMap(({ tag, data }) => [
      ...(tag === undefined ? [] : new Uint8Array(Uint32Array.of(tag).buffer)),
      ...new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      ...new Uint8Array((4 - (data.byteLength % 4)) % 4),
    ]),
  )
}
