// Cuts a graph so that it computes given tensors from given tensors: how intermediates become outputs, and inputs.
import { concatenate } from '../../files/format.ts'
import type { DType } from '../../tensor/dtype.ts'
import {
  elemTypes,
  graphFields,
  modelFields,
  nodeFields,
  type OnnxGraph,
  type OnnxNode,
  tensorTypeFields,
  typeFields,
  valueFields,
} from './graph.ts'
import { bytesField, fieldHeader, lengthOf, numberField, readFields, textOf } from './wire.ts'

export interface Cut {
  /** The nodes that compute what is requested from what is fed. */
  readonly nodes: readonly OnnxNode[]
  /** Tensors that are fed, with their element types. */
  readonly fed: ReadonlyMap<string, DType>
  readonly requested: readonly string[]
}

/**
 * The bytes of a model that computes `requested` from `fed`, with those weights only that its nodes read. Nodes are copied as they are,
 * weights too.
 */
export function cutModel(graph: OnnxGraph, { nodes, fed, requested }: Cut): Uint8Array {
  const read = new Set([...requested, ...nodes.flatMap(({ inputs }) => inputs)])
  const isKept = (weight: string): boolean => read.has(weight) && !fed.has(weight)
  const body = [
    ...nodes.map((node) => encodeNode(node, fed)),
    ...graph.rest,
    ...[...graph.initializers].flatMap(([name, whole]) => (isKept(name) ? [whole] : [])),
    ...graph.declaredInitializers.flatMap(({ info, message }) =>
      isKept(info.name) ? [bytesField(graphFields.input, message)] : [],
    ),
    ...[...fed].map(([name, dtype]) => bytesField(graphFields.input, declareInput(graph, name, dtype))),
    ...requested.map((name) => bytesField(graphFields.output, bytesField(valueFields.name, name))),
  ]
  return concatenate([...graph.modelFields, fieldHeader(modelFields.graph, lengthOf(body)), ...body])
}

/** About how many bytes the whole model has. */
export const bytesOf = ({ nodes, initializers }: OnnxGraph): number =>
  lengthOf([...initializers.values(), ...nodes.map(({ message }) => message)])

/** A node that runs although one of its outputs is fed writes that output under another name. */
function encodeNode({ message, outputs }: OnnxNode, fed: ReadonlyMap<string, DType>): Uint8Array {
  if (!outputs.some((name) => fed.has(name))) return bytesField(graphFields.node, message)
  const parts = [...readFields(message)].map(({ id, content, whole }) => {
    const name = id === nodeFields.output ? textOf(content) : ''
    return fed.has(name) ? bytesField(nodeFields.output, `${name} (computed, not fed)`) : whole
  })
  return bytesField(graphFields.node, concatenate(parts))
}

/** An input keeps its declaration; an intermediate that is fed gets one without a shape. */
function declareInput({ inputs }: OnnxGraph, name: string, dtype: DType): Uint8Array {
  const declared = inputs.find(({ info }) => info.name === name)
  if (declared !== undefined) return declared.message
  const [elemType] = [...elemTypes].find(([, other]) => other === dtype) ?? [0]
  const type = bytesField(typeFields.tensor, numberField(tensorTypeFields.elemType, elemType))
  return concatenate([bytesField(valueFields.name, name), bytesField(valueFields.type, type)])
}
