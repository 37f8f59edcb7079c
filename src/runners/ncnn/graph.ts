// The network that a .param file describes, as typed data. Whatever the file's dialect, parsers produce this.

/** One parameter of a layer as its file holds it. Numbers are 32-bit words, as in ncnn: what they mean is for the layer to say. */
export type StoredParam = string | NumberParam

export interface NumberParam {
  /** Integers, or the bits of floats, as signed integers. */
  readonly words: readonly number[]
  /** What the text says they are; undefined in a binary file, which does not. */
  readonly type: 'int' | 'float' | undefined
  readonly isArray: boolean
}

export interface GraphLayer {
  /** ncnn's layer type, such as `Convolution`. */
  readonly type: string
  readonly name: string
  /** Names of the blobs it consumes ("bottoms") and produces ("tops"). */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /** By ncnn's parameter id. */
  readonly params: ReadonlyMap<number, StoredParam>
  /** Where the layer stands in its file, for messages: `line 12` or `layer 10`. */
  readonly position: string
}

export interface Graph {
  /** In file order, which is also the order of the weights in the .bin file. */
  readonly layers: readonly GraphLayer[]
  /** Name of the file, for messages. */
  readonly source: string
  /** What is odd about the file, though ncnn loads it, each in a sentence. */
  readonly notes: readonly string[]
  /** Whether the file goes on behind the layers that its header declares. ncnn ignores the rest, and its weights. */
  readonly isPartial: boolean
}

/** Most parameters ncnn reads of one layer: ids are 0 to 31. */
export const maxParamCount = 32

/** `layer "conv1" (Convolution, line 12)`: how every message names a layer. */
export function describeLayer(layer: GraphLayer): string {
  return `layer "${layer.name}" (${layer.type}, ${layer.position})`
}
