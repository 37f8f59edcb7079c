// Memories with kernels instantiated over them, and with threads where they are asked for. The last memory given back is the spare one: it
// serves the next model, since a new one costs more than the loading of a small model. A large one stays spare only until the garbage
// collector takes it.
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

/** A spare memory of up to this size is kept; the garbage collector may take a larger one. */
const keptBytes = 16 * 2 ** 20

let spare: Pick<WeakRef<KernelInstance>, 'deref'> | undefined

/**
 * The memory of a closed model, with whatever that left in it, or a new one.
 * @param weightBytes what the model is going to put into it at least
 * @throws {NcnnError} when the runtime lacks what the options need
 */
export async function takeKernelMemory(
  { relaxedSimd, ncnn }: Pick<EngineOptions, 'relaxedSimd' | 'ncnn'>,
  weightBytes: number,
): Promise<KernelMemory> {
  const { numThreads = 1 } = ncnn
  const shared = numThreads > 1
  const module = relaxedSimd ? await relaxedModule(shared) : await ncnnModule({ shared, relaxed: false })
  const instance = takeSpare(module, weightBytes) ?? createInstance(module, shared)
  const { memory, kernels } = instance
  if (!shared) return { memory, kernels, firstFree: FIRST_FREE_BYTE, release: () => giveBack(instance) }
  const pool = await startPool(instance, FIRST_FREE_BYTE, numThreads)
  return {
    memory,
    kernels: parallelKernels(kernels, pool),
    firstFree: FIRST_FREE_BYTE + poolBytes(numThreads),
    release() {
      pool.end()
      giveBack(instance)
    },
  }
}

function giveBack(instance: KernelInstance): void {
  spare = instance.memory.buffer.byteLength <= keptBytes ? { deref: () => instance } : new WeakRef(instance)
}

/** A small model does not hold on to a large memory. */
function takeSpare(module: WebAssembly.Module, weightBytes: number): KernelInstance | undefined {
  const instance = spare?.deref()
  if (instance?.module !== module) return undefined
  if (instance.memory.buffer.byteLength > Math.max(keptBytes, 2 * weightBytes)) return undefined
  spare = undefined
  return instance
}

function createInstance(module: WebAssembly.Module, shared: boolean): KernelInstance {
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
