// One life of a worker's process: it starts, answers one request after the other, and ends or is ended.
import type { ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { nodeModule } from '../../host/node-modules.ts'
import type { ModelError, ModelErrorClass, ModelErrorCode } from '../model-error.ts'
import { afterGreeting, encodeFrame, type Frame, frameDecoder, greeting } from './frames.ts'

export interface WorkerCommand {
  /** For messages: `the Python worker (python3)`. */
  readonly what: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** What it reads first on its standard input: its own program. */
  readonly program?: string
  /** How long it may take until it is ready, in milliseconds. Default one minute. */
  readonly startTimeout?: number
  /** Whether who starts it can give it more time, by an option called `startTimeout`. */
  readonly mayStartLater?: boolean
  /**
   * The file descriptor on which it answers: its standard output, where others may write before it sends its greeting, or an extra pipe
   * for its messages alone.
   */
  readonly answersOn: 1 | 3
  /** What to do where it cannot be started, for messages. */
  readonly advice?: string
  /** The runtime's own kind of error. */
  readonly Failure: ModelErrorClass
}

export interface RunningProcess {
  /** What the process says of itself once it is ready. */
  readonly started: Promise<Frame['header']>
  readonly ended: boolean
  /** The models that were loaded into this process. */
  readonly models: Set<number>
  /**
   * Waits for the answer to a request; there is one at a time. Messages that say that there is more go to `onPart`, the last is the result.
   * @param doing what the process is doing meanwhile, for messages: `ran net.param`
   * @param timeout in milliseconds; a process that takes longer is ended
   */
  request(frame: Frame, doing: string, timeout: number, onPart?: (frame: Frame) => void): Promise<Frame>
  /** Whether Node waits for the process; it does while there is a request. */
  keepAlive(on: boolean): void
  end(): void
}

/** An interpreter that imports a large library from a cold disk takes this long at most. */
const defaultStartTimeout = 60_000
/** What shells, and adb, make of SIGKILL. */
const killed = 128 + 9
const ranOutOfMemory =
  '\nThis is how systems end what takes more memory than they have: free some there, store the weights in 16 bits, or divide the model'
/** What is meant by the codes of errors when a program cannot be started. */
const startProblems: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such program: ',
  EACCES: 'it is no program, or may not be run: ',
  EMFILE: 'this process has too many files open: ',
  ENFILE: 'this machine has too many files open: ',
  E2BIG: 'its arguments are too long: ',
  ERR_ACCESS_DENIED: 'Node runs with --permission and without --allow-child-process: ',
}
const describeStart = (error: NodeJS.ErrnoException): string =>
  `cannot be started: ${startProblems[error.code ?? ''] ?? ''}${error.message}`
const throughTerminal =
  'is reached through a terminal, which changes what is sent. Leave it out: ssh -T, adb shell -T, docker run -i without -t'
/** Node's timers count no further; what is longer is no limit. */
const longestTimer = 2 ** 31

export function startProcess(command: WorkerCommand): RunningProcess {
  const { what, answersOn, program, startTimeout = defaultStartTimeout, mayStartLater, advice, Failure } = command
  const child = spawnChild(command)
  if (program !== undefined) child.stdin?.write(program)
  const words = keepLastWords(child.stderr)
  let ended = false
  let isReady = false
  let chunks = 0
  let waiting:
    | { resolve(frame: Frame): void; reject(error: Error): void; doing: string; onPart?(frame: Frame): void }
    | undefined

  const endWith = (code: ModelErrorCode, problem: string): void => {
    ended = true
    const rest = isReady || advice === undefined ? '' : `\n${advice}`
    waiting?.reject(new Failure(`${what} ${problem}${rest}`, { code }))
    waiting = undefined
  }
  const endNow = (code: ModelErrorCode, problem: string): void => {
    child.kill('SIGKILL')
    endWith(code, problem + words.quoted())
  }
  const isOfTerminal = terminalDetector(program)
  const takeNoise = (text: string): void => {
    if (isOfTerminal(text)) {
      words.forget()
      endNow('unsupported', throughTerminal)
    } else words.add(text)
  }
  const decode = frameDecoder((frame) => {
    const request = waiting
    if (frame.header.more) {
      request?.onPart?.(frame)
      return
    }
    waiting = undefined
    request?.resolve(frame)
  })
  const answers = child.stdio[answersOn] as Readable
  const receive = answersOn === 1 ? afterGreeting(decode, takeNoise) : decode
  answers.on('data', (chunk: Uint8Array) => {
    if (ended) return
    chunks++
    try {
      receive(chunk)
    } catch {
      endNow('crashed', 'is no worker: what it writes are no answers')
    }
  })
  child.on('error', (error: NodeJS.ErrnoException) => {
    endWith('missing-dependency', describeStart(error))
  })
  child.on('close', (code, signal) => {
    const how = signal === null ? `ended with exit code ${code}` : `crashed with ${signal}`
    const last = words.quoted() || '. It wrote nothing on its standard error'
    const memory = isReady && (signal === 'SIGKILL' || code === killed) ? ranOutOfMemory : ''
    endWith('crashed', `${how} while it ${waiting?.doing ?? 'was idle'}${last}${memory}`)
  })

  /** The next message, if it comes in time. */
  const answer = async (
    doing: string,
    timeout: number,
    tooLate: string,
    onPart?: (frame: Frame) => void,
  ): Promise<Frame> => {
    // jsdom has none
    const { setImmediate, clearImmediate } = nodeModule('node:timers')
    let immediate: NodeJS.Immediate | undefined
    // This process may have been busy itself, and the answer lie in the pipe: timers come before what was received.
    const expire = (): void => {
      const before = chunks
      immediate = setImmediate(() => (chunks === before ? endNow('timeout', tooLate) : expire()))
    }
    const timer = timeout < longestTimer ? setTimeout(expire, timeout) : undefined
    try {
      return await new Promise((resolve, reject) => {
        waiting = { resolve, reject, doing, onPart }
      })
    } finally {
      clearTimeout(timer)
      clearImmediate(immediate)
    }
  }
  const refusal = ({ error, code = 'runtime-failed' }: Frame['header']): ModelError | undefined =>
    typeof error === 'string' ? new Failure(error + words.quoted(), { code: code as ModelErrorCode }) : undefined

  const more = mayStartLater ? '. The option `startTimeout`, in milliseconds, allows more' : ''
  const started = answer('started', startTimeout, `did not start within ${startTimeout / 1000} s${more}`).then(
    ({ header }) => {
      const refused = refusal(header)
      if (refused !== undefined) throw refused
      isReady = true
      return header
    },
  )
  started.catch(() => child.stdin?.end())

  return {
    started,
    models: new Set(),
    get ended() {
      return ended
    },
    async request(frame, doing, timeout, onPart) {
      if (ended) throw new Failure(`${what} has ended${words.quoted()}`, { code: 'crashed' })
      words.forget()
      const tooLate = `was ended: it did not answer within ${timeout / 1000} s, while it ${doing}. The option \`timeout\`, in milliseconds, allows more`
      let refused: { readonly error: unknown } | undefined
      const answered = answer(doing, timeout, tooLate, (part) => {
        if (refused !== undefined) return
        try {
          onPart?.(part)
        } catch (error) {
          refused = { error }
        }
      })
      for (const piece of encodeFrame(frame)) child.stdin?.write(piece)
      const { header, parts } = await answered
      if (refused !== undefined) throw refused.error
      if (header.error === undefined) return { header, parts }
      // Native libraries give their reasons on standard error, another pipe, which may be read a moment later.
      await new Promise((resolve) => setTimeout(resolve, 20))
      throw refusal(header)
    },
    keepAlive: (on) => keepAlive(child, on),
    end() {
      ended = true
      child.stdin?.end()
    },
  }
}

function spawnChild({ what, command, args, env, answersOn, Failure }: WorkerCommand): ChildProcess {
  const failure = (error: NodeJS.ErrnoException): ModelError =>
    new Failure(`${what} ${describeStart(error)}`, { code: 'unsupported', cause: error })
  let child: ChildProcess
  try {
    child = nodeModule('node:child_process').spawn(command, args, {
      stdio: ['pipe', answersOn === 1 ? 'pipe' : 'ignore', 'pipe', ...(answersOn === 3 ? (['pipe'] as const) : [])],
      env,
      windowsHide: true,
    })
  } catch (error) {
    throw failure(error as NodeJS.ErrnoException)
  }
  // Where no pipes can be made, Node gives a child that has none, and says so later.
  if ((child.stdio as unknown) === undefined) {
    child.on('error', () => undefined)
    throw failure(Object.assign(new Error(`spawn ${command} EMFILE`), { code: 'EMFILE' }))
  }
  // A process that ended is reported by its end, not by the broken pipes it leaves.
  child.stdin?.on('error', () => undefined)
  child.stdio[answersOn]?.on('error', () => undefined)
  return child
}

/**
 * Tells whether what comes before the greeting shows a terminal in between: it ends lines in its own way, and gives back what it is sent.
 * @param program what the process is sent
 */
function terminalDetector(program: string | undefined): (text: string) => boolean {
  const signs = [`${greeting.trimEnd()}\r`, ...(program === undefined ? [] : [program.slice(0, greeting.length)])]
  let end = ''
  return (text) => {
    const said = end + text
    end = said.slice(-greeting.length)
    return signs.some((sign) => said.includes(sign))
  }
}

/** How much of the process's last words is kept. */
const keptCharacters = 4000
/** A Python that is sent its program asks for each line of it. */
const prompts = /^(?:>>> )+/gm

/** What the process says beside its answers. */
interface LastWords {
  add(text: string): void
  forget(): void
  /** Behind a line break and indented; empty when there are none. */
  quoted(): string
}

function keepLastWords(stderr: Readable | null): LastWords {
  let words = ''
  const add = (text: string): void => {
    words = (words + text).slice(-keptCharacters)
  }
  stderr?.setEncoding('utf8').on('data', add)
  return {
    add,
    forget() {
      words = ''
    },
    quoted() {
      const said = words.replaceAll(prompts, '').trim()
      return said === '' ? '' : `\n${said.replaceAll(/^/gm, '  ')}`
    },
  }
}

function keepAlive(child: ChildProcess, on: boolean): void {
  const handles = [child, ...child.stdio] as unknown as (Pick<ChildProcess, 'ref' | 'unref'> | null)[]
  for (const handle of handles) handle?.[on ? 'ref' : 'unref']()
}
