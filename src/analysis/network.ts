// The graph of the model under test, with blobs that only repeat another looked through.
import type { LayerInfo } from '../runners/model.ts'

export interface Network {
  /** Those that compute something from something, in execution order. */
  readonly layers: readonly LayerInfo[]
  readonly producer: ReadonlyMap<string, LayerInfo>
  readonly consumers: ReadonlyMap<string, readonly LayerInfo[]>
  /** Whether a layer hands its one input on, to several readers or under another name. */
  isRepeating(layer: LayerInfo): boolean
  /** The blob whose elements this one repeats; itself for all others. */
  original(blob: string): string
  /** Position of a layer in `layers`. */
  position(layer: LayerInfo): number
}

/** Layer types that hand their one input on; but a Split of ONNX or TensorFlow gives parts of it. */
const repeats = new Set(['Split', 'Identity'])

/** Layer types that may give another layout than they take, in the runtimes' own names. */
const reshaping = new Set(
  (
    'Permute Reshape Flatten Squeeze ExpandDims Split Gemm MatMul InnerProduct Slice Crop Transpose Unsqueeze Expand ' +
    'aten::permute aten::transpose aten::reshape aten::view aten::flatten'
  ).split(' '),
)

export const mayReshape = ({ type }: LayerInfo): boolean => reshaping.has(type)

/** @param lengthOf how many elements a blob has; undefined where that is not known */
export function networkOf(all: readonly LayerInfo[], lengthOf: (blob: string) => number | undefined): Network {
  const repeating = new Set(
    all.filter(({ type, inputs, outputs }) => {
      if (!repeats.has(type) || inputs.length !== 1) return false
      const [length] = inputs.map(lengthOf)
      const isPart = (part: number | undefined): boolean => part !== undefined && part !== length
      return length === undefined || !outputs.map(lengthOf).some(isPart)
    }),
  )
  const isRepeating = (layer: LayerInfo): boolean => repeating.has(layer)
  const producer = new Map<string, LayerInfo>()
  const consumers = new Map<string, LayerInfo[]>()
  for (const layer of all) {
    for (const blob of layer.outputs) producer.set(blob, layer)
    for (const blob of new Set(layer.inputs)) {
      const readers = consumers.get(blob)
      if (readers === undefined) consumers.set(blob, [layer])
      else readers.push(layer)
    }
  }
  const layers = all.filter(({ type, outputs }) => type !== 'Input' && outputs.length > 0)
  const positions = new Map(layers.map((layer, i) => [layer, i]))
  return {
    layers,
    producer,
    consumers,
    isRepeating,
    original(blob) {
      let source = blob
      for (let layer = producer.get(source); layer !== undefined && isRepeating(layer); layer = producer.get(source)) {
        source = layer.inputs[0]
      }
      return source
    },
    position: (layer) => positions.get(layer) ?? -1,
  }
}
