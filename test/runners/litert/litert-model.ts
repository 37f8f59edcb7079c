// Writes small .tflite models table by table, so that tests need no converter.
// Source: https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs
import { buildFlatBuffer, littleEndian, type NewField, type Place } from '../../../src/runners/litert/flatbuffer.ts'
import { operatorNames } from '../../../src/runners/litert/operator-names.ts'

/** Numbers of the schema's element types. */
const types = { float32: 0, int32: 2, uint8: 3, int64: 4, string: 5, bool: 6, int8: 9 } as const

export interface TensorSpec {
  readonly name: string
  readonly shape: readonly number[]
  /** The shape with -1 for lengths that vary. */
  readonly signature?: readonly number[]
  /** Default: float32. */
  readonly type?: keyof typeof types
  /** Of a weight. */
  readonly data?: ArrayBufferView
  readonly isVariable?: boolean
}

export interface OperatorSpec {
  readonly type: string
  /** Indices of tensors. */
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  /** The number of its options' type, and their fields. */
  readonly options?: { readonly type: number; readonly fields: readonly NewField[] }
}

export interface LitertSpec {
  readonly tensors: readonly TensorSpec[]
  readonly operators: readonly OperatorSpec[]
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  /** Names of tensors by their index. */
  readonly signature?: { readonly inputs: Record<string, number>; readonly outputs: Record<string, number> }
}

export function litertModel({ tensors, operators, inputs, outputs, signature }: LitertSpec): Uint8Array {
  const { table, targets, int32s, string, inFrontOf } = buildFlatBuffer()
  const content: number[] = []
  // Readers take the first buffer for that of tensors without elements.
  const buffers: Place[] = [table([{ id: 0, to: int32s([]) }])]
  const bufferOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): number => {
    while (content.length % 16 !== 12) content.push(0)
    const position = content.length
    content.push(...littleEndian(byteLength), ...new Uint8Array(buffer, byteOffset, byteLength))
    return buffers.push(table([{ id: 0, to: position }])) - 1
  }
  const tensorTables = tensors.map(({ name, shape, signature, type = 'float32', data, isVariable = false }) =>
    table([
      { id: 0, to: int32s(shape) },
      { id: 1, scalar: Uint8Array.of(types[type]) },
      { id: 2, scalar: littleEndian(data === undefined ? 0 : bufferOf(data)) },
      { id: 3, to: string(name) },
      ...(isVariable ? [{ id: 5, scalar: Uint8Array.of(1) }] : []),
      ...(signature === undefined ? [] : [{ id: 7, to: int32s(signature) }]),
    ]),
  )
  const codes = [...new Set(operators.map(({ type }) => type))]
  const codeTables = codes.map((type) => {
    const code = operatorNames.indexOf(type)
    return code === -1
      ? table([
          { id: 0, scalar: Uint8Array.of(32) },
          { id: 1, to: string(type) },
          { id: 3, scalar: littleEndian(32) },
        ])
      : table([
          { id: 0, scalar: Uint8Array.of(Math.min(code, 127)) },
          { id: 2, scalar: littleEndian(1) },
          { id: 3, scalar: littleEndian(code) },
        ])
  })
  const operatorTables = operators.map(({ type, inputs, outputs, options }) =>
    table([
      { id: 0, scalar: littleEndian(codes.indexOf(type)) },
      { id: 1, to: int32s(inputs) },
      { id: 2, to: int32s(outputs) },
      ...(options === undefined
        ? []
        : [
            { id: 3, scalar: Uint8Array.of(options.type) },
            { id: 4, to: table(options.fields) },
          ]),
    ]),
  )
  const maps = (names: Record<string, number>): Place =>
    targets(
      Object.entries(names).map(([name, index]) =>
        table([
          { id: 0, to: string(name) },
          { id: 1, scalar: littleEndian(index) },
        ]),
      ),
    )
  const graph = table([
    { id: 0, to: targets(tensorTables) },
    { id: 1, to: int32s(inputs) },
    { id: 2, to: int32s(outputs) },
    { id: 3, to: targets(operatorTables) },
  ])
  const signatures =
    signature === undefined
      ? []
      : [
          table([
            { id: 0, to: maps(signature.inputs) },
            { id: 1, to: maps(signature.outputs) },
            { id: 2, to: string('serve') },
          ]),
        ]
  const model = table([
    { id: 0, scalar: littleEndian(3) },
    { id: 1, to: targets(codeTables) },
    { id: 2, to: targets([graph]) },
    { id: 4, to: targets(buffers) },
    ...(signatures.length === 0 ? [] : [{ id: 7, to: targets(signatures) }]),
  ])
  return inFrontOf(Uint8Array.from(content), model, 'TFL3')
}

const rows = { shape: [1, 3], signature: [-1, 3] } as const

/** x -> relu -> sum = relu + [1, -2, 3] -> y = |sum|, x of shape [batch, 3]. */
export const chain: LitertSpec = {
  tensors: [
    { name: 'x', ...rows },
    { name: 'relu', ...rows },
    { name: 'bias', shape: [3], data: Float32Array.of(1, -2, 3) },
    { name: 'sum', ...rows },
    { name: 'y', ...rows },
  ],
  operators: [
    { type: 'RELU', inputs: [0], outputs: [1] },
    { type: 'ADD', inputs: [1, 2], outputs: [3], options: { type: 11, fields: [{ id: 0, scalar: Uint8Array.of(0) }] } },
    { type: 'ABS', inputs: [3], outputs: [4] },
  ],
  inputs: [0],
  outputs: [4],
}
