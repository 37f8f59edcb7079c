// The SIMD kernels of the built-in ncnn engine: how to instantiate them over a model's memory, and all that their callers need.
import type { NcnnKernels } from './definitions.ts'
import { deflatedBase64 } from './generated/ncnn.ts'
import { namedCalls } from './generated/ncnn-calls.ts'
import { compileDeflatedKernels, compileSharedKernels, instantiateKernels } from './instantiate.ts'

export { Activation } from './activation.ts'
export type { NcnnKernels } from './definitions.ts'
export { BinaryOp, UnaryOp } from './elementwise.ts'
export { gemmScratchBytes, Initial, packedLeftBytes, packedRightBytes, WeightType } from './gemm.ts'
export {
  HalfFunction,
  halfDeconvolutionScratchBytes,
  halfMatrixScratchBytes,
  halfRecurrentScratchBytes,
} from './half.ts'
export { firstFreeByte, maxPages, type Pointer, readSlackBytes } from './memory.ts'
export { PoolType } from './pooling.ts'
export { recurrentScratchBytes } from './recurrent.ts'
export { ReduceOp } from './reduction.ts'
export { ResizeRounding } from './sampling.ts'
export { type WinogradSize, winogradPlaces } from './winograd.ts'

/** Which form of the kernels. */
export interface NcnnModuleKind {
  /** For a shared memory; the code is the same. */
  readonly shared: boolean
  /** Sums of products round once per product where the processor can: faster, and not the same bits everywhere. */
  readonly relaxed: boolean
}

const modules = new Map<string, Promise<WebAssembly.Module>>()

/**
 * The kernels as a module, compiled on first use.
 * @throws WebAssembly.CompileError when `relaxed` in runtimes without relaxed SIMD
 */
export function ncnnModule({ shared, relaxed }: NcnnModuleKind): Promise<WebAssembly.Module> {
  const key = `${shared} ${relaxed}`
  const known = modules.get(key)
  if (known !== undefined) return known
  const module = compile({ shared, relaxed })
  modules.set(key, module)
  module.catch(() => modules.delete(key))
  return module
}

async function compile({ shared, relaxed }: NcnnModuleKind): Promise<WebAssembly.Module> {
  const text = relaxed ? (await import('./generated/ncnn-relaxed.ts')).deflatedBase64 : deflatedBase64
  return shared ? compileSharedKernels(text) : compileDeflatedKernels(text)
}

/** Instantiates the kernels over `memory`, whose first {@link firstFreeByte} bytes are theirs. */
export function createNcnnKernels(memory: WebAssembly.Memory, module: WebAssembly.Module): NcnnKernels {
  return namedCalls(instantiateKernels(module, memory))
}
