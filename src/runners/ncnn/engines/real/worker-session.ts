// Sessions with the real ncnn in a worker process: what is asked of it, as messages.
import { encodeUtf8 } from '../../../../host/utf8.ts'
import type { Frame } from '../../../worker/frames.ts'
import type { ModelOptions, Worker } from '../../../worker/process.ts'
import type { NcnnSession, RawModel, RawTensor, Step } from './session.ts'

/** Loads a network into a worker. */
export async function openSession(
  worker: Worker,
  { param, bin, options, source }: RawModel,
  modelOptions: ModelOptions = {},
): Promise<NcnnSession> {
  const isText = typeof param === 'string'
  const parts = [isText ? encodeUtf8(param) : param, bin]
  const { answer, run, close } = await worker.openModel(
    { header: { text: isText, options }, parts },
    source,
    modelOptions,
  )
  const { device, batches } = answer.header
  return {
    run: (steps, onBlob) => run(encodeRun(steps), (frame) => onBlob(decodeTensor(frame))),
    close,
    device: typeof device === 'string' ? device : undefined,
    batches: batches === true,
  }
}

function encodeRun(steps: readonly Step[]): Frame {
  const parts: Uint8Array[] = []
  const described = steps.map((step) => {
    if ('extract' in step) return step
    const { bytes, shape, bits, batch = 1 } = step.tensor
    parts.push(bytes)
    return { input: step.input, shape, bits, batch }
  })
  return { header: { steps: described }, parts }
}

function decodeTensor({ header, parts: [bytes] }: Frame): RawTensor {
  const { shape, bits, batch } = header as unknown as Omit<RawTensor, 'bytes'>
  return { bytes, shape, bits, batch }
}
