// What is in an ONNX model, for `expect-tensor inspect`. The runtime is not asked: the file says it.
import { columns } from '../explain/columns.ts'
import type { LayerInfo, TensorInfo } from '../runners/model.ts'
import { readModelFile } from '../runners/model-file.ts'
import { OnnxError } from '../runners/onnx/error.ts'
import { readOnnxGraph } from '../runners/onnx/graph.ts'
import { layersOf } from '../runners/onnx/layers.ts'
import { formatBytes, formatCount } from '../tensor/numbers.ts'
import { sizeOf } from '../tensor/shape.ts'

interface OnnxInspection {
  readonly inputs: readonly TensorInfo[]
  readonly outputs: readonly TensorInfo[]
  /** In execution order. */
  readonly layers: readonly LayerInfo[]
  /** How many there are of each operator, most frequent first. */
  readonly layerCounts: Readonly<Record<string, number>>
  /** Elements of all weights. */
  readonly parameters: number
  readonly fileBytes: number
  /** Files beside it that hold weights. */
  readonly externalFiles: readonly string[]
}

export function inspectOnnx(path: string): OnnxInspection {
  const bytes = readModelFile(path, 'the model', OnnxError)
  const graph = readOnnxGraph(bytes, path)
  const layers = layersOf(graph)
  const counts = new Map<string, number>()
  for (const { type } of layers) counts.set(type, (counts.get(type) ?? 0) + 1)
  return {
    inputs: graph.inputs.map(({ info }) => info),
    outputs: graph.outputs.map(({ info }) => info),
    layers: layers.map(({ name, type, inputs, outputs }) => ({ name, type, inputs, outputs })),
    layerCounts: Object.fromEntries([...counts].sort(([, a], [, b]) => b - a)),
    parameters: [...graph.weightShapes.values()].reduce((total, shape) => total + sizeOf(shape), 0),
    fileBytes: bytes.length,
    externalFiles: graph.externalFiles,
  }
}

export function describeOnnx(inspection: OnnxInspection): string {
  const { inputs, outputs, layers, layerCounts, parameters, fileBytes, externalFiles } = inspection
  const types = Object.entries(layerCounts).map(([type, count]) => `${count} ${type}`)
  const facts = [
    ['inputs', inputs.map(describeInfo).join(', ')],
    ['outputs', outputs.map(describeInfo).join(', ')],
    ['layers', `${layers.length}: ${types.join(', ')}`],
    ['parameters', formatCount(parameters)],
    ['file', formatBytes(fileBytes)],
    ...(externalFiles.length > 0 ? [['weights in', externalFiles.join(', ')]] : []),
  ]
  const rows = layers.map((layer) => [layer.type, layer.name, layer.inputs.join(' '), layer.outputs.join(' ')])
  return [
    ...columns(facts, ['left', 'left']),
    '',
    ...columns([['type', 'name', 'inputs', 'outputs'], ...rows], ['left', 'left', 'left', 'left']),
  ].join('\n')
}

/** `pixels float32 [1, 3, ?, ?]` */
function describeInfo({ name, dtype, shape }: TensorInfo): string {
  const lengths = shape && `[${shape.map((length) => (length === -1 ? '?' : length)).join(', ')}]`
  return [name, dtype, lengths].filter(Boolean).join(' ')
}
