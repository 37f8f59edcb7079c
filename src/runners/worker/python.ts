// Finds a Python that has a package, here or wherever a command reaches one, and keeps one worker process for each interpreter.
import { reasonOf } from '../../host/reason.ts'
import { ModelError, type ModelErrorClass, type ModelErrorCode } from '../model-error.ts'
import { isCommand } from './command.ts'
import { createWorker, type Worker, type WorkerCommand } from './process.ts'

/** A program for Python that answers requests, and the package that it needs. */
export interface PythonProgram {
  /** The worker's text. */
  readonly source: string
  /** Who is asked, for messages: `loadNcnn`. */
  readonly loader: string
  /** What the interpreter must have, for messages: `the ncnn wheel`. */
  readonly needs: string
  /** What pip calls it. */
  readonly packageName: string
  /** How to name an interpreter, for messages: `pythonEngine({ python: '.venv/bin/python' })`. */
  readonly option: string
  /** Whether the loader has an option `startTimeout`. */
  readonly mayStartLater?: boolean
  /** The runtime's own kind of error. */
  readonly Failure: ModelErrorClass
}

/**
 * A Python: a path, or a name that is found on the PATH; or a command with its arguments that runs one somewhere else, such as
 * `['ssh', 'pi@board', 'python3']`.
 */
export type Interpreter = string | readonly string[]

export interface PythonOptions {
  readonly python?: Interpreter
  /** How long the interpreter may take until it is ready, in milliseconds. */
  readonly startTimeout?: number
}

/** Why an interpreter cannot serve. */
interface Absence {
  readonly interpreter: string
  readonly why: string
  /** There is such an interpreter, and it lacks the package. */
  readonly lacksPackage: boolean
  /** Whether the package could be installed: there is no such interpreter, or it lacks the package. Not behind a command that is not there. */
  readonly isAbsent: boolean
  readonly code: ModelErrorCode
}

/**
 * Returns a function that finds the worker of an interpreter. By default it is the one that the environment variable
 * `EXPECT_TENSOR_PYTHON` names; without it the first of `python3` and `python` that has the package.
 */
export function pythonWorkers(program: PythonProgram): (options: PythonOptions) => Promise<Worker> {
  /** By interpreter and the time that it has to start. */
  const workers = new Map<string, Promise<Worker | Absence>>()
  const workerOf = async (interpreter: Interpreter, startTimeout: number | undefined): Promise<Worker | Absence> => {
    const key = JSON.stringify([interpreter, startTimeout])
    const found = workers.get(key) ?? startWorker(program, interpreter, startTimeout)
    workers.set(key, found)
    const worker = await found
    // what is missing now may be installed later, what was killed may start
    if (!('openModel' in worker)) workers.delete(key)
    return worker
  }
  return async ({ python, startTimeout }) => {
    checkOptions(program, python, startTimeout)
    const chosen = python || process.env.EXPECT_TENSOR_PYTHON
    const absences: Absence[] = []
    for (const interpreter of chosen ? [chosen] : ['python3', 'python']) {
      const found = await workerOf(interpreter, startTimeout)
      if ('openModel' in found) return found
      absences.push(found)
    }
    throw new program.Failure(explainAbsence(program, absences), {
      code: absences.find(({ code }) => code !== 'missing-dependency')?.code ?? 'missing-dependency',
    })
  }
}

function checkOptions({ loader, Failure }: PythonProgram, python: unknown, startTimeout: number | undefined): void {
  const isPath = typeof python === 'string' && !python.includes('\0')
  if (python !== undefined && !isPath && !isCommand(python)) {
    throw new Failure(
      `${loader}: python must be a path or a command such as ['ssh', 'pi@board', 'python3'], got ${JSON.stringify(python)}`,
      { code: 'wrong-option' },
    )
  }
  if (startTimeout !== undefined && !(startTimeout > 0)) {
    throw new Failure(`${loader}: startTimeout must be a positive number of milliseconds, got ${startTimeout}`, {
      code: 'wrong-option',
    })
  }
}

/**
 * How an interpreter gets the worker's text: as an argument; behind a command by its standard input, because shells on the way would take
 * an argument apart. `-i` makes Python read line by line there, and so leave the messages that follow to the program.
 */
function startCommand(source: string, python: Interpreter): Pick<WorkerCommand, 'command' | 'args' | 'program'> {
  if (typeof python === 'string') return { command: python, args: ['-c', source] }
  const [command, ...args] = python
  return { command, args: [...args, '-q', '-i'], program: `exec(${JSON.stringify(untilItEnds(source))})\n` }
}

/** An interpreter that was started with `-i` would go on with what else comes. JSON's strings are strings of Python, too. */
const untilItEnds = (source: string): string => `import os, traceback
try:
    exec(compile(${JSON.stringify(source)}, 'worker', 'exec'), {'__name__': '__main__'})
except SystemExit:
    pass
except BaseException:
    traceback.print_exc()
finally:
    os._exit(0)
`

async function startWorker(
  { source, mayStartLater, Failure }: PythonProgram,
  python: Interpreter,
  startTimeout: number | undefined,
): Promise<Worker | Absence> {
  const interpreter = typeof python === 'string' ? python : python.join(' ')
  const worker = createWorker({
    what: `the Python worker (${interpreter})`,
    ...startCommand(source, python),
    answersOn: 1,
    startTimeout,
    mayStartLater,
    Failure,
  })
  try {
    const { missing, python: version } = await worker.greet()
    if (missing === undefined) return worker
    const why = `it is Python ${version} without it (${missing})`
    return { interpreter, why, lacksPackage: true, isAbsent: true, code: 'missing-dependency' }
  } catch (error) {
    const code = error instanceof ModelError ? error.code : 'crashed'
    const isAbsent = code === 'missing-dependency' && typeof python === 'string'
    return { interpreter, why: reasonOf(error), lacksPackage: false, isAbsent, code }
  }
}

/** What to install is said only where something is missing: an interpreter that crashed may well have it. */
function explainAbsence({ loader, needs, packageName, option }: PythonProgram, absences: readonly Absence[]): string {
  const reasons = absences.map(({ interpreter, why }) => `  ${interpreter}: ${why}`)
  const lacking = absences.find(({ lacksPackage }) => lacksPackage)
  if (lacking === undefined && !absences.every(({ isAbsent }) => isAbsent)) {
    return [
      `${loader}: no Python could be started:`,
      ...reasons,
      `Needed is a Python 3 that has ${needs}. Another one can be named: ${option} or EXPECT_TENSOR_PYTHON`,
    ].join('\n')
  }
  return [
    `${loader}: found no Python that has ${needs}:`,
    ...reasons,
    `Install it with: ${lacking?.interpreter ?? 'python3'} -m pip install ${packageName}`,
    `If another interpreter has it, name that: ${option} or EXPECT_TENSOR_PYTHON`,
  ].join('\n')
}
