// Finds a Python that has a package, and keeps one worker process for each interpreter.
import { reasonOf } from '../../host/reason.ts'
import { ModelError, type ModelErrorClass } from '../model-error.ts'
import { createWorker, type Worker } from './process.ts'

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
  /** The runtime's own kind of error. */
  readonly Failure: ModelErrorClass
}

/** Why an interpreter cannot serve. */
interface Absence {
  readonly interpreter: string
  readonly why: string
  /** There is such an interpreter, and it lacks the package. */
  readonly lacksPackage: boolean
  /** There is no such program, or the package is missing: it is not that it did not work. */
  readonly isAbsent: boolean
}

/**
 * Returns a function that finds the worker of an interpreter: a path, or a name that is found on the PATH. By default it is the one
 * that the environment variable `EXPECT_TENSOR_PYTHON` names; without it the first of `python3` and `python` that has the package.
 */
export function pythonWorkers(program: PythonProgram): (python: string | undefined) => Promise<Worker> {
  /** By interpreter. */
  const workers = new Map<string, Promise<Worker | Absence>>()
  const workerOf = async (interpreter: string): Promise<Worker | Absence> => {
    const found = workers.get(interpreter) ?? startWorker(program, interpreter)
    workers.set(interpreter, found)
    const worker = await found
    // what is missing now may be installed later, what was killed may start
    if (!('openModel' in worker)) workers.delete(interpreter)
    return worker
  }
  return async (python) => {
    const chosen = python || process.env.EXPECT_TENSOR_PYTHON
    const absences: Absence[] = []
    for (const interpreter of chosen ? [chosen] : ['python3', 'python']) {
      const found = await workerOf(interpreter)
      if ('openModel' in found) return found
      absences.push(found)
    }
    throw new program.Failure(explainAbsence(program, absences), {
      code: absences.every(({ isAbsent }) => isAbsent) ? 'missing-dependency' : 'crashed',
    })
  }
}

async function startWorker({ source, Failure }: PythonProgram, interpreter: string): Promise<Worker | Absence> {
  const worker = createWorker({
    what: `the Python worker (${interpreter})`,
    command: interpreter,
    args: ['-c', source],
    answersOn: 1,
    Failure,
  })
  try {
    const { missing, python } = await worker.greet()
    if (missing === undefined) return worker
    const why = `it is Python ${python} without it (${missing})`
    return { interpreter, why, lacksPackage: true, isAbsent: true }
  } catch (error) {
    const isAbsent = error instanceof ModelError && error.code === 'missing-dependency'
    return { interpreter, why: reasonOf(error), lacksPackage: false, isAbsent }
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
      `Another interpreter can be named: ${option} or EXPECT_TENSOR_PYTHON`,
    ].join('\n')
  }
  return [
    `${loader}: found no Python that has ${needs}:`,
    ...reasons,
    `Install it with: ${lacking?.interpreter ?? 'python3'} -m pip install ${packageName}`,
    `If another interpreter has it, name that: ${option} or EXPECT_TENSOR_PYTHON`,
  ].join('\n')
}
