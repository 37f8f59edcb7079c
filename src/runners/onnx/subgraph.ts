// Cuts a graph so that it computes given tensors from given tensors: how intermediates become outputs, and inputs.
import type { DType } from '../../tensor/dtype.ts'
import { quoteNames } from '../create-model.ts'
import { OnnxError } from './error.ts'
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
import { bytesField, concat, fieldHeader, lengthOf, numberField, readFields, textOf } from './wire.ts'

export interface Cut {
  /** Tensors that are fed, with their element types. */
  readonly fed: ReadonlyMap<string, DType>
  readonly requested: readonly string[]
}

/**
 * The bytes of a model that computes `requested` from `fed`. Nodes that are not needed are left out, so that nothing else has to be
 * fed; all others are copied as they are.
 * @throws {OnnxError} when something must be fed that is not
 */
export function cutModel(graph: OnnxGraph, { fed, requested }: Cut): Uint8Array {
  const needed = neededNodes(graph, new Set(fed.keys()), requested)
  const body = [
    ...graph.nodes.flatMap((node) => (needed.has(node) ? [encodeNode(node, fed)] : [])),
    ...graph.rest,
    ...[...graph.initializers].flatMap(([name, whole]) => (fed.has(name) ? [] : [whole])),
    ...graph.declaredInitializers.flatMap(({ info, message }) =>
      fed.has(info.name) ? [] : [bytesField(graphFields.input, message)],
    ),
    ...[...fed].map(([name, dtype]) => bytesField(graphFields.input, declareInput(graph, name, dtype))),
    ...requested.map((name) => bytesField(graphFields.output, bytesField(valueFields.name, name))),
  ]
  return concat([...graph.modelFields, fieldHeader(modelFields.graph, lengthOf(body)), ...body])
}

/** Walks back from the requested tensors to those that are fed, and returns the nodes on the way. */
export function neededNodes(graph: OnnxGraph, fed: ReadonlySet<string>, requested: readonly string[]): Set<OnnxNode> {
  const producers = new Map<string, OnnxNode>()
  for (const node of graph.nodes) for (const output of node.outputs) producers.set(output, node)
  const inputs = new Set(graph.inputs.map(({ info }) => info.name))
  const needed = new Set<OnnxNode>()
  const stack = [...requested]
  for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
    if (fed.has(name) || graph.initializers.has(name)) continue
    if (inputs.has(name)) throw new OnnxError(missingInput(graph.source, name, [...inputs], [...fed]))
    // A name without a producer is local to a subgraph of an If, Loop or Scan.
    const node = producers.get(name)
    if (node === undefined || needed.has(node)) continue
    needed.add(node)
    for (const input of node.inputs) stack.push(input)
  }
  return needed
}

const missingInput = (source: string, name: string, inputs: readonly string[], given: readonly string[]): string =>
  `${source}: input "${name}" is needed but missing; the model's inputs are ${quoteNames(inputs)}, given: ${quoteNames(given)}`

/** A node that runs although one of its outputs is fed writes that output under another name. */
function encodeNode({ message, outputs }: OnnxNode, fed: ReadonlyMap<string, DType>): Uint8Array {
  if (!outputs.some((name) => fed.has(name))) return bytesField(graphFields.node, message)
  const parts = [...readFields(message)].map(({ id, content, whole }) => {
    const name = id === nodeFields.output ? textOf(content) : ''
    return fed.has(name) ? bytesField(nodeFields.output, `${name} (computed, not fed)`) : whole
  })
  return bytesField(graphFields.node, concat(parts))
}

/** An input keeps its declaration; an intermediate that is fed gets one without a shape. */
function declareInput({ inputs }: OnnxGraph, name: string, dtype: DType): Uint8Array {
  const declared = inputs.find(({ info }) => info.name === name)
  if (declared !== undefined) return declared.message
  const [elemType] = [...elemTypes].find(([, other]) => other === dtype) ?? [0]
  const type = bytesField(typeFields.tensor, numberField(tensorTypeFields.elemType, elemType))
  return concat([bytesField(valueFields.name, name), bytesField(valueFields.type, type)])
}
