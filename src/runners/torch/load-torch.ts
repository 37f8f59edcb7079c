// loadTorch: a PyTorch model behind the Model interface, TorchScript or what pnnx wrote, in a Python worker process.

import { basename, dirname, join } from 'node:path'
import { describeValue } from '../../arguments/describe.ts'
import { checkOptionNames, type OptionsOf } from '../../arguments/options.ts'
import { decodeElements } from '../../files/elements.ts'
import { reasonOf } from '../../host/reason.ts'
import { decodeText } from '../../host/utf8.ts'
import { type DType, isFloatDType, parseDType } from '../../tensor/dtype.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { callerOf } from '../check-arguments.ts'
import { castTo, createModel, type Runner } from '../create-model.ts'
import type { LayerDetails, LayerInfo, Model } from '../model.ts'
import { modelPath, readModelFile } from '../model-file.ts'
import { weightDetails } from '../weight-details.ts'
import type { Frame } from '../worker/frames.ts'
import type { WorkerModel } from '../worker/process.ts'
import { pythonWorkers } from '../worker/python.ts'
import { TorchError } from './error.ts'
import { workerSource } from './generated/worker.ts'

export interface LoadTorchOptions {
  /**
   * The interpreter that has PyTorch: a path, or a name that is found on the PATH. Default: the environment variable
   * `EXPECT_TENSOR_PYTHON`; without it the first of `python3` and `python` that has PyTorch.
   */
  readonly python?: string
  /** Whether dropout and batch normalization work as in use or as in training. A traced model is what it was when it was traced. */
  readonly state?: 'eval' | 'train'
  /** How long PyTorch may take to load the model, and for each run, in milliseconds. Default 600 000: ten minutes. */
  readonly timeout?: number
}

const loadTorchOptions = {
  python: 'string',
  state: 'any',
  timeout: 'number',
} as const satisfies OptionsOf<LoadTorchOptions>

const findWorker = pythonWorkers({
  source: workerSource,
  loader: 'loadTorch',
  needs: 'PyTorch',
  packageName: 'torch',
  option: "loadTorch(path, { python: '.venv/bin/python' })",
  Failure: TorchError,
})

/**
 * Loads a PyTorch model, without gradients and in one thread, in a Python that has PyTorch. Shapes are the model's own, batch axis
 * included. A model file has code in it that is run: load none that you do not trust.
 *
 * - TorchScript (`torch.jit.trace(model, example).save(path)`, or `torch.jit.script`): inputs are called as in `forward`, outputs `out0`,
 *   `out1` or by their keys in a dict, intermediates by the module that computes them, `layer1.0.conv1`, or by its operator,
 *   `layer1.0/add`.
 * - `*_pnnx.py`, with the `.pnnx.bin` beside it: inputs `in0`, outputs `out0`, as in the `.ncnn.param` of the same conversion;
 *   intermediates as in the file, `v_7`.
 *
 * Any of them may be asked for and fed, but those inside of branches and loops. Elements that are fed as floats become floats of the
 * type that the model's weights have.
 *
 * @param source path of the `.pt`, or of the `.py`
 * @throws {TorchError} when no Python has PyTorch, or for a file that is neither
 */
export async function loadTorch(source: string | URL, options: LoadTorchOptions = {}): Promise<Model> {
  checkOptionNames(options, loadTorchOptions, callerOf('loadTorch', TorchError))
  const { python, state = 'eval', timeout } = options
  if (state !== 'eval' && state !== 'train') {
    throw new TorchError(`loadTorch: state must be 'eval' or 'train', got ${describeValue(state)}`, {
      code: 'wrong-option',
    })
  }
  const path = modelPath(source, 'loadTorch', 'a .pt file, or of a _pnnx.py')
  const { kind, parts } = await readSource(path)
  const worker = await findWorker({ python })
  const { version } = await worker.greet()
  const loaded = await worker
    .openModel({ header: { kind, state, source: basename(path) }, parts }, path, { timeout })
    .catch((error: unknown) => {
      throw about(path, error)
    })
  const runtime = { name: 'torch', version: String(version), options: { state } }
  const model = createModel(torchRunner(path, loaded, runtime), TorchError)
  return { ...model, inspectLayer: layerInspector(path, loaded) }
}

/** An error of the worker's, with the name of the model. */
function about(source: string, error: unknown): TorchError {
  const code = error instanceof TorchError ? error.code : 'runtime-failed'
  return new TorchError(`${source}: ${reasonOf(error)}`, { code, cause: error })
}

/** The file, and what belongs to it. */
async function readSource(path: string): Promise<{ kind: 'script' | 'pnnx'; parts: Uint8Array[] }> {
  const content = readModelFile(path, 'the model', TorchError)
  if (!path.endsWith('.py')) return { kind: 'script', parts: [content] }
  const text = decodeText(content)
  const weights = /zipfile\.ZipFile\('([^']+)'/.exec(text)?.[1]
  if (weights === undefined || !/^class Model\b/m.test(text)) {
    throw new TorchError(
      `${path} is no file that pnnx writes (*_pnnx.py): it has no class Model that reads a .pnnx.bin`,
    )
  }
  // pnnx names it by the way from where it was called.
  const file = join(dirname(path), basename(weights.replaceAll('\\', '/')))
  return { kind: 'pnnx', parts: [content, readModelFile(file, `weights of ${path}`, TorchError)] }
}

interface DescribedTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: string
}

/** What the worker says of a loaded model. */
interface Described {
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /** In execution order. */
  readonly blobs: readonly string[]
  /** What computes them: modules, operators outside of modules, and further names of what a layer computed. */
  readonly layers: readonly (LayerInfo & { readonly weights: readonly DescribedTensor[] })[]
  /** Inputs that are no tensors: they are fed as one element. */
  readonly numbers: readonly string[]
  /** The one type of all floats among the weights. */
  readonly floats: string | null
}

function torchRunner(source: string, { answer, run, close }: WorkerModel, runtime: Runner['runtime']): Runner {
  const { inputs, outputs, blobs, layers, numbers, floats } = answer.header as unknown as Described
  const known = new Set([...blobs, ...numbers])
  const weights = floats === null ? undefined : parseDType(floats)
  return {
    source,
    runtime,
    inputs: inputs.map((name) => ({ name })),
    outputs: outputs.map((name) => ({ name })),
    blobs,
    layers: layers.map(({ weights: _, ...layer }) => layer),
    has: (name) => known.has(name),
    dtypeOf: () => undefined,
    async compute(fed, requested, _, emit) {
      const tensors = [...fed].map(([name, tensor]) => [name, asFed(tensor, weights, name)] as const)
      try {
        const names = requested.values()
        await run(encode(tensors, requested), (frame) => {
          const name = names.next().value as string
          emit(name, decode(frame, name))
        })
      } catch (error) {
        throw about(source, error)
      }
    },
    close,
  }
}

/** Looks into layers by name: at the parameters of modules, and at those that operators outside of them read. */
function layerInspector(source: string, { answer, run }: WorkerModel): (name: string) => Promise<LayerDetails> {
  const { layers } = answer.header as unknown as Described
  const read = async (name: string): Promise<Tensor> => {
    const parts: Tensor[] = []
    await run({ header: { inputs: [], outputs: [], weights: [name] }, parts: [] }, (frame) =>
      parts.push(decode(frame, name)),
    ).catch((error: unknown) => {
      throw about(source, error)
    })
    return parts[0]
  }
  return async (name) => {
    const layer = layers.find((one) => one.name === name)
    if (layer === undefined) throw new TorchError(`${source} has no layer "${name}"`, { code: 'wrong-option' })
    return weightDetails(
      layer.weights.map((weight) => ({
        name: weight.name,
        shape: weight.shape,
        storage: weight.dtype,
        isCompressible: weight.shape.length > 1,
        read: () => read(weight.name),
      })),
    )
  }
}

const asFed = (tensor: Tensor, weights: DType | undefined, name: string): Tensor =>
  weights !== undefined && isFloatDType(tensor.dtype) ? castTo(weights, tensor, name) : tensor

function encode(tensors: readonly (readonly [string, Tensor])[], outputs: readonly string[]): Frame {
  const inputs = tensors.map(([name, { shape, dtype }]) => ({ name, shape, dtype }))
  const parts = tensors.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  return { header: { inputs, outputs, weights: [] }, parts }
}

function decode({ header, parts: [bytes] }: Frame, name: string): Tensor {
  const { shape, dtype: given } = header as unknown as { readonly shape: readonly number[]; readonly dtype: string }
  const dtype = parseDType(given)
  if (dtype === undefined) {
    throw new TorchError(`"${name}" holds elements of type ${given}, which no tensor here can hold`, {
      code: 'unsupported',
    })
  }
  return { data: decodeElements(bytes as Uint8Array<ArrayBuffer>, dtype, true), shape, dtype }
}
