// Simulates ncnn's reduced precision as ARM processors with fp16 and bf16 instructions run it. Storage: weights and blobs are
// rounded to nearest, sums are taken in float32. fp16 arithmetic: every product is added with one rounding to fp16, in the order of
// the sum; ncnn itself adds several partial sums, which this stands for but does not repeat bit by bit.
// Other processors differ: on x86, useFp16Storage concerns the weights of InnerProduct alone, and cuts their surplus bits off; without
// bf16 instructions ncnn cuts blobs too, which drifts much further.
// Source: Tencent/ncnn, NetPrivate::convert_layout, get_masked_option, and support_fp16_storage / support_bf16_storage in
// src/layer/arm; docs/developer-guide/layer-feat-mask.md.
import type { NcnnKernels } from '../../../../../kernels/ncnn.ts'
import type { GraphLayer } from '../../../graph.ts'
import type { NcnnOptions } from '../../../options.ts'
import { int, readParams } from '../../../params.ts'
import type { Blob } from '../memory/blob.ts'

/** The 16-bit type in which a layer's weights, inputs and outputs are stored. */
export type Storage16 = 'float16' | 'bfloat16'

/** Bits of the feature mask, parameter 31 of any layer, that forbid a reduced precision for that layer. */
const featureMask = { feature_mask: int(31) } as const
const noFp16Arithmetic = 1 << 0
const noFp16Storage = 1 << 1
const noBf16Storage = 1 << 2

/** Layer types whose ARM implementation stores fp16; all others get float32 and give float32. */
const fp16Layers = new Set(
  (
    'BatchNorm BinaryOp Cast Clip Concat Convolution Convolution1D ConvolutionDepthWise Crop Deconvolution DeconvolutionDepthWise ' +
    'Dequantize Eltwise ELU Erf Flatten GELU Gemm GroupNorm GRU HardSigmoid HardSwish InnerProduct InstanceNorm Interp LayerNorm ' +
    'LSTM MatMul Mish MultiHeadAttention Noop Packing Padding PixelShuffle Pooling PReLU Quantize ReLU Reshape RMSNorm RNN ' +
    'RotaryEmbed SDPA SELU ShuffleChannel Sigmoid Slice Softmax Split Swish TanH UnaryOp'
  ).split(' '),
)
/** The same types store bf16, and Input besides. */
const bf16Layers = new Set([...fp16Layers, 'Input'])

/** In which 16-bit type the layer is stored under these options; undefined for float32. fp16 goes before bf16, as in ncnn. */
export function storageOf(layer: GraphLayer, { useFp16Storage, useBf16Storage }: NcnnOptions): Storage16 | undefined {
  const { feature_mask } = readParams(featureMask, layer)
  if (useFp16Storage && fp16Layers.has(layer.type) && !(feature_mask & noFp16Storage)) return 'float16'
  if (useBf16Storage && bf16Layers.has(layer.type) && !(feature_mask & noBf16Storage)) return 'bfloat16'
  return undefined
}

/** Whether the layer also sums in fp16: only where it stores fp16. */
export function sumsInHalf(layer: GraphLayer, options: NcnnOptions): boolean {
  const { feature_mask } = readParams(featureMask, layer)
  return (
    Boolean(options.useFp16Arithmetic) && storageOf(layer, options) === 'float16' && !(feature_mask & noFp16Arithmetic)
  )
}

/** Rounds a float32 blob in place to what the 16-bit type can hold, to nearest, ties to even; beyond its range is Infinity. */
export function roundTo(storage: Storage16, blob: Blob, kernels: NcnnKernels): void {
  if (blob.dtype !== 'float32') return
  if (storage === 'float16') kernels.roundToHalf(blob.ptr, blob.length)
  else kernels.roundToBfloat16(blob.ptr, blob.length)
}
