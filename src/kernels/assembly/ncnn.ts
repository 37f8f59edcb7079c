// The kernels of the built-in ncnn engine, one module. What each export does is documented in ../ncnn.ts.
export { gemm, gemmLeft, gemmRight, packLeft, packRight } from './gemm'
export { activate } from './activation'
export { convolution } from './convolution'
export { depthwise, depthwiseScratchBytes } from './depthwise'
