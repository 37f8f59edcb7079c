// The network that a .param file describes, as typed data. Whatever the file's dialect, parsers produce this.

/** Value of one parameter of a layer. Which numbers are integers is the layer's business: it declares its parameters. */
export type ParamValue = number | readonly number[] | string | BinaryParam

/** A parameter from a binary file: 32-bit words, one for a scalar, that hold integers or floats as the layer's declaration says. */
export interface BinaryParam {
  readonly words: readonly number[]
}

export interface GraphLayer {
  /** ncnn's layer type, such as `Convolution`. */
  readonly type: string
  readonly name: string
  /** Names of the blobs it consumes ("bottoms") and produces ("tops"). */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /** By ncnn's parameter id. */
  readonly params: ReadonlyMap<number, ParamValue>
  /** Where the layer stands in its file, for messages: `line 12` or `layer 10`. */
  readonly position: string
}

export interface Graph {
  /** In file order, which is also the order of the weights in the .bin file. */
  readonly layers: readonly GraphLayer[]
  /** Name of the file, for messages. */
  readonly source: string
}

/** Most parameters ncnn reads of one layer: ids are 0 to 31. */
export const maxParamCount = 32

/** `layer "conv1" (Convolution, line 12)`: how every message names a layer. */
export function describeLayer(layer: GraphLayer): string {
  return `layer "${layer.name}" (${layer.type}, ${layer.position})`
}
