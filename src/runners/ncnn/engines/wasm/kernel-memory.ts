// Memories with kernels instantiated over them, and with threads where they are asked for. The last memory given back serves the next
// model: engines free WebAssembly memory late, and a process that loads and closes models by the thousand would otherwise hold all of theirs.
import {
  createNcnnKernels,
  FIRST_FREE_BYTE,
  MAX_PAGES,
  type NcnnKernels,
  ncnnModule,
} from '../../../../kernels/ncnn.ts'
import { NcnnError } from '../../error.ts'
import type { EngineOptions } from '../../options.ts'
import { parallelKernels } from './threads/parallel-kernels.ts'
import { type KernelInstance, poolBytes, startPool } from './threads/pool.ts'

export interface KernelMemory {
  readonly memory: WebAssembly.Memory
  readonly kernels: NcnnKernels
  /** What lies below belongs to the kernels. */
  readonly firstFree: number
  /** Gives the memory back, and ends the threads; nobody may use it any more. */
  release(): void
}

const pageBytes = 64 * 1024

/** Most bytes a memory can have. */
export const maxMemoryBytes = MAX_PAGES * pageBytes

/** A larger memory is not kept for the next model. */
const keptBytes = 320 * 2 ** 20

let kept: KernelInstance | undefined

/**
 * The memory of a closed model, with whatever that left in it, or a new one.
 * @throws {NcnnError} when the runtime lacks what the options need
 */
export async function takeKernelMemory({ relaxedSimd, ncnn }: EngineOptions): Promise<KernelMemory> {
  const { numThreads = 1 } = ncnn
  const shared = numThreads > 1
  const instance = takeInstance(
    shared,
    relaxedSimd ? await relaxedModule(shared) : await ncnnModule({ shared, relaxed: false }),
  )
  const { memory, kernels } = instance
  const keep = (): void => {
    if (memory.buffer.byteLength <= keptBytes) kept = instance
  }
  if (!shared) return { memory, kernels, firstFree: FIRST_FREE_BYTE, release: keep }
  const pool = await startPool(instance, FIRST_FREE_BYTE, numThreads)
  return {
    memory,
    kernels: parallelKernels(kernels, pool),
    firstFree: FIRST_FREE_BYTE + poolBytes(numThreads),
    release() {
      pool.end()
      keep()
    },
  }
}

function takeInstance(shared: boolean, module: WebAssembly.Module): KernelInstance {
  if (kept?.module === module) {
    const instance = kept
    kept = undefined
    return instance
  }
  const memory = new WebAssembly.Memory({ initial: 2, maximum: MAX_PAGES, shared })
  return { module, memory, kernels: createNcnnKernels(memory, module) }
}

async function relaxedModule(shared: boolean): Promise<WebAssembly.Module> {
  try {
    return await ncnnModule({ shared, relaxed: true })
  } catch (error) {
    throw new NcnnError(
      'loadNcnn: relaxedSimd needs WebAssembly with relaxed SIMD, which this runtime has not. ' +
        'Take Node 22 or newer (Node 20 has it with --experimental-wasm-relaxed-simd), or leave relaxedSimd out',
      { cause: error },
    )
  }
}
