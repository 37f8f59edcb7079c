// What a node of an ONNX graph holds: the weights that it reads. Its attributes are not looked at.
import type { Tensor } from '../../tensor/tensor.ts'
import type { LayerDetails, LayerWeight } from '../model.ts'
import { weightDetails } from '../weight-details.ts'
import { OnnxError } from './error.ts'
import type { OnnxGraph } from './graph.ts'
import type { OnnxLayer } from './layers.ts'

/** Computes a weight by its name. */
type ReadWeight = (name: string) => Promise<Readonly<Record<string, Tensor>>>

/** Looks into nodes by the names of their layers. */
export function layerInspector(
  { source, initializers, weightShapes, dtypes }: OnnxGraph,
  layers: readonly OnnxLayer[],
  read: ReadWeight,
): (name: string) => Promise<LayerDetails> {
  const byName = new Map(layers.map((layer) => [layer.name, layer]))
  return async (layerName) => {
    const layer = byName.get(layerName)
    if (layer === undefined) throw new OnnxError(`${source} has no layer "${layerName}"`, { code: 'wrong-option' })
    const weights = layer.node.inputs
      .filter((name) => initializers.has(name))
      .map((name): LayerWeight => {
        const shape = weightShapes.get(name) ?? []
        return {
          name,
          shape,
          storage: dtypes.get(name) ?? 'unknown',
          isCompressible: shape.length > 1,
          read: async () => (await read(name))[name],
        }
      })
    const isInt8 = layer.type.includes('Integer') || layer.type.startsWith('QLinear')
    return { ...weightDetails(weights), computesInInt8: isInt8 }
  }
}
