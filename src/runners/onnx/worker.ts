// The program of the worker thread in which ONNX Runtime runs: answers one request after the other, in order; arrays arrive as copies.
import { parentPort, workerData } from 'node:worker_threads'
import { reasonOf } from '../../host/reason.ts'
import type { TypedArray } from '../../tensor/dtype.ts'
import type { WorkerRequest } from './worker-thread.ts'

/** As much of ONNX Runtime as is used. */
interface Ort {
  readonly env: {
    readonly wasm: { numThreads: number }
    readonly versions: { readonly node?: string; readonly web?: string; readonly common: string }
  }
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<OrtSession> }
  readonly Tensor: new (type: string, data: TypedArray, dims: readonly number[]) => OrtTensor
}

interface OrtTensor {
  readonly data: unknown
  readonly dims: readonly number[]
  readonly type: string
}

interface OrtSession {
  run(feeds: Record<string, OrtTensor>, outputs: readonly string[]): Promise<Record<string, OrtTensor>>
  release(): Promise<void>
}

// ONNX Runtime hands half floats over in a Float16Array where there is one, and as bits elsewhere: here always as bits.
Reflect.deleteProperty(globalThis, 'Float16Array')

const sessions = new Map<number, OrtSession>()
let ort: Ort

async function answer(request: WorkerRequest): Promise<unknown> {
  switch (request.type) {
    case 'start': {
      ort = require(workerData.path)
      ort.env.wasm.numThreads = 1
      const { node, web, common } = ort.env.versions
      return node ?? web ?? common
    }
    case 'open':
      sessions.set(request.session, await ort.InferenceSession.create(request.model, request.options))
      return undefined
    case 'run': {
      const { session, inputs, outputs } = request
      const feeds: Record<string, OrtTensor> = {}
      for (const { name, data, shape, dtype } of inputs) feeds[name] = new ort.Tensor(dtype, data, shape)
      const results = (await sessions.get(session)?.run(feeds, outputs)) ?? {}
      return outputs.map((name) => {
        const { data, dims, type } = results[name]
        return { data, shape: dims, dtype: type }
      })
    }
    case 'release':
      await sessions.get(request.session)?.release()
      sessions.delete(request.session)
      return undefined
  }
}

let queue = Promise.resolve()
parentPort?.on('message', (request: WorkerRequest) => {
  queue = queue.then(async () => {
    try {
      parentPort?.postMessage({ value: await answer(request) })
    } catch (error) {
      parentPort?.postMessage({ error: reasonOf(error) })
    }
  })
})
