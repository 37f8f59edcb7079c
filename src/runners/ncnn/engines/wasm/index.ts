// The built-in engine: ncnn's operators in WebAssembly and TypeScript, the same bits on every machine.

import packageJson from '../../../../../package.json' with { type: 'json' }
import { reasonOf } from '../../../../host/reason.ts'
import { NcnnError } from '../../error.ts'
import type { EngineOptions, NcnnEngine } from '../../options.ts'
import { loadWasmNetwork } from './model.ts'
import { threadsMissing } from './threads/pool.ts'

export const wasmEngine: NcnnEngine = {
  name: 'wasm',
  version: async () => `built in, expect-tensor ${packageJson.version}`,
  refuses(ncnn) {
    try {
      checkOptions({ ncnn, precision: 'float32' })
      return undefined
    } catch (error) {
      return reasonOf(error)
    }
  },
  async load(model, options) {
    checkOptions(options)
    if (typeof WebAssembly === 'undefined') {
      throw new NcnnError(
        'the built-in engine needs WebAssembly, which this JavaScript runtime has not: is it run with --jitless?',
        { code: 'unsupported' },
      )
    }
    return loadWasmNetwork(model, options)
  },
}

/** Switches that change how a native ncnn goes about its work, but not the result that this engine gives. */
const withoutEffect = ['lightmode', 'usePackingLayout', 'useSgemmConvolution', 'useFp16Packed', 'useInt8Inference']
/** Convolution by another algorithm. */
const algorithms = ['useWinogradConvolution', 'useWinograd23Convolution', 'useWinograd43Convolution']
/** More threads than there are processors only hold each other up. */
const mostThreads = 64
/** Switches by which this engine simulates a reduced precision. */
const simulated = ['useFp16Storage', 'useFp16Arithmetic', 'useBf16Storage']

function checkOptions({ ncnn, precision }: Pick<EngineOptions, 'ncnn' | 'precision'>): void {
  for (const [name, value] of Object.entries(ncnn)) {
    const off = value === undefined || value === false || name === 'numThreads'
    if (off || withoutEffect.includes(name)) continue
    if (!simulated.includes(name) && !algorithms.includes(name)) {
      throw new NcnnError(`the built-in engine does not support the ncnn option ${name}: ${JSON.stringify(value)}`, {
        code: 'wrong-option',
      })
    }
    if (precision === 'float64' && simulated.includes(name))
      throw new NcnnError(`the ncnn option ${name} and precision 'float64' contradict each other`, {
        code: 'wrong-option',
      })
  }
  checkThreads(ncnn.numThreads)
  if (ncnn.useFp16Arithmetic && !ncnn.useFp16Storage) {
    throw new NcnnError('the ncnn option useFp16Arithmetic needs useFp16Storage as well', { code: 'wrong-option' })
  }
}

function checkThreads(numThreads = 1): void {
  if (!Number.isInteger(numThreads) || numThreads < 1 || numThreads > mostThreads) {
    throw new NcnnError(`the ncnn option numThreads must be an integer from 1 to ${mostThreads}, got ${numThreads}`, {
      code: 'wrong-option',
    })
  }
  const missing = numThreads > 1 ? threadsMissing() : undefined
  if (missing !== undefined) throw new NcnnError(missing, { code: 'unsupported' })
}
