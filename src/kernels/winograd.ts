// 3x3 convolutions in float32 by Winograd's algorithm.

import { fusedActivation, noActivation } from './activation.ts'
import { kernel, measure } from './definition.ts'

/** Outputs per side of a tile of Winograd's algorithm: F(2x2, 3x3) or F(4x4, 3x3). */
export type WinogradSize = 2 | 4

/** Places of a tile: as many inputs as give its outputs. */
export const winogradPlaces = (size: WinogradSize): number => (size + 2) ** 2

export const winogradKernels = {
  /**
   * transformed [{@link winogradPlaces}][count] from `count` filters [3][3] of float32, for {@link winogradConvolution}: computed in
   * float64, rounded once.
   */
  winogradFilters: kernel(['size', 'filters', 'count', 'transformed']),
  /**
   * One group of a 3x3 convolution of stride and dilation 1 by Winograd's algorithm: otherwise as {@link convolution}, but sums are taken
   * in another order and of other products. `packedFilters`: for each place, one after the other, the transformed filters [outch][inch]
   * through {@link packLeft}. `scratch`: {@link winogradScratchBytes}.
   */
  winogradConvolution: kernel(
    [
      'size',
      'input',
      'inch',
      'h',
      'w',
      'packedFilters',
      'bias',
      'output',
      'outch',
      'outH',
      'outW',
      'padTop',
      'padLeft',
      'padValue',
      ...fusedActivation,
      'scratch',
    ],
    { bias: 0, ...noActivation },
  ),
  /** {@link winogradConvolution} of `rowCount` rows of tiles from `firstRow` on. */
  winogradRows: kernel(
    [
      'size',
      'input',
      'inch',
      'h',
      'w',
      'packedFilters',
      'bias',
      'output',
      'outch',
      'outH',
      'outW',
      'padTop',
      'padLeft',
      'padValue',
      ...fusedActivation,
      'firstRow',
      'rowCount',
      'scratch',
    ],
    { bias: 0, ...noActivation },
  ),
  /** Bytes of scratch memory that {@link winogradConvolution} needs. */
  winogradScratchBytes: measure(['size', 'inch', 'outch', 'outH', 'outW']),
}
