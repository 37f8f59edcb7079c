// A process that runs models: a crash there is an error here. It starts when it is needed and ends with this process.
import { nodeModule } from '../../host/node-modules.ts'
import { ModelError } from '../model-error.ts'
import type { Frame } from './frames.ts'
import { type RunningProcess, startProcess, type WorkerCommand } from './running-process.ts'

export type { WorkerCommand } from './running-process.ts'

export interface Worker {
  /** Starts the process if it does not run, and returns what it says of itself. */
  greet(): Promise<Frame['header']>
  /**
   * Loads a model into the process.
   * @param load the request that does; `request` and `model`, the model's number, are added to its header
   * @param source name of the model, for messages
   */
  openModel(load: Frame, source: string, options?: ModelOptions): Promise<WorkerModel>
}

export interface ModelOptions {
  /** How long the process may take to load the model, and for each run, in milliseconds. Default ten minutes. */
  readonly timeout?: number
  /** A folder where the process runs, in which the parts of the load request are kept by their hash, so that each is sent once. */
  readonly cache?: string
}

/** A model in a worker. When the process has ended, it is loaded into the next one. */
export interface WorkerModel {
  /** The answer to the request that loaded it. */
  readonly answer: Frame
  /**
   * Sends a request of the kind `run`.
   * @param onPart takes each tensor as it comes. What it throws is thrown here, once the worker has answered to the end
   */
  run(frame: Frame, onPart: (frame: Frame) => void): Promise<void>
  close(): void
}

/** Ten minutes: enough for anything that a test runs. */
const defaultTimeout = 600_000

const sha256 = (bytes: Uint8Array): string => nodeModule('node:crypto').createHash('sha256').update(bytes).digest('hex')

/** A worker with nothing to do ends; models that are used again are loaded into a new one. */
const idleMilliseconds = 30_000

/**
 * A worker that answers one request after the other. Models live here and are copied into the process, so that they outlive it: when
 * it crashes, only the run that crashed fails.
 */
export function createWorker(command: WorkerCommand): Worker {
  let running: RunningProcess | undefined
  let queue: Promise<unknown> = Promise.resolve()
  let idle: NodeJS.Timeout | undefined
  let models = 0

  const attempt = async <Result>(task: (process: RunningProcess) => Promise<Result>): Promise<Result> => {
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
  }
  const inTurn = <Result>(
    task: (process: RunningProcess) => Promise<Result>,
    mayRepeat = (): boolean => true,
  ): Promise<Result> => {
    const turn = queue.then(async () => {
      clearTimeout(idle)
      const before = running
      try {
        return await attempt(task)
      } catch (error) {
        // A process that worked before may have been killed from outside. Runs are pure: one more is none too many.
        const worked = before !== undefined && before === running
        if (!worked || !mayRepeat() || !(error instanceof ModelError) || error.code !== 'crashed') throw error
        clearTimeout(idle)
        return await attempt(task)
      }
    })
    queue = turn.catch(() => undefined)
    return turn
  }

  return {
    greet: () => inTurn((process) => process.started),
    async openModel(load, source, { timeout = defaultTimeout, cache } = {}) {
      if (!(timeout > 0)) {
        throw new command.Failure(`timeout must be a positive number of milliseconds, got ${timeout}`, {
          code: 'wrong-option',
        })
      }
      const id = models++
      const request = (
        process: RunningProcess,
        kind: string,
        { header, parts }: Frame,
        doing: string,
        onPart?: (frame: Frame) => void,
      ): Promise<Frame> =>
        process.request({ header: { request: kind, model: id, ...header }, parts }, doing, timeout, onPart)
      const kept = cache === undefined ? {} : { kept: [cache, load.parts.map(sha256)] }
      const header = { ...load.header, ...kept }
      const loadInto = async (process: RunningProcess): Promise<Frame> => {
        const doing = `loaded ${source}`
        let answer: Frame | undefined
        if (cache !== undefined) answer = await request(process, 'load', { header, parts: [] }, doing)
        if (answer === undefined || answer.header.missing) {
          answer = await request(process, 'load', { header, parts: load.parts }, doing)
        }
        process.models.add(id)
        return answer
      }
      return {
        answer: await inTurn(loadInto),
        run(frame, onPart) {
          let handedOver = false
          const take = (part: Frame): void => {
            handedOver = true
            onPart(part)
          }
          return inTurn(
            async (process) => {
              if (!process.models.has(id)) await loadInto(process)
              await request(process, 'run', frame, `ran ${source}`, take)
            },
            // Nothing is handed over twice.
            () => !handedOver,
          )
        },
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
