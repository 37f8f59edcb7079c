// Batches: several samples in one tensor. ncnn keeps their number beside the shape, as `Mat.n`; here it is a leading axis.
// Source: Tencent/ncnn 20261020, NetPrivate::do_forward_layer and src/layer/reshape.cpp.
import { formatShape } from '../../tensor/shape.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { NcnnError } from './error.ts'
import type { GraphLayer } from './graph.ts'
import { int, readParams } from './params.ts'
import type { Topology } from './topology.ts'

/** Which of the model's inputs have a leading batch axis: all, none, or those that are named. */
export type Batched = boolean | readonly string[]

export const isBatched = (batched: Batched, name: string): boolean =>
  typeof batched === 'boolean' ? batched : batched.includes(name)

/** "This blob has no batch axis" among Reshape's parameters. */
export const noBatchAxis = 233

/** Where Reshape finds a batch among the axes of its input, and where it makes one of an axis of its output. */
export const batchAxisParams = {
  input_batch_axis: int(12, noBatchAxis),
  output_batch_axis: int(13, noBatchAxis),
} as const

/** Whether a layer moves elements between samples, or makes samples of the elements of one. All others run sample by sample. */
export function mixesSamples(layer: GraphLayer): boolean {
  if (layer.type !== 'Reshape') return false
  const { input_batch_axis, output_batch_axis } = readParams(batchAxisParams, layer)
  return input_batch_axis !== noBatchAxis || output_batch_axis !== noBatchAxis
}

/** Whether Reshape makes a batch of the one it gets. One that it makes of an axis counts as none where that is 1 long, as in ncnn. */
function passesBatch(layer: GraphLayer, batches: ReadonlySet<string>): boolean {
  const { input_batch_axis, output_batch_axis } = readParams(batchAxisParams, layer)
  return input_batch_axis !== noBatchAxis && output_batch_axis !== noBatchAxis && batches.has(layer.inputs[0])
}

/**
 * The blobs that have a batch, be it of one sample.
 * @param fed names of what was fed
 * @param fedBatches those of them that have a batch
 */
export function blobsWithBatch(
  { layers }: Topology,
  fed: { has(name: string): boolean },
  fedBatches: Iterable<string>,
): ReadonlySet<string> {
  const names = new Set(fedBatches)
  if (names.size === 0) return names
  for (const layer of layers) {
    const hasBatch = mixesSamples(layer) ? passesBatch(layer, names) : layer.inputs.some((name) => names.has(name))
    if (hasBatch) for (const name of layer.outputs) if (!fed.has(name)) names.add(name)
  }
  return names
}

/**
 * Checks that no batch is empty. Layers check that those that meet have as many samples, or one, which serves all.
 * @throws {NcnnError} naming the input and its shape
 */
export function checkBatches(fed: ReadonlyMap<string, Tensor>, batched: Batched): void {
  for (const [name, { shape }] of fed) {
    if (!isBatched(batched, name) || shape[0] > 0) continue
    throw new NcnnError(`input "${name}", ${formatShape(shape)}, has a batch without samples along its leading axis`, {
      code: 'wrong-input',
    })
  }
}

/**
 * How many samples batches have together.
 * @param where what cannot run on batches that do not fit
 * @throws {NcnnError} when they have different numbers of samples, none of them one
 */
export function commonBatch(batches: readonly { readonly length: number }[], where: () => string): number {
  let batch = 1
  for (const { length } of batches) batch = Math.max(batch, length)
  const odd = batches.find(({ length }) => length !== 1 && length !== batch)
  if (odd === undefined) return batch
  throw new NcnnError(`${where()} cannot run on batches of ${odd.length} and ${batch} samples`, { code: 'wrong-input' })
}

/** The samples of a tensor with a leading batch axis, which share its memory. */
export function samplesOf({ data, shape, dtype }: Tensor): Tensor[] {
  const [batch, ...sample] = shape
  const size = data.length / batch
  return Array.from({ length: batch }, (_, i) => ({
    data: data.subarray(i * size, (i + 1) * size),
    shape: sample,
    dtype,
  }))
}

/** One tensor with a leading batch axis. */
export function stackSamples(samples: readonly Tensor[], name: string): Tensor {
  const [{ shape, dtype, data }] = samples
  if (samples.some((sample) => String(sample.shape) !== String(shape))) {
    throw new NcnnError(`blob "${name}" has another shape for each sample of the batch; run the samples one by one`, {
      code: 'unsupported',
    })
  }
  const stacked = data.constructor as new (length: number) => typeof data
  const result = new stacked(data.length * samples.length)
  for (const [i, sample] of samples.entries()) result.set(sample.data as never, i * data.length)
  return { data: result, shape: [samples.length, ...shape], dtype }
}
