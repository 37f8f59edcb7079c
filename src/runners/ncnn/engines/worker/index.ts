// The real ncnn where there is no Python: a program built from device/worker.cpp, which a command starts, here or on another machine.

import { describeValue } from '../../../../arguments/describe.ts'
import { checkOptionNames, type OptionsOf } from '../../../../arguments/options.ts'
import { callerOf } from '../../../check-arguments.ts'
import { isCommand } from '../../../worker/command.ts'
import type { Frame } from '../../../worker/frames.ts'
import { createWorker, type Worker } from '../../../worker/process.ts'
import { NcnnError } from '../../error.ts'
import type { NcnnEngine } from '../../options.ts'
import { loadRealModel } from '../real/model.ts'
import { openSession } from '../real/worker-session.ts'

export interface WorkerEngineOptions {
  /**
   * The command that starts the worker, word by word: `['adb', 'shell', '-T', '/data/local/tmp/worker']`, `['ssh', 'board', './worker']`,
   * `['./worker']`.
   */
  readonly command: readonly string[]
  /** How long ncnn may take to load the model, and for each run, in milliseconds. Default 600 000: ten minutes. */
  readonly timeout?: number
  /** How long the worker may take until it is ready, in milliseconds. Default 60 000: one minute. */
  readonly startTimeout?: number
  /** A folder, where the worker runs, to keep model files in by their hash, so that each is sent once. `~` is the home folder there. */
  readonly cache?: string
}

const workerEngineOptions = {
  command: 'any',
  timeout: 'number',
  startTimeout: 'number',
  cache: 'string',
} as const satisfies OptionsOf<WorkerEngineOptions>

/**
 * Runs models with a worker for machines without Python: one C++ file that is built against the ncnn that ships. `npx expect-tensor
 * device-worker > worker.cpp` writes it, `npx expect-tensor device-worker --help` says how to build it. All models of one command share a
 * process, which ends with this one; if ncnn crashes, the run that crashed fails, with what ncnn printed.
 *
 * @example loadNcnn('voiceprint.ncnn.param', { engine: workerEngine({ command: ['adb', 'shell', '-T', '/data/local/tmp/worker'] }) })
 * @example loadNcnn('voiceprint.ncnn.param', { engine: workerEngine({ command: ['ssh', 'board', './worker'], cache: '~/.cache/expect-tensor' }) })
 */
export function workerEngine(options: WorkerEngineOptions): NcnnEngine {
  checkOptionNames(options, workerEngineOptions, callerOf('workerEngine', NcnnError))
  checkCommand(options?.command)
  const { command, startTimeout, timeout, cache } = options
  if (startTimeout !== undefined && !(startTimeout > 0)) {
    throw new NcnnError(`workerEngine: startTimeout must be a positive number of milliseconds, got ${startTimeout}`, {
      code: 'wrong-option',
    })
  }
  const start = async (): Promise<{ worker: Worker; greeting: Frame['header'] }> => {
    const worker = workerOf(command, startTimeout)
    const greeting = await worker.greet()
    checkProtocol(command, greeting)
    return { worker, greeting }
  }
  return {
    name: 'worker',
    async version() {
      return describeGreeting((await start()).greeting)
    },
    load: (network, settings) =>
      loadRealModel('worker', network, settings, async (model) =>
        openSession((await start()).worker, model, { timeout, cache }),
      ),
  }
}

function checkCommand(command: unknown): asserts command is readonly string[] {
  if (isCommand(command)) return
  throw new NcnnError(
    `workerEngine: command must be a list of words such as ['adb', 'shell', '-T', '/data/local/tmp/worker'], got ${describeValue(command)}`,
    { code: 'wrong-option' },
  )
}

/** By the command and the time that it has to start. */
const workers = new Map<string, Worker>()

function workerOf(command: readonly string[], startTimeout: number | undefined): Worker {
  const key = JSON.stringify([command, startTimeout])
  const [program, ...args] = command
  const worker =
    workers.get(key) ??
    createWorker({
      what: `the worker (${command.join(' ')})`,
      command: program,
      args,
      answersOn: 1,
      startTimeout,
      mayStartLater: true,
      advice:
        "The command has to start a program built from this package's device/worker.cpp, where its ncnn is: `npx expect-tensor device-worker --help` has the lines",
      Failure: NcnnError,
    })
  workers.set(key, worker)
  return worker
}

/** What messages look like has a number, which the worker tells. */
const protocol = 1

function checkProtocol(command: readonly string[], greeting: Frame['header']): void {
  if (greeting.protocol === protocol) return
  throw new NcnnError(
    `the worker (${command.join(' ')}) was built from another release of this package: build it again, from what \`npx expect-tensor device-worker\` prints`,
    { code: 'unsupported' },
  )
}

/** `ncnn 1.0.20261020 (aarch64 fp16 bf16 i8mm, 8 cores, Google Pixel 8)` */
function describeGreeting({ version, machine, features, cores, name }: Frame['header']): string {
  const processor = [machine, ...(Array.isArray(features) ? features : [])].join(' ')
  return `ncnn ${version} (${[processor, `${cores} ${cores === 1 ? 'core' : 'cores'}`, name].filter(Boolean).join(', ')})`
}
