// Reads a .param, text or binary, into a graph.
import { decodeText } from '../../host/utf8.ts'
import { NcnnError } from './error.ts'
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
  if (typeof param !== 'string' && isBinaryParam(param)) return parseParamBinary(param, paramName)
  const text = typeof param === 'string' ? param : decodeText(param)
  refusePnnxGraph(text, paramName)
  return parseParamText(text, paramName)
}

/** pnnx writes two graphs of every model, and begins both with ncnn's magic number. */
function refusePnnxGraph(text: string, paramName: string): void {
  if (!/^pnnx\.(Input|Output)\s/m.test(text)) return
  const other = paramName.endsWith('.pnnx.param') ? paramName.replace(/pnnx\.param$/, 'ncnn.param') : 'the .ncnn.param'
  throw new NcnnError(
    `${paramName} is pnnx's own graph, which ncnn cannot read: take ${other}, which pnnx wrote beside it`,
  )
}

const undeclaredInput = (blob: string, position: string): GraphLayer => ({
  type: 'Input',
  name: blob,
  inputs: [],
  outputs: [blob],
  params: new Map(),
  position: `read in ${position}`,
})
