// Numbers of 8 bits: quantization, convolutions and matrix products.

import { fusedActivation, noActivation } from './activation.ts'
import { kernel, measure } from './definition.ts'
import { window } from './geometry.ts'

/** What a convolution reads and where its sums go. */
const image = ['input', 'inch', 'h', 'w', 'packedFilters', 'sums', 'outch', 'outH', 'outW'] as const

/** What becomes of the sums. */
const finish = ['scales', 'bias', ...fusedActivation, 'outputScale', 'output'] as const

export const int8Kernels = {
  /**
   * destination[i] = source[i] * scale, rounded to the nearest integer of -127..127, halves away from zero, NaN to 0; stays float32.
   * `inHalf`: products are rounded to float16 first, of numbers and a scale that it holds.
   */
  quantize: kernel(['source', 'scale', 'destination', 'n', 'inHalf'], { inHalf: 0 }),
  /** {@link quantize} into signed bytes. */
  quantizeToBytes: kernel(['source', 'scale', 'destination', 'n', 'inHalf'], { inHalf: 0 }),
  /** The largest magnitude of n floats: 0 if there are none, NaN if one is. */
  largestMagnitude: measure(['source', 'n']),
  /** destination[i] = source[i] for signed bytes. */
  bytesToFloat: kernel(['source', 'destination', 'n']),
  /**
   * The part of an image [channels][h][w] that a convolution reads, as signed bytes [channels][windowH][windowW]: its position (y, x) is
   * (y - top, x - left) of the image, or the byte `pad` outside. Floats are {@link quantizeToBytes quantised} by `scale`, bytes copied.
   */
  int8Window: kernel(
    [
      'source',
      'isFloat',
      'scale',
      'channels',
      'h',
      'w',
      'window',
      'windowH',
      'windowW',
      'top',
      'left',
      'pad',
      'inHalf',
    ],
    { inHalf: 0 },
  ),
  /**
   * What {@link int8Convolution} does to sums, for sums [channels][n] that are floats; `sums` equal to `output` gives floats, else bytes.
   */
  int8Finish: kernel(['sums', 'channels', 'n', ...finish], {
    bias: 0,
    ...noActivation,
  }),
  /** sums[p][i] = sums[p][i] * scales[p] + bias[p] for float32 sums [channels][n], rounded to float32 once, as fused instructions do. */
  int8ScaleFused: kernel(['sums', 'channels', 'n', 'scales', 'bias'], { bias: 0 }),
  /** Bytes of int8 filters [outch][inch][taps] after {@link packInt8Filters}: panels of 4 filters follow each other. */
  packedInt8FilterBytes: measure(['outch', 'inch', 'taps']),
  /** Packs int8 filters [outch][inch][taps] for {@link int8Convolution}. `packed` needs {@link packedInt8FilterBytes}. */
  packInt8Filters: kernel(['source', 'outch', 'inch', 'taps', 'packed']),
  /**
   * One group of a 2-D convolution of a byte image [inch][h][w] that holds its padding: output (y, x) reads input (y*strideH + ky*dilationH,
   * x*strideW + kx*dilationW). Sums are int32 and wrap. output = activation(sum * scales[p] + bias[p]), each step rounded to float32, for the
   * activations none, relu, leakyRelu and clip. With `sums` equal to `output` that is the result; else `sums` is memory for
   * outch*outH*outW int32, and the result is times `outputScale` in signed bytes. `scratch`: {@link gemmScratchBytes}.
   */
  int8Convolution: kernel([...image, ...window, ...finish, 'scratch'], { bias: 0, ...noActivation }),
  /**
   * Outputs per side of the tiles, 4 or 2, with which Winograd's algorithm computes 3x3 convolutions of stride and dilation 1 by int8 filters
   * [outch][inch][3][3] exactly and faster than {@link int8Convolution}; 0 where it does not.
   */
  int8WinogradSize: measure(['filters', 'outch', 'inch']),
  /** Bytes of filters after {@link packInt8WinogradFilters}. */
  int8WinogradFilterBytes: measure(['size', 'outch', 'inch']),
  /** Transforms and packs int8 filters [outch][inch][3][3] for {@link int8WinogradRows}. */
  packInt8WinogradFilters: kernel(['size', 'filters', 'outch', 'inch', 'packed']),
  /**
   * What {@link int8Convolution} gives, by Winograd's algorithm: `rowCount` rows of tiles from `firstRow` on, of `size` rows of outputs each.
   * `scratch`: {@link int8WinogradScratchBytes}.
   */
  int8WinogradRows: kernel(['size', ...image, ...finish, 'firstRow', 'rowCount', 'scratch'], {
    bias: 0,
    ...noActivation,
  }),
  /** Bytes of scratch memory that {@link int8WinogradRows} needs. */
  int8WinogradScratchBytes: measure(['size', 'inch', 'outch', 'outH', 'outW']),
  /** Bytes of a right matrix [k,n] after {@link packInt8Right}: panels of 8 columns follow each other. */
  packedInt8RightBytes: measure(['k', 'n']),
  /** Packs the transpose B[k,n] of int8 weights [n][k] for {@link int8Gemm}. `packed` needs {@link packedInt8RightBytes} bytes. */
  packInt8Right: kernel(['source', 'k', 'n', 'packed']),
  /**
   * C[m,n] = A*B in int32, which wraps, for signed bytes A [m][k] and B packed by {@link packInt8Right}, C's rows `ldc` apart.
   * `scratch`: {@link gemmScratchBytes}.
   */
  int8Gemm: kernel(['a', 'packedB', 'c', 'ldc', 'm', 'n', 'k', 'scratch']),
  /**
   * output[i][j] = alpha * (sums[i][j] * factor + beta * addends[i, j]) for int32 sums [rows][n], in float64 and rounded once;
   * factor = 1 / (rowScales[i] * columnScales[j]), both steps rounded to float32. Strides of scales and addends are 0 where one is for
   * all; the columns' are 1 else. `addends` may be 0.
   */
  int8Scale: kernel([
    'sums',
    'rows',
    'n',
    'rowScales',
    'rowScaleStride',
    'columnScales',
    'columnScaleStride',
    'addends',
    'addendRowStride',
    'addendColumnStride',
    'beta',
    'alpha',
    'output',
    'outputStride',
  ]),
}
