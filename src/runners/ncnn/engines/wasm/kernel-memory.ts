// Memories with kernels instantiated over them. The last one given back serves the next model: engines free WebAssembly memory
// late, and a process that loads and closes models by the thousand would otherwise hold all of theirs.
import { createNcnnKernels, type NcnnKernels } from '../../../../kernels/ncnn.ts'

export interface KernelMemory {
  readonly memory: WebAssembly.Memory
  readonly kernels: NcnnKernels
}

const pageBytes = 64 * 1024
const maxPages = 65536

/** Most bytes a memory can have. */
export const maxMemoryBytes = maxPages * pageBytes

/** A larger memory is not kept for the next model. */
const keptBytes = 320 * 2 ** 20
let kept: KernelMemory | undefined

/** The memory of a closed model, with whatever that left in it, or a new one. */
export function takeKernelMemory(): KernelMemory {
  if (kept !== undefined) {
    const idle = kept
    kept = undefined
    return idle
  }
  const memory = new WebAssembly.Memory({ initial: 2, maximum: maxPages })
  return { memory, kernels: createNcnnKernels(memory) }
}

/** Takes a memory back that nobody uses any more. */
export function returnKernelMemory(idle: KernelMemory): void {
  if (idle.memory.buffer.byteLength <= keptBytes) kept = idle
}
