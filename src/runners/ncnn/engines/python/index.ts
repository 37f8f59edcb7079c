// The real ncnn as its Python wheel: one worker process per interpreter.
import { NcnnError } from '../../error.ts'
import type { NcnnEngine } from '../../options.ts'
import { loadRealModel } from '../real/model.ts'
import { createWorker, type Worker } from '../real/worker-process.ts'
import { workerSource } from './generated/worker.ts'

export interface PythonEngineOptions {
  /**
   * The interpreter that has the `ncnn` wheel: a path, or a name that is found on the PATH. Default: the environment variable
   * `EXPECT_TENSOR_PYTHON`; without it the first of `python3` and `python` that has the wheel.
   */
  readonly python?: string
}

/**
 * Runs models with the `ncnn` Python wheel (`pip install ncnn`), in a worker process that all models of one interpreter share. It ends
 * with this process; if ncnn crashes, the run that crashed fails, with what ncnn printed.
 *
 * @example loadNcnn('voiceprint.ncnn.param', { engine: pythonEngine({ python: '.venv/bin/python' }) })
 */
export function pythonEngine({ python }: PythonEngineOptions = {}): NcnnEngine {
  return {
    name: 'python',
    async version() {
      const { version, python: interpreter } = await (await findWorker(python)).greet()
      return `ncnn ${version} (Python ${interpreter})`
    },
    load: (files, options) =>
      loadRealModel('python', files, options, async (model) => (await findWorker(python)).openSession(model)),
  }
}

/** By interpreter. */
const workers = new Map<string, Promise<Worker | Absence>>()

/** Why an interpreter cannot serve. */
interface Absence {
  readonly interpreter: string
  readonly why: string
}

async function findWorker(python: string | undefined): Promise<Worker> {
  const chosen = python || process.env.EXPECT_TENSOR_PYTHON
  const absences: Absence[] = []
  for (const interpreter of chosen ? [chosen] : ['python3', 'python']) {
    const found = await workerOf(interpreter)
    if ('openSession' in found) return found
    absences.push(found)
  }
  const name = absences.find(({ why }) => why.startsWith('it is Python'))?.interpreter ?? 'python3'
  throw new NcnnError(
    [
      'loadNcnn: found no Python that has the ncnn wheel:',
      ...absences.map(({ interpreter, why }) => `  ${interpreter}: ${why}`),
      `Install it with: ${name} -m pip install ncnn`,
      "If another interpreter has it, name that: pythonEngine({ python: '.venv/bin/python' }) or EXPECT_TENSOR_PYTHON",
    ].join('\n'),
  )
}

function workerOf(interpreter: string): Promise<Worker | Absence> {
  const known = workers.get(interpreter)
  if (known !== undefined) return known
  const found = startWorker(interpreter)
  workers.set(interpreter, found)
  return found
}

async function startWorker(interpreter: string): Promise<Worker | Absence> {
  const worker = createWorker({
    what: `the Python worker (${interpreter})`,
    command: interpreter,
    args: ['-c', workerSource],
    answersOn: 1,
  })
  try {
    const { missing, python } = await worker.greet()
    return missing === undefined
      ? worker
      : { interpreter, why: `it is Python ${python} without the wheel (${missing})` }
  } catch (error) {
    return { interpreter, why: error instanceof Error ? error.message : String(error) }
  }
}
