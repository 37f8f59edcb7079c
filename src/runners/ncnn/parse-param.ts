// Reads a .param, text or binary, into a graph.
import { decodeText } from '../../host/utf8.ts'
import type { Graph, GraphLayer } from './graph.ts'
import type { NcnnFiles } from './options.ts'
import { isBinaryParam, parseParamBinary } from './param-binary.ts'
import { parseParamText } from './param-text.ts'

/**
 * Text and binary .param files are told apart by their first bytes, not by their names. A blob that is read and that no layer produces
 * is an input: old converters wrote no `Input` layers.
 */
export function parseParam({ param, paramName }: Pick<NcnnFiles, 'param' | 'paramName'>): Graph {
  const graph = parse(param, paramName)
  const produced = new Set(graph.layers.flatMap((layer) => layer.outputs))
  const missing = new Map<string, GraphLayer>()
  for (const { inputs, position } of graph.layers) {
    for (const blob of inputs) {
      if (!produced.has(blob) && !missing.has(blob)) missing.set(blob, undeclaredInput(blob, position))
    }
  }
  return missing.size === 0 ? graph : { ...graph, layers: [...missing.values(), ...graph.layers] }
}

function parse(param: string | Uint8Array, paramName: string): Graph {
  if (typeof param === 'string') return parseParamText(param, paramName)
  return isBinaryParam(param) ? parseParamBinary(param, paramName) : parseParamText(decodeText(param), paramName)
}

const undeclaredInput = (blob: string, position: string): GraphLayer => ({
  type: 'Input',
  name: blob,
  inputs: [],
  outputs: [blob],
  params: new Map(),
  position: `read in ${position}`,
})
