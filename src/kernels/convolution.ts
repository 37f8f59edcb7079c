// Convolutions in float32 by the order of their sums, and the images that deconvolutions spread.

import { fusedActivation, noActivation } from './activation.ts'
import { kernel, measure } from './definition.ts'
import { image, window } from './geometry.ts'

export const convolutionKernels = {
  /**
   * One group of a 2-D convolution (1-D: height 1, `kernelH` 1): input [inch][h][w], output [outch][outH][outW],
   * weights [outch][inch][kernelH][kernelW] packed by `packLeft(weights, type, inch*kernelH*kernelW, 1, outch, inch*kernelH*kernelW, packed)`.
   * Output (y, x) reads input (y*strideH - padTop + ky*dilationH, x*strideW - padLeft + kx*dilationW), and `padValue` outside the input;
   * padding at the bottom and right follows from outH and outW. `bias`: outch values or 0. `scratch`: {@link gemmScratchBytes}.
   */
  convolution: kernel(
    [
      'input',
      'inch',
      'h',
      'w',
      'packedWeights',
      'bias',
      'output',
      'outch',
      'outH',
      'outW',
      ...window,
      'padTop',
      'padLeft',
      'padValue',
      ...fusedActivation,
      'scratch',
    ],
    { bias: 0, ...noActivation },
  ),
  /**
   * Depthwise 2-D convolution (group = channels = outputs; 1-D: height 1): input [channels][h][w], weights [channels][kernelH][kernelW]
   * as they are (float32), otherwise as {@link convolution}. `scratch`: {@link depthwiseScratchBytes}.
   */
  depthwise: kernel(
    [
      ...image,
      'weights',
      'bias',
      'output',
      'outH',
      'outW',
      ...window,
      'padTop',
      'padLeft',
      'padValue',
      ...fusedActivation,
      'scratch',
    ],
    { bias: 0, ...noActivation },
  ),
  /** Bytes of scratch memory that {@link depthwise} needs. */
  depthwiseScratchBytes: measure(['outW', ...window]),
  /**
   * The second half of a deconvolution: adds to target [channels][outD][outH][outW] what images of d x h x w spread under a kernel. Element
   * (z, y, x) of tap (kz, ky, kx) is added at (z*strideD + kz*dilationD - front, ...) if that lies inside. Each channel and tap has an image
   * of its own, `channelStride` and `tapStride` apart, of which there are the rows from `firstRow` on, counted through all planes; an image may
   * serve several, weighed with `weights` [channels][taps], which is 0 if there are none. Taps are added one by one in their order. `scratch`:
   * {@link spreadScratchBytes}.
   */
  spread: kernel(
    [
      'source',
      'channels',
      'channelStride',
      'tapStride',
      'weights',
      'd',
      'h',
      'w',
      'firstRow',
      'rowCount',
      'target',
      'outD',
      'outH',
      'outW',
      'kernelD',
      'kernelH',
      'kernelW',
      'strideD',
      'strideH',
      'strideW',
      'dilationD',
      'dilationH',
      'dilationW',
      'front',
      'top',
      'left',
      'scratch',
    ],
    { weights: 0 },
  ),
  /** Bytes of scratch memory that {@link spread} needs. */
  spreadScratchBytes: measure(['outW', 'kernelW', 'strideW']),
}
