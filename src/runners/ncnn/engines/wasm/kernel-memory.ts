// Memories with kernels instantiated over them. The last one given back serves the next model: engines free WebAssembly memory
// late, and a process that loads and closes models by the thousand would otherwise hold all of theirs.
import { createNcnnKernels, type NcnnKernels, ncnnModule, relaxedNcnnModule } from '../../../../kernels/ncnn.ts'
import { NcnnError } from '../../error.ts'

export interface KernelMemory {
  readonly memory: WebAssembly.Memory
  readonly kernels: NcnnKernels
  /** Gives the memory back; nobody may use it any more. */
  release(): void
}

const pageBytes = 64 * 1024
const maxPages = 65536

/** Most bytes a memory can have. */
export const maxMemoryBytes = maxPages * pageBytes

/** A larger memory is not kept for the next model. */
const keptBytes = 320 * 2 ** 20
let kept: { readonly module: WebAssembly.Module; readonly kernelMemory: KernelMemory } | undefined

/**
 * The memory of a closed model, with whatever that left in it, or a new one.
 * @throws {NcnnError} when the runtime has no relaxed SIMD, and that was asked for
 */
export async function takeKernelMemory({ relaxedSimd }: { readonly relaxedSimd: boolean }): Promise<KernelMemory> {
  const module = relaxedSimd ? await relaxedModule() : ncnnModule()
  if (kept?.module === module) {
    const { kernelMemory } = kept
    kept = undefined
    return kernelMemory
  }
  const memory = new WebAssembly.Memory({ initial: 2, maximum: maxPages })
  const kernelMemory: KernelMemory = {
    memory,
    kernels: createNcnnKernels(memory, module),
    release() {
      if (memory.buffer.byteLength <= keptBytes) kept = { module, kernelMemory }
    },
  }
  return kernelMemory
}

async function relaxedModule(): Promise<WebAssembly.Module> {
  try {
    return await relaxedNcnnModule()
  } catch (error) {
    throw new NcnnError(
      'loadNcnn: relaxedSimd needs WebAssembly with relaxed SIMD, which this runtime has not. ' +
        'Take Node 22 or newer (Node 20 has it with --experimental-wasm-relaxed-simd), or leave relaxedSimd out',
      { cause: error },
    )
  }
}
