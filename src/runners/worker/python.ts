// Finds a Python that has a package, and keeps one worker process for each interpreter.
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
  /** Makes the runtime's own kind of error. */
  readonly fail: (message: string) => Error
}

/** Why an interpreter cannot serve. */
interface Absence {
  readonly interpreter: string
  readonly why: string
}

/**
 * Returns a function that finds the worker of an interpreter: a path, or a name that is found on the PATH. By default it is the one
 * that the environment variable `EXPECT_TENSOR_PYTHON` names; without it the first of `python3` and `python` that has the package.
 */
export function pythonWorkers(program: PythonProgram): (python: string | undefined) => Promise<Worker> {
  /** By interpreter. */
  const workers = new Map<string, Promise<Worker | Absence>>()
  const workerOf = (interpreter: string): Promise<Worker | Absence> => {
    const known = workers.get(interpreter)
    if (known !== undefined) return known
    const found = startWorker(program, interpreter)
    workers.set(interpreter, found)
    return found
  }
  return async (python) => {
    const chosen = python || process.env.EXPECT_TENSOR_PYTHON
    const absences: Absence[] = []
    for (const interpreter of chosen ? [chosen] : ['python3', 'python']) {
      const found = await workerOf(interpreter)
      if ('openModel' in found) return found
      absences.push(found)
    }
    throw program.fail(explainAbsence(program, absences))
  }
}

async function startWorker({ source, fail }: PythonProgram, interpreter: string): Promise<Worker | Absence> {
  const worker = createWorker({
    what: `the Python worker (${interpreter})`,
    command: interpreter,
    args: ['-c', source],
    answersOn: 1,
    fail,
  })
  try {
    const { missing, python } = await worker.greet()
    return missing === undefined ? worker : { interpreter, why: `it is Python ${python} without it (${missing})` }
  } catch (error) {
    return { interpreter, why: error instanceof Error ? error.message : String(error) }
  }
}

function explainAbsence({ loader, needs, packageName, option }: PythonProgram, absences: readonly Absence[]): string {
  const name = absences.find(({ why }) => why.startsWith('it is Python'))?.interpreter ?? 'python3'
  return [
    `${loader}: found no Python that has ${needs}:`,
    ...absences.map(({ interpreter, why }) => `  ${interpreter}: ${why}`),
    `Install it with: ${name} -m pip install ${packageName}`,
    `If another interpreter has it, name that: ${option} or EXPECT_TENSOR_PYTHON`,
  ].join('\n')
}
