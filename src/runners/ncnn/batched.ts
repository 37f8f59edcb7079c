// A network whose tensors have a leading batch axis that ncnn does not know: every sample runs by itself.
import { formatShape } from '../../tensor/shape.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { Runner } from '../create-model.ts'
import { NcnnError } from './error.ts'
import type { GraphLayer } from './graph.ts'

/** Wraps `runner` so that what is fed and computed has a leading batch axis of any one length. */
export function batchedRunner(runner: Runner<GraphLayer>): Runner<GraphLayer> {
  return {
    ...runner,
    inputs: runner.inputs.map((info) => (info.shape ? { ...info, shape: [-1, ...info.shape] } : info)),
    refuses: (name, tensor) =>
      tensor.shape.length === 0 ? wrongBatch([[name, tensor]]) : runner.refuses?.(name, sampleOf(tensor, 0)),
    async compute(fed, requested, part, emit) {
      const samples = splitBatch(fed)
      const earlier = new Map<string, Tensor[]>(requested.map((name) => [name, []]))
      for (const sample of samples.slice(0, -1)) {
        await runner.compute(sample, requested, part, (name, tensor) => earlier.get(name)?.push(tensor))
      }
      // With the last sample a tensor is complete.
      await runner.compute(samples[samples.length - 1], requested, part, (name, tensor) => {
        const others = earlier.get(name) ?? []
        earlier.delete(name)
        emit(name, stack([...others, tensor], name))
      })
    },
  }
}

function splitBatch(fed: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor>[] {
  const lengths = new Set([...fed.values()].map(({ shape }) => shape[0]))
  const [batch] = lengths
  if (lengths.size !== 1 || !batch) {
    throw new NcnnError(wrongBatch([...fed]), { code: 'wrong-input' })
  }
  return Array.from(
    { length: batch },
    (_, sample) => new Map([...fed].map(([name, tensor]) => [name, sampleOf(tensor, sample)])),
  )
}

function wrongBatch(fed: readonly (readonly [string, Tensor])[]): string {
  const shapes = fed.map(([name, { shape }]) => `"${name}" ${formatShape(shape)}`).join(', ')
  return `with \`batched: true\` every input needs a leading batch axis of the same length, got ${shapes || 'no inputs'}`
}

function sampleOf({ data, shape, dtype }: Tensor, sample: number): Tensor {
  const [batch, ...rest] = shape
  const size = data.length / batch
  return { data: data.subarray(sample * size, (sample + 1) * size), shape: rest, dtype }
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
