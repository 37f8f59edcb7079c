// Worker threads that share a model's memory, and compute parts of a layer together with the thread that runs the model.
import type { Worker } from 'node:worker_threads'
import { nodeModule } from '../../../../../host/node-modules.ts'
import { reasonOf } from '../../../../../host/reason.ts'
import { type Exports, inOrder } from '../../../../../kernels/definition.ts'
import { ncnnDefinitions } from '../../../../../kernels/definitions.ts'
import { instantiateKernels } from '../../../../../kernels/instantiate.ts'
import { gemmScratchBytes, type NcnnKernels, type Pointer, readSlackBytes } from '../../../../../kernels/ncnn.ts'
import { NcnnError } from '../../../error.ts'
import { workerSource } from './generated/worker.ts'
import { openQueue } from './queue.ts'

/** Kernels that return nothing, whose calls can be divided. */
export type KernelName = {
  [K in keyof typeof ncnnDefinitions]: (typeof ncnnDefinitions)[K]['gives'] extends 'nothing' ? K : never
}[keyof typeof ncnnDefinitions]

/** What a worker is given. */
export interface WorkerData {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  readonly queue: SharedArrayBuffer
  /** Names of kernels, by the numbers that calls give. */
  readonly kernels: readonly string[]
}

export interface ThreadPool {
  /** Threads, that of the caller among them. */
  readonly threads: number
  /** Scratch memories of {@link gemmScratchBytes}, one less than there are threads: the caller brings the first. */
  readonly scratch: readonly Pointer[]
  /** Makes several calls of a kernel, one for each thread or fewer, and returns when all are done. They must not depend on each other. */
  run(kernel: KernelName, calls: readonly Readonly<Record<string, number>>[]): void
  end(): void
}

export interface KernelInstance {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  readonly kernels: NcnnKernels
}

const pageBytes = 64 * 1024

/** Bytes between two scratch memories. */
const scratchStep = Math.ceil((gemmScratchBytes + readSlackBytes) / 64) * 64

/** Bytes of the memory that a pool of so many threads needs for itself. */
export const poolBytes = (threads: number): number => (threads - 1) * scratchStep

/** Why there can be no threads here; undefined if there can. */
export function threadsMissing(): string | undefined {
  return 'Worker' in nodeModule('node:worker_threads')
    ? undefined
    : 'numThreads needs the worker threads of Node; in a browser leave it at 1'
}

/**
 * Starts worker threads. They do not keep the process alive.
 * @param instance shared memory, and the module of kernels
 * @param address of the {@link poolBytes} that are the pool's
 * @throws {NcnnError} when a worker cannot be started
 */
export async function startPool(
  { module, memory }: Pick<KernelInstance, 'module' | 'memory'>,
  address: Pointer,
  threads: number,
): Promise<ThreadPool> {
  const missing = poolBytes(threads) + address - memory.buffer.byteLength
  if (missing > 0) memory.grow(Math.ceil(missing / pageBytes))
  const names = Object.keys(ncnnDefinitions)
  const exports = instantiateKernels<Exports<typeof ncnnDefinitions>>(module, memory)
  const queue = openQueue()
  const workerData: WorkerData = { module, memory, queue: queue.buffer, kernels: names }
  const workers: Worker[] = []
  const end = (): void => {
    for (const worker of workers) worker.terminate()
  }
  try {
    for (let i = 1; i < threads; i++) {
      // refused where Node's permissions do not include workers
      workers.push(
        new (nodeModule('node:worker_threads').Worker)(workerSource, { eval: true, workerData, execArgv: [] }),
      )
    }
    await Promise.all(workers.map(ready))
  } catch (error) {
    end()
    throw new NcnnError(`numThreads: ${threads}: a worker thread cannot be started: ${reasonOf(error)}`, {
      code: 'unsupported',
      cause: error,
    })
  }
  return {
    threads,
    scratch: workers.map((_, i) => address + i * scratchStep),
    run(kernel, calls) {
      const compute = exports[kernel] as (...numbers: readonly number[]) => undefined
      const definition = ncnnDefinitions[kernel]
      queue.publish(
        names.indexOf(kernel),
        calls.map((call) => inOrder(definition, call)),
      )
      let failure: unknown
      for (let call = queue.take(); call !== undefined; call = queue.take()) {
        try {
          compute(...call.numbers)
          queue.finish(true)
        } catch (error) {
          failure = error
          queue.finish(false)
        }
      }
      if (!queue.awaitFinish()) throw failure ?? new Error(`${kernel} failed in a worker thread`)
    },
    end,
  }
}

function ready(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('message', () => {
      worker.unref()
      resolve()
    })
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('it has ended')))
  })
}
