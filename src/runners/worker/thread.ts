// A worker thread that answers one request after the other: for runtimes that need globals of their own, such as Node's own typed
// arrays, which tests in Jest and in Vitest's vm pools do not have.
import { Worker } from 'node:worker_threads'

export interface ThreadProgram {
  /** The thread's text, one that calls `answerInOrder`. */
  readonly source: string
  readonly workerData: unknown
  /** Is called when the thread ends of itself. */
  onEnd(): void
}

/** Starts a thread and returns a function that asks it. It keeps the process alive only while a request is under way. */
export function startThread<Request>({
  source,
  workerData,
  onEnd,
}: ThreadProgram): (request: Request) => Promise<unknown> {
  const worker = new Worker(source, { eval: true, workerData })
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
