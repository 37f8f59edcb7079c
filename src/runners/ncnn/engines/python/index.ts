// The real ncnn as its Python wheel: one worker process per interpreter.
import { pythonWorkers } from '../../../worker/python.ts'
import { NcnnError } from '../../error.ts'
import type { NcnnEngine } from '../../options.ts'
import { loadRealModel } from '../real/model.ts'
import { openSession } from '../real/worker-session.ts'
import { workerSource } from './generated/worker.ts'

export interface PythonEngineOptions {
  /**
   * The interpreter that has the `ncnn` wheel: a path, or a name that is found on the PATH. Default: the environment variable
   * `EXPECT_TENSOR_PYTHON`; without it the first of `python3` and `python` that has the wheel.
   */
  readonly python?: string
  /** How long ncnn may take to load the model, and for each run, in milliseconds. Default 600 000: ten minutes. */
  readonly timeout?: number
}

const findWorker = pythonWorkers({
  source: workerSource,
  loader: 'loadNcnn',
  needs: 'the ncnn wheel',
  packageName: 'ncnn',
  option: "pythonEngine({ python: '.venv/bin/python' })",
  Failure: NcnnError,
})

/**
 * Runs models with the `ncnn` Python wheel (`pip install ncnn`), in a worker process that all models of one interpreter share. It ends
 * with this process; if ncnn crashes, the run that crashed fails, with what ncnn printed.
 *
 * @example loadNcnn('voiceprint.ncnn.param', { engine: pythonEngine({ python: '.venv/bin/python' }) })
 */
export function pythonEngine({ python, timeout }: PythonEngineOptions = {}): NcnnEngine {
  return {
    name: 'python',
    async version() {
      const { version, python: interpreter } = await (await findWorker(python)).greet()
      return `ncnn ${version} (Python ${interpreter})`
    },
    load: (network, options) =>
      loadRealModel('python', network, options, async (model) =>
        openSession(await findWorker(python), model, timeout, true),
      ),
  }
}
