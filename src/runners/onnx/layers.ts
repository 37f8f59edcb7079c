// The nodes of an ONNX graph as layers: what each computes from what.
import type { LayerInfo } from '../model.ts'
import { OnnxError } from './error.ts'
import type { OnnxGraph, OnnxNode } from './graph.ts'

export interface OnnxLayer extends LayerInfo {
  readonly node: OnnxNode
}

/**
 * The layers of a graph, in the order of its nodes, which is an order of execution.
 * @throws {OnnxError} when two nodes write one name
 */
export function layersOf({ source, nodes, inputs }: OnnxGraph): OnnxLayer[] {
  const writers = new Map<string, OnnxNode>()
  for (const node of nodes) {
    for (const name of node.outputs.filter(Boolean)) {
      const other = writers.get(name)
      if (other !== undefined) {
        throw new OnnxError(
          `${source}: two nodes write "${name}", ${describe(other)} and ${describe(node)}: which of them is meant?`,
        )
      }
      writers.set(name, node)
    }
  }
  const computed = new Set([...inputs.map(({ info }) => info.name), ...writers.keys()])
  return nodes.map((node) => {
    const outputs = node.outputs.filter(Boolean)
    return {
      name: nameOf(node),
      type: node.opType,
      // The others are weights, and what is local to the branches and bodies within the node.
      inputs: node.inputs.filter((name) => computed.has(name)),
      outputs,
      node,
    }
  })
}

const nameOf = ({ name, outputs }: OnnxNode): string => name || outputs.find(Boolean) || ''

const describe = (node: OnnxNode): string => `"${nameOf(node)}" (${node.opType})`
