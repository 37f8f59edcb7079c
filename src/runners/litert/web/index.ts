// LiteRT.js as an engine: its WebAssembly in a worker thread, where it finds the globals of a browser that it looks for.
import { encodeElements } from '../../../files/elements.ts'
import { resolvePeer } from '../../peer.ts'
import { startThread } from '../../worker/thread.ts'
import type { LitertRuntime, RawTensor } from '../engine.ts'
import { workerSource } from './generated/worker.ts'
import type { WorkerRequest } from './worker.ts'

const peer = '@litertjs/core'

/** One thread serves all models. */
let started: Promise<LitertRuntime> | undefined

export function webRuntime(): Promise<LitertRuntime> {
  const forget = (): void => {
    started = undefined
  }
  started ??= start(forget)
  started.catch(forget)
  return started
}

async function start(onEnd: () => void): Promise<LitertRuntime> {
  const ask = startThread<WorkerRequest>({
    source: workerSource,
    workerData: { path: resolvePeer(peer) },
    onEnd,
  })
  const { version, relaxedSimd } = (await ask({ type: 'start' })) as { version: string; relaxedSimd: boolean }
  let sessions = 0
  return {
    runtime: { name: peer, version, options: { kernels: 'xnnpack', threads: 1, relaxedSimd } },
    believesShapes: true,
    async open(model) {
      const session = sessions++
      await ask({ type: 'open', session, model })
      return {
        async run(inputs) {
          const outputs = await ask({ type: 'run', session, inputs: inputs.map(encodeElements) })
          return (outputs as readonly RawTensor[]).map(adopt)
        },
        release: async () => {
          await ask({ type: 'release', session })
        },
      }
    },
  }
}

/** Messages bring arrays of Node's main realm; tests in a vm context expect those of their own. */
function adopt({ shape, bytes }: RawTensor): RawTensor {
  const own = new Uint8Array(bytes.length)
  own.set(bytes)
  return { shape: [...shape], bytes: own }
}
