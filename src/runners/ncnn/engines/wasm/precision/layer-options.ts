// What ncnn's options mean for one layer: options ask, the layer type can or cannot, and the layer's feature mask forbids.
// Source: Tencent/ncnn, get_masked_option in src/net.cpp, docs/developer-guide/layer-feat-mask.md and src/option.h.
import type { WinogradSize } from '../../../../../kernels/ncnn.ts'
import type { GraphLayer } from '../../../graph.ts'
import type { NcnnOptions } from '../../../options.ts'
import { int, type ParamSpecs, type ParamValues, readParams } from '../../../params.ts'
import type { RunnableType } from '../layer.ts'
import { type ArmLayout, armLayout } from './arm-layout.ts'
import type { Storage16 } from './reduced-precision.ts'

/** The feature mask, parameter 31 of any layer: each bit forbids the layer something. */
const maskParam = { feature_mask: int(31) } as const
const forbidden = { fp16Arithmetic: 1 << 0, fp16Storage: 1 << 1, bf16Storage: 1 << 2, winograd: 1 << 6 } as const

export interface LayerOptions {
  /** The 16-bit type in which its weights, inputs and outputs are stored; undefined for float32. */
  readonly storage16: Storage16 | undefined
  /** Whether it also sums in fp16: only where it stores fp16. */
  readonly sumsInHalf: boolean
  /** Whether what ARM computes is simulated at all, in this layer or in others. */
  readonly simulatesArm: boolean
  readonly layout: ArmLayout
  /** The tiles with which it may compute by Winograd's algorithm; none unless asked for. */
  readonly winograd: readonly WinogradSize[]
}

/** The options of a layer of this type. fp16 goes before bf16, as in ncnn. */
export function layerOptions(
  layer: GraphLayer,
  type: Pick<RunnableType, 'stores16'>,
  params: ParamValues<ParamSpecs>,
  options: NcnnOptions,
): LayerOptions {
  const stores16 = typeof type.stores16 === 'function' ? type.stores16(params) : type.stores16
  const stores = (storage: Storage16): boolean => stores16 === true || stores16 === storage
  const { feature_mask } = readParams(maskParam, layer)
  const may = (feature: keyof typeof forbidden): boolean => (feature_mask & forbidden[feature]) === 0
  const storesFp16 = options.useFp16Storage && stores('float16') && may('fp16Storage')
  const storesBf16 = options.useBf16Storage && stores('bfloat16') && may('bf16Storage')
  const storage16 = storesFp16 ? 'float16' : storesBf16 ? 'bfloat16' : undefined
  return {
    storage16,
    sumsInHalf: Boolean(options.useFp16Arithmetic) && storage16 === 'float16' && may('fp16Arithmetic'),
    simulatesArm: Boolean(options.useFp16Storage || options.useBf16Storage),
    layout: armLayout(options, may('winograd')),
    winograd: may('winograd') ? winogradSizes(options) : [],
  }
}

/** As in ncnn, the options for single sizes are on unless switched off, and mean nothing without `useWinogradConvolution`. */
function winogradSizes({
  useWinogradConvolution = false,
  useWinograd23Convolution = true,
  useWinograd43Convolution = true,
}: NcnnOptions): readonly WinogradSize[] {
  if (!useWinogradConvolution) return []
  return [...(useWinograd23Convolution ? ([2] as const) : []), ...(useWinograd43Convolution ? ([4] as const) : [])]
}
