// The worker thread in which ONNX Runtime runs. There it finds the typed arrays that it insists on: in Jest and in Vitest's vm pools
// the tests have others, and half floats are bits on every version of Node where there is no `Float16Array`.
import { Worker } from 'node:worker_threads'
import type { TypedArray } from '../../tensor/dtype.ts'
import { workerSource } from './generated/worker.ts'

/** What is asked of the worker; a session is named by a number. */
export type WorkerRequest =
  | { readonly type: 'start' }
  | { readonly type: 'open'; readonly session: number; readonly model: Uint8Array; readonly options: object }
  | {
      readonly type: 'run'
      readonly session: number
      readonly inputs: readonly WorkerTensor[]
      readonly outputs: readonly string[]
    }
  | { readonly type: 'release'; readonly session: number }

interface WorkerTensor {
  readonly name: string
  readonly data: TypedArray
  readonly shape: readonly number[]
  readonly dtype: string
}

/**
 * Starts a worker and returns a function that asks it. It keeps the process alive only while a request is under way.
 * @param path of ONNX Runtime's main file
 * @param onEnd is called when the worker ends of itself
 */
export function startWorker(path: string, onEnd: () => void): (request: WorkerRequest) => Promise<unknown> {
  const worker = new Worker(workerSource, { eval: true, workerData: { path } })
  const waiting: { resolve(value: unknown): void; reject(error: Error): void }[] = []
  const settle = ({ value, error }: { value?: unknown; error?: string }): void => {
    const request = waiting.shift()
    if (waiting.length === 0) worker.unref()
    if (error === undefined) request?.resolve(value)
    else request?.reject(new Error(error))
  }
  let ended: Error | undefined
  const end = (error: Error): void => {
    ended ??= error
    onEnd()
    for (const { reject } of waiting.splice(0)) reject(error)
  }
  worker.on('message', settle)
  worker.on('messageerror', (error) => settle({ error: error.message }))
  worker.on('error', end)
  worker.on('exit', (code) => end(new Error(`its worker thread ended with code ${code}`)))
  worker.unref()
  return (request) =>
    new Promise((resolve, reject) => {
      if (ended !== undefined) throw ended
      worker.postMessage(request)
      waiting.push({ resolve, reject })
      worker.ref()
    })
}
