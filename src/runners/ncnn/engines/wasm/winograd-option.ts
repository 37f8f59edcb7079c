// Which layers may take the Winograd path: the option asks for it, bit 6 of a layer's feature mask forbids it.
// Source: Tencent/ncnn, docs/developer-guide/layer-feat-mask.md.
import type { GraphLayer } from '../../graph.ts'
import type { NcnnOptions } from '../../options.ts'
import { int, readParams } from '../../params.ts'

const featureMask = { feature_mask: int(31) } as const
const noWinograd = 1 << 6

export function usesWinograd(layer: GraphLayer, { useWinogradConvolution = false }: NcnnOptions): boolean {
  return useWinogradConvolution && !(readParams(featureMask, layer).feature_mask & noWinograd)
}
