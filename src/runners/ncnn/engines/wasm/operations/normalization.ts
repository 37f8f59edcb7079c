// Normalization to mean 0 and variance 1, followed by a factor and an offset that were learnt.
import { sizeOf } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import type { Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { checkFloat } from './elementwise.ts'

/** What is multiplied and added at the end, if the layer is affine. */
interface Affine {
  readonly gamma: Blob | undefined
  readonly beta: Blob | undefined
}

/**
 * How many elements LayerNorm and RMSNorm take together: one row, or so many inner axes below the outermost that there are
 * `affine_size` of them.
 */
export function normalizedSize({ shape }: Blob, affine_size: number, affine: number): number {
  const inner = shape.length === 1 ? shape : shape.slice(1)
  const sizes = inner.map((_, axis) => sizeOf(inner.slice(axis))).reverse()
  const size = sizes.find((candidate) => candidate === affine_size) ?? sizes[sizes.length - 1]
  if (affine && size !== affine_size) {
    throw new NcnnError(
      `affine_size ${affine_size} is not the size of the inner axes, which can be ${sizes.join(' or ')}`,
    )
  }
  return size
}

/** Normalizes each group of [groups][channels][size]. */
export function groupNorm(
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
    workspace.kernels.groupNorm({ input: x.ptr, output: y.ptr, groups, channels, n: size, gamma, beta, eps })
    return y
  }
  for (let g = 0; g < groups; g++) {
    const channelOf = (i: number): number => g * channels + Math.floor(i / size)
    standardize(x, y, g * channels * size, channels * size, eps, affine, channelOf)
  }
  return y
}

/** (x - mean) / sqrt(variance + eps) * gamma + beta over `count` elements; `weightOf` says which gamma and beta element i has. */
export function standardize(
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
export function meanSquare({ data }: Blob, start: number, count: number, center: number): number {
  let sum = 0
  for (let i = start; i < start + count; i++) {
    const distance = data[i] - center
    sum += distance * distance
  }
  return sum / count
}
