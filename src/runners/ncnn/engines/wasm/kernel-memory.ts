// Memories with kernels instantiated over them. Small ones are used again by the next model: engines free WebAssembly memory late,
// and a process that loads and closes models by the thousand would otherwise hold all of theirs.
import { createNcnnKernels, type NcnnKernels } from '../../../../kernels/ncnn.ts'

export interface KernelMemory {
  readonly memory: WebAssembly.Memory
  readonly kernels: NcnnKernels
}

const pageBytes = 64 * 1024
const maxPages = 65536

/** What is kept between models at most: two memories of 64 MiB. */
const keptCount = 2
const keptBytes = 64 * 2 ** 20
const kept: KernelMemory[] = []

/** A memory of a closed model, with whatever that left in it, or a new one. */
export function takeKernelMemory(): KernelMemory {
  const idle = kept.pop()
  if (idle !== undefined) return idle
  const memory = new WebAssembly.Memory({ initial: 2, maximum: maxPages })
  return { memory, kernels: createNcnnKernels(memory) }
}

/** Takes a memory back that nobody uses any more. */
export function returnKernelMemory(idle: KernelMemory): void {
  if (kept.length < keptCount && idle.memory.buffer.byteLength <= keptBytes) kept.push(idle)
}

/** Most bytes a memory can have. */
export const maxMemoryBytes = maxPages * pageBytes
