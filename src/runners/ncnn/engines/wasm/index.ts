// The built-in engine: ncnn's operators in WebAssembly and TypeScript, the same bits on every machine.
import { NcnnError } from '../../error.ts'
import type { EngineOptions, NcnnEngine, NcnnFiles, NcnnOptions } from '../../options.ts'
import { parseParamText } from '../../param-text.ts'
import { createWasmModel } from './model.ts'

export const wasmEngine: NcnnEngine = {
  name: 'wasm',
  async load(files: NcnnFiles, options: EngineOptions) {
    checkOptions(options.ncnn)
    return createWasmModel(parseParam(files), files.bin, files.binName, options)
  },
}

function parseParam({ param, paramName }: NcnnFiles): ReturnType<typeof parseParamText> {
  return parseParamText(typeof param === 'string' ? param : new TextDecoder().decode(param), paramName)
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
