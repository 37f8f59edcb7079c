// InstanceNorm of halves as ncnn's ARM code takes it: mean and variance in float32, then y = a x + b with a and b in float16. Blocks of
// channels take 1 / sqrt from the processor's estimate and one step of Newton's.
// Source: Tencent/ncnn, src/layer/arm/instancenorm_arm_asimdhp.cpp; FRSQRTE in the Arm Architecture Reference Manual.
import type { Workspace } from '../layer.ts'
import type { Blob, BlobArray } from '../memory/blob.ts'
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
  const moments = momentsOf(x.data, channels, pack)
  for (let q = 0; q < count; q++) {
    const { mean, variance } = moments[q]
    const reciprocal = pack === 1 ? f(1 / f(Math.sqrt(f(variance + eps)))) : estimatedRsqrt(f(eps + variance))
    const factor = f((gamma?.data[q] ?? 1) * reciprocal)
    scale.data[q] = roundToFloat16(factor)
    bias.data[q] = roundToFloat16(f((beta?.data[q] ?? 0) - mean * factor))
  }
  return scaleBias(x, channels, scale, bias, workspace)
}

function momentsOf(values: BlobArray, { count, size }: Channels, pack: number): Moments[] {
  const moments: Moments[] = []
  for (let q = 0; q < count; q += pack === 1 ? 1 : 4) {
    if (pack === 1) moments.push(momentsAlone(values.subarray(q * size, (q + 1) * size)))
    else moments.push(...momentsInBlock(values, q * size, size))
  }
  return moments
}

interface Moments {
  readonly mean: number
  readonly variance: number
}

/** Of four channels of a block from `at` on, side by side as a processor would take them: one sum for each takes all its elements. */
function momentsInBlock(values: BlobArray, at: number, size: number): Moments[] {
  const share = f(1 / size)
  const [second, third, fourth] = [at + size, at + 2 * size, at + 3 * size]
  let [a, b, c, d] = [0, 0, 0, 0]
  for (let i = 0; i < size; i++) {
    a = f(a + values[at + i])
    b = f(b + values[second + i])
    c = f(c + values[third + i])
    d = f(d + values[fourth + i])
  }
  const [meanA, meanB, meanC, meanD] = [f(a * share), f(b * share), f(c * share), f(d * share)]
  a = b = c = d = 0
  for (let i = 0; i < size; i++) {
    const [fromA, fromB] = [f(values[at + i] - meanA), f(values[second + i] - meanB)]
    const [fromC, fromD] = [f(values[third + i] - meanC), f(values[fourth + i] - meanD)]
    a = f(a + fromA * fromA)
    b = f(b + fromB * fromB)
    c = f(c + fromC * fromC)
    d = f(d + fromD * fromD)
  }
  return [
    { mean: meanA, variance: f(a * share) },
    { mean: meanB, variance: f(b * share) },
    { mean: meanC, variance: f(c * share) },
    { mean: meanD, variance: f(d * share) },
  ]
}

/** Of a channel alone: four sums take elements in turn. */
function momentsAlone(values: BlobArray): Moments {
  const mean = f(sumInTurn(values) / values.length)
  const squares = Float64Array.from(values, (value) => {
    const distance = f(value - mean)
    return distance * distance
  })
  return { mean, variance: f(sumInTurn(squares) / values.length) }
}

function sumInTurn(values: ArrayLike<number>): number {
  let [a, b, c, d, i] = [0, 0, 0, 0, 0]
  for (; i + 3 < values.length; i += 4) {
    a = f(a + values[i])
    b = f(b + values[i + 1])
    c = f(c + values[i + 2])
    d = f(d + values[i + 3])
  }
  let sum = f(f(a + b) + f(c + d))
  for (; i < values.length; i++) sum = f(sum + values[i])
  return sum
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
