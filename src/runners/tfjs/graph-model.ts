// A graph model of TensorFlow.js as a Runner: blobs are the nodes of the graph, by name.
import { parseDType } from '../../tensor/dtype.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { type Emit, firstLine, type Runner } from '../create-model.ts'
import { inExecutionOrder } from '../graph.ts'
import type { LayerInfo, TensorInfo } from '../model.ts'
import type { GraphNode } from './artifacts.ts'
import { TfjsError } from './error.ts'
import { explainTf, fromTf, runtimeOf, type Tf, type TfGraphModel, type TfTensor, tidied, toTf } from './namespace.ts'

/** Nodes that hold weights, or nothing, and those that stand for an input. */
const computesNothing = new Set(['Const', 'NoOp', 'Placeholder', 'PlaceholderWithDefault'])

/** The node that a reference such as `split:1` means. */
const nodeOf = (reference: string): string => reference.replace(/:\d+$/, '')

/** `split:0` is `split`. */
const tensorOf = (reference: string): string => reference.replace(/:0$/, '')

/**
 * The nodes of a graph that compute something, in execution order. Outputs of a node beyond the first are known by who reads them. A
 * loop has no order: there the way back is left out of account.
 */
function layersOf(nodes: readonly GraphNode[], blobOf: (tensor: string) => string): LayerInfo[] {
  const weights = new Set(nodes.flatMap(({ name, op }) => (op === 'Const' || op === 'NoOp' ? [name] : [])))
  // `^name` only has to run before.
  const readsOf = ({ input = [] }: GraphNode): string[] =>
    input.filter((reference) => !reference.startsWith('^') && !weights.has(nodeOf(reference))).map(tensorOf)
  const outputs = new Map<string, Set<string>>(nodes.map(({ name }) => [name, new Set([name])]))
  for (const tensor of nodes.flatMap(readsOf)) outputs.get(nodeOf(tensor))?.add(tensor)
  const layers = nodes
    .filter(({ op }) => !computesNothing.has(op))
    .map((node) => ({
      name: node.name,
      type: node.op,
      inputs: readsOf(node).map(blobOf),
      outputs: [...new Set([...(outputs.get(node.name) ?? [])].map(blobOf))],
    }))
  return inExecutionOrder(layers, () => undefined)
}

export function graphRunner(source: string, tf: Tf, model: TfGraphModel, graphNodes: readonly GraphNode[]): Runner {
  const nodes = new Map(graphNodes.map((node) => [node.name, node]))
  // Inputs and outputs go by the name that the model's signature gives them, where it has one.
  const signature = new Map([
    ...model.outputs.map(({ name }, i) => [nodeOf(name), model.outputNodes[i]] as const),
    ...model.inputs.map(({ name }, i) => [nodeOf(name), model.inputNodes[i]] as const),
  ])
  const nodeNames = new Map([...signature].map(([node, name]) => [name, node]))
  const blobOf = (node: string): string => signature.get(node) ?? node
  const inputs: TensorInfo[] = model.inputs.map(({ shape, dtype }, i) => ({
    name: model.inputNodes[i],
    ...(shape && { shape: shape.map((length) => length ?? -1) }),
    dtype: parseDType(dtype),
  }))
  const outputs = model.outputNodes.map((name) => ({ name }))
  const findNode = (name: string): string => nodeNames.get(name) ?? nodeOf(name)

  const layers = layersOf(graphNodes, blobOf)
  const blobs = [...inputs.map(({ name }) => name), ...layers.flatMap((layer) => layer.outputs)]

  const compute: Runner['compute'] = async (fed, requested, _, emit) => {
    const tensors = Object.fromEntries([...fed].map(([name, tensor]) => [findInput(name), toTf(tf, tensor, name)]))
    try {
      await execute(tensors, requested, emit)
    } catch (error) {
      throw new TfjsError(`${source}: TensorFlow.js cannot run it: ${explainTf(error)}`, {
        code: 'runtime-failed',
        cause: error,
      })
    } finally {
      for (const tensor of Object.values(tensors)) tensor.dispose()
    }
  }
  /** Nodes are fed by the name of the node. */
  const findInput = (name: string): string => nodeNames.get(name) ?? name
  const execute = async (tensors: Record<string, TfTensor>, requested: readonly string[], emit: Emit) => {
    const names = requested.map((name) => nodeNames.get(name) ?? name)
    const read = (results: TfTensor | TfTensor[]): Tensor[] =>
      [results].flat().map((result, i) => fromTf(result, requested[i]))
    const tensorsOf = async (): Promise<Tensor[]> => {
      try {
        return tidied(tf, () => read(model.execute(tensors, names)))
      } catch (error) {
        // Control flow and results of unknown shape.
        if (!firstLine(error).includes('executeAsync')) throw error
      }
      const results = await model.executeAsync(tensors, names)
      try {
        return read(results)
      } finally {
        const kept = new Set([...Object.values(tensors), ...Object.values(model.weights).flat()])
        for (const result of new Set([results].flat())) if (!kept.has(result)) result.dispose()
      }
    }
    for (const [i, tensor] of (await tensorsOf()).entries()) emit(requested[i], tensor)
  }
  return {
    source,
    runtime: runtimeOf(tf),
    inputs,
    outputs,
    blobs,
    layers,
    has: (name) => nodes.has(findNode(name)),
    dtypeOf: (name) => inputs.find((input) => input.name === name)?.dtype,
    compute,
    close: () => model.dispose(),
  }
}
