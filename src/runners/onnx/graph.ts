// What an ONNX file says about its graph: nodes, inputs, outputs, external data. The weights themselves are not looked at.
// Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
import { concatenate } from '../../files/format.ts'
import type { DType } from '../../tensor/dtype.ts'
import type { TensorInfo } from '../model.ts'
import { OnnxError } from './error.ts'
import { type Message, readFields, readVarints, textOf, WireError } from './wire.ts'

export interface OnnxNode {
  /** Empty for a node that has none. */
  readonly name: string
  readonly opType: string
  /** Tensors it reads, those that its subgraphs capture included; without those that are left out. */
  readonly inputs: readonly string[]
  /** The empty name stands for an output that is left out. */
  readonly outputs: readonly string[]
  readonly message: Message
}

interface OnnxValue {
  readonly info: TensorInfo
  readonly message: Message
}

export interface OnnxGraph {
  /** Name of the file, for messages. */
  readonly source: string
  readonly nodes: readonly OnnxNode[]
  /** Inputs that have no initialiser: those that must be fed. */
  readonly inputs: readonly OnnxValue[]
  readonly outputs: readonly OnnxValue[]
  /** Weights by name, each with its field of the graph. */
  readonly initializers: ReadonlyMap<string, Uint8Array>
  /** Shapes of the weights. */
  readonly weightShapes: ReadonlyMap<string, readonly number[]>
  /** Element types, as far as the file declares them. */
  readonly dtypes: ReadonlyMap<string, DType>
  /** Files beside the model that hold weights. */
  readonly externalFiles: readonly string[]
  /** Inputs that declare initialisers, which files before version 4 of the format have. */
  readonly declaredInitializers: readonly OnnxValue[]
  /** Fields of the graph that every part of it keeps: names, declared types. */
  readonly rest: readonly Uint8Array[]
  /** Fields of the model other than the graph. */
  readonly modelFields: readonly Uint8Array[]
}

/** Field numbers of onnx.proto. */
export const modelFields = { irVersion: 1, graph: 7, opsetImport: 8 } as const
export const graphFields = {
  node: 1,
  name: 2,
  initializer: 5,
  input: 11,
  output: 12,
  valueInfo: 13,
  sparseInitializer: 15,
} as const
export const nodeFields = { input: 1, output: 2, name: 3, opType: 4, attribute: 5 } as const
export const valueFields = { name: 1, type: 2 } as const
export const typeFields = { tensor: 1 } as const
export const tensorTypeFields = { elemType: 1, shape: 2 } as const
const attributeFields = { graph: 6, graphs: 11 } as const
const dimFields = { value: 1 } as const
const tensorFields = { dims: 1, dataType: 2, name: 8, externalData: 13 } as const
const sparseTensorFields = { values: 1 } as const

/** Element types of TensorProto by their number; strings, complex numbers and floats of 8 and fewer bits are no tensors here. */
export const elemTypes: ReadonlyMap<number, DType> = new Map([
  [1, 'float32'],
  [2, 'uint8'],
  [3, 'int8'],
  [4, 'uint16'],
  [5, 'int16'],
  [6, 'int32'],
  [7, 'int64'],
  [9, 'bool'],
  [10, 'float16'],
  [11, 'float64'],
  [12, 'uint32'],
  [13, 'uint64'],
  [16, 'bfloat16'],
])

/** Graphs within the nodes of a graph; real models nest them two or three deep. */
const maxDepth = 32

/**
 * Reads the graph of an ONNX file.
 * @param source name of the file, for messages
 * @throws {OnnxError} for bytes that are no ONNX model, or one that no runtime can run
 */
export function readOnnxGraph(bytes: Uint8Array, source: string): OnnxGraph {
  try {
    return readModel(bytes, source)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    throw new OnnxError(`${source} is not an ONNX model: ${error.message}. Is it truncated, or another kind of file?`)
  }
}

function readModel(bytes: Uint8Array, source: string): OnnxGraph {
  const bodies: Uint8Array[] = []
  const others: Uint8Array[] = []
  let hasOpset = false
  for (const { id, content, whole } of readFields(bytes)) {
    if (id === modelFields.graph) bodies.push(content)
    else others.push(whole)
    if (id === modelFields.opsetImport) hasOpset = true
  }
  if (bodies.length === 0) throw new OnnxError(`${source} is not an ONNX model: it has no graph`)
  if (!hasOpset) {
    throw new OnnxError(
      `${source} declares no operator set, so no runtime can run it. pnnx writes such files (*.pnnx.onnx) to be looked at; ` +
        'export the model with torch.onnx.export instead',
      { code: 'unsupported' },
    )
  }
  // A message that occurs twice is one message in two parts.
  const body = bodies.length === 1 ? bodies[0] : concatenate(bodies)
  return { source, modelFields: others, ...readGraph(body) }
}

function readGraph(body: Uint8Array): Omit<OnnxGraph, 'source' | 'modelFields'> {
  const nodes: OnnxNode[] = []
  const declared: OnnxValue[] = []
  const outputs: OnnxValue[] = []
  const initializers = new Map<string, Uint8Array>()
  const weightShapes = new Map<string, readonly number[]>()
  const externalFiles = new Set<string>()
  const dtypes = new Map<string, DType>()
  const rest: Uint8Array[] = []
  const note = (name: string, dtype: DType | undefined): void => {
    if (dtype !== undefined) dtypes.set(name, dtype)
  }
  const noteInitializer = (tensor: Message, whole: Uint8Array): void => {
    const { name, dtype, shape } = readInitializer(tensor, externalFiles)
    initializers.set(name, whole)
    weightShapes.set(name, shape)
    note(name, dtype)
  }
  for (const { id, content, whole } of readFields(body)) {
    if (id === graphFields.node) {
      nodes.push(readNode(content))
    } else if (id === graphFields.input || id === graphFields.output) {
      const info = readValue(content)
      note(info.name, info.dtype)
      if (id === graphFields.input) declared.push({ info, message: content })
      else outputs.push({ info, message: content })
    } else if (id === graphFields.initializer) {
      noteInitializer(content, whole)
    } else if (id === graphFields.sparseInitializer) {
      for (const part of readFields(content))
        if (part.id === sparseTensorFields.values) noteInitializer(part.content, whole)
    } else {
      rest.push(whole)
      if (id !== graphFields.valueInfo) continue
      const { name, dtype } = readValue(content)
      note(name, dtype)
    }
  }
  return {
    nodes,
    inputs: declared.filter(({ info }) => !initializers.has(info.name)),
    outputs,
    initializers,
    weightShapes,
    declaredInitializers: declared.filter(({ info }) => initializers.has(info.name)),
    dtypes,
    externalFiles: [...externalFiles],
    rest,
  }
}

function readNode(message: Message, depth = 0): OnnxNode {
  let name = ''
  let opType = ''
  const inputs: string[] = []
  const outputs: string[] = []
  for (const { id, content } of readFields(message)) {
    if (id === nodeFields.input) inputs.push(textOf(content))
    else if (id === nodeFields.output) outputs.push(textOf(content))
    else if (id === nodeFields.name) name = textOf(content)
    else if (id === nodeFields.opType) opType = textOf(content)
    else if (id === nodeFields.attribute) collectCaptured(content, inputs, depth + 1)
  }
  return { name, opType, inputs: inputs.filter(Boolean), outputs, message }
}

/** Adds what the subgraphs of an If, Loop or Scan read, from themselves or from around them. */
function collectCaptured(attribute: Message, names: string[], depth: number): void {
  if (depth > maxDepth) throw new WireError(`graphs are nested more than ${maxDepth} deep`)
  for (const part of readFields(attribute)) {
    if (part.id !== attributeFields.graph && part.id !== attributeFields.graphs) continue
    for (const { id, content } of readFields(part.content)) {
      if (id === graphFields.node) for (const name of readNode(content, depth).inputs) names.push(name)
      if (id === graphFields.output) names.push(readValue(content).name)
    }
  }
}

/** A ValueInfoProto: name, element type and shape; lengths that vary are -1. */
function readValue(message: Message): TensorInfo {
  let name = ''
  let type: Omit<TensorInfo, 'name'> = {}
  for (const { id, content } of readFields(message)) {
    if (id === valueFields.name) name = textOf(content)
    if (id === valueFields.type) type = { ...type, ...readType(content) }
  }
  return { name, ...type }
}

function readType(message: Message): Omit<TensorInfo, 'name'> {
  let dtype: DType | undefined
  let shape: number[] | undefined
  for (const kind of readFields(message)) {
    if (kind.id !== typeFields.tensor) continue
    for (const { id, content, value } of readFields(kind.content)) {
      if (id === tensorTypeFields.elemType) dtype = elemTypes.get(value ?? 0)
      if (id === tensorTypeFields.shape) shape = [...readFields(content)].map((dim) => readLength(dim.content))
    }
  }
  return { ...(shape && { shape }), ...(dtype && { dtype }) }
}

function readLength(dim: Message): number {
  for (const { id, value } of readFields(dim))
    if (id === dimFields.value && Number.isSafeInteger(value)) return value as number
  return -1
}

interface Initializer {
  readonly name: string
  readonly dtype: DType | undefined
  readonly shape: readonly number[]
}

/** Returns what the weight is, and notes the file that holds its data. */
function readInitializer(message: Message, externalFiles: Set<string>): Initializer {
  let name = ''
  let dtype: DType | undefined
  const shape: number[] = []
  for (const { id, content, value } of readFields(message)) {
    if (id === tensorFields.name) name = textOf(content)
    if (id === tensorFields.dataType) dtype = elemTypes.get(value ?? 0)
    // One number a field, or all of them packed into one.
    if (id === tensorFields.dims) shape.push(...(value === undefined ? readVarints(content) : [value]))
    if (id !== tensorFields.externalData) continue
    const [key, file] = [...readFields(content)].map((entry) => textOf(entry.content))
    if (key === 'location' && file !== undefined) externalFiles.add(file)
  }
  return { name, dtype, shape }
}
