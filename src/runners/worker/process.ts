// A process that runs models: a crash there is an error here. It starts when it is needed and ends with this process.
import type { ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { nodeModule } from '../../host/node-modules.ts'
import { encodeFrame, type Frame, frameDecoder } from './frames.ts'

export interface WorkerCommand {
  /** For messages: `the Python worker (python3)`. */
  readonly what: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** The file descriptor on which it answers: its standard output, or an extra pipe where that may be written to by others. */
  readonly answersOn: 1 | 3
  /** Makes the runtime's own kind of error. */
  readonly fail: (message: string) => Error
}

export interface Worker {
  /** Starts the process if it does not run, and returns what it says of itself. */
  greet(): Promise<Frame['header']>
  /**
   * Loads a model into the process.
   * @param load the request that does; `request` and `model`, the model's number, are added to its header
   * @param source name of the model, for messages
   */
  openModel(load: Frame, source: string): Promise<WorkerModel>
}

/** A model in a worker. When the process has ended, it is loaded into the next one. */
export interface WorkerModel {
  /** The answer to the request that loaded it. */
  readonly answer: Frame
  /** Sends a request of the kind `run`. */
  run(frame: Frame): Promise<Frame>
  close(): void
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
    async openModel(load, source) {
      const id = models++
      const request = (
        process: RunningProcess,
        kind: string,
        { header, parts }: Frame,
        doing: string,
      ): Promise<Frame> => process.request({ header: { request: kind, model: id, ...header }, parts }, doing)
      const loadInto = async (process: RunningProcess): Promise<Frame> => {
        const answer = await request(process, 'load', load, `loaded ${source}`)
        process.models.add(id)
        return answer
      }
      return {
        answer: await inTurn(loadInto),
        run: (frame) =>
          inTurn(async (process) => {
            if (!process.models.has(id)) await loadInto(process)
            return request(process, 'run', frame, `ran ${source}`)
          }),
        close() {
          if (!running?.models.delete(id) || running.ended) return
          inTurn((process) => request(process, 'close', { header: {}, parts: [] }, 'freed a model')).catch(
            () => undefined,
          )
        },
      }
    },
  }
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

function startProcess({ what, command, args, env, answersOn, fail }: WorkerCommand): RunningProcess {
  const child = nodeModule('node:child_process').spawn(command, args, {
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
      endWith(`${what} is no worker: what it writes are no answers${lastWords()}`)
    }
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-keptCharacters)
  })
  // A process that ended is reported by its end, not by the broken pipes it leaves.
  child.stdin?.on('error', () => undefined)
  answers.on('error', () => undefined)
  const lastWords = (): string => (words.trim() === '' ? '' : `\n${words.trim().replaceAll(/^/gm, '  ')}`)
  const endWith = (message: string): void => {
    ended = true
    waiting?.reject(fail(message))
    waiting = undefined
  }
  child.on('error', (error) => endWith(`${what} cannot be started: ${error.message}`))
  child.on('close', (code, signal) => {
    const how = signal === null ? `ended with exit code ${code}` : `crashed with ${signal}`
    endWith(
      `${what} ${how} while it ${waiting?.doing ?? 'was idle'}${lastWords() || '. It wrote nothing on its standard error'}`,
    )
  })

  const answer = (doing: string): Promise<Frame> =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject, doing }
    })
  const started = withinTime(answer('started'), startMilliseconds, () => {
    child.kill()
    return fail(`${what} did not start within ${startMilliseconds / 1000} s${lastWords()}`)
  }).then(({ header }) => {
    if (typeof header.error === 'string') throw fail(header.error)
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
      if (ended) throw fail(`${what} has ended${lastWords()}`)
      words = ''
      const answered = answer(doing)
      for (const piece of encodeFrame(frame)) child.stdin?.write(piece)
      const { header, parts } = await answered
      if (typeof header.error !== 'string') return { header, parts }
      // Native libraries give their reasons on standard error, another pipe, which may be read a moment later.
      await new Promise((resolve) => setTimeout(resolve, 20))
      throw fail(`${header.error}${lastWords()}`)
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
