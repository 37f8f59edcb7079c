// The process in which nativeEngine runs ncnn: reads requests from its standard input, answers on file descriptor 3.
import { readSync, writeSync } from 'node:fs'
import { reasonOf } from '../../../../host/reason.ts'
import { decodeText } from '../../../../host/utf8.ts'
import { encodeFrame, type Frame, frameDecoder } from '../../../worker/frames.ts'
import { NcnnError } from '../../error.ts'
import { openNet, type SynchronousSession } from '../c-api/session.ts'
import type { RawModel, RawTensor, Step } from '../real/session.ts'
import { loadLibrary } from './koffi.ts'

const { koffi, candidates } = JSON.parse(process.argv[1])
const nets = new Map<number, SynchronousSession>()

function send(frame: Frame): void {
  for (const piece of encodeFrame(frame)) {
    for (let sent = 0; sent < piece.length; ) sent += writeSync(3, piece, sent)
  }
}

const say = (header: Frame['header']): void => send({ header, parts: [] })
const sayWhy = (error: unknown): void =>
  say({ error: reasonOf(error), ...(error instanceof NcnnError && { code: error.code }) })

/** The header that comes with each request; see `createWorker`. */
type Request =
  | { request: 'load'; model: number; text: boolean; options: RawModel['options'] }
  | {
      request: 'run'
      model: number
      steps: readonly (({ input: string | number } & Omit<RawTensor, 'bytes'>) | Step)[]
    }
  | { request: 'close'; model: number }

function serve(library: ReturnType<typeof loadLibrary>): (frame: Frame) => void {
  const answer = ({ header, parts }: Frame): Frame => {
    const request = header as unknown as Request
    if (request.request === 'load') {
      const [bytes, bin] = parts
      const param = request.text ? decodeText(bytes) : bytes
      const net = openNet(library, { param, bin, options: request.options })
      nets.set(request.model, net)
      return { header: { batches: net.batches, device: net.device }, parts: [] }
    }
    const net = nets.get(request.model)
    if (request.request === 'close') {
      net?.close()
      nets.delete(request.model)
      return { header: {}, parts: [] }
    }
    const contents = parts.values()
    const steps = request.steps.map((step): Step => {
      if (!('shape' in step)) return step
      return {
        input: step.input,
        tensor: { bytes: contents.next().value as Uint8Array, shape: step.shape, bits: step.bits, batch: step.batch },
      }
    })
    net?.run(steps, ({ bytes, ...described }) => send({ header: { more: true, ...described }, parts: [bytes] }))
    return { header: {}, parts: [] }
  }
  return (frame) => {
    try {
      send(answer(frame))
    } catch (error) {
      sayWhy(error)
    }
  }
}

/** Standard input by blocking reads: there is nothing else to do, and no event loop to keep alive. */
function readRequests(onChunk: (chunk: Uint8Array) => void): void {
  const buffer = new Uint8Array(1 << 20)
  for (;;) {
    const length = readSync(0, buffer)
    if (length === 0) return
    onChunk(buffer.slice(0, length))
  }
}

try {
  const library = loadLibrary(koffi, candidates)
  say({ version: library.ncnn.ncnn_version(), path: library.path })
  readRequests(frameDecoder(serve(library)))
} catch (error) {
  sayWhy(error)
}
