// A process in which the real ncnn runs: a crash there is an error here. It starts when it is needed and ends with this process.
import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { NcnnError } from '../../error.ts'
import { encodeFrame, type Frame, frameDecoder } from './frames.ts'
import type { NcnnSession, RawModel, RawTensor, Step } from './session.ts'

export interface WorkerCommand {
  /** For messages: `the Python worker (python3)`. */
  readonly what: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** The file descriptor on which it answers: its standard output, or an extra pipe where that may be written to by others. */
  readonly answersOn: 1 | 3
}

export interface Worker {
  /** Starts the process if it does not run, and returns what it says of itself. */
  greet(): Promise<Frame['header']>
  openSession(model: RawModel): Promise<NcnnSession>
}

/** A worker with nothing to do ends; models that are used again are loaded into a new one. */
const idleMilliseconds = 30_000
const startMilliseconds = 60_000
/** How much of the process's last words is kept. */
const keptCharacters = 4000

/**
 * A worker that answers one request after the other. Models live here and are copied into the process, so that they outlive it: when
 * it crashes, only the run that crashed fails.
 */
export function createWorker(command: WorkerCommand): Worker {
  let running: RunningProcess | undefined
  let queue: Promise<unknown> = Promise.resolve()
  let idle: NodeJS.Timeout | undefined
  let models = 0

  const inTurn = <Result>(task: (process: RunningProcess) => Promise<Result>): Promise<Result> => {
    const turn = queue.then(async () => {
      clearTimeout(idle)
      if (running === undefined || running.ended) running = startProcess(command)
      const current = running
      current.keepAlive(true)
      try {
        await current.started
        return await task(current)
      } finally {
        current.keepAlive(false)
        idle = setTimeout(() => current.end(), idleMilliseconds).unref()
      }
    })
    queue = turn.catch(() => undefined)
    return turn
  }

  return {
    greet: () => inTurn((process) => process.started),
    async openSession(model) {
      const id = models++
      const loaded = async (process: RunningProcess): Promise<void> => {
        if (process.models.has(id)) return
        const isText = typeof model.param === 'string'
        const param = typeof model.param === 'string' ? new TextEncoder().encode(model.param) : model.param
        const header = { request: 'load', model: id, text: isText, options: model.options }
        await process.request({ header, parts: [param, model.bin] }, `loaded ${model.source}`)
        process.models.add(id)
      }
      await inTurn(loaded)
      return {
        run: (steps) =>
          inTurn(async (process) => {
            await loaded(process)
            const answer = await process.request(encodeRun(id, steps), `ran ${model.source}`)
            return decodeTensors(answer)
          }),
        close() {
          if (!running?.models.delete(id) || running.ended) return
          inTurn((process) =>
            process.request({ header: { request: 'close', model: id }, parts: [] }, 'freed a model'),
          ).catch(() => undefined)
        },
      }
    },
  }
}

function encodeRun(model: number, steps: readonly Step[]): Frame {
  const parts: Uint8Array[] = []
  const described = steps.map((step) => {
    if ('extract' in step) return step
    const { bytes, shape, bits } = step.tensor
    parts.push(bytes)
    return { input: step.input, shape, bits }
  })
  return { header: { request: 'run', model, steps: described }, parts }
}

function decodeTensors({ header, parts }: Frame): RawTensor[] {
  const described = header.tensors as readonly Omit<RawTensor, 'bytes'>[]
  return described.map(({ shape, bits }, i) => ({ bytes: parts[i], shape, bits }))
}

interface RunningProcess {
  /** What the process says of itself once it is ready. */
  readonly started: Promise<Frame['header']>
  readonly ended: boolean
  /** The models that were loaded into this process. */
  readonly models: Set<number>
  request(frame: Frame, doing: string): Promise<Frame>
  /** Whether Node waits for the process; it does while there is a request. */
  keepAlive(on: boolean): void
  end(): void
}

function startProcess({ what, command, args, env, answersOn }: WorkerCommand): RunningProcess {
  const child = spawn(command, args, {
    stdio: ['pipe', answersOn === 1 ? 'pipe' : 'ignore', 'pipe', ...(answersOn === 3 ? (['pipe'] as const) : [])],
    env,
    windowsHide: true,
  })
  let words = ''
  let ended = false
  let waiting: { resolve(frame: Frame): void; reject(error: Error): void; doing: string } | undefined

  const answers = child.stdio[answersOn] as Readable
  const decode = frameDecoder((frame) => {
    const request = waiting
    waiting = undefined
    request?.resolve(frame)
  })
  answers.on('data', (chunk: Uint8Array) => {
    if (ended) return
    try {
      decode(chunk)
    } catch {
      child.kill()
      fail(`${what} is no worker: what it writes are no answers${lastWords()}`)
    }
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-keptCharacters)
  })
  // A process that ended is reported by its end, not by the broken pipes it leaves.
  child.stdin?.on('error', () => undefined)
  answers.on('error', () => undefined)
  const lastWords = (): string => (words.trim() === '' ? '' : `\n${words.trim().replaceAll(/^/gm, '  ')}`)
  const fail = (message: string): void => {
    ended = true
    waiting?.reject(new NcnnError(message))
    waiting = undefined
  }
  child.on('error', (error) => fail(`${what} cannot be started: ${error.message}`))
  child.on('close', (code, signal) => {
    const how = signal === null ? `ended with exit code ${code}` : `crashed with ${signal}`
    fail(
      `${what} ${how} while it ${waiting?.doing ?? 'was idle'}${lastWords() || '. It wrote nothing on its standard error'}`,
    )
  })

  const answer = (doing: string): Promise<Frame> =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject, doing }
    })
  const started = withinTime(answer('started'), startMilliseconds, () => {
    child.kill()
    return new NcnnError(`${what} did not start within ${startMilliseconds / 1000} s${lastWords()}`)
  }).then(({ header }) => {
    if (typeof header.error === 'string') throw new NcnnError(header.error)
    return header
  })
  started.catch(() => child.stdin?.end())

  return {
    started,
    models: new Set(),
    get ended() {
      return ended
    },
    async request(frame, doing) {
      if (ended) throw new NcnnError(`${what} has ended${lastWords()}`)
      words = ''
      const answered = answer(doing)
      for (const piece of encodeFrame(frame)) child.stdin?.write(piece)
      const { header, parts } = await answered
      if (typeof header.error !== 'string') return { header, parts }
      // ncnn gives its reasons on standard error, another pipe, which may be read a moment later.
      await delay(20)
      throw new NcnnError(`${header.error}${lastWords()}`)
    },
    keepAlive(on) {
      const handles = [child, ...child.stdio] as unknown as (Pick<ChildProcess, 'ref' | 'unref'> | null)[]
      for (const handle of handles) handle?.[on ? 'ref' : 'unref']()
    },
    end() {
      ended = true
      child.stdin?.end()
    },
  }
}

function withinTime<Result>(task: Promise<Result>, milliseconds: number, late: () => Error): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds)
  })
  return Promise.race([task, deadline]).finally(() => clearTimeout(timer))
}
