// The real ncnn as its Python wheel: one worker process per interpreter.

import { checkOptionNames, type OptionsOf } from '../../../../arguments/options.ts'
import { callerOf } from '../../../check-arguments.ts'
import { pythonWorkers } from '../../../worker/python.ts'
import { NcnnError } from '../../error.ts'
import type { NcnnEngine } from '../../options.ts'
import { loadRealModel } from '../real/model.ts'
import { openSession } from '../real/worker-session.ts'
import { workerSource } from './generated/worker.ts'

export interface PythonEngineOptions {
  /**
   * The interpreter that has the `ncnn` wheel: a path, or a name that is found on the PATH. Or a command with its arguments that runs one
   * somewhere else, such as `['ssh', 'pi@board', 'python3']`: nothing else has to be there, the program goes over the pipe. Default: the
   * environment variable `EXPECT_TENSOR_PYTHON`; without it the first of `python3` and `python` that has the wheel.
   */
  readonly python?: string | readonly string[]
  /** How long ncnn may take to load the model, and for each run, in milliseconds. Default 600 000: ten minutes. */
  readonly timeout?: number
  /** How long the interpreter may take until it is ready, in milliseconds. Default 60 000: one minute. */
  readonly startTimeout?: number
  /** A folder, where Python runs, to keep model files in by their hash, so that each is sent once. `~` is the home folder there. */
  readonly cache?: string
}

const pythonEngineOptions = {
  python: 'any',
  timeout: 'number',
  startTimeout: 'number',
  cache: 'string',
} as const satisfies OptionsOf<PythonEngineOptions>

const findWorker = pythonWorkers({
  source: workerSource,
  loader: 'loadNcnn',
  needs: 'the ncnn wheel',
  packageName: 'ncnn',
  option: "pythonEngine({ python: '.venv/bin/python' })",
  mayStartLater: true,
  Failure: NcnnError,
})

/**
 * Runs models with the `ncnn` Python wheel (`pip install ncnn`), in a worker process that all models of one interpreter share. It ends
 * with this process; if ncnn crashes, the run that crashed fails, with what ncnn printed.
 *
 * @example loadNcnn('voiceprint.ncnn.param', { engine: pythonEngine({ python: '.venv/bin/python' }) })
 * @example loadNcnn('voiceprint.ncnn.param', { engine: pythonEngine({ python: ['ssh', 'pi@board', 'python3'], cache: '~/.cache/expect-tensor' }) })
 */
export function pythonEngine(options: PythonEngineOptions = {}): NcnnEngine {
  checkOptionNames(options, pythonEngineOptions, callerOf('pythonEngine', NcnnError))
  const { timeout, cache, ...python } = options
  return {
    name: 'python',
    async version() {
      const { version, python: interpreter, machine } = await (await findWorker(python)).greet()
      return `ncnn ${version} (Python ${interpreter}, ${machine})`
    },
    load: (network, settings) =>
      loadRealModel('python', network, settings, async (model) =>
        openSession(await findWorker(python), model, { timeout, cache }),
      ),
  }
}
