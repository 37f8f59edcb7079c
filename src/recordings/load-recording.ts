// loadRecording: a Model that answers from a file that recordActivations wrote.

import { tensorPath, withFile } from '../files/file-system.ts'
import { safetensors } from '../files/safetensors.ts'
import { createModel } from '../runners/create-model.ts'
import type { Model } from '../runners/model.ts'
import { quoteNames } from '../tensor/quote-names.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { decodeRecording, type Recording, sha256Of } from './recording.ts'
import { RecordingError } from './recording-error.ts'

/**
 * Loads what `recordActivations` stored. The model answers for the inputs that it was recorded on and refuses all others. Its
 * `runtime` is the one that computed the tensors.
 *
 * @param path of the `.safetensors`
 * @throws {RecordingError} for a file that is no recording
 * @throws {TensorFileError} for one that cannot be read
 *
 * @example
 * const reference = await loadRecording('voiceprint.torch.safetensors')
 * const { out0 } = await reference.run({ features: await readTensor('fbank.npy') })
 */
export async function loadRecording(path: string | URL): Promise<Model> {
  const source = tensorPath(path)
  const { recording, tensors } = withFile(source, (file) => {
    const { names, metadata, read } = safetensors.open(file)
    return {
      recording: decodeRecording(metadata, source),
      tensors: new Map(names.map((name) => [name, read(name)])),
    }
  })
  const inputs = new Map(recording.inputs.map((input) => [input.name, input]))
  const blobs = recording.blobs.filter((name) => tensors.has(name))
  const outputs = recording.outputs.filter(({ name }) => tensors.has(name))
  return createModel(
    {
      source,
      runtime: recording.runtime,
      inputs: recording.inputs.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
      outputs,
      blobs,
      layers: recording.layers,
      has: (name) => inputs.has(name) || tensors.has(name),
      dtypeOf: (name) => inputs.get(name)?.dtype,
      computed: () => blobs,
      async compute(fed, requested, _, emit) {
        checkInputs(source, recording, fed)
        for (const name of requested) emit(name, copyOf(tensors.get(name), name, source))
      },
      close: () => tensors.clear(),
    },
    RecordingError,
  )
}

/** @throws {RecordingError} unless the inputs are those of the recording */
function checkInputs(source: string, { inputs, runtime }: Recording, fed: ReadonlyMap<string, Tensor>): void {
  const names = inputs.map(({ name }) => name)
  const others = [...fed.keys()].filter((name) => !names.includes(name))
  if (others.length > 0) {
    throw new RecordingError(
      `${source} is a recording: nothing can be computed from ${quoteNames(others)}. It was recorded from the inputs ${quoteNames(names)}`,
      { code: 'wrong-input' },
    )
  }
  for (const { name, shape, sha256 } of inputs) {
    const tensor = fed.get(name)
    if (tensor === undefined)
      throw new RecordingError(
        `${source}: input "${name}" is needed but missing; the recording has ${quoteNames(names)}`,
        { code: 'wrong-input' },
      )
    if (String(tensor.shape) === String(shape) && sha256Of(tensor) === sha256) continue
    throw new RecordingError(
      `${source}: input "${name}" has other elements than the one that was recorded. A recording answers for its own inputs only; ` +
        `to record another, run the model in ${runtime.name} again: recordActivations(model, inputs, path)`,
      { code: 'wrong-input' },
    )
  }
}

function copyOf(tensor: Tensor | undefined, name: string, source: string): Tensor {
  if (tensor === undefined)
    throw new RecordingError(`${source} has no tensor "${name}": it was not recorded`, { code: 'wrong-input' })
  return { data: tensor.data.slice(), shape: [...tensor.shape], dtype: tensor.dtype }
}
