// A model whose tensors have a leading batch axis that ncnn does not know: every sample runs by itself.
import type { Tensor, TensorLike } from '../../tensor/tensor.ts'
import { toTensor } from '../../tensor/to-tensor.ts'
import type { BareModel } from '../with-runtime.ts'
import { NcnnError } from './error.ts'

/** Wraps `model` so that inputs and outputs have a leading batch axis of any one length. */
export function batchedModel(model: BareModel): BareModel {
  return {
    ...model,
    inputs: model.inputs.map((info) => (info.shape ? { ...info, shape: [-1, ...info.shape] } : info)),
    async run(inputs, options) {
      const samples = splitBatch(inputs)
      const results: Record<string, Tensor>[] = []
      for (const sample of samples) results.push(await model.run(sample, options))
      return stackBatch(results)
    },
  }
}

function splitBatch(inputs: Readonly<Record<string, TensorLike>>): Record<string, Tensor>[] {
  const tensors = Object.entries(inputs).map(
    ([name, value]) => [name, toTensor(value, { name: `input "${name}"` })] as const,
  )
  const lengths = new Set(tensors.map(([, tensor]) => tensor.shape[0]))
  const [batch] = lengths
  if (lengths.size !== 1 || !batch) {
    const shapes = tensors.map(([name, tensor]) => `"${name}" [${tensor.shape.join(', ')}]`).join(', ')
    throw new NcnnError(
      `with \`batched: true\` every input needs a leading batch axis of the same length, got ${shapes || 'no inputs'}`,
      { code: 'wrong-input' },
    )
  }
  return Array.from({ length: batch }, (_, sample) =>
    Object.fromEntries(tensors.map(([name, tensor]) => [name, sliceSample(tensor, sample)])),
  )
}

function sliceSample({ data, shape, dtype }: Tensor, sample: number): Tensor {
  const size = data.length / shape[0]
  return { data: data.subarray(sample * size, (sample + 1) * size), shape: shape.slice(1), dtype }
}

function stackBatch(samples: readonly Record<string, Tensor>[]): Record<string, Tensor> {
  const [first] = samples
  return Object.fromEntries(
    Object.keys(first).map((name) => [
      name,
      stack(
        samples.map((sample) => sample[name]),
        name,
      ),
    ]),
  )
}

function stack(tensors: readonly Tensor[], name: string): Tensor {
  const [{ shape, dtype, data }] = tensors
  if (tensors.some((tensor) => String(tensor.shape) !== String(shape))) {
    throw new NcnnError(`output "${name}" has another shape for each sample of the batch; run the samples one by one`, {
      code: 'unsupported',
    })
  }
  const stacked = data.constructor as new (length: number) => typeof data
  const result = new stacked(data.length * tensors.length)
  for (const [sample, tensor] of tensors.entries()) result.set(tensor.data as never, sample * data.length)
  return { data: result, shape: [tensors.length, ...shape], dtype }
}
