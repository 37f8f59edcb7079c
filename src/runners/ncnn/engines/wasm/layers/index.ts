// The table of all layer types that the built-in engine executes. A new layer type is one definition and its export here.
import type { AnyLayerType } from '../layer.ts'
import * as attention from './attention.ts'
import * as channelShuffle from './channel-shuffle.ts'
import * as concatSlice from './concat-slice.ts'
import * as convolution from './convolution.ts'
import * as convolutionDepthWise from './convolution-depthwise.ts'
import * as crop from './crop.ts'
import * as deconvolution from './deconvolution.ts'
import * as deconvolutionDepthWise from './deconvolution-depthwise.ts'
import * as deformableConv from './deformable-conv.ts'
import * as einsum from './einsum.ts'
import * as embed from './embed.ts'
import * as gemm from './gemm.ts'
import * as innerProduct from './inner-product.ts'
import * as interp from './interp.ts'
import * as matmul from './matmul.ts'
import * as memoryData from './memory-data.ts'
import * as padding from './padding.ts'
import * as passThrough from './pass-through.ts'
import * as permute from './permute.ts'
import * as pooling from './pooling.ts'
import * as pooling3d from './pooling-3d.ts'
import * as quantization from './quantization.ts'
import * as recurrent from './recurrent.ts'
import * as reshape from './reshape.ts'
import * as tile from './tile.ts'

const families: readonly Readonly<Record<string, AnyLayerType>>[] = [
  einsum,
  embed,
  quantization,
  attention,
  channelShuffle,
  concatSlice,
  convolution,
  convolutionDepthWise,
  deconvolution,
  deconvolutionDepthWise,
  deformableConv,
  crop,
  gemm,
  innerProduct,
  interp,
  matmul,
  memoryData,
  padding,
  passThrough,
  permute,
  pooling,
  pooling3d,
  recurrent,
  reshape,
  tile,
]

/** Layer types by ncnn's name. A family exports nothing but its layer types. */
export const layerTypes: ReadonlyMap<string, AnyLayerType> = new Map(
  families.flatMap((family) => Object.values(family)).map((layer) => [layer.type, layer]),
)
