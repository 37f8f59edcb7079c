// The SIMD kernels of the built-in ncnn engine: how to instantiate them over a model's memory, and all that their callers need.
import type { NcnnKernels } from './definitions.ts'
import { wasmBase64 } from './generated/ncnn.ts'
import { namedCalls } from './generated/ncnn-calls.ts'
import { compileKernels, compileSharedKernels, instantiateKernels } from './instantiate.ts'

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

const modules = new Map<string, WebAssembly.Module>()

function moduleOnce(key: string, compile: () => WebAssembly.Module): WebAssembly.Module {
  const module = modules.get(key) ?? compile()
  modules.set(key, module)
  return module
}

const plainModule = (): WebAssembly.Module => moduleOnce('plain', () => compileKernels(wasmBase64))

/**
 * The kernels as a module, compiled on first use.
 * @throws WebAssembly.CompileError when `relaxed` in runtimes without relaxed SIMD
 */
export async function ncnnModule({ shared, relaxed }: NcnnModuleKind): Promise<WebAssembly.Module> {
  if (!shared && !relaxed) return plainModule()
  const text = relaxed ? (await import('./generated/ncnn-relaxed.ts')).wasmBase64 : wasmBase64
  return shared
    ? moduleOnce(relaxed ? 'shared, relaxed' : 'shared', () => compileSharedKernels(text))
    : moduleOnce('relaxed', () => compileKernels(text))
}

/** Instantiates the kernels over `memory`, whose first {@link firstFreeByte} bytes are theirs; by default in their plain form. */
export function createNcnnKernels(memory: WebAssembly.Memory, module = plainModule()): NcnnKernels {
  return namedCalls(instantiateKernels(module, memory))
}
