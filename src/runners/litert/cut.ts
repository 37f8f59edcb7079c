// Cuts a graph so that it computes given tensors from given tensors: how intermediates become outputs, and inputs of any shape.
import { LitertError } from './error.ts'
import { buildFlatBuffer, littleEndian, type NewField, type Place, type Target } from './flatbuffer.ts'
import {
  fileIdentifier,
  type LitertGraph,
  type LitertOperator,
  modelFields,
  operatorCodeFields,
  operatorFields,
  reshapeOptionsFields,
  shapeOptionsFields,
  subgraphFields,
  tensorFields,
} from './graph.ts'

type Shape = readonly number[]

export interface LitertCut {
  /** Those that compute what is requested from what is fed, in order. */
  readonly operators: readonly LitertOperator[]
  /** The shapes of the tensors that are fed, by their indices. */
  readonly fed: ReadonlyMap<number, Shape>
  /** Indices of tensors. */
  readonly requested: readonly number[]
  /** The shapes that what is requested comes to have, for a runtime that believes those of the file. */
  readonly shapes?: readonly Shape[]
  /** Indices of tensors whose shapes are outputs too, behind the others. */
  readonly shapesOf?: readonly number[]
}

/** Numbers of the schema. */
const int32Type = 2
const optionsTypes = { shape: 55, reshape: 17 } as const
/** Operators that a cut may add, by their place among those added. */
const addedOperators = { shape: 0, maximum: 1, reshape: 2 } as const
const addedCodes = [77, 55, 22] as const

/**
 * The bytes of a model whose inputs and outputs are those of the cut, in their order: a new head, in front of the whole file, that refers
 * to the old tables.
 */
export function cutModel(
  graph: LitertGraph,
  { operators, fed, requested, shapes, shapesOf = [] }: LitertCut,
): Uint8Array {
  const { reader, tensors } = graph
  const { table, targets, int32s, string, inFrontOf } = buildFlatBuffer()

  // Runtimes find inputs and outputs by their names, which need not differ in a file.
  const heads = new Map<number, Place>()
  const variant = (index: number, name: string, left: readonly number[], fields: readonly NewField[]): Place =>
    table([
      ...copyFields(graph, tensors[index].position, tensorLayout, [...left, tensorFields.name]),
      { id: tensorFields.name, to: string(name) },
      ...fields,
    ])
  const { shape, type, buffer, isVariable, shapeSignature } = tensorFields
  /** What is fed is no weight any more, and has the shape that it is fed with. */
  const filled = (index: number, name: string, lengths: Shape): Place =>
    variant(index, name, [shape, buffer, isVariable, shapeSignature], [{ id: shape, to: int32s(lengths) }])
  for (const index of requested) heads.set(index, variant(index, `tensor ${index}`, [], []))
  for (const [index, lengths] of fed) heads.set(index, filled(index, `tensor ${index}`, lengths))
  const added: Target[] = []
  const add = (target: Target): number => tensors.length + added.push(target) - 1

  // An operator that runs although one of its outputs is fed writes that output where nobody looks.
  const calls = operators.map(({ outputs, position }): Target => {
    if (!outputs.some((index) => fed.has(index))) return position
    const written = outputs.map((index) => (fed.has(index) ? add(tensors[index].position) : index))
    return table([
      ...copyFields(graph, position, operatorLayout, [operatorFields.outputs]),
      { id: operatorFields.outputs, to: int32s(written) },
    ])
  })
  const addShape = (name: string, length: number): number =>
    add(
      table([
        { id: shape, to: int32s([length]) },
        { id: type, scalar: Uint8Array.of(int32Type) },
        { id: tensorFields.name, to: string(name) },
      ]),
    )
  const call = (
    operator: number,
    inputs: readonly number[],
    output: number,
    options: readonly NewField[] = [],
  ): void => {
    calls.push(
      table([
        { id: operatorFields.opcodeIndex, scalar: littleEndian(graph.operatorCodes.length + operator) },
        { id: operatorFields.inputs, to: int32s(inputs) },
        { id: operatorFields.outputs, to: int32s([output]) },
        ...options,
      ]),
    )
  }
  const options = (kind: number, field: NewField): NewField[] => [
    { id: operatorFields.optionsType, scalar: Uint8Array.of(kind) },
    { id: operatorFields.options, to: table([field]) },
  ]
  // Such a runtime would give tensors whose lengths are known late from elsewhere in its memory: a copy has its lengths from the beginning.
  const outputs = requested.map((index, i) => {
    if (shapes === undefined) return index
    const copy = add(filled(index, `copy of tensor ${index}`, shapes[i]))
    const newShape = { id: reshapeOptionsFields.newShape, to: int32s(shapes[i]) }
    call(addedOperators.reshape, [index], copy, options(optionsTypes.reshape, newShape))
    return copy
  })
  for (const index of shapesOf) {
    const { length } = tensors[index].storedShape
    const known = addShape(`known shape of tensor ${index}`, length)
    const output = addShape(`shape of tensor ${index}`, length)
    const outType = { id: shapeOptionsFields.type, scalar: Uint8Array.of(int32Type) }
    call(addedOperators.shape, [index], known, options(optionsTypes.shape, outType))
    // A shape that is known before a run is not written to where outputs lie. The greater of a number and itself is.
    call(addedOperators.maximum, [known, known], output)
    outputs.push(output)
  }
  const codes = addedCodes.map((code) =>
    table([
      { id: operatorCodeFields.deprecatedCode, scalar: Uint8Array.of(code) },
      { id: operatorCodeFields.version, scalar: littleEndian(1) },
      { id: operatorCodeFields.code, scalar: littleEndian(code) },
    ]),
  )
  const main = table([
    {
      id: subgraphFields.tensors,
      to: targets([...tensors.map(({ position }, index) => heads.get(index) ?? position), ...added]),
    },
    { id: subgraphFields.inputs, to: int32s([...fed.keys()]) },
    { id: subgraphFields.outputs, to: int32s(outputs) },
    { id: subgraphFields.operators, to: targets(calls) },
  ])
  const subgraphs = targets([main, ...graph.otherSubgraphs])
  const operatorCodes = targets([...graph.operatorCodes, ...codes])
  const kept = [modelFields.buffers, modelFields.metadataBuffer, modelFields.metadata].flatMap((id): NewField[] => {
    const at = reader.field(reader.root, id)
    return at === undefined ? [] : [{ id, to: reader.follow(at) }]
  })
  const model = table([
    { id: modelFields.version, scalar: littleEndian(3) },
    { id: modelFields.operatorCodes, to: operatorCodes },
    { id: modelFields.subgraphs, to: subgraphs },
    ...kept,
  ])
  return inFrontOf(graph.file, model, fileIdentifier)
}

/** By field: an offset, or the number of a scalar's bytes. */
type Layout = readonly ('offset' | 1 | 4 | 8)[]

const tensorLayout: Layout = ['offset', 1, 4, 'offset', 'offset', 1, 'offset', 'offset', 1, 'offset', 4]

// biome-ignore format: one line
const operatorLayout: Layout = [4, 'offset', 'offset', 1, 'offset', 'offset', 1, 'offset', 'offset', 8, 8, 1, 'offset', 4]

/** The fields of a table, without those that are `left` out. */
function copyFields(
  { source, file, reader }: LitertGraph,
  table: number,
  layout: Layout,
  left: readonly number[],
): NewField[] {
  return layout.flatMap((kind, id): NewField[] => {
    const at = left.includes(id) ? undefined : reader.field(table, id)
    if (at === undefined) return []
    if (kind === 'offset') return [{ id, to: reader.follow(at) }]
    if (kind === 8) {
      throw new LitertError(`${source}: an operator whose options lie behind the graph cannot be fed its own output`, {
        code: 'unsupported',
      })
    }
    return [{ id, scalar: file.subarray(at, at + kind) }]
  })
}
