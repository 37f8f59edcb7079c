// Finds ONNX Runtime, in WebAssembly or native, and runs models in it.
import { allocate, type DType, type TypedArray } from '../../tensor/dtype.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { firstLine } from '../create-model.ts'
import { resolvePeer } from '../peer.ts'
import type { Session } from '../sessions.ts'
import { startThread } from '../worker/thread.ts'
import { OnnxError } from './error.ts'
import { workerSource } from './generated/worker.ts'
import type { WorkerRequest } from './worker.ts'

/** ONNX Runtime, ready to load models. */
export interface OnnxRuntime {
  readonly name: string
  readonly version: string
  /** @param options as ONNX Runtime takes them */
  open(model: Uint8Array, options: object, externalData: readonly ExternalFile[]): Promise<OnnxSession>
}

/** A loaded model. */
export interface OnnxSession extends Session {
  run(inputs: ReadonlyMap<string, Tensor>, outputs: readonly string[]): Promise<Record<string, Tensor>>
}

/** Weights that lie in a file beside the model; `path` is how the model calls it. */
export interface ExternalFile {
  readonly path: string
  readonly data: Uint8Array
}

/** WebAssembly first: it installs everywhere. */
const peers = { web: 'onnxruntime-web', node: 'onnxruntime-node' } as const

export type OnnxEngine = keyof typeof peers
export const onnxEngines = Object.keys(peers) as readonly OnnxEngine[]

/** By peer; one worker serves all models. */
const runtimes = new Map<string, Promise<OnnxRuntime>>()

/**
 * The runtime that was asked for, or the first that is installed.
 * @throws {OnnxError} that says what to install
 */
export async function findRuntime(engine: OnnxEngine | undefined): Promise<OnnxRuntime> {
  const reasons: string[] = []
  for (const candidate of engine === undefined ? onnxEngines : [engine]) {
    try {
      return await runtimeOf(peers[candidate])
    } catch (error) {
      reasons.push(`  ${peers[candidate]}: ${firstLine(error)}`)
    }
  }
  const wanted = peers[engine ?? 'web']
  throw new OnnxError(
    `loadOnnx needs ${wanted}, which cannot be loaded. Install it: npm install --save-dev ${wanted}\n${reasons.join('\n')}`,
    { code: 'missing-dependency' },
  )
}

function runtimeOf(peer: string): Promise<OnnxRuntime> {
  const known = runtimes.get(peer)
  if (known !== undefined) return known
  const started = startRuntime(peer)
  runtimes.set(peer, started)
  started.catch(() => runtimes.delete(peer))
  return started
}

/** What the worker returns of a tensor; strings and other things that no tensor here holds among them. */
interface Result {
  readonly data: TypedArray
  readonly shape: readonly number[]
  readonly dtype: string
}

async function startRuntime(peer: string): Promise<OnnxRuntime> {
  const ask = startThread<WorkerRequest>({
    source: workerSource,
    workerData: { path: resolvePeer(peer) },
    onEnd: () => runtimes.delete(peer),
  })
  const version = (await ask({ type: 'start' })) as string
  let sessions = 0
  return {
    name: peer,
    version,
    async open(model, options, externalData) {
      const session = sessions++
      const all = externalData.length === 0 ? options : { ...options, externalData }
      await ask({ type: 'open', session, model, options: all })
      return {
        async run(inputs, outputs) {
          const feeds = [...inputs].map(([name, { data, shape, dtype }]) => ({ name, data, shape, dtype }))
          const results = (await ask({ type: 'run', session, inputs: feeds, outputs })) as readonly Result[]
          return Object.fromEntries(results.map((result, i) => [outputs[i], adopt(result, outputs[i])]))
        },
        release: async () => {
          await ask({ type: 'release', session })
        },
      }
    },
  }
}

/** Messages bring arrays of Node's main realm; tests in a vm context expect those of their own. */
function adopt({ data, shape, dtype }: Result, name: string): Tensor {
  if (!ArrayBuffer.isView(data))
    throw new Error(`"${name}" holds elements of type ${dtype}, which no tensor here can hold`)
  const own = allocate(dtype as DType, data.length)
  own.set(data as never)
  return { data: own, shape: [...shape], dtype: dtype as DType }
}
