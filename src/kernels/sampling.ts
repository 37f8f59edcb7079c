// What reads an image at places between its elements.
import { kernel, measure } from './definition.ts'
import { image, window } from './geometry.ts'

/** What `resize` rounds to float16: every step, or every sum as a whole, other than those of two rows in whole vectors of eight results. */
export const ResizeRounding = { none: 0, eachStep: 1, eachSum: 2 } as const

export const samplingKernels = {
  /**
   * Resizes [channels][h][w] to [channels][outH][outW]. Element (y, x) of the result is made of `countH` rows from firstH[y] on and of
   * `countW` columns from firstW[x] on (int32), weighed with weightH[k][y] and weightW[k][x]: sums along w are taken first. A count is 1,
   * with weight 1, up to 4; what `first` says must not decrease. `half` is one of
   * {@link ResizeRounding}. `scratch`: {@link resizeScratchBytes}.
   */
  resize: kernel(
    [
      ...image,
      'output',
      'outH',
      'outW',
      'countH',
      'firstH',
      'weightH',
      'countW',
      'firstW',
      'weightW',
      'half',
      'scratch',
    ],
    { half: ResizeRounding.none },
  ),
  /** Bytes of scratch memory that {@link resize} needs. */
  resizeScratchBytes: measure(['outW']),
  /**
   * Reads an image [channels][h][w] (`axes` 2, d 1) or volume [channels][d][h][w] (`axes` 3) at n points: output [channels][n]. Coordinate x
   * of point i, from -1 to 1 across the image, is grid[i*pointStride], y and z are `axisStride` behind each other. `sampleType`, `paddingMode`
   * and `alignCorner` are ncnn's; of volumes there is no bicubic sampling. `scratch`: {@link gridSampleScratchBytes}.
   */
  gridSample: kernel([
    'sampleType',
    'axes',
    'input',
    'channels',
    'd',
    'h',
    'w',
    'grid',
    'axisStride',
    'pointStride',
    'output',
    'n',
    'paddingMode',
    'alignCorner',
    'scratch',
  ]),
  /** Bytes of scratch memory that {@link gridSample} needs. */
  gridSampleScratchBytes: measure([]),
  /**
   * What the displaced taps of a deformable convolution read, by linear interpolation: columns [channels][taps][outH][outW] from input
   * [channels][h][w], offset [taps][(y, x)][outH][outW] and mask [taps][outH][outW] or 0. `scratch`: {@link bilinearScratchBytes}.
   */
  deformedColumns: kernel(
    [...image, 'offset', 'mask', 'columns', 'outH', 'outW', ...window, 'padTop', 'padLeft', 'scratch'],
    { mask: 0 },
  ),
  /** Bytes of scratch memory that {@link deformedColumns} needs. */
  bilinearScratchBytes: measure([]),
}
