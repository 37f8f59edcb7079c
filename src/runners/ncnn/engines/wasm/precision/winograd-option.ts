// Which layers may take the Winograd path, and with which tiles: options ask for it, bit 6 of a layer's feature mask forbids it.
// Source: Tencent/ncnn, docs/developer-guide/layer-feat-mask.md and src/option.h.
import type { WinogradSize } from '../../../../../kernels/ncnn.ts'
import type { GraphLayer } from '../../../graph.ts'
import type { NcnnOptions } from '../../../options.ts'
import { int, readParams } from '../../../params.ts'

const featureMask = { feature_mask: int(31) } as const
const noWinograd = 1 << 6

/** As in ncnn, the options for single sizes are on unless switched off, and mean nothing without `useWinogradConvolution`. */
export function winogradSizes(
  layer: GraphLayer,
  { useWinogradConvolution = false, useWinograd23Convolution = true, useWinograd43Convolution = true }: NcnnOptions,
): readonly WinogradSize[] {
  if (!useWinogradConvolution || readParams(featureMask, layer).feature_mask & noWinograd) return []
  return [...(useWinograd23Convolution ? ([2] as const) : []), ...(useWinograd43Convolution ? ([4] as const) : [])]
}
