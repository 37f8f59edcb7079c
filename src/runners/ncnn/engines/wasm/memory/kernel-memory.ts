// Memories with kernels instantiated over them, and with threads where they are asked for. Those of closed models serve the next ones until
// the garbage collector takes them: it comes late, as some engines do not count WebAssembly memory, and new memory costs more than
// the loading of a small model.
import {
  createNcnnKernels,
  firstFreeByte,
  maxPages,
  type NcnnKernels,
  ncnnModule,
} from '../../../../../kernels/ncnn.ts'
import { NcnnError } from '../../../error.ts'
import type { EngineOptions } from '../../../options.ts'
import { parallelKernels } from '../threads/parallel-kernels.ts'
import { type KernelInstance, poolBytes, startPool } from '../threads/pool.ts'

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
export const maxMemoryBytes = maxPages * pageBytes

/** A memory of up to this size is small. */
const smallBytes = 16 * 2 ** 20

/** The last small memory that was given back: the garbage collector does not get it. */
let kept: KernelInstance | undefined

/** The others. */
let spare: readonly WeakRef<KernelInstance>[] = []

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
  if (!shared) return { memory, kernels, firstFree: firstFreeByte, release: () => giveBack(instance) }
  const pool = await startPool(instance, firstFreeByte, numThreads)
  return {
    memory,
    kernels: parallelKernels(kernels, pool),
    firstFree: firstFreeByte + poolBytes(numThreads),
    release() {
      pool.end()
      giveBack(instance)
    },
  }
}

const sizeOf = ({ memory }: KernelInstance): number => memory.buffer.byteLength

function giveBack(instance: KernelInstance): void {
  const isSmall = sizeOf(instance) <= smallBytes
  const other = isSmall ? kept : instance
  if (isSmall) kept = instance
  if (other !== undefined) spare = [...spare, new WeakRef(other)]
}

/** The largest memory that was given back, of those that a model with so many bytes of weights may hold on to. */
function takeSpare(module: WebAssembly.Module, weightBytes: number): KernelInstance | undefined {
  const most = Math.max(smallBytes, 2 * weightBytes)
  const others = spare.flatMap((reference) => reference.deref() ?? [])
  const [taken] = [...others, ...(kept ? [kept] : [])]
    .filter((instance) => instance.module === module && sizeOf(instance) <= most)
    .sort((a, b) => sizeOf(b) - sizeOf(a))
  spare = others.filter((instance) => instance !== taken).map((instance) => new WeakRef(instance))
  if (kept === taken) kept = undefined
  return taken
}

function createInstance(module: WebAssembly.Module, shared: boolean): KernelInstance {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: maxPages, shared })
  return { module, memory, kernels: createNcnnKernels(memory, module) }
}

async function relaxedModule(shared: boolean): Promise<WebAssembly.Module> {
  try {
    return await ncnnModule({ shared, relaxed: true })
  } catch (error) {
    throw new NcnnError(
      'loadNcnn: relaxedSimd needs WebAssembly with relaxed SIMD, which this runtime has not. ' +
        'Take Node 22 or newer (Node 20 has it with --experimental-wasm-relaxed-simd), or leave out the option, and EXPECT_TENSOR_RELAXED_SIMD',
      { code: 'unsupported', cause: error },
    )
  }
}
