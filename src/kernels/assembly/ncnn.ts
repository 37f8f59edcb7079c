// The kernels of the built-in ncnn engine, one module. What each export does is said where it is defined: ../definitions.ts.
import { TABLE_BYTES } from './half-math'

export { activate } from './activation'
export { bilinearScratchBytes } from './bilinear'
export { convolution } from './convolution'
export { deformedColumns } from './deformable'
export { depthwise, depthwiseScratchBytes } from './depthwise'
export { addScaled, binary, prelu, scaleBias, unary } from './elementwise'
export { gemm, gemmLeft, gemmRight, packLeft, packRight } from './gemm'
export { gridSample, gridSampleScratchBytes } from './grid-sample'
export { halfDepthwise, halfDepthwiseScratchBytes } from './half-depthwise'
export { halfFunction } from './half-math'
export { halfMoments } from './half-norms'
export { halfGru, halfLstm, halfRnn } from './half-recurrent'
export { halfConvolution, halfConvolutionScratchBytes, halfMatrix, halfProduct } from './half-sums'
export { halfDeconvolution } from './half-deconvolution'
export { halfSpread } from './half-spread'
export { halfWinograd, halfWinogradScratchBytes } from './half-winograd'
export { bytesToFloat, int8Finish, int8Scale, int8ScaleFused, int8Window, largestMagnitude, quantize, quantizeToBytes } from './int8'
export { int8Convolution, packedInt8FilterBytes, packInt8Filters } from './int8-convolution'
export { int8Gemm, packedInt8RightBytes, packInt8Right } from './int8-gemm'
export { int8WinogradFilterBytes, int8WinogradRows, int8WinogradScratchBytes, int8WinogradSize, packInt8WinogradFilters } from './int8-winograd'
export {
  bfloat16ToFloat, copyStrided, castToBfloat16, castToHalf, fill, floatToHalf, halfToFloat, roundToBfloat16, roundToHalf, roundUpToBfloat16, transpose, truncateToBfloat16,
} from './memory'
export { normalizeChannels, normalizePositions, squareWindows, standardize } from './norms'
export { adaptivePool, pool } from './pooling'
export { gru, lstm, rnn } from './recurrent'
export { groupNorm, layerNorm, reduce, rmsNorm, softmax } from './reduction'
export { cumulativeSum, rotate } from './sequence'
export { resize, resizeScratchBytes } from './resize'
export { storedSoftmax } from './stored-softmax'
export { spread, spreadScratchBytes } from './spread'
export { winogradConvolution, winogradFilters, winogradRows, winogradScratchBytes } from './winograd'

/** Where the constants and the table end: the engine's allocations begin above. */
export function staticBytes(): usize {
  return __heap_base + TABLE_BYTES
}
