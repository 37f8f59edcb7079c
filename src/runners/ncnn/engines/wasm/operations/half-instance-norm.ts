// InstanceNorm of halves as ncnn's ARM code takes it: mean and variance in float32, then y = a x + b with a and b in float16. Blocks of
// channels take 1 / sqrt from the processor's estimate and one step of Newton's.
// Source: Tencent/ncnn, src/layer/arm/instancenorm_arm_asimdhp.cpp; FRSQRTE in the Arm Architecture Reference Manual.
import type { Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { roundToFloat16 } from '../precision/sums.ts'
import type { Channels } from '../shapes/channels.ts'
import { scaleBias } from './scale-bias.ts'

const f = Math.fround

interface InstanceNorm {
  readonly eps: number
  readonly gamma: Blob | undefined
  readonly beta: Blob | undefined
  /** In blocks of how many ncnn takes the channels. */
  readonly pack: number
}

/** y = (x - mean) / sqrt(variance + eps) * gamma + beta over each channel. */
export function normalizeHalves(x: Blob, channels: Channels, norm: InstanceNorm, workspace: Workspace): Blob {
  const { count } = channels
  const { eps, gamma, beta, pack } = norm
  const [scale, bias] = [workspace.scratch([count]), workspace.scratch([count])]
  const [means, variances] = [workspace.scratch([count]), workspace.scratch([count])]
  workspace.kernels.halfMoments({
    input: x.ptr,
    channels: count,
    n: channels.size,
    inBlocks: Number(pack > 1),
    means: means.ptr,
    variances: variances.ptr,
  })
  for (let q = 0; q < count; q++) {
    const [mean, variance] = [means.data[q], variances.data[q]]
    const reciprocal = pack === 1 ? f(1 / f(Math.sqrt(f(variance + eps)))) : estimatedRsqrt(f(eps + variance))
    const factor = f((gamma?.data[q] ?? 1) * reciprocal)
    scale.data[q] = roundToFloat16(factor)
    bias.data[q] = roundToFloat16(f((beta?.data[q] ?? 0) - mean * factor))
  }
  return scaleBias(x, channels, scale, bias, workspace)
}

/** 1 / sqrt(x) as FRSQRTE estimates it, and one step of FRSQRTS. */
function estimatedRsqrt(x: number): number {
  const estimate = rsqrtEstimate(x)
  return f(f((3 - f(x * estimate) * estimate) / 2) * estimate)
}

const words = new Uint32Array(1)
const float = new Float32Array(words.buffer)

/** Eight bits of 1 / sqrt(x), x positive and normal. */
function rsqrtEstimate(x: number): number {
  float[0] = x
  const [exponent, fraction] = [words[0] >>> 23, words[0] & 0x7fffff]
  // x as 128 to 511 in units of 2^-9, the exponent made even.
  const even = exponent % 2 === 0
  const scaled = even ? 256 + (fraction >>> 15) : 128 + (fraction >>> 16)
  const middle = scaled < 256 ? 2 * scaled + 1 : 2 * ((scaled & ~1) + 1)
  let root = 512
  while (middle * (root + 1) * (root + 1) < 1 << 28) root++
  const result = Math.floor((root + 1) / 2)
  words[0] = (Math.floor((380 - exponent) / 2) << 23) | ((result & 0xff) << 15)
  return float[0]
}
