// What a .tflite says of its graph: operators, tensors, inputs and outputs. Weights stay where they are until they are asked for.
// Source: https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs
import { decodeElements } from '../../files/elements.ts'
import { decodeText } from '../../host/utf8.ts'
import type { DType } from '../../tensor/dtype.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { LitertError } from './error.ts'
import { FlatBufferError, type FlatReader, readFlatBuffer } from './flatbuffer.ts'
import { customOperator, operatorNames } from './operator-names.ts'

/** Numbers of the fields in the schema. */
export const modelFields = {
  version: 0,
  operatorCodes: 1,
  subgraphs: 2,
  buffers: 4,
  metadataBuffer: 5,
  metadata: 6,
  signatureDefs: 7,
  externalBuffers: 9,
} as const
export const subgraphFields = { tensors: 0, inputs: 1, outputs: 2, operators: 3 } as const
export const operatorFields = { opcodeIndex: 0, inputs: 1, outputs: 2, optionsType: 3, options: 4 } as const
export const tensorFields = { shape: 0, type: 1, buffer: 2, name: 3, isVariable: 5, shapeSignature: 7 } as const
export const operatorCodeFields = { deprecatedCode: 0, customCode: 1, version: 2, code: 3 } as const
const bufferFields = { data: 0, offset: 1 } as const
const signatureFields = { inputs: 0, outputs: 1, subgraph: 4 } as const
const tensorMapFields = { name: 0, tensor: 1 } as const

export const shapeOptionsFields = { type: 0 } as const
export const reshapeOptionsFields = { newShape: 0 } as const

export const fileIdentifier = 'TFL3'

/** Element types by their number; strings, complex numbers, resources, and integers and floats of less than 8 bits are no tensors here. */
const dtypes: ReadonlyMap<number, DType> = new Map([
  [0, 'float32'],
  [1, 'float16'],
  [2, 'int32'],
  [3, 'uint8'],
  [4, 'int64'],
  [6, 'bool'],
  [7, 'int16'],
  [9, 'int8'],
  [10, 'float64'],
  [12, 'uint64'],
  [15, 'uint32'],
  [16, 'uint16'],
  [18, 'bfloat16'],
])

export interface LitertTensor {
  /** As the model's signature calls it, or the file; made unlike all others. */
  readonly name: string
  /** Outermost first; -1 for a length that varies. */
  readonly shape: readonly number[]
  /** The shape of which the file was made, without -1. */
  readonly storedShape: readonly number[]
  /** Undefined for what no tensor here can hold. */
  readonly dtype: DType | undefined
  /** The elements of a weight. */
  readonly content: Uint8Array | undefined
  /** It keeps its elements from one run to the next. */
  readonly isVariable: boolean
  /** Of its table in the file. */
  readonly position: number
}

export interface LitertOperator {
  readonly type: string
  /** Indices of tensors; -1 for an input that is left out. */
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  /** Of its table in the file. */
  readonly position: number
}

export interface LitertGraph {
  /** Name of the file, for messages. */
  readonly source: string
  readonly file: Uint8Array
  readonly reader: FlatReader
  readonly tensors: readonly LitertTensor[]
  readonly operators: readonly LitertOperator[]
  /** Positions of the tables that say what operators there are. */
  readonly operatorCodes: readonly number[]
  /** Indices of tensors. */
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  /** Positions of the graphs that control flow runs. */
  readonly otherSubgraphs: readonly number[]
}

/** @throws {LitertError} for a file that is no .tflite, or one that is damaged */
export function readLitertGraph(file: Uint8Array, source: string): LitertGraph {
  const identifier = decodeText(file.subarray(4, 8))
  if (identifier !== fileIdentifier) {
    throw new LitertError(`${source} is not a .tflite model: bytes 4 to 7 must be "${fileIdentifier}"`)
  }
  try {
    return readGraph(file, source)
  } catch (error) {
    if (!(error instanceof FlatBufferError)) throw error
    throw new LitertError(`${source} is damaged, or was not copied whole: ${error.message}`, {
      code: 'truncated',
      cause: error,
    })
  }
}

function readGraph(file: Uint8Array, source: string): LitertGraph {
  const reader = readFlatBuffer(file)
  const { root, field, follow } = reader
  const tablesOf = (table: number, id: number): number[] => {
    const at = field(table, id)
    if (at === undefined) return []
    const { start, length } = reader.vector(at, 4)
    return Array.from({ length }, (_, i) => follow(start + 4 * i))
  }
  const int32sOf = (table: number, id: number): number[] | undefined => {
    const at = field(table, id)
    if (at === undefined) return undefined
    const { start, length } = reader.vector(at, 4)
    return Array.from({ length }, (_, i) => reader.int32(start + 4 * i))
  }
  const numberOf = (table: number, id: number, read: (position: number) => number): number => {
    const at = field(table, id)
    return at === undefined ? 0 : read(at)
  }
  const textOf = (table: number, id: number): string => {
    const at = field(table, id)
    return at === undefined ? '' : reader.string(at)
  }

  const [main, ...otherSubgraphs] = tablesOf(root, modelFields.subgraphs)
  if (main === undefined) throw new LitertError(`${source} has no graph`)
  const buffers = tablesOf(root, modelFields.buffers)
  if (
    field(root, modelFields.externalBuffers) !== undefined ||
    buffers.some((buffer) => field(buffer, bufferFields.offset) !== undefined)
  ) {
    throw new LitertError(
      `${source} stores weights behind its graph, as models of more than 2 GB do, or in other files`,
      {
        code: 'unsupported',
      },
    )
  }
  const contentOf = (index: number): Uint8Array | undefined => {
    const buffer = buffers[index]
    const at = buffer === undefined ? undefined : field(buffer, bufferFields.data)
    const content = at === undefined ? undefined : reader.bytes(at)
    return content?.length ? content : undefined
  }
  const operatorCodes = tablesOf(root, modelFields.operatorCodes)
  const operatorTypes = operatorCodes.map((code) => {
    const number = Math.max(
      numberOf(code, operatorCodeFields.deprecatedCode, reader.uint8),
      numberOf(code, operatorCodeFields.code, reader.int32),
    )
    const name = operatorNames[number] ?? `operator ${number}`
    return (name === customOperator && textOf(code, operatorCodeFields.customCode)) || name
  })
  const tables = tablesOf(main, subgraphFields.tensors)
  const inputs = int32sOf(main, subgraphFields.inputs) ?? []
  const outputs = int32sOf(main, subgraphFields.outputs) ?? []
  const operators = tablesOf(main, subgraphFields.operators).map((table) => ({
    type: operatorTypes[numberOf(table, operatorFields.opcodeIndex, reader.uint32)] ?? 'operator',
    inputs: int32sOf(table, operatorFields.inputs) ?? [],
    outputs: int32sOf(table, operatorFields.outputs) ?? [],
    position: table,
  }))
  const isTensor = (index: number): boolean => index >= 0 && index < tables.length
  const reads = operators.flatMap((operator) => [
    ...operator.inputs.filter((index) => index !== -1),
    ...operator.outputs,
  ])
  const wrong = [...inputs, ...outputs, ...reads].find((index) => !isTensor(index))
  if (wrong !== undefined) {
    throw new LitertError(`${source} is damaged: it refers to tensor ${wrong}, but has ${tables.length}`)
  }

  const signatureNames = new Map<number, string>()
  for (const signature of tablesOf(root, modelFields.signatureDefs)) {
    if (numberOf(signature, signatureFields.subgraph, reader.uint32) !== 0) continue
    for (const id of [signatureFields.inputs, signatureFields.outputs]) {
      for (const entry of tablesOf(signature, id)) {
        const index = numberOf(entry, tensorMapFields.tensor, reader.uint32)
        if (!signatureNames.has(index)) signatureNames.set(index, textOf(entry, tensorMapFields.name))
      }
    }
  }
  const nameOf = uniqueNames(signatureNames.values())
  const tensors = tables.map((table, index): LitertTensor => {
    const type = numberOf(table, tensorFields.type, reader.uint8)
    const storedShape = int32sOf(table, tensorFields.shape) ?? []
    return {
      name: signatureNames.get(index) ?? nameOf(textOf(table, tensorFields.name) || `tensor ${index}`, index),
      shape: int32sOf(table, tensorFields.shapeSignature) ?? storedShape,
      storedShape,
      dtype: dtypes.get(type),
      content: contentOf(numberOf(table, tensorFields.buffer, reader.uint32)),
      isVariable: numberOf(table, tensorFields.isVariable, reader.uint8) !== 0,
      position: table,
    }
  })
  return { source, file, reader, tensors, operators, operatorCodes, inputs, outputs, otherSubgraphs }
}

/** Names of tensors need not differ in a file: the second of a name has its index behind it. */
function uniqueNames(taken: Iterable<string>): (name: string, index: number) => string {
  const names = new Set(taken)
  return (name, index) => {
    const unique = names.has(name) ? `${name}:${index}` : name
    names.add(unique)
    return unique
  }
}

/** The elements of a weight. */
export function readWeight({ source }: LitertGraph, { name, shape, dtype, content }: LitertTensor): Tensor {
  if (dtype === undefined || content === undefined) {
    throw new LitertError(`${source}: no tensor here can hold the elements of "${name}"`, { code: 'unsupported' })
  }
  return { data: decodeElements(new Uint8Array(content), dtype, true), shape, dtype }
}
