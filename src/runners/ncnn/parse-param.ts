// Reads a .param, text or binary, into a graph.
import type { Graph } from './graph.ts'
import type { NcnnFiles } from './options.ts'
import { isBinaryParam, parseParamBinary } from './param-binary.ts'
import { parseParamText } from './param-text.ts'

/** Text and binary .param files are told apart by their first bytes, not by their names. */
export function parseParam({ param, paramName }: Pick<NcnnFiles, 'param' | 'paramName'>): Graph {
  if (typeof param === 'string') return parseParamText(param, paramName)
  return isBinaryParam(param)
    ? parseParamBinary(param, paramName)
    : parseParamText(new TextDecoder().decode(param), paramName)
}
