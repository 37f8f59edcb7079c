// What a recording says beside its tensors, as metadata of its .safetensors, and how inputs are recognised.
import { createHash } from 'node:crypto'
import packageJson from '../../package.json' with { type: 'json' }
import { encodeElements } from '../files/elements.ts'
import { axisLength, count, type Form, listOf, objectOf, oneOf, optional, text } from '../host/json-form.ts'
import { reasonOf } from '../host/reason.ts'
import type { LayerInfo, Runtime, TensorInfo } from '../runners/model.ts'
import { bytesPerElement, type DType } from '../tensor/dtype.ts'
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
  const read = (name: string, form: Form) => {
    const value = parse(metadata[name], `${path}: the metadata is damaged: ${name}`)
    const problem = form(value, name)
    if (problem !== undefined) throw new RecordingError(`${path}: the metadata is damaged: ${problem}`)
    return value
  }
  return {
    runtime: {
      name: metadata.engine ?? 'unknown',
      ...(metadata.engineVersion !== undefined && { version: metadata.engineVersion }),
      options: read('engineOptions', objectOf({})) as Runtime['options'],
    },
    inputs: read('inputs', listOf(objectOf(inputForm))) as Recording['inputs'],
    outputs: read('outputs', listOf(objectOf(infoForm))) as Recording['outputs'],
    blobs: read('blobs', listOf(text)) as Recording['blobs'],
    // the first recordings had none
    layers: metadata.layers === undefined ? [] : (read('layers', listOf(objectOf(layerForm))) as Recording['layers']),
  }
}

const dtypeForm = oneOf(Object.keys(bytesPerElement))
const infoForm = { name: text, shape: optional(listOf(axisLength)), dtype: optional(dtypeForm) }
const inputForm = { name: text, shape: listOf(count), dtype: dtypeForm, sha256: text }
const layerForm = { name: text, type: text, inputs: listOf(text), outputs: listOf(text) }

function parse(json: string | undefined, where: string): unknown {
  try {
    return JSON.parse(json ?? '')
  } catch (cause) {
    throw new RecordingError(`${where}: ${reasonOf(cause)}`, { cause })
  }
}
