// The program of the worker thread in which ONNX Runtime runs. There it finds the typed arrays that it insists on: in Jest and in Vitest's
// vm pools the tests have others, and half floats are bits on every version of Node where there is no `Float16Array`.
import { workerData } from 'node:worker_threads'
import type { TypedArray } from '../../tensor/dtype.ts'
import { answerInOrder } from '../worker/answer-in-order.ts'

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

answerInOrder(answer)
