// Writes small ONNX models field by field, so that tests need no ONNX library.
import { concatenate } from '../../../src/files/format.ts'
import { bytesField, numberField } from '../../../src/runners/onnx/wire.ts'

/** Numbers of TensorProto's element types. */
export const elemType = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
} as const
export type ElemType = keyof typeof elemType

interface NodeSpec {
  readonly name?: string
  readonly op: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes?: readonly Uint8Array[]
}

export interface ModelSpec {
  readonly nodes: readonly NodeSpec[]
  readonly inputs?: readonly Uint8Array[]
  readonly outputs?: readonly Uint8Array[]
  readonly initializers?: readonly Uint8Array[]
  /** 0: declares none. */
  readonly opset?: number
}

/** A ValueInfoProto; a string in `shape` is a length that varies. */
export function value(name: string, type: ElemType = 'float32', shape?: readonly (number | string)[]): Uint8Array {
  const dims = shape?.map((length) =>
    bytesField(1, typeof length === 'number' ? numberField(1, length) : bytesField(2, length)),
  )
  const tensorType = concatenate([numberField(1, elemType[type]), ...(dims ? [bytesField(2, concatenate(dims))] : [])])
  return concatenate([bytesField(1, name), bytesField(2, bytesField(1, tensorType))])
}

/** A TensorProto with its elements as raw bytes. */
export function initializer(name: string, type: ElemType, shape: readonly number[], data: ArrayBufferView): Uint8Array {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return concatenate([
    ...shape.map((length) => numberField(1, length)),
    numberField(2, elemType[type]),
    bytesField(8, name),
    bytesField(9, raw),
  ])
}

/** A TensorProto whose elements lie in a file. */
export function externalInitializer(name: string, shape: readonly number[], file: string): Uint8Array {
  return concatenate([
    ...shape.map((length) => numberField(1, length)),
    numberField(2, elemType.float32),
    bytesField(8, name),
    bytesField(13, concatenate([bytesField(1, 'location'), bytesField(2, file)])),
    numberField(14, 1),
  ])
}

/** An attribute that holds a graph, as those of If and Loop. */
export const graphAttribute = (name: string, graph: Uint8Array): Uint8Array =>
  concatenate([bytesField(1, name), bytesField(6, graph), numberField(20, 5)])

export const intAttribute = (name: string, number: number): Uint8Array =>
  concatenate([bytesField(1, name), numberField(3, number), numberField(20, 2)])

export function graph({ nodes, inputs = [], outputs = [], initializers = [] }: ModelSpec): Uint8Array {
  return concatenate([
    ...nodes.map((node) => bytesField(1, encodeNode(node))),
    bytesField(2, 'test'),
    ...initializers.map((tensor) => bytesField(5, tensor)),
    ...inputs.map((input) => bytesField(11, input)),
    ...outputs.map((output) => bytesField(12, output)),
  ])
}

function encodeNode({ name, op, inputs, outputs, attributes = [] }: NodeSpec): Uint8Array {
  return concatenate([
    ...inputs.map((name) => bytesField(1, name)),
    ...outputs.map((name) => bytesField(2, name)),
    ...(name === undefined ? [] : [bytesField(3, name)]),
    bytesField(4, op),
    ...attributes.map((attribute) => bytesField(5, attribute)),
  ])
}

export function onnxModel(spec: ModelSpec): Uint8Array {
  const { opset = 17 } = spec
  return concatenate([
    numberField(1, 8),
    ...(opset > 0 ? [bytesField(8, numberField(2, opset))] : []),
    bytesField(7, graph(spec)),
  ])
}

/** y = |relu(x) + bias|, with x of shape [batch, 3]. */
export const chain: ModelSpec = {
  nodes: [
    { op: 'Relu', inputs: ['x'], outputs: ['relu'] },
    { op: 'Add', inputs: ['relu', 'bias'], outputs: ['sum'] },
    { op: 'Abs', inputs: ['sum'], outputs: ['y'] },
  ],
  inputs: [value('x', 'float32', ['batch', 3])],
  outputs: [value('y', 'float32', ['batch', 3])],
  initializers: [initializer('bias', 'float32', [3], Float32Array.of(1, -2, 3))],
}
