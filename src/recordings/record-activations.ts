// recordActivations: runs a model once and stores what it computed, so that tests can do without the runtime.
import { checkOptionNames, type OptionsOf } from '../arguments/options.ts'
import { streamTensors } from '../files/stream.ts'
import { callerOf, checkModel, problemWithInputs } from '../runners/check-arguments.ts'
import { castTo } from '../runners/create-model.ts'
import type { Model } from '../runners/model.ts'
import type { Tensor, TensorLike } from '../tensor/tensor.ts'
import { toTensor } from '../tensor/to-tensor.ts'
import { encodeRecording, sha256Of } from './recording.ts'
import { RecordingError } from './recording-error.ts'

export interface RecordOptions {
  /** Names of the blobs to store. Default `'all'`: every blob that is computed. */
  readonly outputs?: readonly string[] | 'all'
}

const recordOptions = { outputs: 'any' } as const satisfies OptionsOf<RecordOptions>

/**
 * Runs a model and stores its blobs in one `.safetensors` file, with what ran it (runtime, version, options), and a hash of each input.
 * `loadRecording` reads it. The file is replaced as a whole or not at all.
 *
 * @param inputs as for `model.run`
 * @param path ends in `.safetensors`
 *
 * @example
 * using model = await loadTorch('voiceprint.pt')
 * await recordActivations(model, { features: await readTensor('fbank.npy') }, 'voiceprint.torch.safetensors')
 */
export async function recordActivations(
  model: Model,
  inputs: Readonly<Record<string, TensorLike>>,
  path: string | URL,
  options: RecordOptions = {},
): Promise<void> {
  checkModel(model, 'recordActivations', 'the model')
  const problem = problemWithInputs(inputs, model.inputs)
  if (problem !== undefined) throw new RecordingError(`recordActivations: ${problem}`, { code: 'wrong-input' })
  checkOptionNames(options, recordOptions, callerOf('recordActivations', RecordingError))
  if (!String(path).endsWith('.safetensors')) {
    throw new RecordingError(`recordActivations: expected a path that ends in .safetensors, got ${String(path)}`, {
      code: 'wrong-option',
    })
  }
  const fed = Object.entries(inputs).map(([name, like]) => [name, asDeclared(model, name, like)] as const)
  await streamTensors(path, async (add) => {
    const recorded = new Set<string>()
    await model.run(Object.fromEntries(fed), {
      outputs: options.outputs ?? 'all',
      onTensor(name, tensor) {
        add(name, tensor)
        recorded.add(name)
      },
    })
    return encodeRecording({
      runtime: model.runtime,
      inputs: fed.map(([name, tensor]) => {
        return { name, shape: tensor.shape, dtype: tensor.dtype, sha256: sha256Of(tensor) }
      }),
      outputs: model.outputs.filter(({ name }) => recorded.has(name)),
      blobs: model.blobs.filter((name) => recorded.has(name)),
      layers: model.layers,
    })
  })
}

/** In the type that the model takes, where it says: an input is the same input whichever way it was written down. */
function asDeclared(model: Model, name: string, like: TensorLike): Tensor {
  const tensor = toTensor(like, { name: `input "${name}"` })
  const dtype = model.inputs.find((input) => input.name === name)?.dtype
  return dtype === undefined ? tensor : castTo(dtype, tensor, name)
}
