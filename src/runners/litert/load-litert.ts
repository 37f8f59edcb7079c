// loadLitert: a .tflite model behind the Model interface, with every intermediate tensor by name.
import { checkOptionNames, type OptionsOf } from '../../arguments/options.ts'
import { reasonOf } from '../../host/reason.ts'
import { callerOf } from '../check-arguments.ts'
import { createModel, firstLine } from '../create-model.ts'
import type { Model } from '../model.ts'
import { modelPath, readModelFile } from '../model-file.ts'
import type { LitertKernels, LitertRuntime } from './engine.ts'
import { LitertError } from './error.ts'
import { readLitertGraph } from './graph.ts'
import { pythonRuntime } from './python/index.ts'
import { litertRunner } from './runner.ts'
import { webRuntime } from './web/index.ts'

export type { LitertKernels } from './engine.ts'

const engines = ['web', 'python'] as const
export type LitertEngine = (typeof engines)[number]

const kernelSets: readonly LitertKernels[] = ['xnnpack', 'builtin', 'reference']

export interface LoadLitertOptions {
  /**
   * `'web'`: LiteRT.js (`@litertjs/core`), `'python'`: the `ai-edge-litert` wheel. By default the first that is installed.
   */
  readonly engine?: LitertEngine
  /**
   * Which kernels compute; their results differ in the last digits. `'xnnpack'`, the default, is what LiteRT takes by itself; `'builtin'` its
   * own fast kernels, `'reference'` its plain loops. The last two need the engine `'python'`.
   */
  readonly kernels?: LitertKernels
  /**
   * The interpreter that has the wheel: a path, or a name that is found on the PATH. Default: the environment variable
   * `EXPECT_TENSOR_PYTHON`; without it the first of `python3` and `python` that has it.
   */
  readonly python?: string
  /** How long Python may take to open the model, and for each run, in milliseconds. Default 600 000: ten minutes. */
  readonly timeout?: number
}

const loadLitertOptions = {
  engine: 'any',
  kernels: 'any',
  python: 'string',
  timeout: 'number',
} as const satisfies OptionsOf<LoadLitertOptions>

/**
 * Loads a LiteRT model (TensorFlow Lite), which runs in one thread. Shapes are the model's own, batch axis included; lengths that the
 * model declares as -1 may be any. Inputs and outputs go by the names of the model's signature, where it has one, and other tensors by
 * those in the file. Any tensor of the main graph may be asked for and fed, weights included. Quantized tensors are the integers that they
 * are.
 *
 * @param source path of the `.tflite`, or its bytes
 * @throws {LitertError} when LiteRT is not installed, or for a file that is not a `.tflite`
 */
export async function loadLitert(source: string | URL | Uint8Array, options: LoadLitertOptions = {}): Promise<Model> {
  checkOptionNames(options, loadLitertOptions, callerOf('loadLitert', LitertError))
  checkOptions(options)
  const isContent = ArrayBuffer.isView(source)
  const name = isContent ? 'the .tflite model' : modelPath(source, 'loadLitert', 'a .tflite file, or its bytes')
  const graph = readLitertGraph(isContent ? source : readModelFile(name, 'the model', LitertError), name)
  return createModel(litertRunner(graph, await findRuntime(options)), LitertError)
}

function checkOptions({ engine, kernels }: LoadLitertOptions): void {
  const refuse = (option: string, known: readonly string[], given: unknown): never => {
    throw new LitertError(
      `loadLitert: ${option} must be one of '${known.join("', '")}', got ${JSON.stringify(given)}`,
      {
        code: 'wrong-option',
      },
    )
  }
  if (engine !== undefined && !engines.includes(engine)) refuse('engine', engines, engine)
  if (kernels !== undefined && !kernelSets.includes(kernels)) refuse('kernels', kernelSets, kernels)
}

async function findRuntime(options: LoadLitertOptions): Promise<LitertRuntime> {
  const { engine, kernels = 'xnnpack', python, timeout } = options
  if (engine === 'web' && kernels !== 'xnnpack') {
    throw new LitertError(`loadLitert: LiteRT.js has no kernels '${kernels}'; the engine 'python' has`, {
      code: 'unsupported',
    })
  }
  if (engine === 'python' || (engine === undefined && (kernels !== 'xnnpack' || python !== undefined)))
    return pythonRuntime(kernels, python, timeout)
  try {
    return await webRuntime()
  } catch (error) {
    const missing = `loadLitert: @litertjs/core cannot be loaded: ${firstLine(error)}\nInstall it: npm install --save-dev @litertjs/core`
    if (engine === 'web') throw new LitertError(missing, { code: 'missing-dependency', cause: error })
    return pythonRuntime(kernels, python, timeout).catch((cause: unknown) => {
      throw new LitertError(`${missing}\nor take the Python wheel. ${reasonOf(cause)}`, {
        code: 'missing-dependency',
        cause,
      })
    })
  }
}
