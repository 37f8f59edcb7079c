// The built-in engine: ncnn's operators in WebAssembly and TypeScript, the same bits on every machine.
import { NcnnError } from '../../error.ts'
import type { Graph } from '../../graph.ts'
import type { EngineOptions, NcnnEngine, NcnnFiles, NcnnOptions } from '../../options.ts'
import { isBinaryParam, parseParamBinary } from '../../param-binary.ts'
import { parseParamText } from '../../param-text.ts'
import { createWasmModel } from './model.ts'

export const wasmEngine: NcnnEngine = {
  name: 'wasm',
  async load(files: NcnnFiles, options: EngineOptions) {
    checkOptions(options.ncnn)
    return createWasmModel(parseParam(files), files.bin, files.binName, options)
  },
}

/** Text and binary .param files are told apart by their first bytes, not by their names. */
function parseParam({ param, paramName }: NcnnFiles): Graph {
  if (typeof param === 'string') return parseParamText(param, paramName)
  return isBinaryParam(param)
    ? parseParamBinary(param, paramName)
    : parseParamText(new TextDecoder().decode(param), paramName)
}

/** Switches that change how a native ncnn computes, but not what this engine does. */
const withoutEffect = new Set<string>(['lightmode', 'usePackingLayout', 'useSgemmConvolution', 'useInt8Inference'])

function checkOptions(ncnn: NcnnOptions): void {
  for (const [name, value] of Object.entries(ncnn)) {
    if (withoutEffect.has(name) || value === undefined || value === false || (name === 'numThreads' && value === 1))
      continue
    throw new NcnnError(`the built-in engine does not support the ncnn option ${name}: ${JSON.stringify(value)}`)
  }
}
