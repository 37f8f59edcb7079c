// Sessions with the real ncnn in a worker process: what is asked of it, as messages.
import { encodeUtf8 } from '../../../../host/utf8.ts'
import { sizeOf } from '../../../../tensor/shape.ts'
import type { Frame } from '../../../worker/frames.ts'
import type { ModelOptions, Worker } from '../../../worker/process.ts'
import { NcnnError } from '../../error.ts'
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
    async run(steps, onBlob) {
      const asked = steps.filter((step) => 'extract' in step && step.keep).length
      let given = 0
      await run(encodeRun(steps), (frame) => {
        given++
        if (given <= asked) onBlob(decodeTensor(frame))
      })
      if (given !== asked) throw notUnderstood(`${given} blobs, where it was asked for ${asked}`)
    },
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

/** What a worker of this release never sends. */
const notUnderstood = (what: string): NcnnError =>
  new NcnnError(
    `what the worker answered cannot be right: ${what}. Something on the way changes what it writes, or it is of another release`,
    {
      code: 'runtime-failed',
    },
  )

const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0

function decodeTensor({ header, parts: [bytes] }: Frame): RawTensor {
  const { shape, bits, batch = 1 } = header as unknown as Omit<RawTensor, 'bytes'>
  const isDescribed = Array.isArray(shape) && [...shape, batch].every(isCount) && [8, 16, 32].includes(bits)
  if (!isDescribed || bytes === undefined || (sizeOf(shape) * batch * bits) / 8 !== bytes.length) {
    throw notUnderstood(`a blob of shape ${JSON.stringify(shape)} and ${bits} bits in ${bytes?.length ?? 0} bytes`)
  }
  return { bytes, shape, bits, batch }
}
