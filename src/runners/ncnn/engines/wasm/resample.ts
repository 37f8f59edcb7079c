// Resampling along one axis: every element of the result is a weighted sum of a few elements of the input.
import type { Blob, BlobArray } from './blob.ts'
import type { Workspace } from './layer.ts'

/** For each position of the result `count` elements of the input and their weights, one after the other: scratch of the layer. */
export interface Taps {
  readonly count: number
  readonly length: number
  readonly outLength: number
  readonly index: Blob
  readonly weight: Blob
}

/** The nearest element below `position * scale`; positions are computed in float32, for they decide which element it is. */
export function nearestTaps(length: number, outLength: number, scale: number, workspace: Workspace): Taps {
  const taps = emptyTaps(1, length, outLength, workspace)
  const [index, weight] = [taps.index.data, taps.weight.data]
  for (let i = 0; i < outLength; i++) {
    index[i] = Math.min(Math.trunc(Math.fround(i * scale)), length - 1)
    weight[i] = 1
  }
  return taps
}

/** The two neighbours of each sampling point, weighted by its distance from them. */
export function linearTaps(length: number, outLength: number, alignCorner: boolean, workspace: Workspace): Taps {
  return interpolationTaps(2, length, outLength, alignCorner, workspace, (x) => [1 - x, x])
}

/** The four neighbours of each sampling point, weighted with Keys' cubic convolution kernel (a = -0.75). */
export function cubicTaps(length: number, outLength: number, alignCorner: boolean, workspace: Workspace): Taps {
  return interpolationTaps(4, length, outLength, alignCorner, workspace, cubicWeights)
}

const a = -0.75

/** Weights of the elements at -1, 0, 1 and 2 for a point at `x` between 0 and 1. */
export function cubicWeights(x: number): [number, number, number, number] {
  const near = (t: number): number => ((a + 2) * t - (a + 3)) * t * t + 1
  const far = (t: number): number => ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
  const [w0, w1, w2] = [far(x + 1), near(x), near(1 - x)]
  return [w0, w1, w2, 1 - w0 - w1 - w2]
}

/** Neighbours beyond an end are the element at that end. */
function interpolationTaps(
  count: number,
  length: number,
  outLength: number,
  alignCorner: boolean,
  workspace: Workspace,
  weights: (x: number) => readonly number[],
): Taps {
  const round = workspace.float === 'float32' ? Math.fround : (x: number) => x
  const taps = emptyTaps(count, length, outLength, workspace)
  const [index, weight] = [taps.index.data, taps.weight.data]
  const first = 1 - count / 2
  for (let i = 0; i < outLength; i++) {
    const position = round(samplingPoint(i, length, outLength, alignCorner))
    const below = Math.floor(position)
    const ownWeights = weights(round(position - below))
    for (let k = 0; k < count; k++) {
      index[i * count + k] = Math.min(Math.max(below + first + k, 0), length - 1)
      weight[i * count + k] = round(ownWeights[k])
    }
  }
  return taps
}

/** Where output position i lies among the input's: the outermost centres coincide, or else the outermost edges. */
function samplingPoint(i: number, length: number, outLength: number, alignCorner: boolean): number {
  if (alignCorner) return outLength === 1 ? 0 : i * ((length - 1) / (outLength - 1))
  return (i + 0.5) * (length / outLength) - 0.5
}

function emptyTaps(count: number, length: number, outLength: number, { scratch }: Workspace): Taps {
  return {
    count,
    length,
    outLength,
    index: scratch([count * outLength], 'int32'),
    weight: scratch([count * outLength], 'float64'),
  }
}

/** target[outer, outLength, inner] from source[outer, length, inner]. */
export function resample(source: BlobArray, target: BlobArray, outer: number, inner: number, taps: Taps): void {
  const { count, length, outLength } = taps
  const [index, weight] = [taps.index.data, taps.weight.data]
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < outLength; i++) {
      const to = (o * outLength + i) * inner
      for (let j = 0; j < inner; j++) {
        let sum = 0
        for (let k = 0; k < count; k++)
          sum += source[(o * length + index[i * count + k]) * inner + j] * weight[i * count + k]
        target[to + j] = sum
      }
    }
  }
}
