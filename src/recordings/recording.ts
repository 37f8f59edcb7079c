// What a recording says beside its tensors, as metadata of its .safetensors, and how inputs are recognised.
import { createHash } from 'node:crypto'
import packageJson from '../../package.json' with { type: 'json' }
import { encodeElements } from '../files/elements.ts'
import type { LayerInfo, Runtime, TensorInfo } from '../runners/model.ts'
import type { DType } from '../tensor/dtype.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { RecordingError } from './recording-error.ts'

/** An input that the recorded model was run on. */
interface RecordedInput {
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: DType
  /** SHA-256 of the elements as little-endian bytes, in hexadecimal digits. */
  readonly sha256: string
}

/** Everything but the tensors. */
export interface Recording {
  readonly runtime: Runtime
  readonly inputs: readonly RecordedInput[]
  readonly outputs: readonly TensorInfo[]
  /** The recorded blobs, in execution order. */
  readonly blobs: readonly string[]
  /** All layers of the recorded model. */
  readonly layers: readonly LayerInfo[]
}

export const sha256Of = (tensor: Tensor): string => createHash('sha256').update(encodeElements(tensor)).digest('hex')

export function encodeRecording({ runtime, inputs, outputs, blobs, layers }: Recording): Record<string, string> {
  return {
    'expect-tensor': packageJson.version,
    contents: 'recording',
    engine: runtime.name,
    ...(runtime.version !== undefined && { engineVersion: runtime.version }),
    engineOptions: JSON.stringify(runtime.options ?? {}),
    inputs: JSON.stringify(inputs),
    outputs: JSON.stringify(outputs),
    blobs: JSON.stringify(blobs),
    layers: JSON.stringify(layers),
  }
}

/** @throws {RecordingError} for the metadata of another file */
export function decodeRecording(metadata: Readonly<Record<string, string>>, path: string): Recording {
  if (metadata.contents !== 'recording') {
    throw new RecordingError(`${path} is no recording: it was not written by recordActivations`)
  }
  try {
    return {
      runtime: {
        name: metadata.engine,
        ...(metadata.engineVersion !== undefined && { version: metadata.engineVersion }),
        options: JSON.parse(metadata.engineOptions),
      },
      inputs: list(metadata.inputs),
      outputs: list(metadata.outputs),
      blobs: list(metadata.blobs),
      // The first recordings had none.
      layers: metadata.layers === undefined ? [] : list(metadata.layers),
    }
  } catch (cause) {
    throw new RecordingError(`${path}: the metadata is damaged: ${(cause as Error).message}`, { cause })
  }
}

function list<Entry>(json: string): readonly Entry[] {
  const parsed: unknown = JSON.parse(json)
  if (!Array.isArray(parsed)) throw new SyntaxError(`expected a list, found ${json.slice(0, 40)}`)
  return parsed
}
