// Sessions with the real ncnn in a worker process: what is asked of it, as messages.

import type { Frame } from '../../../worker/frames.ts'
import { createWorker as createProcess, type WorkerCommand as ProcessCommand } from '../../../worker/process.ts'
import { NcnnError } from '../../error.ts'
import type { NcnnSession, RawModel, RawTensor, Step } from './session.ts'

export type WorkerCommand = Omit<ProcessCommand, 'fail'>

export interface Worker {
  /** Starts the process if it does not run, and returns what it says of itself. */
  greet(): Promise<Frame['header']>
  openSession(model: RawModel): Promise<NcnnSession>
}

/** A worker that answers one request after the other; when it crashes, only the run that crashed fails. */
export function createWorker(command: WorkerCommand): Worker {
  const worker = createProcess({ ...command, fail: (message) => new NcnnError(message) })
  return {
    greet: worker.greet,
    async openSession({ param, bin, options, source }) {
      const isText = typeof param === 'string'
      const parts = [isText ? new TextEncoder().encode(param) : param, bin]
      const { run, close } = await worker.openModel({ header: { text: isText, options }, parts }, source)
      return { run: async (steps) => decodeTensors(await run(encodeRun(steps))), close }
    },
  }
}

function encodeRun(steps: readonly Step[]): Frame {
  const parts: Uint8Array[] = []
  const described = steps.map((step) => {
    if ('extract' in step) return step
    const { bytes, shape, bits } = step.tensor
    parts.push(bytes)
    return { input: step.input, shape, bits }
  })
  return { header: { steps: described }, parts }
}

function decodeTensors({ header, parts }: Frame): RawTensor[] {
  const described = header.tensors as readonly Omit<RawTensor, 'bytes'>[]
  return described.map(({ shape, bits }, i) => ({ bytes: parts[i], shape, bits }))
}
