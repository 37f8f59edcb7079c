// A graph model of TensorFlow.js as a Runner: blobs are the nodes of the graph, by name.
import { parseDType } from '../../tensor/dtype.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { firstLine, quoteNames, type Runner } from '../create-model.ts'
import type { TensorInfo } from '../model.ts'
import type { GraphNode } from './artifacts.ts'
import { TfjsError } from './error.ts'
import { fromTf, runtimeOf, type Tf, type TfGraphModel, type TfTensor, tidied, toTf } from './namespace.ts'

/** Nodes that hold weights, or nothing. */
const isNoBlob = ({ op }: GraphNode): boolean => op === 'Const' || op === 'NoOp'

/** The node that a reference such as `split:1` or `^init` means. */
const nodeOf = (reference: string): string => reference.replace(/^\^/, '').replace(/:\d+$/, '')

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

  /** The nodes that must run, in the order in which they can. */
  const neededNodes = (fed: ReadonlySet<string>, requested: readonly string[]): GraphNode[] => {
    const given = new Set([...fed].map(findNode))
    const state = new Map<string, 'entered' | 'done'>()
    const order: GraphNode[] = []
    const stack = requested.map(findNode).reverse()
    for (let name = stack.at(-1); name !== undefined; name = stack.at(-1)) {
      const node = nodes.get(name)
      if (node === undefined || state.get(name) === 'done' || given.has(name)) {
        stack.pop()
      } else if (state.get(name) === 'entered') {
        stack.pop()
        state.set(name, 'done')
        order.push(node)
      } else {
        state.set(name, 'entered')
        // A node that was entered already closes a loop.
        for (const input of node.input ?? []) if (!state.has(nodeOf(input))) stack.push(nodeOf(input))
      }
    }
    return order
  }
  const blobsOf = (run: readonly GraphNode[]): string[] =>
    run.flatMap((node) => (isNoBlob(node) ? [] : [blobOf(node.name)]))
  const all = neededNodes(
    new Set(),
    graphNodes.map(({ name }) => name),
  )
  const inputNames = new Set(inputs.map(({ name }) => name))
  const blobs = blobsOf(all)

  const compute = async (fed: ReadonlyMap<string, Tensor>, requested: readonly string[]) => {
    const missing = blobsOf(neededNodes(new Set(fed.keys()), requested)).filter((name) => inputNames.has(name))
    if (missing.length > 0) {
      throw new TfjsError(
        `${source}: input ${quoteNames(missing)} is needed but missing; the model's inputs are ${quoteNames([...inputNames])}, given: ${quoteNames([...fed.keys()])}`,
      )
    }
    const tensors = Object.fromEntries([...fed].map(([name, tensor]) => [findInput(name), toTf(tf, tensor, name)]))
    try {
      return await execute(tensors, requested)
    } catch (error) {
      throw new TfjsError(`${source}: TensorFlow.js cannot run it: ${firstLine(error)}`, { cause: error })
    } finally {
      for (const tensor of Object.values(tensors)) tensor.dispose()
    }
  }
  /** Nodes are fed by the name of the node. */
  const findInput = (name: string): string => nodeNames.get(name) ?? name
  const execute = async (tensors: Record<string, TfTensor>, requested: readonly string[]) => {
    const names = requested.map((name) => nodeNames.get(name) ?? name)
    const read = (results: TfTensor | TfTensor[]): Record<string, Tensor> =>
      Object.fromEntries([results].flat().map((result, i) => [requested[i], fromTf(result, requested[i])]))
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
  return {
    source,
    runtime: runtimeOf(tf),
    inputs,
    outputs,
    blobs,
    has: (name) => nodes.has(findNode(name)),
    dtypeOf: (name) => inputs.find((input) => input.name === name)?.dtype,
    computed(fed) {
      const names = new Set([...fed, ...blobsOf(neededNodes(fed, model.outputNodes))])
      return blobs.filter((name) => names.has(name))
    },
    compute,
    close: () => model.dispose(),
  }
}
