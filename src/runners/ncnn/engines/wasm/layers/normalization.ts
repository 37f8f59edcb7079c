// Normalisation to mean 0 and variance 1, or to root mean square 1, followed by a factor and an offset that were learnt:
// LayerNorm, RMSNorm, GroupNorm, InstanceNorm.
import { NcnnError } from '../../../error.ts'
import { float, int } from '../../../params.ts'
import { raw } from '../../../weights.ts'
import { defineLayer, type Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { checkFloat } from '../operations/elementwise.ts'
import { checkChannels, outermostChannels, trueChannels } from '../shapes/channels.ts'

/** What is multiplied and added at the end, if the layer is affine. */
interface Affine {
  readonly gamma: Blob | undefined
  readonly beta: Blob | undefined
}

/**
 * How many elements LayerNorm and RMSNorm take together: one row, or so many inner axes below the outermost that there are
 * `affine_size` of them.
 */
function normalizedSize({ shape }: Blob, affine_size: number, affine: number): number {
  const inner = shape.length === 1 ? shape : shape.slice(1)
  const sizes = inner.map((_, axis) => inner.slice(axis).reduce((product, length) => product * length, 1)).reverse()
  const size = sizes.find((candidate) => candidate === affine_size) ?? sizes[sizes.length - 1]
  if (affine && size !== affine_size) {
    throw new NcnnError(
      `affine_size ${affine_size} is not the size of the inner axes, which can be ${sizes.join(' or ')}`,
    )
  }
  return size
}

/** y = (x - mean) / sqrt(variance + eps) * gamma + beta, over each row or over several inner axes */
export const LayerNorm = defineLayer({
  type: 'LayerNorm',
  inputs: '1',
  params: { affine_size: int(0), eps: float(1, 0.001), affine: int(2, 1) },
  weights: ({ affine_size, affine }) => ({
    gamma_data: affine ? raw(affine_size) : undefined,
    beta_data: affine ? raw(affine_size) : undefined,
  }),
  forward([x], { params: { affine_size, eps, affine }, weights: { gamma_data, beta_data } }, workspace) {
    checkFloat(x, workspace)
    const size = normalizedSize(x, affine_size, affine)
    const y = workspace.reuse(x)
    if (workspace.float === 'float32') {
      const [gamma, beta] = [gamma_data?.ptr ?? 0, beta_data?.ptr ?? 0]
      workspace.kernels.layerNorm(x.ptr, y.ptr, x.length / size, size, gamma, beta, eps)
      return y
    }
    for (let start = 0; start < x.length; start += size) {
      standardize(x, y, start, size, eps, { gamma: gamma_data, beta: beta_data }, (i) => i)
    }
    return y
  },
})

/** y = x / sqrt(mean(x^2) + eps) * gamma, over each row or over several inner axes */
export const RMSNorm = defineLayer({
  type: 'RMSNorm',
  inputs: '1',
  params: { affine_size: int(0), eps: float(1, 0.001), affine: int(2, 1) },
  weights: ({ affine_size, affine }) => ({ gamma_data: affine ? raw(affine_size) : undefined }),
  forward([x], { params: { affine_size, eps, affine }, weights: { gamma_data } }, workspace) {
    checkFloat(x, workspace)
    const size = normalizedSize(x, affine_size, affine)
    const y = workspace.reuse(x)
    if (workspace.float === 'float32') {
      workspace.kernels.rmsNorm(x.ptr, y.ptr, x.length / size, size, gamma_data?.ptr ?? 0, eps)
      return y
    }
    const [source, target, gamma] = [x.data, y.data, gamma_data?.data]
    for (let start = 0; start < x.length; start += size) {
      const deviation = Math.sqrt(meanSquare(x, start, size, 0) + eps)
      for (let i = 0; i < size; i++) target[start + i] = (source[start + i] / deviation) * (gamma ? gamma[i] : 1)
    }
    return y
  },
})

/** y = (x - mean) / sqrt(variance + eps) * gamma + beta, over each group of channels, with gamma and beta for each channel */
export const GroupNorm = defineLayer({
  type: 'GroupNorm',
  inputs: '1',
  params: { group: int(0, 1), channels: int(1), eps: float(2, 0.001), affine: int(3, 1) },
  weights: ({ channels, affine }) => ({
    gamma_data: affine ? raw(channels) : undefined,
    beta_data: affine ? raw(channels) : undefined,
  }),
  prepare({ params: { group, channels } }) {
    if (group < 1 || channels % group !== 0) throw new NcnnError(`${channels} channels do not make ${group} groups`)
  },
  forward([x], { params: { group, channels, eps }, weights: { gamma_data, beta_data } }, workspace) {
    const { count, size } = outermostChannels(x)
    checkChannels({ count, size }, 'channels', channels)
    return groupNorm(x, group, channels / group, size, eps, { gamma: gamma_data, beta: beta_data }, workspace)
  },
})

/** y = (x - mean) / sqrt(variance + eps) * gamma + beta, over each channel; a blob of 1 or 2 axes is a single channel */
export const InstanceNorm = defineLayer({
  type: 'InstanceNorm',
  inputs: '1',
  params: { channels: int(0), eps: float(1, 0.001), affine: int(2, 1) },
  weights: ({ channels, affine }) => ({
    gamma_data: affine ? raw(channels) : undefined,
    beta_data: affine ? raw(channels) : undefined,
  }),
  forward([x], { params: { channels, eps, affine }, weights: { gamma_data, beta_data } }, workspace) {
    const { count, size } = trueChannels(x)
    if (affine) checkChannels({ count, size }, 'channels', channels)
    return groupNorm(x, count, 1, size, eps, { gamma: gamma_data, beta: beta_data }, workspace)
  },
})

/** Normalises each group of [groups][channels][size]. */
function groupNorm(
  x: Blob,
  groups: number,
  channels: number,
  size: number,
  eps: number,
  affine: Affine,
  workspace: Workspace,
): Blob {
  checkFloat(x, workspace)
  const y = workspace.reuse(x)
  if (workspace.float === 'float32') {
    const [gamma, beta] = [affine.gamma?.ptr ?? 0, affine.beta?.ptr ?? 0]
    workspace.kernels.groupNorm(x.ptr, y.ptr, groups, channels, size, gamma, beta, eps)
    return y
  }
  for (let g = 0; g < groups; g++) {
    const channelOf = (i: number): number => g * channels + Math.floor(i / size)
    standardize(x, y, g * channels * size, channels * size, eps, affine, channelOf)
  }
  return y
}

/** (x - mean) / sqrt(variance + eps) * gamma + beta over `count` elements; `weightOf` says which gamma and beta element i has. */
function standardize(
  x: Blob,
  y: Blob,
  start: number,
  count: number,
  eps: number,
  affine: Affine,
  weightOf: (i: number) => number,
): void {
  const [source, target, gamma, beta] = [x.data, y.data, affine.gamma?.data, affine.beta?.data]
  const mean = meanOf(x, start, count)
  const deviation = Math.sqrt(meanSquare(x, start, count, mean) + eps)
  for (let i = 0; i < count; i++) {
    const value = (source[start + i] - mean) / deviation
    target[start + i] = gamma && beta ? value * gamma[weightOf(i)] + beta[weightOf(i)] : value
  }
}

function meanOf({ data }: Blob, start: number, count: number): number {
  let sum = 0
  for (let i = start; i < start + count; i++) sum += data[i]
  return sum / count
}

/** The mean of (x - center)^2. */
function meanSquare({ data }: Blob, start: number, count: number, center: number): number {
  let sum = 0
  for (let i = start; i < start + count; i++) {
    const distance = data[i] - center
    sum += distance * distance
  }
  return sum / count
}
