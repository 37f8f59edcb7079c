// The kernels of the built-in ncnn engine, all families together: what its WebAssembly module exports.

import { conversionKernels } from './conversion.ts'
import { convolutionKernels } from './convolution.ts'
import type { Callable } from './definition.ts'
import { elementwiseKernels } from './elementwise.ts'
import { gemmKernels } from './gemm.ts'
import { halfKernels } from './half.ts'
import { int8Kernels } from './int8.ts'
import { memoryKernels } from './memory.ts'
import { normalizationKernels } from './normalization.ts'
import { poolingKernels } from './pooling.ts'
import { recurrentKernels } from './recurrent.ts'
import { reductionKernels } from './reduction.ts'
import { samplingKernels } from './sampling.ts'
import { winogradKernels } from './winograd.ts'

/** Every export of the module, under its name. */
export const ncnnDefinitions = {
  ...convolutionKernels,
  ...conversionKernels,
  ...elementwiseKernels,
  ...gemmKernels,
  ...halfKernels,
  ...int8Kernels,
  ...memoryKernels,
  ...normalizationKernels,
  ...poolingKernels,
  ...recurrentKernels,
  ...reductionKernels,
  ...samplingKernels,
  ...winogradKernels,
}

/**
 * The module's exports, called with named arguments. Pointers are byte offsets, sizes and strides count elements (float32 unless said),
 * booleans are 0 or 1. Arrays are dense and row-major; an optional pointer is 0 when absent.
 *
 * Sums of products (GEMM, convolution, depthwise, recurrent) start at the initial value and add the products one by one in the
 * order of k, rounding to float32 each time: the same bits as the textbook loop, whatever the shape, tiling and alignment.
 */
export type NcnnKernels = Callable<typeof ncnnDefinitions>
