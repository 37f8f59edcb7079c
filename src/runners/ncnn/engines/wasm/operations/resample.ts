// Resampling along one axis: every element of the result is a weighted sum of a few consecutive elements of the input.
import type { Workspace } from '../layer.ts'
import type { Blob, BlobArray } from '../memory/blob.ts'
import { roundToFloat16 } from '../precision/sums.ts'

/** The elements that each position of the result is made of, with their weights: scratch of the layer. */
export interface Taps {
  readonly count: number
  readonly length: number
  readonly outLength: number
  /** [outLength]: the first of `count` elements. It never decreases. */
  readonly first: Blob
  /** [count][outLength] */
  readonly weight: Blob
}

/** The nearest element below `position * scale`; positions are computed in float32, for they decide which element it is. */
export function nearestTaps(length: number, outLength: number, scale: number, workspace: Workspace): Taps {
  const taps = emptyTaps(1, length, outLength, workspace)
  const first = taps.first.data
  for (let i = 0; i < outLength; i++) first[i] = Math.min(Math.max(Math.trunc(Math.fround(i * scale)), 0), length - 1)
  taps.weight.data.fill(1)
  return taps
}

/** Where the sampling points lie among the elements of the input. */
export interface Sampling {
  readonly length: number
  readonly outLength: number
  /** The outermost centres coincide, rather than the outermost edges. */
  readonly alignCorner: boolean
  /** From one point to the next, where no corners are aligned. */
  readonly step: number
  /** Weights are float16, as in ncnn's ARM code. */
  readonly inHalf?: boolean
}

/** The two neighbours of each sampling point, weighted by its distance from them. */
export function linearTaps(sampling: Sampling, workspace: Workspace): Taps {
  return interpolationTaps(2, sampling, workspace, (x) => [1 - x, x].map(weightRounding(sampling)))
}

/** The four neighbours of each sampling point, weighted with Keys' cubic convolution kernel (a = -0.75). */
export function cubicTaps(sampling: Sampling, workspace: Workspace): Taps {
  return interpolationTaps(4, sampling, workspace, sampling.inHalf ? halfCubicWeights : cubicWeights)
}

const a = -0.75

/** Weights of the elements at -1, 0, 1 and 2 for a point at `x` between 0 and 1. */
export function cubicWeights(x: number): [number, number, number, number] {
  const near = (t: number): number => ((a + 2) * t - (a + 3)) * t * t + 1
  const far = (t: number): number => ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
  const [w0, w1, w2] = [far(x + 1), near(x), near(1 - x)]
  return [w0, w1, w2, 1 - w0 - w1 - w2]
}

function halfCubicWeights(x: number): readonly number[] {
  const weights = cubicWeights(x).slice(0, 3).map(roundToFloat16)
  return [...weights, roundToFloat16(weights.reduce((rest, weight) => rest - weight, 1))]
}

const weightRounding = ({ inHalf }: Sampling): ((weight: number) => number) =>
  inHalf ? roundToFloat16 : (weight) => weight

/** A neighbour beyond an end is the element at that end, which then counts for both. */
function interpolationTaps(
  neighbours: number,
  sampling: Sampling,
  workspace: Workspace,
  weightsAt: (x: number) => readonly number[],
): Taps {
  const { length, outLength, inHalf } = sampling
  const roundWeight = weightRounding(sampling)
  const round = workspace.float === 'float32' ? Math.fround : (x: number) => x
  const taps = emptyTaps(Math.min(neighbours, length), length, outLength, workspace)
  const [first, weight] = [taps.first.data, taps.weight.data]
  const weights = new Float64Array(taps.count)
  for (let i = 0; i < outLength; i++) {
    const position = round(samplingPoint(i, sampling))
    const below = Math.floor(position)
    const ownWeights = weightsAt(round(position - below))
    const before = below + 1 - neighbours / 2
    first[i] = Math.min(Math.max(before, 0), length - taps.count)
    weights.fill(0)
    const add = (k: number, own: number): void => {
      const at = Math.min(Math.max(before + k, 0), length - 1) - first[i]
      weights[at] = roundWeight(weights[at] + own)
    }
    if (inHalf && neighbours === 4 && (below < 0 || below >= length - 1)) {
      // All but one are the element at the end: ncnn takes what that one leaves of 1.
      const single = below < 0 ? 3 : 0
      add(single, ownWeights[single])
      add(3 - single, roundToFloat16(1 - ownWeights[single]))
    } else for (let k = 0; k < neighbours; k++) add(k, ownWeights[k])
    for (let k = 0; k < taps.count; k++) weight[k * outLength + i] = weights[k]
  }
  return taps
}

function samplingPoint(i: number, { length, outLength, alignCorner, step }: Sampling): number {
  if (alignCorner) return outLength === 1 ? 0 : i * ((length - 1) / (outLength - 1))
  return (i + 0.5) * step - 0.5
}

function emptyTaps(count: number, length: number, outLength: number, { scratch }: Workspace): Taps {
  return { count, length, outLength, first: scratch([outLength], 'int32'), weight: scratch([count, outLength]) }
}

/** target[outer, outLength, inner] from source[outer, length, inner]. */
export function resample(source: BlobArray, target: BlobArray, outer: number, inner: number, taps: Taps): void {
  const { count, length, outLength } = taps
  const [first, weight] = [taps.first.data, taps.weight.data]
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < outLength; i++) {
      const from = (o * length + first[i]) * inner
      const to = (o * outLength + i) * inner
      for (let j = 0; j < inner; j++) {
        let sum = 0
        for (let k = 0; k < count; k++) sum += source[from + k * inner + j] * weight[k * outLength + i]
        target[to + j] = sum
      }
    }
  }
}
