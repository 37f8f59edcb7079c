// The shapes of what is fed and of what it becomes, as far as layers only change its elements, turn it or put a border around it.
import type { Tensor } from '../../../../tensor/tensor.ts'
import { type Batched, isBatched } from '../../batches.ts'
import type { GraphLayer } from '../../graph.ts'
import { int, readParams } from '../../params.ts'
import { permutation } from '../wasm/layers/permute.ts'

type Shape = readonly number[]

/** Layers of one input whose result has its shape, of those that networks begin with. */
const keepsShape = new Set([
  'AbsVal',
  'BatchNorm',
  'Bias',
  'BinaryOp',
  'Clip',
  'Dropout',
  'InstanceNorm',
  'LayerNorm',
  'Noop',
  'Power',
  'PReLU',
  'ReLU',
  'Scale',
  'Sigmoid',
  'Split',
  'TanH',
  'UnaryOp',
])

/** Shapes of samples by the names of blobs; those of others are not known. */
export function carriedShapes(
  fed: ReadonlyMap<string, Tensor>,
  layers: readonly GraphLayer[],
  batched: Batched,
): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Shape>()
  for (const [name, { shape }] of fed) shapes.set(name, isBatched(batched, name) ? shape.slice(1) : shape)
  for (const layer of layers) {
    const shape = layer.inputs.length === 1 ? shapes.get(layer.inputs[0]) : undefined
    const result = shape === undefined ? undefined : resultOf(layer, shape)
    if (result === undefined) continue
    for (const output of layer.outputs) if (!fed.has(output)) shapes.set(output, result)
  }
  return shapes
}

function resultOf(layer: GraphLayer, shape: Shape): Shape | undefined {
  if (keepsShape.has(layer.type)) return shape
  if (layer.type === 'Permute') return turned(layer, shape)
  return layer.type === 'Padding' ? bordered(layer, shape) : undefined
}

function turned(layer: GraphLayer, shape: Shape): Shape | undefined {
  const { order_type } = readParams({ order_type: int(0) }, layer)
  if (shape.length === 1 || order_type === 0) return shape
  return permutation(order_type, shape.length)?.map((axis) => shape[axis])
}

const paddingParams = {
  top: int(0),
  bottom: int(1),
  left: int(2),
  right: int(3),
  front: int(7),
  behind: int(8),
} as const

/** Undefined where borders depend on the input. */
function bordered(layer: GraphLayer, shape: Shape): Shape | undefined {
  const pads = readParams(paddingParams, layer)
  if (Object.values(pads).some((pad) => pad < 0)) return undefined
  const { top, bottom, left, right, front, behind } = pads
  // innermost first; of images the last are channels, of volumes they have no border
  const borders = [left + right, top + bottom, front + behind, 0]
  return shape.map((length, axis) => length + borders[shape.length - 1 - axis])
}
