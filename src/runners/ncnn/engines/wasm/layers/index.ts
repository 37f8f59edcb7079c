// The table of all layer types that the built-in engine executes. A new layer type is one definition and its export here.
import type { AnyLayerType } from '../layer.ts'
import * as activations from './activations.ts'
import * as affine from './affine.ts'
import * as argMax from './arg-max.ts'
import * as attention from './attention.ts'
import * as binary from './binary.ts'
import * as channelShuffle from './channel-shuffle.ts'
import * as concatSlice from './concat-slice.ts'
import * as convolution from './convolution.ts'
import * as convolutionDepthWise from './convolution-depthwise.ts'
import * as copyTo from './copy-to.ts'
import * as crop from './crop.ts'
import * as cumulativeSum from './cumulative-sum.ts'
import * as deconvolution from './deconvolution.ts'
import * as deconvolutionDepthWise from './deconvolution-depthwise.ts'
import * as deformableConv from './deformable-conv.ts'
import * as detectionOutput from './detection-output.ts'
import * as diag from './diag.ts'
import * as einsum from './einsum.ts'
import * as eltwise from './eltwise.ts'
import * as embed from './embed.ts'
import * as flip from './flip.ts'
import * as fold from './fold.ts'
import * as gemm from './gemm.ts'
import * as glu from './glu.ts'
import * as gridSample from './grid-sample.ts'
import * as innerProduct from './inner-product.ts'
import * as interp from './interp.ts'
import * as lrn from './lrn.ts'
import * as matmul from './matmul.ts'
import * as memoryData from './memory-data.ts'
import * as normalization from './normalization.ts'
import * as normalize from './normalize.ts'
import * as padding from './padding.ts'
import * as passThrough from './pass-through.ts'
import * as permute from './permute.ts'
import * as pooling from './pooling.ts'
import * as pooling3d from './pooling-3d.ts'
import * as priorBox from './prior-box.ts'
import * as proposal from './proposal.ts'
import * as quantization from './quantization.ts'
import * as recurrent from './recurrent.ts'
import * as reduction from './reduction.ts'
import * as reshape from './reshape.ts'
import * as roi from './roi.ts'
import * as softmax from './softmax.ts'
import * as spectrogram from './spectrogram.ts'
import * as spp from './spp.ts'
import * as statisticsPooling from './statistics-pooling.ts'
import * as tile from './tile.ts'
import * as unary from './unary.ts'
import * as yolo from './yolo.ts'

const families: readonly Readonly<Record<string, AnyLayerType>>[] = [
  activations,
  affine,
  argMax,
  attention,
  binary,
  channelShuffle,
  concatSlice,
  convolution,
  convolutionDepthWise,
  copyTo,
  crop,
  cumulativeSum,
  deconvolution,
  deconvolutionDepthWise,
  deformableConv,
  detectionOutput,
  diag,
  einsum,
  eltwise,
  embed,
  flip,
  fold,
  gemm,
  glu,
  gridSample,
  innerProduct,
  interp,
  lrn,
  matmul,
  memoryData,
  normalization,
  normalize,
  padding,
  passThrough,
  permute,
  pooling,
  pooling3d,
  priorBox,
  proposal,
  quantization,
  recurrent,
  reduction,
  reshape,
  roi,
  softmax,
  spectrogram,
  spp,
  statisticsPooling,
  tile,
  unary,
  yolo,
]

/** Layer types by ncnn's name. A family exports nothing but its layer types. */
export const layerTypes: ReadonlyMap<string, AnyLayerType> = new Map(
  families.flatMap((family) => Object.values(family)).map((layer) => [layer.type, layer]),
)
