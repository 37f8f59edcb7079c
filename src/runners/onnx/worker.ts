// The worker thread in which ONNX Runtime runs. There it finds the typed arrays that it insists on: in Jest and in Vitest's vm pools
// the tests have others, and half floats are bits on every version of Node where there is no `Float16Array`.
import { Worker } from 'node:worker_threads'

/** The worker's program. It answers one request after the other, in order; arrays arrive as copies. */
const program = `
delete globalThis.Float16Array
const { parentPort, workerData } = require('node:worker_threads')
const sessions = new Map()
let ort
const answers = {
  start() {
    ort = require(workerData.path)
    ort.env.wasm.numThreads = 1
    const { node, web, common } = ort.env.versions
    return node ?? web ?? common
  },
  async open({ session, model, options }) {
    sessions.set(session, await ort.InferenceSession.create(model, options))
  },
  async run({ session, inputs, outputs }) {
    const feeds = {}
    for (const { name, data, shape, dtype } of inputs) feeds[name] = new ort.Tensor(dtype, data, shape)
    const results = await sessions.get(session).run(feeds, outputs)
    return outputs.map((name) => ({ data: results[name].data, shape: results[name].dims, dtype: results[name].type }))
  },
  async release({ session }) {
    await sessions.get(session)?.release()
    sessions.delete(session)
  },
}
let queue = Promise.resolve()
parentPort.on('message', (request) => {
  queue = queue.then(async () => {
    try {
      parentPort.postMessage({ value: await answers[request.type](request) })
    } catch (error) {
      parentPort.postMessage({ error: error instanceof Error ? error.message : String(error) })
    }
  })
})
`

export interface WorkerRequest {
  readonly type: 'start' | 'open' | 'run' | 'release'
  readonly [field: string]: unknown
}

/**
 * Starts a worker and returns a function that asks it. It keeps the process alive only while a request is under way.
 * @param path of ONNX Runtime's main file
 * @param onEnd is called when the worker ends of itself
 */
export function startWorker(path: string, onEnd: () => void): (request: WorkerRequest) => Promise<unknown> {
  const worker = new Worker(program, { eval: true, workerData: { path } })
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
