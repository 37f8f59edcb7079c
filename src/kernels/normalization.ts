// Softmax and what makes rows, channels or positions comparable.
import { kernel } from './definition.ts'

export const normalizationKernels = {
  /** Softmax along the middle axis of [outer][length][inner]; may run in place. */
  softmax: kernel(['input', 'output', 'outer', 'length', 'inner']),
  /** (x - mean) / sqrt(variance + eps) * gamma + beta for each row of [rows][n]; `gamma` and `beta` [n], both or none; may run in place. */
  layerNorm: kernel(['input', 'output', 'rows', 'n', 'gamma', 'beta', 'eps'], { gamma: 0, beta: 0 }),
  /** x / sqrt(mean(x*x) + eps) * gamma for each row of [rows][n]; `gamma` [n] or 0; may run in place. */
  rmsNorm: kernel(['input', 'output', 'rows', 'n', 'gamma', 'eps'], { gamma: 0 }),
  /**
   * As {@link layerNorm} over each group of [groups][channels][n] together, with `gamma` and `beta` [groups*channels] per channel, both or none.
   * `channels` 1 is InstanceNorm. May run in place.
   */
  groupNorm: kernel(['input', 'output', 'groups', 'channels', 'n', 'gamma', 'beta', 'eps'], { gamma: 0, beta: 0 }),
  /**
   * output = input / |vector| * scale for `vectors` vectors of [channels][n] floats, in float64, rounded once. `mode`, what keeps the
   * length from 0: 0 adds `eps` to the sum of squares, 1 limits the length to at least `eps`, 2 the sum of squares. `scale` has a value for
   * each channel of each vector, `scaleStep` floats apart. May run in place.
   */
  normalizeChannels: kernel(['input', 'output', 'vectors', 'channels', 'n', 'eps', 'mode', 'scale', 'scaleStep']),
  /** As {@link normalizeChannels}, the channels at each of the n positions of [channels][n] being a vector. */
  normalizePositions: kernel(['input', 'output', 'channels', 'n', 'eps', 'mode', 'scale', 'scaleStep']),
  /** (x - mean) / (sqrt(variance) + eps), or x - mean unless `divides`, for each row of [rows][n], in float64; may run in place. */
  standardize: kernel(['input', 'output', 'rows', 'n', 'divides', 'eps']),
  /**
   * output[k][i] = offset + factor * (sum of the squares of input[k - before .. k + after][i], as far as there are any), in float64, for
   * [length][inner]. Not in place.
   */
  squareWindows: kernel(['input', 'output', 'length', 'inner', 'before', 'after', 'factor', 'offset']),
}
