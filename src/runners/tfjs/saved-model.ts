// A SavedModel of TensorFlow in tfjs-node as a Runner: one layer, for what lies within a signature has no names outside of it.
import type { DType } from '../../tensor/dtype.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { Runner } from '../create-model.ts'
import type { TensorInfo } from '../model.ts'
import { TfjsError } from './error.ts'
import {
  explainTf,
  fromTf,
  runtimeOf,
  type Tf,
  type TfSavedModel,
  type TfTensorInfo,
  tidied,
  toTf,
} from './namespace.ts'

export function savedModelRunner(source: string, tf: Tf, model: TfSavedModel): Runner {
  const inputs = describe(model.signature.inputs)
  const outputs = describe(model.signature.outputs)
  const inputNames = inputs.map(({ name }) => name)
  const outputNames = outputs.map(({ name }) => name)
  const blobs = [...inputNames, ...outputNames]
  return {
    source,
    runtime: runtimeOf(tf),
    inputs,
    outputs,
    blobs,
    layers: [{ name: 'SavedModel', type: 'SavedModel', inputs: inputNames, outputs: outputNames }],
    has: (name) => blobs.includes(name),
    dtypeOf: (name) => inputs.find((input) => input.name === name)?.dtype,
    async compute(fed, requested, _, emit) {
      for (const [name, tensor] of fed) refuseNegative(source, name, tensor)
      try {
        tidied(tf, () => {
          const tensors = inputNames.map((name) => [name, toTf(tf, fed.get(name) as Tensor, name)])
          const results = model.predict(Object.fromEntries(tensors))
          for (const name of requested) emit(name, fromTf(results[name], name))
        })
      } catch (error) {
        throw new TfjsError(`${source}: TensorFlow cannot run it: ${explainTf(error)}`, {
          code: 'runtime-failed',
          cause: error,
        })
      }
    },
    close: () => model.dispose(),
  }
}

/** tfjs-node 4.22 leaves out the sign when it makes int64 of int32. */
function refuseNegative(source: string, name: string, { data, dtype }: Tensor): void {
  if (dtype !== 'int64' || !(data as BigInt64Array).some((element) => element < 0n)) return
  throw new TfjsError(
    `${source}: input "${name}" is int64 and has negative elements, which tfjs-node hands to TensorFlow as if 2^32 had been added. Save the model with an int32 input that it casts itself`,
    { code: 'unsupported' },
  )
}

/** TensorFlow's names of element types. */
const dtypes: ReadonlyMap<string, DType> = new Map([
  ['DT_FLOAT', 'float32'],
  ['DT_INT32', 'int32'],
  ['DT_INT64', 'int64'],
  ['DT_UINT8', 'uint8'],
  ['DT_BOOL', 'bool'],
])

const describe = (tensors: Readonly<Record<string, TfTensorInfo>>): TensorInfo[] =>
  Object.entries(tensors).map(([name, { tfDtype, shape }]) => {
    const dtype = dtypes.get(tfDtype)
    return {
      name,
      ...(shape.length > 0 && { shape: shape.map((length) => length.getSize()) }),
      ...(dtype !== undefined && { dtype }),
    }
  })
