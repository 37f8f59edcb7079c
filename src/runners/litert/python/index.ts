// LiteRT's Python wheel as an engine, in a worker process.
import { encodeElements } from '../../../files/elements.ts'
import { pythonWorkers } from '../../worker/python.ts'
import type { LitertKernels, LitertRuntime, RawTensor } from '../engine.ts'
import { LitertError } from '../error.ts'
import { workerSource } from './generated/worker.ts'

const findWorker = pythonWorkers({
  source: workerSource,
  loader: 'loadLitert',
  needs: 'LiteRT',
  packageName: 'ai-edge-litert',
  option: "loadLitert(path, { engine: 'python', python: '.venv/bin/python' })",
  Failure: LitertError,
})

/** @throws {LitertError} when no Python has it */
export async function pythonRuntime(
  kernels: LitertKernels,
  python: string | undefined,
  timeout: number | undefined,
): Promise<LitertRuntime> {
  const worker = await findWorker({ python })
  const { version } = await worker.greet()
  return {
    runtime: { name: 'ai-edge-litert', version: String(version), options: { kernels, threads: 1 } },
    believesShapes: false,
    async open(model, source) {
      const opened = await worker.openModel({ header: { kernels }, parts: [model] }, source, { timeout })
      return {
        async run(inputs) {
          const outputs: RawTensor[] = []
          await opened.run({ header: {}, parts: inputs.map(encodeElements) }, ({ header, parts: [bytes] }) => {
            outputs.push({ shape: header.shape as readonly number[], bytes: bytes as Uint8Array<ArrayBuffer> })
          })
          return outputs
        },
        release: async () => opened.close(),
      }
    },
  }
}
